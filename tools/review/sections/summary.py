"""The line that a reviewer reads first, and which clusters are concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tools.assembly import Stack
from tools.review.document import Cell, Paragraph, Row, Section, Table, code, said
from tools.review.flat import changed, codes
from tools.review.fleet import ReviewedFleet, Touched
from tools.revision.differences import ClusterDifference, Impact

WORDS: Mapping[Impact, str] = {
    "delete": "deleted",
    "replace": "replaced",
    "may-replace": "perhaps replaced",
    "orphan": "left behind",
    "update": "changed",
    "create": "new",
}
"""Most severe first. What is left behind stays in the account, outside of any stack."""


def counts(differences: tuple[ClusterDifference, ...]) -> dict[Impact, int]:
    """How many resources each fate awaits."""
    found = Counter(change.impact for each in differences for change in each.changes)
    return {impact: found[impact] for impact in WORDS}


def in_words(found: Mapping[Impact, int]) -> str:
    """`0 deleted, 2 replaced, 5 changed`: deletions and replacements always, the others where there are any."""
    shown = [(impact, number) for impact, number in found.items() if number or impact in ("delete", "replace")]
    return ", ".join(f"{number:,} {WORDS[impact]}" for impact, number in shown)


def summary(fleet: ReviewedFleet, dangers: int) -> tuple[Cell, ...]:
    """One line, with the number of dangers."""
    untouched = len(fleet.untouched)
    if not fleet.touched:
        text = f"Nothing changes in any template; {clusters(untouched)} proven untouched since "
        return (Cell(text), code(fleet.base), Cell("."))
    found = counts(tuple(each.difference for each in fleet.touched))
    warned = f", {dangers:,} danger{'' if dangers == 1 else 's'}" if dangers else ""
    text = f"{in_words(found)}{warned} in {len(fleet.touched)} of {clusters(len(fleet.touched) + untouched)} since "
    return (Cell(text), code(fleet.base), Cell("."))


def section(fleet: ReviewedFleet) -> Section:
    """A row for clusters that have the same counts; then those that no deploy would touch."""
    rows = [(each.name, _row(each)) for each in fleet.touched]
    blocks: list[Table | Paragraph] = [Table(("stacks", "resources", "clusters"), fleet.grouped(rows))]
    if severe := fleet.grouped(_severe(fleet)):
        blocks.append(Table(("resource", "type", "becomes", "because of", "clusters"), severe))
    if fleet.untouched:
        proof = "Untouched, since their plans or templates are the same byte by byte: "
        blocks.append(said(proof, Cell(", ".join(fleet.untouched), code=True)))
    return Section("clusters", "Clusters", tuple(blocks))


def _severe(fleet: ReviewedFleet) -> Iterator[tuple[str, Row]]:
    """Resources that are not just changed; the worst first. A cluster that is gone is one row already."""
    changes = [change for touched in fleet.deployed for change in touched.difference.changes]
    for impact in ("delete", "replace", "may-replace", "orphan"):
        for change in changes:
            if change.impact == impact:
                causes = [name for name, alone in change.properties.items() if alone in ("replace", "may-replace")]
                cells = (f"{change.stack.name}/{change.path}", change.type, WORDS[impact], "\n".join(causes))
                yield change.stack.cluster, codes("-" if impact == "delete" else "~", *cells)


def clusters(number: int) -> str:
    """`1 cluster`, `2 clusters`."""
    return f"{number} cluster{'' if number == 1 else 's'}"


def _row(touched: Touched) -> Row:
    difference = touched.difference
    differing = [stack.stack.name for stack in difference.stacks if _of_deploy(stack.before) != _of_deploy(stack.after)]
    protection = {
        f"termination protection {'on' if each.after.termination_protection else 'off'}"
        for each in difference.stacks
        if each.before and each.after and each.before.termination_protection != each.after.termination_protection
    }
    tags = {
        f"the tag {key}: {old or 'none'} -> {new or 'none'}"
        for each in difference.stacks
        if each.before and each.after
        for _, key, old, new in changed(each.before.tags, each.after.tags)
    }
    before, after = touched.plans
    if before and after and before.retain != after.retain:
        protection.add("everything is retained" if after.retain else "no longer everything is retained")
    found = "; ".join([in_words(counts((difference,))), *sorted(protection), *sorted(tags)])
    names = Cell(", ".join(dict.fromkeys(differing)), code=True)
    if not difference.before:
        return Row((names, Cell(f"a new cluster: {found}")), "+")
    if not difference.after:
        return Row((names, Cell(f"no longer in the app, which deletes nothing: {found}")), "-")
    return Row((names, Cell(found)), "~")


def _of_deploy(stack: Stack | None) -> object:
    """What CloudFormation is told of a stack."""
    return stack and (stack.template, stack.termination_protection, stack.tags)
