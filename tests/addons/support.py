"""A cluster to plan add-ons for, and an evaluator of IAM policies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement, policy
from blueprint.references import references_in, resolved
from blueprint.value import Value, problems_in

ACCOUNT = "111111111111"
REGION = "eu-west-1"
FACTS = ClusterFacts(
    name="prod",
    account=ACCOUNT,
    region=REGION,
    version="1.35",
    architectures=frozenset({"arm64"}),
    has_nodes=True,
    auto_mode=False,
)


class _Deployed(dict[str, str]):
    """What AWS would put behind each reference: a text that names it."""

    def __missing__(self, name: str) -> str:
        return {"partition": "aws", "vpc-id": "vpc-1"}.get(name, f"<{name}>")


def deployed(data: Any) -> Any:
    """The data as a renderer would hand it to AWS and the cluster."""
    return resolved(data, _Deployed())


def rules_broken(value: Value) -> list[str]:
    """Places of the problems in a value."""
    return [problem.place for problem in problems_in(value, "")]


def first_problem(value: Value) -> Problem:
    """The first problem in a value."""
    return next(problems_in(value, ""))


def allowed(
    statements: Sequence[Statement],
    action: str,
    resource: str,
    context: Mapping[str, str | Sequence[str]] | None = None,
) -> bool:
    """Whether IAM would allow the request. ValueError: a condition operator that this evaluator does not know."""
    documents = deployed(policy(statements))["Statement"]
    effects = {one["Effect"] for one in documents if _applies(one, action, resource, context or {})}
    return "Allow" in effects and "Deny" not in effects


def _applies(document: dict[str, Any], action: str, resource: str, context: Mapping[str, str | Sequence[str]]) -> bool:
    return (
        any(_like(pattern, action) for pattern in _many(document["Action"]))
        and any(_like(pattern, resource) for pattern in _many(document["Resource"]))
        and all(
            _holds(operator, _many(wanted), context.get(key))
            for operator, keys in document.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, wanted: Sequence[str], given: str | Sequence[str] | None) -> bool:
    if operator == "Null":
        return (given is None) == (wanted[0] == "true")
    if operator.startswith("ForAllValues:"):
        plain = operator.removeprefix("ForAllValues:")
        return all(_holds(plain, wanted, value) for value in _many(given or ()))
    if operator.endswith("IfExists"):
        return given is None or _holds(operator.removesuffix("IfExists"), wanted, given)
    if given is None:
        return False
    match operator:
        case "StringEquals":
            return given in wanted
        case "StringLike" | "ArnLike" | "ArnEquals":
            return any(_like(pattern, str(given)) for pattern in wanted)
    raise ValueError(operator)


def _like(pattern: str, text: str) -> bool:
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _many(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value


def names_no_partition(statements: Sequence[Statement]) -> bool:
    """Whether every ARN leaves the partition open, so that the policy works in China and GovCloud too."""
    resources = [resource for statement in statements for resource in statement.resources if resource != "*"]
    return all("arn:aws" not in resource and next(references_in(resource), None) for resource in resources)
