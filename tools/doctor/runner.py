"""Runs the checks side by side, and makes findings of what AWS refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws, NotReadOnlyError
from tools.doctor.finding import Finding, unknown
from tools.doctor.refusals import Failure, failure

Look = Callable[[Plan, Aws], Iterator[Finding]]


class Check(NamedTuple):
    """A concept and one look at it."""

    name: str
    look: Look


def run(checks: Sequence[Check], plan: Plan, aws: Aws, progress: Callable[[str], None]) -> tuple[Finding, ...]:
    """All findings, in the order of the checks. A cause that fails several checks makes one finding, behind the others.

    `progress` gets the names of what is still being checked.
    """
    found: list[Finding] = []
    failed: dict[tuple[str, str], tuple[Failure, list[str]]] = {}
    with ThreadPoolExecutor(max_workers=12) as pool:
        running = {pool.submit(_looked, check, plan, aws): check.name for check in checks}
        left = list(running.values())
        for done in as_completed(running):
            left.remove(running[done])
            progress(", ".join(dict.fromkeys(left)))
    for future, name in running.items():
        findings, failed_by = future.result()
        found.extend(findings)
        if failed_by:
            failed.setdefault((failed_by.what, failed_by.fix), (failed_by, []))[1].append(name)
    for (what, why, fix), names in failed.values():
        missing = ", ".join(dict.fromkeys(names))
        found.append(unknown(names[0], f"{what}; not checked in full: {missing}", why, fix))
    return tuple(found)


def _looked(check: Check, plan: Plan, aws: Aws) -> tuple[list[Finding], Failure | None]:
    """What the check found before it ended or failed."""
    found: list[Finding] = []
    try:
        for finding in check.look(plan, aws):
            found.append(finding)  # noqa: PERF402  # what came before an error counts
    except NotReadOnlyError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever AWS, or what stands for it, answers must not end the others
        return found, failure(error)
    return found, None
