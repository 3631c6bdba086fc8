"""What is deleted or replaced and cannot simply be had again: data, addresses, or what workloads stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.assembly import Template, text
from tools.resource_types import resource_type
from tools.review.dangers.danger import Danger, DangerRule, at, danger, shown, step, surviving
from tools.review.dangers.names import name_of
from tools.review.dangers.renames import renamed
from tools.revision.differences import Change, ClusterDifference

_NODES = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::FargateProfile", "AWS::EKS::Nodegroup")


def deletes_state(difference: ClusterDifference) -> Iterator[Danger]:
    """Deleted, or left in the account outside of any stack."""
    elsewhere = {id(old) for old, _ in renamed(difference)}
    for change in surviving(difference):
        lost = resource_type(change.type).lost
        if not lost or change.impact not in ("delete", "orphan") or id(change) in elsewhere:
            continue
        if change.impact == "orphan":
            what = "stays in the account outside of any stack, and goes on costing"
            what += "; a new one of its name fails: already exists" if name_of(change.before) else ""
        else:
            what = f"deleted: {lost}"
        fix = "keep it"
        if change.type in _NODES:
            fix = "first deploy what takes its pods, and remove it in a change of its own"
        yield danger("deletes-state", change, what + _imported(difference, change), "it is no longer in the app", fix)


def replaces_state(difference: ClusterDifference) -> Iterator[Danger]:
    """Made anew, after which the old one is deleted."""
    for change in surviving(difference):
        loss = resource_type(change.type).lost
        if loss and change.impact in ("replace", "may-replace"):
            what = "replaced" if change.impact == "replace" else "may be replaced"
            if (change.after or {}).get("UpdateReplacePolicy") == "Retain":
                loss = "the old one stays in the account outside of any stack, and the new one begins empty"
            what = f"{what}: {loss}{_collides(change)}{_imported(difference, change)}"
            fix = f"keep {_properties(change)}"
            if change.type in _NODES:
                fix += ", or add nodes of another name first, and remove these in a change of their own"
            yield danger("replaces-state", change, what, causes(change), fix)


def create_only(difference: ClusterDifference) -> Iterator[Danger]:
    """A property that EKS cannot change, of anything that holds no state."""
    for change in surviving(difference):
        other = change.type.startswith("AWS::EKS::") and not resource_type(change.type).lost
        if other and change.impact in ("replace", "may-replace"):
            what = f"replaced, since EKS cannot change this{_collides(change)}"
            yield danger("create-only", change, what, causes(change), f"keep {_properties(change)}")


def causes(change: Change) -> str:
    """The properties that force a replacement, with their values."""
    if change.before and change.after and change.before["Type"] != change.after["Type"]:
        return step("Type", change.before["Type"], change.after["Type"])
    return "; ".join(_cause(change, name) for name in _forcing(change)) or "CloudFormation decides during the deploy"


def _cause(change: Change, name: str) -> str:
    before, after = at(change.before, name), at(change.after, name)
    if before != after:
        return step(name, before, after)
    return f"{name}: {shown(after)} is replaced"


def _forcing(change: Change) -> list[str]:
    return [name for name, impact in change.properties.items() if impact in ("replace", "may-replace")]


def _properties(change: Change) -> str:
    changed = [name for name in _forcing(change) if at(change.before, name) != at(change.after, name)]
    return " and ".join(changed) + " as it was" if changed else "what it refers to"


def _collides(change: Change) -> str:
    """CloudFormation makes the new one before it deletes the old one.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """
    name = name_of(change.before)
    same = name is not None and name == name_of(change.after) and not _refers_to_replaced(change)
    return "; the deploy fails: already exists, since the old one goes last" if same else ""


def _refers_to_replaced(change: Change) -> bool:
    """Its name may hold that of something new, as a subnet's VPC."""
    return any(at(change.before, name) == at(change.after, name) for name in _forcing(change))


def _imported(difference: ClusterDifference, change: Change) -> str:
    """An exported value that a stack imports can neither change nor go.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    place = (change.stack.stack_name, change.stack.account, change.stack.region)
    for stack in difference.before:
        if (stack.stack_name, stack.account, stack.region) == place:
            exports = {text(each) for each in _exports(stack.template, change.id)}
            users = [each.name for each in difference.before if exports & {*_imports(each.resources)}]
            if users:
                return f"; the deploy fails while the {' and '.join(users)} stack imports it"
    return ""


def _exports(template: Template, id: str) -> Iterator[object]:
    for output in template.get("Outputs", {}).values():
        value = output.get("Value")
        if value == {"Ref": id} or (isinstance(value, Mapping) and value.get("Fn::GetAtt", [None])[0] == id):
            yield output.get("Export", {}).get("Name")


def _imports(data: object) -> Iterator[str]:
    """The names of all exports that a template refers to."""
    if isinstance(data, Mapping):
        for key, item in data.items():
            if key == "Fn::ImportValue":
                yield text(item)
            else:
                yield from _imports(item)
    elif isinstance(data, list):
        for item in data:
            yield from _imports(item)


RULES: tuple[DangerRule, ...] = (deletes_state, replaces_state, create_only)
