"""An upgrade as Markdown for a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from tools.markdown import code, one_line, prose, table
from tools.upgrade.model import AddonMove, Edit, Minor, Step, Upgrade

SOURCES = (
    "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html",
    "https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html",
    "https://docs.aws.amazon.com/eks/latest/best-practices/rollback-cluster-upgrades.html",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-eks-cluster-rollbackconfig.html",
    "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html",
    "https://docs.aws.amazon.com/eks/latest/best-practices/cluster-upgrades.html",
    "https://kubernetes.io/releases/version-skew-policy/",
)


def as_markdown(upgrade: Upgrade) -> str:
    """To be pasted into a pull request."""
    return "\n\n".join(_parts(upgrade)) + "\n"


def as_json(data: Any) -> Any:
    """All of it, under the names of the fields, without the blueprints."""
    if is_dataclass(data) and not isinstance(data, type):
        return {each.name: as_json(getattr(data, each.name)) for each in fields(data) if each.name != "blueprint"}
    if isinstance(data, Mapping):
        return {key: as_json(item) for key, item in data.items()}
    return [as_json(item) for item in data] if isinstance(data, list | tuple) else data


def _parts(upgrade: Upgrade) -> Iterator[str]:
    count = sum(len(minor.steps) for minor in upgrade.minors)
    yield f"# Upgrade {code(upgrade.cluster)} from {upgrade.version} to {upgrade.to}"
    yield (
        f"Account {code(upgrade.account)}, {code(upgrade.region)}. {_many(count, 'pull request')} in this order, each "
        "merged, deployed and watched before the next."
    )
    if any(len(minor.steps) > 1 for minor in upgrade.minors):
        yield (
            "Nodes move after the control plane and in a deploy of their own. If they cannot be drained, only their "
            "deploy fails; in one deploy with the control plane, CloudFormation would want that back as well, which "
            "EKS refuses while some nodes are newer. And as long as they are older, the control plane can still go back"
            f"{', as far as nodes are concerned that do not move by themselves' if upgrade.nodes_follow else ''}."
        )
    if upgrade.shared_with:
        names = ", ".join(map(code, upgrade.shared_with))
        yield (
            f"> {code(upgrade.file)} shares its `cluster` with {names}: an edit of the shared value moves all of them. "
            f"To move this one alone, write `cluster=replace(…, version=…)` in {code(upgrade.file)}, and `compute` too."
        )
    number = 0
    for minor in upgrade.minors:
        yield from _minor(upgrade, minor, number)
        number += len(minor.steps)
    yield "## Sources"
    yield "\n".join(f"- {source}" for source in SOURCES)


def _minor(upgrade: Upgrade, minor: Minor, number: int) -> Iterator[str]:
    yield f"## {minor.previous} → {minor.version}"
    yield prose(minor.support)
    if minor.findings:
        yield f"### Before {minor.version}, in pull requests of their own"
        yield "These are deployed before the control plane moves: its way back is narrow."
        rows = ([code(each.where), code(each.what), code(each.fix)] for each in minor.findings)
        yield table(("where", "what", "do"), rows)
    else:
        unread = [each.release for each in minor.charts if each.result.startswith("not checked")]
        of = f"{len(unread)} of {len(minor.charts)} charts" if len(minor.charts) > 1 else "the chart"
        but = f"; {of} could not be looked at" if unread else ""
        yield f"In what was looked at, nothing must change before{but}."
    if minor.addons:
        yield "### Add-ons of EKS"
        heads = ("add-on", f"with {minor.previous}", f"with {minor.version}", "release notes")
        yield table(heads, map(_addon, minor.addons))
        if any(each.then is None for each in minor.addons):
            yield (
                f"Where none is known for {minor.version}, this cluster names one as `version`, or "
                "`addons/versions.toml` names it for all clusters."
            )
    if minor.charts:
        yield "### Charts"
        yield table(
            ("release", "chart", f"on {minor.version}", "runs on"),
            (
                [code(each.release), code(f"{each.chart} {each.version}"), code(each.result), each.documentation]
                for each in minor.charts
            ),
        )
    if minor.unchecked:
        yield "Not checked:"
        yield _bullets(minor.unchecked)
    for offset, step in enumerate(minor.steps, 1):
        yield f"### {number + offset}. {prose(step.title)}"
        yield f"Edit {code(upgrade.file)}, or the file that it takes the value from:"
        yield table(("field", "from", "to"), map(_edit, step.edits))
        yield from _deploy(upgrade, step)
    yield f"### The way back to {minor.previous}"
    yield _numbered(minor.way_back)


def _deploy(upgrade: Upgrade, step: Step) -> Iterator[str]:
    yield _shell((*step.before, f"cdk diff -c cluster={upgrade.cluster} '{upgrade.cluster}/*'"))
    yield _shell((f"cdk deploy -c cluster={upgrade.cluster} '{upgrade.cluster}/*'",))
    yield "What happens, in this order:"
    yield _numbered(step.happens)
    yield _shell(step.after)


def _addon(move: AddonMove) -> Sequence[str]:
    if move.pinned:
        then = "the same, since the file says so"
    elif move.then is None:
        then = "**none known**"
    else:
        then = code(move.then) if move.moves else "the same"
    return [code(move.name), code(move.now), then, move.release_notes if move.moves else ""]


def _edit(edit: Edit) -> Sequence[str]:
    field = f"{code(edit.field)} ({code(edit.of)})" if edit.of else code(edit.field)
    return [field, code(edit.now or "") or "not written", code(edit.then or "") or "remove it"]


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {prose(line)}" for line in lines)


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number}. {prose(line)}" for number, line in enumerate(lines, 1))


def _shell(lines: Sequence[str]) -> str:
    return "\n".join(["```sh", *map(one_line, lines), "```"])


def _many(count: int, what: str) -> str:
    return f"One {what}" if count == 1 else f"{count} {what}s"
