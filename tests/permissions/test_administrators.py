"""Who can act as the function that administers a cluster: of our roles its provider, and in an account whom it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app import ROOT
from tests.permissions.evaluator import allowed
from tests.permissions.reference import acts_on
from tests.permissions.roles import Deployed, Role, deployed
from tests.stacks.fleet import FLEET, of_hubs
from tests.templates import Templates, of_type

DOES = (
    "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "lambda:AddPermission",
)
GUIDE = ROOT / "docs" / "who-administers.md"


@pytest.fixture(scope="module")
def clusters(fleet: Templates) -> list[Deployed]:
    return [deployed(fleet, each.name, account=each.account, region=each.region) for each in FLEET]


def functions(cluster: Deployed) -> Iterator[tuple[str, str]]:
    """Logical ids and ARNs of those that apply manifests and charts."""
    for template in cluster.stacks.values():
        for id in of_type(template, "AWS::Lambda::Function"):
            if "Kubectl" in id:
                yield id, f"arn:aws:lambda:{cluster.region}:{cluster.account}:function:{id}"


def unconditional(document: Any) -> Any:
    """The document as if every condition of what it allows were met."""
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return {
        "Statement": [
            {key: value for key, value in each.items() if key != "Condition" or each["Effect"] == "Deny"}
            for each in statements
        ]
    }


def administering(cluster: Deployed) -> set[tuple[str, str, str]]:
    """Which role may do what to which function, whatever the conditions."""
    return {
        (role.id, action, id)
        for role in cluster.roles
        for id, arn in functions(cluster)
        for action in DOES
        if allowed(map(unconditional, role.documents), action, arn, {})
    }


def test_no_role_of_ours_but_the_provider_s_may_invoke_the_kubectl_function(clusters: list[Deployed]) -> None:
    for cluster in clusters:
        if cluster.cluster in of_hubs():
            assert not list(functions(cluster))
            continue
        assert len(list(functions(cluster))) == 2
        (found,) = administering(cluster)
        role, action, function = found
        assert role.startswith("KubectlProviderframeworkonEventServiceRole")
        assert (action, function.startswith("KubectlHandler")) == ("lambda:InvokeFunction", True)
        for template in cluster.stacks.values():
            assert not of_type(template, "AWS::Lambda::Permission")
            assert not of_type(template, "AWS::Lambda::Url")


def test_a_role_that_may_would_be_found(clusters: list[Deployed]) -> None:
    statement = {"Effect": "Allow", "Action": "lambda:*", "Resource": "arn:aws:lambda:*:*:function:*"}
    if_tagged = {**statement, "Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}}
    (cluster, *_) = clusters
    role = Role(cluster.cluster, "teams", "Mine", ({"Statement": if_tagged},), {})
    cluster = Deployed(cluster.cluster, cluster.account, cluster.region, cluster.stacks)
    object.__setattr__(cluster, "roles", (role,))
    assert {action for _, action, _ in administering(cluster)} == set(DOES)


# --- The service control policy of the guide ---

HERE = "us-west-2:111111111111"
ROLES = "arn:aws:iam::111111111111:role"
EXECUTION = f"{ROLES}/cdk-hnb659fds-cfn-exec-role-111111111111-us-west-2"
DEPLOY = f"{ROLES}/cdk-hnb659fds-deploy-role-111111111111-us-west-2"
PUBLISH = f"{ROLES}/cdk-hnb659fds-file-publishing-role-111111111111-us-west-2"
PIPELINE, PROVIDER = f"{ROLES}/ClusterDeploy", f"{ROLES}/dev-cluster-KubectlProviderframewo-x1Y2z3"
ADMIN, TEAM = f"{ROLES}/AWSReservedSSO_AdministratorAccess_0123456789abcdef", f"{ROLES}/search"
HANDLER = f"arn:aws:lambda:{HERE}:function:dev-cluster-KubectlHandler44EFEE3B-x1Y2z3"
ON_EVENT = f"arn:aws:lambda:{HERE}:function:dev-cluster-KubectlProviderframework-x1Y2z3"
CLUSTER = f"arn:aws:eks:{HERE}:cluster/dev"
ASSET = "arn:aws:s3:::cdk-hnb659fds-assets-111111111111-us-west-2/0.json"


def scp() -> Mapping[str, Any]:
    (text,) = re.findall(r"^```json\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found: Mapping[str, Any] = json.loads(text)
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    assert len(json.dumps(found, separators=(",", ":"))) <= 5120
    return found


ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
REQUESTS = [
    # action, resource, who of an account's administrators still may
    *((action, HANDLER, {EXECUTION, PROVIDER}) for action in DOES),
    ("lambda:InvokeFunction", ON_EVENT, {EXECUTION, PROVIDER}),
    ("eks:CreateAccessEntry", CLUSTER, {EXECUTION}),
    ("eks:CreatePodIdentityAssociation", CLUSTER, {EXECUTION}),
    ("sts:AssumeRole", DEPLOY, {PIPELINE, DEPLOY, EXECUTION}),
    ("iam:PassRole", EXECUTION, {PIPELINE, DEPLOY, EXECUTION}),
    ("iam:UpdateAssumeRolePolicy", PROVIDER, {PIPELINE, DEPLOY, EXECUTION}),
    ("s3:PutObject", ASSET, {PUBLISH, DEPLOY}),
]
EVERYBODY = {EXECUTION, DEPLOY, PUBLISH, PIPELINE, PROVIDER, ADMIN, TEAM}


@pytest.mark.parametrize(("action", "resource", "may"), REQUESTS)
def test_a_service_control_policy_holds_administrators_of_the_account_back(
    action: str, resource: str, may: set[str]
) -> None:
    assert acts_on(action, resource)
    documents = [ANYTHING, scp()]
    assert {who for who in EVERYBODY if allowed(documents, action, resource, {"aws:PrincipalArn": who})} == may


def test_it_leaves_all_else_alone() -> None:
    for action, resource in (
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:search"),
        ("sts:AssumeRole", TEAM),
        ("s3:PutObject", "arn:aws:s3:::search/a"),
        ("eks:DescribeCluster", CLUSTER),
    ):
        assert acts_on(action, resource)
        assert allowed([ANYTHING, scp()], action, resource, {"aws:PrincipalArn": TEAM})


def test_it_means_the_functions_and_roles_that_cloudformation_names(clusters: list[Deployed]) -> None:
    """By stack, logical id and a suffix, the id cut where the whole is too long."""
    for cluster in clusters:
        for id, _ in functions(cluster):
            for length in (24, len(id)):
                arn = f"arn:aws:lambda:{HERE}:function:{cluster.cluster}-cluster-{id[:length]}-x1Y2z3"
                assert not allowed([ANYTHING, scp()], "lambda:InvokeFunction", arn, {"aws:PrincipalArn": ADMIN})
        for role in cluster.roles:
            if role.id.startswith("KubectlProvider"):
                who = f"{ROLES}/{cluster.cluster}-cluster-{role.id[:22]}-x1Y2z3"
                assert allowed([ANYTHING, scp()], "lambda:InvokeFunction", HANDLER, {"aws:PrincipalArn": who})
