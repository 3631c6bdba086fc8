"""Clusters, each synthesized for itself: what did not change comes from a store, the rest from several processes.

    python -m tools.apart

is such a process. It reads folders, a line each, which hold the plan of a cluster, and when the cluster's assembly is
in one, it says as JSON what rules have found, if they run. It ends when its input does, so that it never outlives
whoever asks.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType

from blueprint.planning.document import Plan
from blueprint.planning.file import SUFFIX, documents, dumped, get_ready, loaded
from tools.jsii_start import finish, quicken
from tools.merged import merge, share
from tools.progress import Progress
from tools.status import CannotError, FindingsError
from tools.store import Store
from tools.synthesis import synthesize
from tools.workers import VALIDATE, WORTH, Workers, raise_all


def synthesize_apart(
    plans: Sequence[Plan],
    out: Path,
    *,
    store: Store | None,
    processes: int,
    validate: bool = False,
    progress: bool = False,
    quick: bool = False,
    workers: Workers | None = None,
    written: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Writes what `synthesize` writes, by at most so many processes, and gives the keys of the store by cluster.

    `quick` says that this process ends with it. `workers`, if they are given, have started already and do all of it.
    `written` are documents of some of the plans, by cluster. Raises FindingsError with what rules find in any cluster.
    """
    with tempfile.TemporaryDirectory(prefix="eks-blueprints-") as temporary:
        keys, missing = dict[str, str](), dict[Path, Plan]()
        parts: list[Path] = []
        for plan in plans:
            part = Path(temporary) / plan.facts.name
            document = written.get(part.name) or dumped(plan)
            keys[part.name] = store.key(document, judged=validate) if store else ""
            kept = store.find(keys[part.name]) if store else None
            parts.append(kept or part)
            if not kept:
                part.mkdir()
                (part / f"{plan.facts.name}{SUFFIX}").write_text(document, encoding="utf-8")
                for asset in out.glob("asset.*"):  # so that it is not packed again
                    share(asset, part / asset.name)
                missing[part] = plan
        done: list[Path] = []
        shown = Progress(lambda: f"{len(done)} of {len(missing)} clusters")
        count = min(processes, len(missing) // WORTH)
        if quick and missing and count <= 1 and not workers:
            quicken(judging=validate)  # not where all comes from elsewhere: that needs nothing of the CDK
        with shown if progress and len(missing) > 1 else nullcontext():
            for part in _synthesized(missing, count, workers, validate=validate):
                done.append(part)
                if store:
                    store.keep(keys[part.name], part)
        if store and missing:
            store.make_room()
        try:
            merge(parts, out, kept=store.folder if store else None)
        except FileNotFoundError as error:
            if not store or store.folder not in Path(error.filename).parents:
                raise
            raise CannotError(f"{error.filename} has gone, as another process has made room: run it again.") from None
        return keys


def _synthesized(
    missing: Mapping[Path, Plan], processes: int, workers: Workers | None, *, validate: bool
) -> Iterator[Path]:
    """Each part, when it is whole."""
    if workers or processes > 1:
        with nullcontext(workers) if workers else Workers(processes, validate=validate) as started:
            yield from started.synthesized([*missing])
        return
    findings: list[FindingsError] = []
    for part, plan in missing.items():
        try:
            synthesize([plan], part, validate=validate)
        except FindingsError as error:
            findings.append(error)
        else:
            yield part
    raise_all(findings)


def main() -> None:
    """Synthesizes until there is nothing left to do."""
    quicken(judging=VALIDATE in sys.argv)
    from stacks import stage  # noqa: F401  # while the clusters are still planned

    get_ready()
    for line in sys.stdin:
        part = Path(line.rstrip("\n"))
        (document,) = documents(part).values()
        findings = ""
        try:
            synthesize([loaded(document)], part, validate=VALIDATE in sys.argv)
        except FindingsError as error:
            findings = str(error)
        print(json.dumps(findings), flush=True)
    finish(0)


if __name__ == "__main__":
    main()
