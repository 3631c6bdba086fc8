"""Identity, bootstrap, stacks and what a destroyed cluster leaves."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    TokenRetrievalError,
)

from addons.aws_for_fluent_bit import AwsForFluentBit
from blueprint.bootstrap import QUALIFIER
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from tests.blueprint.examples import with_addons
from tests.tools.doctor.account import Account, refused, statuses, worst
from tests.tools.doctor.ready import CALLER, live
from tools.doctor.bootstrap import VERSION
from tools.doctor.checks import account as checks
from tools.doctor.checks.account import connect
from tools.doctor.finding import NotReadyError
from tools.doctor.login import Login
from tools.doctor.lookups import STACKS, caller


def bootstrapped(account: Account, version: str) -> None:
    name = f"/cdk-bootstrap/{QUALIFIER}/version"
    parameter = {"Name": name, "Value": version}
    account.answers("GetParameter", lambda asked: {"Parameter": parameter} if asked["Name"] == name else {})
    account.answers("GetRole", lambda asked: role_of(asked["RoleName"]))
    account.answers("GetBucketVersioning", {"Status": "Enabled"})


def role_of(name: str) -> Mapping[str, Any]:
    arn = f"arn:aws:iam::111111111111:role/{name}"
    role = {"Path": "/", "RoleName": name, "RoleId": "AROA0123456789ABCDEF", "Arn": arn}
    return {"Role": {**role, "CreateDate": "2026-01-01T00:00:00Z"}}


def with_stacks(account: Account, states: Mapping[str, str], *, protected: bool = False) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = asked["StackName"]
        if name not in states:
            raise refused("ValidationError", f"Stack with id {name} does not exist")
        stack = {"StackName": name, "StackStatus": states[name], "EnableTerminationProtection": protected}
        return {"Stacks": [{**stack, "CreationTime": "2026-01-01T00:00:00Z"}]}

    account.answers("DescribeStacks", answer)


def test_credentials_of_the_account_connect(account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "Aws", lambda region, _: account.aws if region == "us-west-2" else None)
    assert caller(connect(small, Login())) == (CALLER, small.facts.account)
    assert caller(account.aws).partition == "aws"


def test_the_caller_is_named(account: Account, small: Plan) -> None:
    (found,) = account.found(checks.identity, small)
    assert (found.status, found.what) == ("ok", f"{CALLER} in account 111111111111")


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (NoCredentialsError(), "there are no AWS credentials"),
        (ProfileNotFound(profile="prod"), "prod"),
        (TokenRetrievalError(provider="sso", error_msg="Token has expired"), "Token has expired"),
        (EndpointConnectionError(endpoint_url="https://sts.us-west-2.amazonaws.com"), "Could not connect"),
        (ReadTimeoutError(endpoint_url="https://sts.us-west-2.amazonaws.com"), "Read timeout"),
        (refused("ExpiredToken", "The security token is expired"), "the credentials have expired"),
        (refused("InvalidClientTokenId", "The token is invalid"), "The token is invalid"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_fails_every_check_is_one_error(
    error: Exception, what: str, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(checks, "Aws", fail)
    with pytest.raises(NotReadyError) as raised:
        connect(small, Login())
    first, why, fix = str(raised.value).split("\n")
    assert what in first
    assert why.startswith("    why  ")
    assert fix.startswith("    fix  ")


def test_another_account_is_refused_before_any_check(
    account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "Aws", lambda *_: account.aws)
    account.answers("GetCallerIdentity", {"Arn": "arn:aws:iam::999999999999:user/me", "Account": "999999999999"})
    with pytest.raises(NotReadyError, match="of account 999999999999, dev is in 111111111111"):
        connect(small, Login())


def test_bootstrap_is_what_the_cdk_asks_for() -> None:
    """The numbers of the installed aws-cdk-lib, as templates' manifests have them."""
    spec = find_spec("aws_cdk")
    assert spec
    assert spec.origin
    (archive,) = Path(spec.origin).parent.glob("_jsii/*.tgz")
    with tarfile.open(archive) as opened:
        member = opened.extractfile("package/core/lib/stack-synthesizers/default-synthesizer.js")
        assert member
        source = member.read().decode()
    assert f"MIN_BOOTSTRAP_STACK_VERSION={VERSION}," in source
    assert f'DEFAULT_QUALIFIER="{QUALIFIER}"' in source


@pytest.mark.parametrize("version", ["6", "30"])
def test_a_recent_bootstrap_is_fine(version: str, account: Account, small: Plan) -> None:
    bootstrapped(account, version)
    assert statuses(account.found(checks.bootstrap, small)) == ["ok"]


@pytest.mark.parametrize("version", ["5", "", "many"])
def test_an_old_bootstrap_is_a_problem(version: str, account: Account, small: Plan) -> None:
    bootstrapped(account, version)
    found = worst(account.found(checks.bootstrap, small))
    assert found.status == "problem"
    assert repr(version) in found.what
    assert found.fix == "cdk bootstrap aws://111111111111/us-west-2"


def test_no_bootstrap_is_a_problem(account: Account, small: Plan) -> None:
    found = worst(account.found(checks.bootstrap, small))
    assert (found.status, found.what) == ("problem", "account and region are not bootstrapped for the CDK")


BUCKET = "cdk-hnb659fds-assets-111111111111-us-west-2"


def test_what_somebody_deleted_of_the_bootstrap_is_named(account: Account, small: Plan) -> None:
    """Its stack still says that it is there, so to bootstrap again changes nothing."""
    bootstrapped(account, "30")

    def role(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if "-deploy-role-" in asked["RoleName"]:
            raise refused("NoSuchEntity")
        return role_of(asked["RoleName"])

    account.answers("GetRole", role)
    account.refuses("GetBucketVersioning", "NoSuchBucket", "The specified bucket does not exist", 404)
    found = worst(account.found(checks.bootstrap, small))
    assert (found.status, found.what) == (
        "problem",
        "of the CDK's bootstrap is missing: role cdk-hnb659fds-deploy-role-111111111111-us-west-2, bucket " + BUCKET,
    )
    assert "delete-stack --stack-name CDKToolkit" in found.fix
    assert found.fix.endswith("cdk bootstrap aws://111111111111/us-west-2")


def test_the_bucket_must_be_the_accounts_own(account: Account, small: Plan) -> None:
    """Anybody can make a bucket of that name where there is none, to read what is deployed."""
    bootstrapped(account, "30")
    asked: list[Mapping[str, Any]] = []

    def denied(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(given)
        raise refused("AccessDenied", "Access Denied", 403)

    account.answers("GetBucketVersioning", denied)
    assert worst(account.found(checks.bootstrap, small)).status == "unknown"
    assert asked == [{"Bucket": BUCKET, "ExpectedBucketOwner": "111111111111"}]


def test_no_stacks_yet(account: Account, small: Plan) -> None:
    (found,) = account.found(checks.stack_states, small)
    assert (found.status, found.what) == ("ok", "stacks: none yet")


@pytest.mark.parametrize(
    "state", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"]
)
def test_a_stack_that_takes_a_deploy(state: str, account: Account, small: Plan) -> None:
    with_stacks(account, {f"dev-{name}": state for name in STACKS})
    (found,) = account.found(checks.stack_states, small)
    assert found.status == "ok"
    assert found.what.count(state) == len(STACKS)


@pytest.mark.parametrize(
    ("state", "status", "fix"),
    [
        ("UPDATE_ROLLBACK_FAILED", "problem", "continue-update-rollback --stack-name dev-cluster"),
        ("DELETE_FAILED", "problem", "delete-stack --stack-name dev-cluster"),
        ("UPDATE_IN_PROGRESS", "problem", "wait"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "problem", "wait"),
        ("ROLLBACK_COMPLETE", "warning", "read its events"),
        ("UPDATE_FAILED", "warning", "cdk rollback 'dev/cluster'"),
    ],
)
def test_a_stack_that_does_not(state: str, status: str, fix: str, account: Account, small: Plan) -> None:
    with_stacks(account, {"dev-network": "CREATE_COMPLETE", "dev-cluster": state})
    found = worst(account.found(checks.stack_states, small))
    assert found.status == status
    assert found.what == f"stack dev-cluster is in {state}"
    assert fix in found.fix


def test_the_cdk_cannot_delete_a_protected_stack_that_failed(account: Account, small: Plan) -> None:
    with_stacks(account, {"dev-cluster": "ROLLBACK_COMPLETE"}, protected=True)
    found = worst(account.found(checks.stack_states, small))
    assert found.status == "problem"
    assert "--no-enable-termination-protection --stack-name dev-cluster" in found.fix


def with_log_group(account: Account, name: str) -> None:
    account.answers("DescribeLogGroups", {"logGroups": [{"logGroupName": name}]})


@pytest.mark.parametrize("states", [{}, {"dev-cluster": "ROLLBACK_COMPLETE"}], ids=["no stack", "a failed stack"])
def test_the_log_group_of_a_destroyed_cluster_collides(states: dict[str, str], account: Account, small: Plan) -> None:
    with_stacks(account, states)
    with_log_group(account, "/aws/eks/dev/cluster")
    found = worst(account.found(checks.leftovers, small))
    assert found.status == "problem"
    assert found.fix.endswith("aws logs delete-log-group --log-group-name /aws/eks/dev/cluster")


def test_so_does_that_of_an_add_on(account: Account, small: Plan) -> None:
    """Fluent Bit's, which its stack makes."""
    made = plan(with_addons(AwsForFluentBit()))
    with_log_group(account, "/aws/eks/dev/containers")
    found = worst(account.found(checks.leftovers, made))
    assert (found.status, "/aws/eks/dev/containers" in found.fix) == ("problem", True)
    assert statuses(account.found(checks.leftovers, small)) == ["ok"]


def test_other_log_groups_do_not(account: Account, small: Plan) -> None:
    with_log_group(account, "/aws/eks/dev/cluster-two")
    assert statuses(account.found(checks.leftovers, small)) == ["ok"]


def test_the_log_group_of_a_live_stack_is_its_own(account: Account, small: Plan) -> None:
    with_stacks(account, {"dev-cluster": "UPDATE_COMPLETE"})
    with_log_group(account, "/aws/eks/dev/cluster")
    assert account.found(checks.leftovers, small) == []


def test_a_cluster_of_somebody_else(account: Account, small: Plan) -> None:
    live(account, small)
    found = worst(account.found(checks.leftovers, small))
    assert (found.status, found.what) == ("problem", "a cluster dev exists, and the stack dev-cluster did not make it")
