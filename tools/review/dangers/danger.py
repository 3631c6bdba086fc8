"""One danger of a change, and what all rules need to find it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.assembly import Stack, Template, text
from tools.revision.differences import Change, ClusterDifference

_LONGEST_VALUE = 80


@dataclass(frozen=True)
class Danger:
    """Something that a person should know before it is merged."""

    rule: str
    """Its name for good: a policy may say `deletes-state`."""
    cluster: str
    stack: str
    """`network`, `cluster`, `addons` or `teams`; `*` when it is the whole cluster."""
    id: str
    """The logical id; of a stack its name in CloudFormation, of a cluster its name."""
    path: str
    """Of the construct in the stack."""
    type: str
    what: str
    """What happens."""
    why: str
    """What in the change leads to it."""
    fix: str
    """What to write or do instead."""


Weaknesses = Iterator[tuple[str, str]]
"""Of an object that differs: what happens, and why, each time that it protects less."""
DangerRule = Callable[[ClusterDifference], Iterator[Danger]]


def danger(rule: str, change: Change, what: str, why: str, fix: str) -> Danger:
    """A danger of a resource that differs."""
    stack = change.stack
    return Danger(rule, stack.cluster, stack.name, change.id, change.path, change.type, what, why, fix)


def danger_of(rule: str, stack: Stack, id: str, kind: str, what: str, why: str, fix: str) -> Danger:
    """A danger of any resource of a stack."""
    return Danger(rule, stack.cluster, stack.name, id, stack.paths.get(id, id), kind, what, why, fix)


def surviving(difference: ClusterDifference) -> Iterator[Change]:
    """Changes in stacks that were and will be; a stack that comes or goes is judged as a whole."""
    for stack in difference.stacks:
        if stack.before and stack.after:
            yield from stack.changes


def at(resource: Template | None, *path: str) -> Any:
    """A property of a resource, or a part of one; None where there is none."""
    found: Any = (resource or {}).get("Properties")
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def was_and_is(change: Change, *path: str) -> tuple[Any, Any]:
    """A property, or a part of one, before and after."""
    return at(change.before, *path), at(change.after, *path)


def is_retained(resource: Template) -> bool:
    """Whether it stays when it leaves its stack, or that is deleted."""
    return resource.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")


def on(value: Any) -> bool:
    """A switch as templates may write it."""
    return value is True or value == "true"


def shown(value: Any) -> str:
    """A value on one short line."""
    if value is None:
        return "nothing"
    line = text(value) if isinstance(value, Mapping) else value
    line = line if isinstance(line, str) else json.dumps(line, sort_keys=True)
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"


def step(name: str, before: Any, after: Any) -> str:
    """What differs in a property, with old and new values."""
    if _plain(before) and _plain(after):
        names = [each for each in {**before, **after} if before.get(each) != after.get(each)]
        return ", ".join(step(f"{name}.{each}", before.get(each), after.get(each)) for each in names)
    if isinstance(before, list) and isinstance(after, list) and max(len(before), len(after)) > 1:
        gone = [f"-{shown(each)}" for each in before if each not in after]
        come = [f"+{shown(each)}" for each in after if each not in before]
        return f"{name}: {' '.join([*gone, *come]) or 'another order'}"
    return f"{name}: {shown(before)} -> {shown(after)}"


def _plain(value: Any) -> bool:
    """A mapping, and not a function of CloudFormation."""
    return isinstance(value, Mapping) and not any(name == "Ref" or name.startswith("Fn::") for name in value)
