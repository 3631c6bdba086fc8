"""What `cdk diff` says, stack by stack: the last word, for whoever wants all of it."""

from __future__ import annotations

from tools.review.document import Diff, Section
from tools.review.fleet import ReviewedFleet


def section(fleet: ReviewedFleet) -> Section:
    """One text for stacks of the same name whose differences read the same."""
    stacks: dict[tuple[str, str], list[str]] = {}
    for touched in fleet.touched:
        for stack in touched.difference.stacks:
            if stack.text:
                name = stack.stack.name if stack.after else f"{stack.stack.name}, which no deploy deletes"
                stacks.setdefault((name, stack.text), []).append(touched.name)
    blocks = tuple(_diff(f"{name}: {fleet.where(names)}", text) for (name, text), names in stacks.items())
    return Section("templates", "CloudFormation, as cdk diff shows it", blocks, open=False)


def _diff(title: str, text: str) -> Diff:
    return Diff(title, text, added=text.count("[+]"), removed=text.count("[-]"))
