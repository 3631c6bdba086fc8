"""What CloudFormation would do with each resource, judged by the CDK's own diff engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tools.assembly import Assembly, Stack, Template
from tools.environment import inherited

Impact = Literal["create", "update", "may-replace", "replace", "delete", "orphan"]
"""`may-replace` depends on the value or on the account; an `orphan` stays in the account, outside of any stack."""

# ResourceImpact of
# https://github.com/aws/aws-cdk-cli/blob/main/packages/%40aws-cdk/cloudformation-diff/lib/diff/types.ts
_IMPACTS: dict[str, Impact] = {
    "WILL_CREATE": "create",
    "WILL_UPDATE": "update",
    "MAY_REPLACE": "may-replace",
    "WILL_REPLACE": "replace",
    "WILL_DESTROY": "delete",
    "WILL_ORPHAN": "orphan",
    "NO_CHANGE": "update",
}
_NODE = Path(sys.prefix) / "bin" / "node"
_ENGINE = Path(__file__).with_name("differences.cjs")
_EMPTY: Template = {"Resources": {}}


@dataclass(frozen=True)
class Change:
    """One resource that differs."""

    stack: Stack
    """The stack as it will be; as it was, where it is gone."""
    id: str
    path: str
    """The construct's path in the stack."""
    impact: Impact
    properties: Mapping[str, Impact]
    """What each differing property alone leads to; DependsOn, DeletionPolicy and the like stand beside them."""
    before: Template | None = field(repr=False)
    after: Template | None = field(repr=False)

    @property
    def type(self) -> str:
        """`AWS::EKS::Cluster`; as it was, if it becomes another."""
        resource: Template = self.before or self.after or {}
        return str(resource["Type"])


@dataclass(frozen=True)
class StackDifference:
    """One stack in one account and region; without `before` it is new, without `after` the app no longer has it.

    `cdk deploy` does not delete a stack that the app no longer has.
    """

    before: Stack | None
    after: Stack | None
    changes: tuple[Change, ...] = ()
    text: str = ""
    """What `cdk diff` prints of it."""

    @property
    def stack(self) -> Stack:
        """The stack as it will be; as it was, where it is gone."""
        stack = self.after or self.before
        assert stack is not None  # noqa: S101  # one of both is always there
        return stack


@dataclass(frozen=True)
class ClusterDifference:
    """A cluster of which at least one stack differs."""

    name: str
    stacks: tuple[StackDifference, ...]
    """All of its stacks, those without changes included, in the order of deployment."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Of all stacks."""
        return tuple(change for stack in self.stacks for change in stack.changes)

    @property
    def before(self) -> tuple[Stack, ...]:
        """Its stacks as they were; none of a new cluster."""
        return tuple(stack.before for stack in self.stacks if stack.before)

    @property
    def after(self) -> tuple[Stack, ...]:
        """Its stacks as they will be; none of one that is gone."""
        return tuple(stack.after for stack in self.stacks if stack.after)


def differences(before: Assembly, after: Assembly, *, folded: bool = True) -> tuple[ClusterDifference, ...]:
    """The clusters that differ, by name. Unless `folded`, the text has Kubernetes objects and Helm values too."""
    names = sorted({*before, *after})
    pairs = {name: _pairs(before.get(name, ()), after.get(name, ())) for name in names}
    differing = [pair for name in names for pair in pairs[name] if _differ(*pair)]
    judged = dict(zip(map(_key, differing), _judged(differing, folded=folded), strict=True))
    found = []
    for name in names:
        if any(_key(pair) in judged for pair in pairs[name]):
            stacks = tuple(judged.get(_key(pair), StackDifference(*pair)) for pair in pairs[name])
            found.append(ClusterDifference(name, stacks))
    return tuple(found)


_Pair = tuple[Stack | None, Stack | None]


def _pairs(before: Sequence[Stack], after: Sequence[Stack]) -> list[_Pair]:
    """The same stack before and after; in another account or region it is another stack."""
    old, new = ({(stack.stack_name, stack.account, stack.region): stack for stack in side} for side in (before, after))
    return [(old.get(key), new.get(key)) for key in dict.fromkeys((*new, *old))]


def _key(pair: _Pair) -> tuple[int, int]:
    return id(pair[0]), id(pair[1])


def _differ(before: Stack | None, after: Stack | None) -> bool:
    """Whether a deploy does anything; key order in a template means nothing."""
    if before is None or after is None:
        return True
    one, other = ((stack.template, stack.termination_protection, stack.tags) for stack in (before, after))
    return one != other


def _paths(pair: _Pair) -> dict[str, str]:
    """Of what was as well: a path there is the only one."""
    return {id: path for stack in pair if stack for id, path in stack.paths.items()}


def _judged(pairs: Sequence[_Pair], *, folded: bool) -> list[StackDifference]:
    if not pairs:
        return []
    asked = [
        {
            "before": before.template if before else _EMPTY,
            "after": after.template if after else _EMPTY,
            "paths": _paths((before, after)),
            "folded": folded,
        }
        for before, after in pairs
    ]
    done = subprocess.run(
        (str(_NODE), str(_ENGINE)),
        input=json.dumps(asked),
        env=inherited(),
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return [_difference(pair, answer) for pair, answer in zip(pairs, json.loads(done.stdout), strict=True)]


def _difference(pair: _Pair, answer: Mapping[str, Any]) -> StackDifference:
    before, after = pair
    stack = StackDifference(before, after).stack
    paths = _paths(pair)
    changes = tuple(
        Change(
            stack=stack,
            id=found["id"],
            path=paths.get(found["id"], found["id"]),
            # Nothing deletes a stack that the app no longer has.
            impact=_IMPACTS[found["impact"]] if after else "orphan",
            properties={name: _IMPACTS[impact] for name, impact in found["properties"].items()},
            before=before.resources.get(found["id"]) if before else None,
            after=after.resources.get(found["id"]) if after else None,
        )
        for found in answer["resources"]
    )
    return StackDifference(before, after, changes, answer["text"])
