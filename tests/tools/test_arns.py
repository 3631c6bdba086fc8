"""What of an ARN goes without saying, in matrices and in reviews."""

from __future__ import annotations

import pytest

from tools.arns import principal, shortened, worded


@pytest.mark.parametrize(
    ("arn", "short"),
    [
        ("arn:aws:iam::111111111111:role/Dev", "iam:role/Dev"),
        ("arn:aws:iam::222222222222:role/Dev", "iam::222222222222:role/Dev"),
        ("arn:aws-cn:s3:::shop/*", "s3:shop/*"),
        ("arn:*:s3:::shop", "s3:shop"),
        ("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:queue", "sqs:queue"),
        ("arn:aws:sqs:us-west-2:111111111111:queue", "sqs:queue"),
        ("arn:aws:sqs:eu-west-1:111111111111:queue", "sqs:eu-west-1:111111111111:queue"),
        ("arn:aws:sqs:us-west-2:222222222222:queue", "sqs:us-west-2:222222222222:queue"),
        ("arn:aws:ec2:*:*:volume/*", "ec2:*:*:volume/*"),
        ("arn:aws:iam::aws:policy/AdministratorAccess", "iam::aws:policy/AdministratorAccess"),
        ("barn:aws:iam::111111111111:role/Dev", "barn:aws:iam::111111111111:role/Dev"),
        ("system:masters", "system:masters"),
        ("a arn:aws:sns:us-west-2::b, arn:aws:sns:::c", "a sns:b, sns:c"),
    ],
)
def test_of_a_cluster_in_this_region_and_account(arn: str, short: str) -> None:
    assert shortened(arn, region="us-west-2", account="111111111111") == short


def test_a_word_for_the_own_region_makes_clusters_alike() -> None:
    for region in ("us-west-2", "eu-west-1"):
        arn = f"arn:aws:sqs:{region}:222222222222:queue"
        found = shortened(arn, region=region, account="111111111111", own_region="<region>")
        assert found == "sqs:<region>:222222222222:queue"


@pytest.mark.parametrize(
    ("short", "words"),
    [
        ("iam:role/Dev", "role/Dev"),
        ("iam::222222222222:user/ci", "user/ci of account 222222222222"),
        ("sts:assumed-role/Dev/me", "sts:assumed-role/Dev/me"),
        ("<role-arn:shop>", "<role-arn:shop>"),
    ],
)
def test_a_principal(short: str, words: str) -> None:
    assert principal(short) == words


# As aws-cdk-lib 2.275.0 names resources, and exports of other stacks.
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${FlowLogs.Arn}", "<Arn of FlowLogs>"),
        ("${Vpc8378EB38.DefaultSecurityGroup}", "<DefaultSecurityGroup of Vpc>"),
        ("${KubectlHandler44EFEE3B.Arn}:*", "<Arn of KubectlHandler>:*"),
        ("${ClusterRoleFA261979}", "<ClusterRole>"),
        ("logs.eu-central-1.${AWS::URLSuffix}", "logs.eu-central-1.<URL suffix>"),
        ("ec2:vpc/${dev-network:ExportsOutputRefVpc8378EB38272D6E3A}", "ec2:vpc/<Vpc of dev-network>"),
        ("${dev-cluster:ExportsOutputFnGetAttCluster9EE0221CArn2D2F4BD3}", "<Arn of Cluster of dev-cluster>"),
        ("${aws:PrincipalTag/eks:eks-cluster-name}", "${aws:PrincipalTag/eks:eks-cluster-name}"),
        ("${1.${//.${Cluster9EE0221C.OpenIdConnectIssuerUrl}}}:sub", "<OpenIdConnectIssuerUrl of Cluster>:sub"),
        ("a ${B.Arn} and ${C}", "a <Arn of B> and <C>"),
    ],
)
def test_what_cloudformation_puts_in_is_told_in_words(text: str, words: str) -> None:
    assert worded(text) == words
