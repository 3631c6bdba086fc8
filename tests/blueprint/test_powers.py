"""What AWS lists of actions, and what a role must not have of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import policy_sentry
import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from policy_sentry.querying.actions import get_actions_with_access_level
from policy_sentry.querying.all import get_all_service_prefixes

from blueprint import actions
from blueprint.actions import matching, unknown
from blueprint.iam import Statement
from blueprint.powers import misses, overlap, powers
from blueprint.teams import ServiceAccount
from blueprint.value import problems_in

ACCOUNT = "us-west-2:111111111111"
KUBECTL = f"arn:aws:lambda:{ACCOUNT}:function:dev-cluster-KubectlHandler44EFEE3B-x1Y2z3"
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
ASSETS = "arn:aws:s3:::cdk-hnb659fds-assets-111111111111-us-west-2"
DEPLOY_ROLE = "arn:aws:iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111-us-west-2"

REFUSED = {
    "the CDK's role": ("sts:AssumeRole", DEPLOY_ROLE),
    "any role": ("sts:Assume*", "arn:aws:iam::111111111111:role/BreakGlass"),
    "a role for a service": ("iam:PassRole", "arn:aws:iam::111111111111:role/a"),
    "the function that administers a cluster": ("lambda:InvokeFunction", KUBECTL),
    "its code": ("lambda:UpdateFunctionCode", f"{KUBECTL[:-7]}*"),
    "an alias of it": ("lambda:InvokeFunction", f"{KUBECTL}:*"),
    "any function": ("lambda:Inv*", f"arn:aws:lambda:{ACCOUNT}:function:*"),
    "functions that begin alike": ("lambda:InvokeFunction", f"arn:aws:lambda:{ACCOUNT}:function:search-*"),
    "a queue that calls any function": ("lambda:CreateEventSourceMapping", "*"),
    "a shell": ("ssm:SendCommand", f"arn:aws:ec2:{ACCOUNT}:instance/i-0123456789abcdef0"),
    "a session": ("ssm:StartSession", "*"),
    "a key for SSH": ("ec2-instance-connect:SendSSHPublicKey", f"arn:aws:ec2:{ACCOUNT}:instance/i-0"),
    "what nodes start with": ("ec2:CreateLaunchTemplateVersion", f"arn:aws:ec2:{ACCOUNT}:launch-template/lt-0"),
    "a build": ("codebuild:StartBuild", f"arn:aws:codebuild:{ACCOUNT}:project/*"),
    "a stack": ("cloudformation:UpdateStack", f"arn:aws:cloudformation:{ACCOUNT}:stack/search/1"),
    "a part of a word": ("cloudformation:*Stack", f"arn:aws:cloudformation:{ACCOUNT}:stack/search/1"),
    "the CDK's assets": ("s3:PutObject", f"{ASSETS}/*"),
    "buckets that begin like them": ("s3:GetObject", "arn:aws:s3:::c*"),
    "a key's policy": ("kms:PutKeyPolicy", f"arn:aws:kms:{ACCOUNT}:key/0"),
    "a grant": ("kms:CreateGrant", f"arn:aws:kms:{ACCOUNT}:key/0"),
    "the end of a key": ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{ACCOUNT}:key/0"),
    "Identity Center": ("sso:CreateAccountAssignment", "*"),
    "its users": ("identitystore:CreateGroupMembership", "*"),
    "the organization": ("organizations:LeaveOrganization", "*"),
    "an access entry": ("eks:CreateAccessEntry", f"arn:aws:eks:{ACCOUNT}:cluster/dev"),
    "an association": ("eks:CreatePodIdentityAssociation", f"arn:aws:eks:{ACCOUNT}:cluster/dev"),
    "a bucket's policy": ("s3:PutBucketPolicy", "arn:aws:s3:::search"),
    "any database": ("rds-db:connect", f"arn:aws:rds-db:{ACCOUNT}:dbuser:*/*"),
    "much of one's own function": ("lambda:*Permission", f"arn:aws:lambda:{ACCOUNT}:function:search"),
}


@pytest.mark.parametrize(("action", "resource"), REFUSED.values(), ids=REFUSED)
def test_a_team_may_not_have_it(action: str, resource: str) -> None:
    """By its place, the value, the rule and what to do instead."""
    statement = Statement((action,), (resource,), reason="it seems so")
    account = ServiceAccount("api", "search", permissions=(statement,))
    found = [each for each in problems_in(account) if "may not have" in each.rule]
    assert found
    assert {each.path for each in found} <= {("permissions", 0, "actions"), ("permissions", 0, "resources")}
    assert {each.value for each in found} <= {action, resource}
    assert all("the team's own" in each.fix for each in found)
    denied = ServiceAccount("api", "search", permissions=(Statement((action,), (resource,), effect="Deny"),))
    assert [each for each in problems_in(denied) if "may not have" in each.rule] == []


ORDINARY = (
    ("s3:GetObject s3:PutObject s3:DeleteObject", "arn:aws:s3:::search/*"),
    ("s3:ListBucket", "arn:aws:s3:::search"),
    ("s3:GetObject", "arn:${blueprint:partition}:s3:::search-cdk-/*"),
    ("dynamodb:*Item dynamodb:Query", f"arn:aws:dynamodb:{ACCOUNT}:table/search"),
    ("sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage", f"arn:aws:sqs:{ACCOUNT}:search"),
    ("sns:Publish", f"arn:aws:sns:{ACCOUNT}:search"),
    ("kms:Decrypt kms:GenerateDataKey kms:Sign", f"arn:aws:kms:{ACCOUNT}:key/0"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{ACCOUNT}:secret:search/*"),
    ("ssm:GetParameter ssm:GetParametersByPath ssm:PutParameter", f"arn:aws:ssm:{ACCOUNT}:parameter/search/*"),
    ("lambda:InvokeFunction lambda:UpdateFunctionCode", f"arn:aws:lambda:{ACCOUNT}:function:search-index"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{ACCOUNT}:function:search-index:*"),
    ("states:StartExecution", f"arn:aws:states:{ACCOUNT}:stateMachine:search"),
    ("codebuild:StartBuild", f"arn:aws:codebuild:{ACCOUNT}:project/search"),
    ("rds-db:connect", f"arn:aws:rds-db:{ACCOUNT}:dbuser:db-ABCDEFGHIJKL01234/search"),
    ("execute-api:Invoke", f"arn:aws:execute-api:{ACCOUNT}:a/prod/GET/*"),
    ("bedrock:InvokeModel", "arn:aws:bedrock:us-west-2::foundation-model/a"),
    ("cloudwatch:PutMetricData xray:PutTraceSegments s3:ListAllMyBuckets ec2:DescribeInstances", "*"),
    ("eks:DescribeCluster", f"arn:aws:eks:{ACCOUNT}:cluster/dev"),
)


@pytest.mark.parametrize(("named", "resource"), ORDINARY)
def test_what_workloads_do_is_no_power(named: str, resource: str) -> None:
    assert list(powers(named.split(), (resource,))) == []
    assert list(unknown(named.split())) == []


AUDIT = Path(policy_sentry.__file__).parent / "shared" / "data" / "audit"
# What policy_sentry's authors count and is none of ours, or what the list misspells or AWS has no more.
BESIDE = {
    # Keys of its own, which nobody else's depend on; a container registry's login; sessions of the same identity.
    *("kms:createkey", "ecr:getauthorizationtoken", "sts:getsessiontoken"),
    # Users of an application or a database, not of AWS.
    *("cognito-idp:associatesoftwaretoken", "connect:getfederationtoken", "gamelift:requestuploadcredentials"),
    *("redshift:getclustercredentials", "redshift:rotateencryptionkey"),
    *(f"redshift:{verb}clustersecuritygroupingress" for verb in ("authorize", "revoke")),
    *(f"iotsitewise:{verb}" for verb in ("createaccesspolicy", "deleteaccesspolicy", "updateaccesspolicy")),
    # Only looks.
    *("iotsitewise:listaccesspolicies", "imagebuilder:getcomponentpolicy"),
}


@pytest.mark.parametrize("file", ["privilege-escalation", "credentials-exposure", "resource-policies"])
def test_what_others_found_to_give_rights_away_is_a_power(file: str) -> None:
    """Lists that grew with attacks on accounts, in policy_sentry (`analysis`); they are not what is built upon."""
    names = re.findall(r"^[\w-]+:\w+", (AUDIT / f"{file}.txt").read_text(), re.MULTILINE)
    known = [name for name in names if matching(name)]
    assert len(known) > 20
    assert {name for name in known if not list(powers((name,), ("*",)))} <= BESIDE


def test_every_action_that_aws_calls_permissions_management_is_a_power() -> None:
    found = [
        action
        for service in get_all_service_prefixes()
        for action in get_actions_with_access_level(service, "Permissions management")
    ]
    assert len(found) > 500
    assert [action for action in found if not list(powers((action,), ("arn:aws:x:::*",)))] == []


@pytest.mark.parametrize(
    ("action", "nearest"),
    [
        ("s3:GetObjekt", "s3:GetObject"),
        ("lambda:InvokeFuncton", "lambda:InvokeFunction"),
        ("dynamodbb:GetItem", "dynamodb:GetItem"),
        ("sqs:Send*Mesage", "sqs:SendMessage"),
    ],
)
def test_an_action_that_does_not_exist_is_refused_with_the_nearest(action: str, nearest: str) -> None:
    (problem,) = problems_in(ServiceAccount("a", "b", (Statement((action,), ("arn:aws:s3:::a",)),)))
    assert (problem.path, problem.value) == (("permissions", 0, "actions"), action)
    assert problem.fix.startswith(f"write {nearest}, or ")


def test_actions_are_compared_without_case_and_by_their_wildcards() -> None:
    assert list(unknown(("S3:getobject", "s3:Get?bject", "s3:*", "*"))) == []
    assert [each.name for each in matching("SQS:sendMessage")] == ["sqs:SendMessage"]
    assert {each.name for each in matching("sq?:Send*")} == {"sqs:SendMessage"}
    assert matching("s3:[G]etObject") == ()


def test_what_aws_has_and_the_copy_lacks_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = tmp_path / "newer.toml"
    newer.write_text('[actions]\n"s3:ReadMinds" = "Read"\n"zeta:PutPolicy" = "Permissions management"\n')
    monkeypatch.setattr(actions, "NEWER", newer)
    matching.cache_clear()
    try:
        assert list(unknown(("s3:ReadMinds", "zeta:Put*"))) == []
        assert list(powers(("s3:ReadMinds",), ("*",))) == []
        assert list(powers(("zeta:PutPolicy",), ("*",)))
    finally:
        matching.cache_clear()


def test_no_action_is_listed_as_new_that_the_copy_knows() -> None:
    """And each has an access level of AWS."""
    listed = list(actions._newer(actions.NEWER))
    assert {each.level for each in listed} <= {"Read", "List", *actions.CHANGES}
    assert [each.name for each in listed if len(matching(each.name)) != 1] == []
    assert [each.name for each in listed if each not in matching(each.name)] == []


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("*", "arn:aws:s3:::a", True),
        ("arn:aws:s3:::a*", "arn:aws:s3:::*b", True),
        ("arn:aws:s3:::a?", "arn:aws:s3:::*b", True),
        ("arn:aws:s3:::a*c", "arn:aws:s3:::*b", False),
        ("arn:aws:s3:*:a", "arn:aws:s3:::a", False),
        ("arn:*:s3:::a", "arn:aws:s3:::a", True),
        ("arn:aws:s3:::", "arn:aws:s3:::*", True),
        ("arn:aws:lambda:a:b:function:*", "arn:*:lambda:*:*:function:x:y", True),
        ("arn:aws:*", "arn:aws:s3:::a", False),
    ],
)
def test_what_two_patterns_mean_both(one: str, other: str, *, common: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is common


def test_what_aws_writes_itself_gives_something() -> None:
    """Some of AWS's managed policies, which moto carries along; of all 4,621 statements that name resources
    four are refused, in these.
    """
    found = set()
    for name, policy in sorted(json.loads(aws_managed_policies_data).items())[::15]:
        for statement in _listed(policy["Document"]["Statement"]):
            resources = _listed(statement.get("Resource", "*"))
            if statement["Effect"] == "Allow" and "*" not in resources:
                actions = [action for action in _listed(statement.get("Action", [])) if matching(action)]
                found |= {name for _ in misses(actions, resources)}
    assert found <= {
        *("AWSCloud9ServiceRolePolicy", "AmazonConnectCampaignsServiceLinkedRolePolicy"),
        *("AmazonEKSConnectorServiceRolePolicy", "SageMakerStudioProjectProvisioningRolePolicy"),
    }


def _listed(one_or_many: Any) -> list[Any]:
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


def test_what_gives_nothing() -> None:
    bucket, item = "arn:aws:s3:::reports", "arn:aws:s3:::reports/latest"
    assert list(misses(["s3:GetObject"], [bucket])) == ["s3:GetObject"]
    assert list(misses(["sqs:SendMessage"], ["arn:aws:sns:us-west-2:111111111111:orders"])) == ["sqs:SendMessage"]
    assert not list(misses(["s3:ListBucket", "s3:GetObject"], [bucket, item]))
    assert not list(misses(["s3:GetObject", "sqs:SendMessage"], ["*"]))
    assert not list(misses(["s3:GetObject"], ["arn:${blueprint:partition}:s3:::reports*"]))
