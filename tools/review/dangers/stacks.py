"""Stacks that the app no longer has: `cdk deploy` deletes none."""

from __future__ import annotations

from collections.abc import Iterator

from tools.assembly import Stack
from tools.review.dangers.danger import Danger, DangerRule
from tools.revision.differences import ClusterDifference

_TYPE = "AWS::CloudFormation::Stack"


def moves(difference: ClusterDifference) -> Iterator[Danger]:
    """A cluster of the same name in another account or region."""
    places = {_place(stack) for stack in difference.after}
    gone = [stack for stack in _gone(difference) if places]
    moved = [stack for stack in gone if _place(stack) not in places]
    if moved:
        before = sorted({_place(stack) for stack in moved})
        what = "a new cluster is made; the old one stays as it is, with its workloads, and goes on costing"
        why = f"{' and '.join(before)} -> {' and '.join(sorted(places))}"
        fix = "give the new cluster another name, move the workloads, then destroy the old one: "
        yield _danger("moves", difference, what, why, fix + _destroy(difference.name))


def leaves_behind(difference: ClusterDifference) -> Iterator[Danger]:
    """A cluster, or a stack of one, that is gone or has another name."""
    gone = _gone(difference)
    what = "stays in the account as it is, and goes on costing: cdk deploy deletes no stacks"
    if gone and not difference.after:
        fix = f"destroy it from the base commit first: {_destroy(difference.name)}"
        yield _danger("leaves-behind", difference, what, "the app no longer has this cluster", fix)
    for stack in gone:
        if _place(stack) in {_place(each) for each in difference.after}:
            fix = f"destroy it from the base commit first: cdk destroy {stack.cluster}/{stack.name}"
            names = (stack.cluster, stack.name, stack.stack_name, f"{stack.cluster}/{stack.name}", _TYPE)
            yield Danger("leaves-behind", *names, what, "the app no longer has this stack", fix)


def _gone(difference: ClusterDifference) -> list[Stack]:
    return [stack.before for stack in difference.stacks if stack.before and not stack.after]


def _place(stack: Stack) -> str:
    return f"{stack.account} {stack.region}"


def _destroy(cluster: str) -> str:
    return f"cdk destroy -c cluster={cluster} '{cluster}/*'"


def _danger(rule: str, difference: ClusterDifference, what: str, why: str, fix: str) -> Danger:
    name = difference.name
    return Danger(rule, name, "*", name, f"{name}/*", _TYPE, what, why, fix)


RULES: tuple[DangerRule, ...] = (moves, leaves_behind)
