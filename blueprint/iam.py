"""IAM policies as data, so that they can be reviewed, linted and simulated without the CDK."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from blueprint.errors import Problem
from blueprint.value import Value

Conditions = Mapping[str, Mapping[str, str | tuple[str, ...]]]

# Inline policies of one role, in characters without white space.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_INLINE_POLICY_LIMIT = 10_240


class Statement(Value):
    """One statement of an IAM policy.

    A statement on every resource must say why in `reason`; a review shows it and a check refuses it when it is empty.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)
    effect: Literal["Allow", "Deny"] = "Allow"
    reason: str = ""

    def problems(self) -> Iterator[Problem]:
        if self.effect == "Allow" and any(
            action.endswith("*") and action.partition(":")[2] in ("", "*") for action in self.actions
        ):
            yield Problem("actions", self.actions, "a whole service or all of AWS is never granted", "name the actions")
        wide = [resource for resource in self.resources if "*" in resource]
        if self.effect == "Allow" and not self.reason and ("*" in wide or (wide and not self.conditions)):
            rule = "a grant on resources with a wildcard needs a reason, or conditions that narrow it"
            fix = "name the resources, or say in `reason` why it cannot be narrower"
            yield Problem("resources", self.resources, rule, fix)

    def document(self) -> dict[str, Any]:
        """The statement in the grammar of IAM."""
        document: dict[str, Any] = {
            "Effect": self.effect,
            "Action": _one_or_many(self.actions),
            "Resource": _one_or_many(self.resources),
        }
        if self.conditions:
            document["Condition"] = {
                operator: {key: value if isinstance(value, str) else list(value) for key, value in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return document


def policy(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]}


def size_problem(place: str, statements: Sequence[Statement]) -> Iterator[Problem]:
    """IAM counts the characters of a role's inline policies without white space."""
    size = len(json.dumps(policy(statements), separators=(",", ":")))
    if size > _INLINE_POLICY_LIMIT:
        rule = f"the inline policies of a role hold at most {_INLINE_POLICY_LIMIT} characters"
        yield Problem(place, size, rule, "name fewer resources, or split the workload over two service accounts")


def _one_or_many(texts: tuple[str, ...]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)
