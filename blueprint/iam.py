"""IAM policies as data, so that they can be reviewed, linted and simulated without the CDK."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Annotated, Any, Literal

from blueprint.errors import FieldPath, Key, Problem, Quoted
from blueprint.fields import NOT_EMPTY, matches
from blueprint.references import portable
from blueprint.regions import REGIONS
from blueprint.value import Value

# What IAM refuses during a deploy. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html (characters of a policy)
Action = Annotated[
    str, matches(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+", "must be an action of IAM", 'write for example "s3:GetObject"')
]
Resource = Annotated[
    str,
    matches(
        r"\*|\$\{blueprint:[\w:/.-]+\}|"
        r"arn:(aws[a-z-]*|\$\{blueprint:partition\}):[a-z0-9-]+:[\w*?-]*:(\d{12}|aws|[\d*?]*[*?][\d*?]*)?:[\x20-\xff]+",
        "must be the ARN of a resource, or of several by * and ?",
        'write for example "arn:${blueprint:partition}:s3:::reports/latest"',
    ),
]
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_OPERATOR = matches(
    r"Null|BinaryEquals|(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals(IgnoreCase)?|Like)|Arn(Not)?(Equals|Like)|Bool|"
    r"(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|(Not)?IpAddress)(IfExists)?",
    "must be a condition operator of IAM",
    'write for example "StringEquals"',
)
_KEY = matches(
    r"(?!arn:)[A-Za-z0-9-]+:[\x20-\xff]+", "must be a condition key of IAM", 'write for example "aws:ResourceTag/team"'
)
_VALUE = Annotated[str, matches(r"[\x20-\xff]*", "must be text that IAM takes", "write it in Latin letters")]
Conditions = Mapping[
    Annotated[str, _OPERATOR],
    Annotated[
        Mapping[Annotated[str, _KEY], _VALUE | Annotated[tuple[_VALUE, ...], NOT_EMPTY]],
        NOT_EMPTY,
    ],
]
# What operators of a family compare with; those of others take any text.
_COMPARED = (
    (re.compile(r"Null|Bool"), re.compile(r"true|false"), "true or false"),
    (re.compile(r"Numeric"), re.compile(r"-?\d+(\.\d+)?"), "a number"),
    (
        re.compile(r"Date"),
        re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T[012]\d:[0-5]\d:[0-5]\dZ)?|\d{1,18}"),
        "a date",
    ),
    (re.compile(r"(Not)?IpAddress"), re.compile(r"[\d.]+(/\d+)?|[\da-f:]+(/\d+)?"), "a range of addresses"),
    (re.compile(r"Arn"), re.compile(r"\*|(arn|\$\{blueprint)(:[^:]*){4,}"), "an ARN"),
)

# Inline policies of one role, in characters without white space.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_INLINE_POLICY_LIMIT = 10_240


class Statement(Value):
    """One statement of an IAM policy.

    A statement on every resource must say why in `reason`; a review shows it and a check refuses it when it is empty.
    """

    actions: Annotated[tuple[Action, ...], NOT_EMPTY]
    """For example "s3:GetObject"; `*` and `?` stand for any characters and for one."""
    resources: Annotated[tuple[Resource, ...], NOT_EMPTY]
    """ARNs; `*` and `?` stand for any characters and for one. Their partition becomes that of the cluster."""
    conditions: Conditions = field(default_factory=dict)
    """By operator and key: {"StringEquals": {"aws:ResourceTag/team": "payments"}}.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    effect: Literal["Allow", "Deny"] = "Allow"
    """Deny takes away what other statements allow."""
    reason: str = ""
    """Why a wildcard cannot be narrower."""

    def problems(self) -> Iterator[Problem]:
        if self.effect == "Allow" and any(
            action.endswith("*") and action.partition(":")[2] in ("", "*") for action in self.actions
        ):
            yield Problem(
                ("actions",), self.actions, "a whole service or all of AWS is never granted", "name the actions"
            )
        wide = [resource for resource in self.resources if "*" in resource]
        if self.effect == "Allow" and not self.reason and ("*" in wide or (wide and not self._is_narrowed)):
            rule = "a grant on resources with a wildcard needs a reason, or conditions that narrow it"
            fix = "name the resources, or say in `reason` why it cannot be narrower"
            yield Problem(("resources",), self.resources, rule, fix)

        for resource in self.resources:
            # What is filled in has colons of its own.
            parts = re.sub(r"\$\{[^}]*\}", "*", resource).split(":")
            if len(parts) > 3 and parts[3] not in ("", *REGIONS) and not re.search(r"[*?]", parts[3]):
                rule = "its fourth part is a region, and AWS has none of this name"
                yield Problem(("resources",), resource, rule, 'write for example "us-west-2", or * for any')
        for operator, keys in self.conditions.items():
            yield from _compared(operator, keys)

    @property
    def _is_narrowed(self) -> bool:
        """Whether some condition asks for more than that there is a value."""
        values = (value for keys in self.conditions.values() for value in keys.values())
        return any("*" not in ((value,) if isinstance(value, str) else value) for value in values)

    def portable(self) -> Statement:
        """The same in whatever partition the cluster is."""
        return replace(self, resources=portable(self.resources), conditions=portable(self.conditions))

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


def _compared(operator: str, keys: Mapping[str, str | tuple[str, ...]]) -> Iterator[Problem]:
    for family, form, what in _COMPARED:
        if not family.match(operator.rpartition(":")[2]):
            continue
        for key, values in keys.items():
            for value in (values,) if isinstance(values, str) else values:
                if not form.fullmatch(value):
                    path = ("conditions", Key(operator), Key(key))
                    yield Problem(path, value, f"{operator} compares with {what}", "correct it, or take StringEquals")


def policy(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]}


def size_problem(
    path: FieldPath,
    statements: Sequence[Statement],
    fix: str = "name fewer resources, or split the workload over two service accounts",
) -> Iterator[Problem]:
    """IAM counts the characters of a role's inline policies without white space."""
    size = len(json.dumps(policy(statements), separators=(",", ":")))
    if size > _INLINE_POLICY_LIMIT:
        rule = f"the inline policies of a role hold at most {_INLINE_POLICY_LIMIT} characters"
        yield Problem(path, Quoted(f"{size} characters"), rule, fix)


def _one_or_many(texts: tuple[str, ...]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)
