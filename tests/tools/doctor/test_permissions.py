"""What the CDK's roles may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from addons.karpenter import Karpenter
from blueprint import Plan, plan
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from examples.self_managed import SELF_MANAGED
from tests.blueprint.examples import with_network
from tests.tools.doctor.account import Account, statuses, worst
from tests.tools.doctor.ready import allowed, decided
from tools.doctor.checks.needs import needed_actions
from tools.doctor.checks.permissions import SERVICES, assumption, execution

EKS = partial(execution, "eks")
ROLE = "cdk-hnb659fds-cfn-exec-role-111111111111-us-west-2"


def test_a_plan_asks_for_what_it_holds(small: Plan) -> None:
    """tests/stacks/test_behaviour.py compares the resource types with the templates."""
    assert {"eks:CreateNodegroup", "ec2:CreateNatGateway"} <= set(needed_actions(small))
    assert "sqs:CreateQueue" not in needed_actions(small)
    without_nat = plan(with_network(nat="none", interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth")))
    assert "ec2:CreateNatGateway" not in needed_actions(without_nat)


def test_everything_is_allowed(account: Account, small: Plan) -> None:
    asked: list[Mapping[str, Any]] = []

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(given)
        return allowed(given)

    account.answers("SimulatePrincipalPolicy", answer)
    (found,) = account.found(EKS, small)
    assert (found.status, found.what) == ("ok", f"{ROLE} may do the 6 actions on eks that the stacks need")
    assert [(given["PolicySourceArn"], given["ResourceArns"]) for given in asked] == [
        (f"arn:aws:iam::111111111111:role/{ROLE}", ["arn:aws:eks:us-west-2:111111111111:cluster/dev"])
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_simulated(service: str, account: Account) -> None:
    account.answers("SimulatePrincipalPolicy", allowed)
    made = plan(replace(SELF_MANAGED, addons=(*SELF_MANAGED.addons, Karpenter())))
    assert statuses(account.found(partial(execution, service), made)) == ["ok"]


def test_services_that_a_plan_does_not_use_are_not(account: Account, small: Plan) -> None:
    assert account.found(partial(execution, "sqs"), small) == []
    assert account.calls == []


BY_ORGANIZATION = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
BY_BOUNDARY = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
BY_CONDITION = {"MissingContextValues": ["aws:RequestTag/team"]}


@pytest.mark.parametrize(
    ("result", "status", "why"),
    [
        ({"EvalDecision": "implicitDeny"}, "problem", "no policy of the role allows it"),
        ({"EvalDecision": "explicitDeny"}, "problem", "a policy of the role denies it"),
        ({"EvalDecision": "explicitDeny", **BY_CONDITION}, "problem", "a policy of the role denies it"),
        ({"EvalDecision": "implicitDeny", **BY_CONDITION}, "unknown", "it depends on aws:RequestTag/team"),
        ({"EvalDecision": "implicitDeny", **BY_BOUNDARY}, "problem", "the permissions boundary of the role"),
        ({"EvalDecision": "implicitDeny", **BY_ORGANIZATION}, "problem", "a service control policy"),
    ],
)
def test_something_is_denied(result: Mapping[str, Any], status: str, why: str, account: Account, small: Plan) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        found = allowed(asked)["EvaluationResults"]
        return {"EvaluationResults": [one | result if "Cluster" in one["EvalActionName"] else one for one in found]}

    account.answers("SimulatePrincipalPolicy", answer)
    (found,) = account.found(EKS, small)
    assert (found.status, found.what) == (status, f"{ROLE} may not eks:CreateCluster")
    assert found.why.startswith(why)
    assert found.why.endswith("cluster/dev")


def test_a_role_that_does_not_exist(account: Account, small: Plan) -> None:
    account.refuses("SimulatePrincipalPolicy", "NoSuchEntity")
    found = worst(account.found(EKS, small))
    assert (found.status, found.fix) == ("problem", "cdk bootstrap aws://111111111111/us-west-2")


def test_who_may_not_simulate_knows_nothing(account: Account, small: Plan) -> None:
    account.refuses("SimulatePrincipalPolicy", "AccessDenied")
    found = worst(account.found(EKS, small))
    assert found.status == "unknown"
    assert found.fix.startswith("allow iam:SimulatePrincipalPolicy")


def as_caller(account: Account, arn: str) -> None:
    account.answers("GetCallerIdentity", {"Arn": arn, "Account": "111111111111"})


DEPLOY = "arn:aws:iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111-us-west-2"


def test_a_session_is_simulated_as_its_role(account: Account, small: Plan) -> None:
    """The ARN of a session has no path."""
    as_caller(account, "arn:aws:sts::111111111111:assumed-role/Deployer/me@example.com")
    arn = "arn:aws:iam::111111111111:role/teams/Deployer"
    role = {"Path": "/teams/", "RoleName": "Deployer", "RoleId": "AROA0123456789ABCDEF", "Arn": arn}
    account.answers("GetRole", {"Role": {**role, "CreateDate": "2026-01-01T00:00:00Z"}})
    account.answers("SimulatePrincipalPolicy", allowed)
    (found,) = account.found(assumption, small)
    assert (found.status, found.what) == ("ok", f"{arn} may assume the CDK's roles")


def test_a_caller_that_may_not_assume_a_role(account: Account, small: Plan) -> None:
    as_caller(account, "arn:aws:iam::111111111111:user/me")

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return decided(asked, EvalDecision="implicitDeny" if asked["ResourceArns"] == [DEPLOY] else "allowed")

    account.answers("SimulatePrincipalPolicy", answer)
    found = worst(account.found(assumption, small))
    assert found.status == "warning"
    assert found.what == f"arn:aws:iam::111111111111:user/me may not assume {DEPLOY}"


def test_the_root_user_has_no_policies_to_simulate(account: Account, small: Plan) -> None:
    as_caller(account, "arn:aws:iam::111111111111:root")
    assert account.found(assumption, small) == []
