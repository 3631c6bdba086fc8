"""Stacks that the app no longer has: `cdk deploy` deletes none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.assembly import Stack, Template
from tools.gitops.assembly import is_from_git
from tools.resource_types import resource_type
from tools.review.dangers.danger import Danger, DangerRule, is_retained
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
    if gone and not difference.after:
        rule, what, fix = _left(gone, _destroy(difference.name))
        yield _danger(rule, difference, what, "the app no longer has this cluster", fix)
    for stack in gone:
        if _place(stack) in {_place(each) for each in difference.after}:
            rule, what, fix = _left([stack], f"cdk destroy {stack.cluster}/{stack.name}")
            names = (stack.cluster, stack.name, stack.stack_name, f"{stack.cluster}/{stack.name}", _TYPE)
            yield Danger(rule, *names, what, "the app no longer has this stack", fix)


def _left(gone: Sequence[Stack], destroy: str) -> tuple[str, str, str]:
    """The rule, what becomes of stacks that are gone from the app, and what to do; by what their deletion deletes."""
    resources = [each for stack in gone for id, each in stack.resources.items() if not is_from_git(id)]
    lost = [each for each in resources if not is_retained(each)]
    if not lost:
        what = "nothing is lost if the base commit is deployed: what its stacks made stays without them, and costs"
        return "keeps-resources", what, f"delete the stacks from the base commit: {destroy}"
    what = "stays in the account as it is, and goes on costing: cdk deploy deletes no stacks"
    fix = f"destroy it from the base commit first, with {_counted(lost, resources)}: {destroy}"
    return "leaves-behind", what, f"{fix}; or keep it all by retain=True (docs/leaving.md)"


def _counted(lost: Sequence[Template], resources: Sequence[Template]) -> str:
    """How many there are, and of which types those are that hold state."""
    types = sorted({each["Type"].rpartition("::")[2] for each in lost if resource_type(each["Type"]).lost})
    return f"{len(lost)} of {len(resources)} resources" + (f" ({', '.join(types)})" if types else "")


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
