"""A cluster to plan add-ons for, and what its policies allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blueprint.addons import Addon
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement, policy
from blueprint.references import references_in, resolved
from blueprint.value import Value, problems_in
from tests.blueprint.honesty import assert_honest
from tests.permissions import evaluator
from tests.permissions.evaluator import Context

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
    node_subnets=("subnet-1", "subnet-2"),
    node_zones=(("eu-west-1a", "subnet-1"), ("eu-west-1b", "subnet-2")),
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
    return [problem.place for problem in problems_of(value)]


def first_problem(value: Value) -> Problem:
    """The first problem in a value."""
    return problems_of(value)[0]


def problems_of(value: Value) -> list[Problem]:
    """What the value says that is wrong with itself, each with the place where it stands."""
    found = problems_in(value)
    for problem in found:
        assert_honest(problem, value)
    return found


def problems_on(facts: ClusterFacts, addon: Addon) -> list[Problem]:
    """What is wrong with the add-on on such a cluster, likewise."""
    found = [*addon.problems_on(facts)]
    for problem in found:
        assert_honest(problem, addon)
    return found


def allowed(statements: Sequence[Statement], action: str, resource: str, context: Context | None = None) -> bool:
    """Whether IAM would allow the request."""
    return evaluator.allowed([deployed(policy(statements))], action, resource, context or {})


def names_no_partition(statements: Sequence[Statement]) -> bool:
    """Whether every ARN leaves the partition open, so that the policy works in China and GovCloud too."""
    resources = [resource for statement in statements for resource in statement.resources if resource != "*"]
    return all("arn:aws" not in resource and next(references_in(resource), None) for resource in resources)
