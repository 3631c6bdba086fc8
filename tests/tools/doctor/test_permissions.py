"""What the CDK's roles may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from addons.aws_backup import AwsBackup
from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from addons.karpenter import Karpenter
from addons.kube_prometheus_stack import KubePrometheusStack
from addons.tempo import Tempo
from blueprint import NewHostedZone, Plan, plan
from blueprint.addons import NewBucket, NewFileSystem, NewVault, NewWorkspace
from examples.argo_spoke import ARGO_SPOKE
from examples.self_managed import SELF_MANAGED
from tests.blueprint.examples import with_network
from tests.tools.doctor.account import Account, statuses, worst
from tests.tools.doctor.ready import allowed, decided
from tools.doctor.checks.needs import needed_actions
from tools.doctor.checks.permissions import assumption, execution
from tools.doctor.runner import Look
from tools.resource_types import TYPES

ROLE = "cdk-hnb659fds-cfn-exec-role-111111111111-us-west-2"


def test_a_plan_asks_for_what_it_holds(small: Plan) -> None:
    """tests/stacks/test_behaviour.py compares the resource types with the templates."""
    assert {"eks:CreateNodegroup", "ec2:CreateNatGateway"} <= set(needed_actions(small))
    assert "sqs:CreateQueue" not in needed_actions(small)
    without_nat = plan(with_network(nat="none"))
    assert "ec2:CreateNatGateway" not in needed_actions(without_nat)


@pytest.fixture
def bootstrapped(account: Account) -> Account:
    """One with the roles of the CDK."""

    def role(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = asked["RoleName"]
        known = {"Path": "/", "RoleName": name, "RoleId": "AROA0123456789ABCDEF", "Arn": f"arn:aws:iam::1:role/{name}"}
        return {"Role": {**known, "CreateDate": "2026-01-01T00:00:00Z"}}

    account.answers("GetRole", role)
    return account


def test_everything_is_allowed(bootstrapped: Account, small: Plan) -> None:
    asked: dict[str, Mapping[str, Any]] = {}

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked[given["ActionNames"][0].partition(":")[0]] = given
        return allowed(given)

    bootstrapped.answers("SimulatePrincipalPolicy", answer)
    (found,) = bootstrapped.found(execution, small)
    needed = needed_actions(small)
    assert (found.status, found.what.partition(",")[0]) == (
        "ok",
        f"{ROLE} may do the {len(needed)} actions that the stacks need",
    )
    assert sorted(name for given in asked.values() for name in given["ActionNames"]) == needed
    assert (asked["eks"]["PolicySourceArn"], asked["eks"]["ResourceArns"]) == (
        f"arn:aws:iam::111111111111:role/{ROLE}",
        ["arn:aws:eks:us-west-2:111111111111:cluster/dev"],
    )
    assert "sqs" not in asked


def test_each_service_is_simulated(bootstrapped: Account) -> None:
    services: list[str] = []

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        services.extend({name.partition(":")[0] for name in given["ActionNames"]})
        return allowed(given)

    bootstrapped.answers("SimulatePrincipalPolicy", answer)
    measured = KubePrometheusStack(workspace=NewWorkspace())
    kept = Tempo(NewBucket("traces-111111111111"))
    backed_up = AwsBackup(NewVault("backups"))
    files = AwsEfsCsiDriver(storage_classes={"shared": NewFileSystem()})
    zones = (NewHostedZone("apps.example.com"),)
    addons = (*SELF_MANAGED.addons, Karpenter(), measured, kept, backed_up, files)
    made = plan(replace(SELF_MANAGED, addons=addons, hosted_zones=zones))
    assert statuses(bootstrapped.found(execution, made)) == ["ok"]
    once = sorted(services)
    assert statuses(bootstrapped.found(execution, plan(ARGO_SPOKE))) == ["ok"]
    assert once == sorted({*once})
    everything = {action.partition(":")[0] for row in TYPES.values() for action in row.creates}
    assert {*services} == everything


BY_ORGANIZATION = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
BY_BOUNDARY = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
BY_CONDITION = {"MissingContextValues": ["aws:RequestTag/team"]}


@pytest.mark.parametrize(
    ("result", "status", "why", "fix"),
    [
        (
            {"EvalDecision": "implicitDeny"},
            "problem",
            "no policy of the role allows it",
            "allow it: cdk",
        ),
        ({"EvalDecision": "explicitDeny"}, "problem", "a policy of the role denies it", "remove the Deny"),
        ({"EvalDecision": "explicitDeny", **BY_CONDITION}, "problem", "a policy of the role denies it", "remove"),
        ({"EvalDecision": "implicitDeny", **BY_CONDITION}, "unknown", "it depends on aws:RequestTag/team", "see that"),
        ({"EvalDecision": "implicitDeny", **BY_BOUNDARY}, "problem", "the permissions boundary of the role", "allow"),
        ({"EvalDecision": "implicitDeny", **BY_ORGANIZATION}, "problem", "a policy of the organization", "ask whoever"),
        ({"EvalDecision": "explicitDeny", **BY_ORGANIZATION}, "problem", "a policy of the organization", "ask whoever"),
    ],
)
def test_something_is_denied(
    result: Mapping[str, Any], status: str, why: str, fix: str, bootstrapped: Account, small: Plan
) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        found = allowed(asked)["EvaluationResults"]
        return {"EvaluationResults": [one | result if "Cluster" in one["EvalActionName"] else one for one in found]}

    bootstrapped.answers("SimulatePrincipalPolicy", answer)
    (found,) = bootstrapped.found(execution, small)
    assert (found.status, found.what) == (status, f"{ROLE} may not eks:CreateCluster")
    assert found.why.startswith(why)
    assert found.why.endswith("cluster/dev")
    assert found.fix.startswith(fix)


def test_one_cause_in_all_services_is_one_finding(bootstrapped: Account, small: Plan) -> None:
    denied = {"EvalDecision": "implicitDeny", **BY_ORGANIZATION}
    bootstrapped.answers("SimulatePrincipalPolicy", lambda asked: decided(asked, **denied))
    (found,) = bootstrapped.found(execution, small)
    assert all(action in found.what for action in needed_actions(small))
    assert "cdk bootstrap" not in found.fix


@pytest.mark.parametrize("look", [execution, assumption])
def test_a_role_that_does_not_exist_is_told_by_the_bootstrap(look: Look, account: Account, small: Plan) -> None:
    account.refuses("GetRole", "NoSuchEntity")
    assert account.found(look, small) == []
    assert "SimulatePrincipalPolicy" not in account.calls


def test_who_may_not_simulate_knows_nothing(bootstrapped: Account, small: Plan) -> None:
    bootstrapped.refuses("SimulatePrincipalPolicy", "AccessDenied")
    found = worst(bootstrapped.found(execution, small))
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


def test_a_caller_that_may_not_assume_a_role(bootstrapped: Account, small: Plan) -> None:
    as_caller(bootstrapped, "arn:aws:iam::111111111111:user/me")

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return decided(asked, EvalDecision="implicitDeny" if asked["ResourceArns"] == [DEPLOY] else "allowed")

    bootstrapped.answers("SimulatePrincipalPolicy", answer)
    found = worst(bootstrapped.found(assumption, small))
    assert found.status == "warning"
    assert found.what == f"arn:aws:iam::111111111111:user/me may not assume {DEPLOY}"


def test_the_root_user_has_no_policies_to_simulate(account: Account, small: Plan) -> None:
    as_caller(account, "arn:aws:iam::111111111111:root")
    assert account.found(assumption, small) == []
