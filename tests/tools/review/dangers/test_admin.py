"""Who may do much more than before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.review.dangers.support import Resources, differing, only, resource, stack_of, stacks_differing, told


def entry(
    policy: str = "AmazonEKSClusterAdminPolicy", scope: str = "cluster", who: str = "arn:aws:iam::1:role/A"
) -> Resources:
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":eks::aws:cluster-access-policy/{policy}"]]}
    policies = [{"PolicyArn": arn, "AccessScope": {"Type": scope}}]
    return {"It": resource("AWS::EKS::AccessEntry", {"PrincipalArn": who, "AccessPolicies": policies})}


READER = entry("AmazonEKSViewPolicy")


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        ({}, entry(), True),
        (READER, entry(), True),
        (READER, entry("AmazonEKSAdminPolicy"), True),
        (entry(), entry(who="arn:aws:iam::1:role/B"), True),
        ({}, READER, False),
        ({}, entry("AmazonEKSAdminPolicy", "namespace"), False),
        (entry(), READER, False),
        (entry(), {}, False),
        (entry(), {"Other": entry()["It"]}, False),
        ({}, {"It": resource("AWS::EKS::AccessEntry", {"KubernetesGroups": ["team:a"]})}, False),
    ],
)
def test_administrators(before: Resources, after: Resources, *, wider: bool) -> None:
    assert [rule for rule, _ in told(differing(before, after)) if rule == "widens-admin"] == ["widens-admin"] * wider


def test_one_who_was_administrator_by_another_stack_is_no_new_one() -> None:
    teams = {"name": "teams", "stack_name": "dev-teams"}
    before, after = (stack_of(entry()), stack_of({}, **teams)), (stack_of({}), stack_of(entry(), **teams))
    assert "widens-admin" not in dict(told(stacks_differing(*zip(before, after, strict=True))))


def allow(action: Any, on: Any = "arn:aws:s3:::b/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


IF = {"Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}}


@pytest.mark.parametrize(
    ("statement", "wider"),
    [
        (allow("*", "*"), True),
        (allow("s3:*"), True),
        (allow(["s3:GetObject", "iam:*"]), True),
        (allow("s3:GetObject", "*"), True),
        (allow("secretsmanager:GetSecretValue", ["*"]), True),
        (allow(["ec2:DescribeInstances", "ec2:RunInstances"], "*"), True),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b"}, True),
        (allow("nothing:Known", "*"), True),
        # A name that is all wildcard, of whatever kind.
        (allow("s3:GetObject", "arn:aws:s3:::*"), True),
        (allow("ec2:TerminateInstances", {"Fn::Sub": "arn:aws:ec2:${AWS::Region}:1:instance/*"}), True),
        # What a team may not have, on whatever, under whatever condition.
        (allow("sts:AssumeRole", "arn:aws:iam::1:role/BreakGlass"), True),
        (allow("iam:PassRole", "arn:aws:iam::1:role/a"), True),
        (allow("iam:PassRole", "arn:aws:iam::1:role/a*", **IF), True),
        (allow("ec2:RunInstances", "arn:aws:ec2:a:1:instance/*"), True),
        (allow("ec2:RunInstances", "arn:aws:ec2:a:1:instance/*", Condition={"StringNotEquals": {"aws:a": "b"}}), True),
        (allow("lambda:InvokeFunction", "arn:aws:lambda:a:1:function:x-KubectlHandler0", **IF), True),
        (allow("lambda:InvokeFunction", "arn:aws:lambda:a:1:function:dev-cluster-KubectlHandler0-x"), True),
        (allow("lambda:Inv*", "arn:aws:lambda:a:1:function:dev-*"), True),
        (allow("ssm:SendCommand", "arn:aws:ec2:a:1:instance/i-0"), True),
        (allow("cloudformation:UpdateStack", "arn:aws:cloudformation:a:1:stack/a/b"), True),
        (allow("kms:PutKeyPolicy", "arn:aws:kms:a:1:key/0"), True),
        (allow("sso:CreateAccountAssignment", "arn:aws:sso:::instance/a"), True),
        (allow("s3:PutObject", "arn:aws:s3:::cdk-hnb659fds-assets-1-a/*"), True),
        (allow(["sqs:SendMessage", "eks:CreateAccessEntry"], "arn:aws:eks:a:1:cluster/a"), True),
        (allow("s3:GetObject", "arn:aws:s3:::cdk-hnb659fds-assets-1-a/*"), False),
        (allow("lambda:InvokeFunction", "arn:aws:lambda:a:1:function:own"), False),
        (allow("eks:DescribeCluster", "arn:aws:eks:a:1:cluster/a"), False),
        # As Karpenter and controllers with a service-linked role are bound.
        (allow("iam:PassRole", "arn:aws:iam::1:role/a", **IF), False),
        (allow("ec2:RunInstances", "arn:aws:ec2:a:1:instance/*", **IF), False),
        (allow(["ec2:RunInstances", "ec2:CreateFleet"], ["arn:aws:ec2:a::image/*", "arn:aws:ec2:a:1:subnet/*"]), False),
        (allow("route53:GetChange", "arn:aws:route53:::change/*"), False),
        (allow("s3:GetObject"), False),
        (allow("s3:GetObject", "*", **IF), False),
        (allow(["ec2:DescribeInstances", "ec2:DescribeSubnets"], "*"), False),
        (allow("route53:ListHostedZones", "*"), False),
        (allow("pricing:GetProducts", "*"), False),  # takes no other resource
        ({**allow("*", "*"), "Effect": "Deny"}, False),
    ],
)
def test_statements(statement: dict[str, Any], *, wider: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": [statement]}
    empty = {"It": resource("AWS::IAM::Role", {"Policies": []})}
    role = {"It": resource("AWS::IAM::Role", {"Policies": [{"PolicyName": "a", "PolicyDocument": document}]})}
    policy = {"It": resource("AWS::IAM::Policy", {"PolicyDocument": {**document, "Statement": statement}})}
    for before, after in ((empty, role), ({}, role), ({}, policy)):
        assert told(differing(before, after)) == [("widens-admin", "It")] * wider
    assert told(differing(role, empty)) == []
    assert told(differing(role, {"It": {**role["It"], "Metadata": {}}})) == []


def test_an_action_beside_what_a_role_had_is_no_new_power() -> None:
    """An add-on whose new version calls one thing more."""

    def having(*actions: str) -> Resources:
        document = {"Statement": [allow([*actions], "arn:aws:iam::1:role/nodes")]}
        return {"It": resource("AWS::IAM::Role", {"Policies": [{"PolicyDocument": document}]})}

    assert only(differing({}, having("iam:PassRole"))).what == "it may iam:PassRole, which takes on another identity"
    assert told(differing(having("iam:PassRole"), having("iam:PassRole", "ec2:DescribeImages"))) == []
    found = only(differing(having("iam:PassRole"), having("iam:PassRole", "iam:CreateRole", "iam:TagRole")))
    assert found.what == (
        "it may iam:CreateRole, which changes who may do what; "
        "it may iam:TagRole, which gives access to the account or to a cluster"
    )


@pytest.mark.parametrize(
    ("name", "wider"),
    [
        ("AdministratorAccess", True),
        ("PowerUserAccess", True),
        ("IAMFullAccess", True),
        ("AmazonEKS_CNI_Policy", False),
    ],
)
def test_policies_of_aws(name: str, *, wider: bool) -> None:
    """By the names that AWS gives them: https://docs.aws.amazon.com/aws-managed-policy/latest/reference."""

    def having(*names: str) -> Resources:
        arns = [{"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::aws:policy/{each}"]]} for each in names]
        return {"It": resource("AWS::IAM::Role", {"ManagedPolicyArns": arns})}

    assert told(differing(having(), having(name))) == [("widens-admin", "It")] * wider
    assert told(differing(having(name), having())) == []
    assert told(differing(having(name), having(name, "ReadOnlyAccess"))) == []


def test_a_key_policy_names_its_key_by_a_star() -> None:
    assert (
        told(differing({}, {"It": resource("AWS::KMS::Key", {"KeyPolicy": {"Statement": [allow("kms:*", "*")]}})}))
        == []
    )


def role(*principals: Any, **more: Any) -> Resources:
    statements = [{"Effect": "Allow", "Principal": each, "Action": "sts:AssumeRole", **more} for each in principals]
    return {"It": resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": statements}})}


PODS = {"Service": "pods.eks.amazonaws.com"}
ROOT = {"AWS": "arn:aws:iam::111111111111:root"}


def when(*keys: str, value: str = "a") -> dict[str, Any]:
    return {"Condition": {"StringEquals": dict.fromkeys(keys, value)}}


def says(operator: str, *values: str, listed: bool = False) -> dict[str, Any]:
    return {"Condition": {operator: {"k": list(values) if listed or len(values) > 1 else values[0]}}}


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        (role(PODS), role(PODS, {"AWS": "arn:aws:iam::222222222222:role/A"}), True),
        (role(PODS), role({"Service": ["pods.eks.amazonaws.com", "ec2.amazonaws.com"]}), True),
        (role(PODS), role("*"), True),
        (role(PODS, **when("a", "b")), role(PODS, **when("a")), True),
        (role(PODS, **when("a")), role(PODS), True),
        ({}, role("*"), True),
        ({}, role(ROOT), True),
        ({}, role(PODS), False),
        ({}, role(ROOT, **when("aws:PrincipalOrgID")), False),
        # Of the values, each lets somebody else in.
        (role(PODS, **when("a")), role(PODS, **when("a", value="b")), True),
        *(
            (role(PODS, **says(*before)), role(PODS, **says(*after)), wider)
            for before, after, wider in (
                (("StringEquals", "a"), ("StringEquals", "a", "b"), True),
                (("StringEquals", "a"), ("StringEquals", "a*"), True),
                (("StringEquals", "a"), ("StringLike", "a*"), True),
                (("StringEquals", "a*"), ("StringLike", "a*"), True),
                (("StringEquals", "a"), ("StringEqualsIfExists", "a"), True),
                (("StringEquals", "a"), ("StringEqualsIgnoreCase", "a"), True),
                (("StringEquals", "a"), ("ForAllValues:StringEquals", "a"), True),
                (("StringEquals", "a"), ("StringNotEquals", "b"), True),
                (("StringLike", "a/b/*"), ("StringLike", "a/*"), True),
                (("StringLike", "a?"), ("StringLike", "a*"), True),
                (("ArnLike", "arn:aws:eks:*:1:cluster/a"), ("ArnLike", "arn:aws:eks:*:1:cluster/*"), True),
                (("StringNotEquals", "a", "b"), ("StringNotEquals", "a"), True),
                (("IpAddress", "10.0.0.0/16"), ("IpAddress", "10.0.0.0/8"), True),
                (("Bool", "true"), ("Bool", "false"), True),
                (("StringEquals", "a", "b"), ("StringEquals", "b"), False),
                (("StringEquals", "a", "b"), ("StringEquals", "b", "a"), False),
                (("StringEquals", "a"), ("StringLike", "a"), False),
                (("StringLike", "a/*"), ("StringLike", "a/b/*"), False),
                (("StringLike", "a*"), ("StringEquals", "ab"), False),
                (("StringEqualsIfExists", "a"), ("StringEquals", "a"), False),
                (("ArnLike", "arn:aws:eks:*:1:cluster/*"), ("ArnEquals", "arn:aws:eks:x:1:cluster/a"), False),
                (("StringNotEquals", "a"), ("StringNotEquals", "a", "b"), False),
                (("IpAddress", "10.0.0.0/8"), ("IpAddress", "10.0.0.0/16"), False),
            )
        ),
        (role(PODS, **says("StringEquals", "a")), role(PODS, **says("StringEquals", "a", listed=True)), False),
        (role(PODS), role(PODS, **when("a")), False),
        (role(PODS, ROOT), role(PODS), False),
    ],
)
def test_trust(before: Resources, after: Resources, *, wider: bool) -> None:
    assert told(differing(before, after)) == [("widens-admin", "It")] * wider


def test_says_which_condition() -> None:
    danger = only(differing(role(PODS, **says("StringEquals", "a")), role(PODS, **says("StringLike", "a*"))))
    assert danger.what == "it is assumed with StringLike k a*, where it was a"
    danger = only(differing(role(PODS, **says("StringEquals", "a")), role(PODS)))
    assert danger.what == "it is assumed without StringEquals k"


def test_a_second_statement_that_lets_the_same_through() -> None:
    """Each statement allows by itself, so that the widest counts."""
    both = role(PODS, PODS)
    for statement, value in zip(both["It"]["Properties"]["AssumeRolePolicyDocument"]["Statement"], "ab", strict=True):
        statement["Condition"] = {"StringEquals": {"k": value}}
    assert told(differing(both, role(PODS, **says("StringEquals", "b")))) == []
    assert told(differing(both, role(PODS, **says("StringEquals", "c")))) == [("widens-admin", "It")]


def test_trust_that_is_text() -> None:
    """As that of a role by IRSA."""

    def irsa(principal: str) -> Resources:
        statement = {"Effect": "Allow", "Principal": {"Federated": principal}}
        words = json.dumps({"Statement": [statement]})
        return {"It": resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Fn::Sub": [words, {"Provider": "x"}]}})}

    found = differing(irsa("${Provider}"), irsa("${Other}"))
    assert only(found).what == "Federated:${Other} may assume it"
    assert told(differing({}, irsa("${Provider}"))) == []
