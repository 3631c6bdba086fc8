"""Statements gained and lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.review.support import changing, cluster, fleet, resource, rows, touched
from tools.review.sections import entries, iam

QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"


def trust(principal: Any) -> dict[str, Any]:
    """Who may take a role."""
    return {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}}


def role(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A stack with the role of a service account."""
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}] if statements else []
    properties = {
        "AssumeRolePolicyDocument": trust({"Service": "pods.eks.amazonaws.com"}),
        "Policies": policies,
        **more,
    }
    arn = {"Fn::GetAtt": ["R", "Arn"]}
    user = resource("AWS::EKS::PodIdentityAssociation", Namespace="shop", ServiceAccount="api", RoleArn=arn)
    return {"R": resource("AWS::IAM::Role", **properties), "A": user}


def allow(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def gained_and_lost(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, ...]]:
    return rows(iam.section(changing(cluster(addons=before), cluster(addons=after))))


def test_only_what_differs_is_said() -> None:
    before = role(allow(["sqs:SendMessage", "sqs:GetQueueUrl"], [QUEUE]))
    after = role(allow(["sqs:GetQueueUrl", "sqs:ReceiveMessage"], QUEUE), allow("s3:GetObject", "arn:aws:s3:::b/*"))
    assert gained_and_lost(before, after) == [
        ("+", "shop/api", "s3: GetObject", "s3:b/*", ""),
        ("+", "shop/api", "sqs: ReceiveMessage", "sqs:q", ""),
        ("-", "shop/api", "sqs: SendMessage", "sqs:q", ""),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (role(allow("sqs:SendMessage", QUEUE)), role(allow(["sqs:SendMessage"], [QUEUE]))),
        (role(allow(["a:B", "a:C"], "*")), role(allow("a:C", "*"), allow("a:B", "*"))),
        (
            role(allow("a:B", "*", Condition={"StringEquals": {"k": "v"}})),
            role(allow("a:B", "*", Condition={"StringEquals": {"k": ["v"]}})),
        ),
        (role(allow("a:B", QUEUE)), role(allow("a:B", {"Fn::Sub": f"arn:${{AWS::Partition}}{QUEUE[7:]}"}))),
    ],
)
def test_the_same_in_other_words_is_nothing(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert gained_and_lost(before, after) == []


def test_a_condition_that_goes_is_a_right_gained() -> None:
    before = role(allow("a:B", "*", Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}}))
    assert gained_and_lost(before, role(allow("a:B", "*"))) == [
        ("+", "shop/api", "a: B", "*", ""),
        ("-", "shop/api", "a: B", "*", "StringEquals aws:SourceAccount: <account>"),
    ]


NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"


def named(*names: str, kind: str = "TXT", operator: str = "ForAllValues:StringLike") -> dict[str, Any]:
    kinds = {"route53:ChangeResourceRecordSetsRecordTypes": [kind]}
    return allow("a:B", "*", Condition={"ForAllValues:StringEquals": kinds, operator: {NAMES: list(names)}})


def test_other_values_of_the_same_conditions_are_one_row() -> None:
    """One more name among twenty is what a reader looks for."""
    names = [f"{letter}.example.com" for letter in "abcdefghijklmnopqrst"]
    assert gained_and_lost(role(named(*names)), role(named(*names, "search.example.com"))) == [
        ("~", "shop/api", "a: B", "*", f"ForAllValues:StringLike {NAMES}: also search.example.com")
    ]
    assert gained_and_lost(role(named(*names)), role(named(*names[2:], "x.example.com", kind="A"))) == [
        (
            *("~", "shop/api", "a: B", "*"),
            "\n".join(
                (
                    "ForAllValues:StringEquals route53:ChangeResourceRecordSetsRecordTypes: also A",
                    "ForAllValues:StringEquals route53:ChangeResourceRecordSetsRecordTypes: no longer TXT",
                    f"ForAllValues:StringLike {NAMES}: also x.example.com",
                    f"ForAllValues:StringLike {NAMES}: no longer a.example.com or b.example.com",
                )
            ),
        )
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((named("a"),), (named("b", operator="StringLike"),)),
        ((named("a"), named("b")), (named("c"), named("d"))),
        ((named("a"), named("b")), (named("c"),)),
    ],
    ids=["another operator", "two for two", "one for two"],
)
def test_what_is_no_other_value_of_one_statement_is_shown_in_full(
    before: tuple[dict[str, Any], ...], after: tuple[dict[str, Any], ...]
) -> None:
    found = gained_and_lost(role(*before), role(*after))
    assert [row[0] for row in found] == ["+"] * len(after) + ["-"] * len(before)


def test_what_is_no_longer_forbidden_is_a_right_gained() -> None:
    deny = {"Effect": "Deny", "Action": "a:*", "Resource": "*"}
    assert gained_and_lost(role(allow("a:B", "*"), deny), role(allow("a:B", "*"))) == [
        ("+", "shop/api", "no longer forbidden: a: *", "*", "")
    ]
    assert gained_and_lost(role(allow("a:B", "*")), role(allow("a:B", "*"), deny)) == [
        ("-", "shop/api", "never: a: *", "*", "")
    ]


def test_all_but_some_actions_are_no_list_of_actions() -> None:
    other = {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "NotResource": "arn:aws:s3:::b"}
    assert gained_and_lost(role(), role(other)) == [("+", "shop/api", "all but iam:*, sts:*", "all but s3:b", "")]


def test_policies_of_aws_and_boundaries() -> None:
    policy = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/service-role/Some"]]}
    before = role(PermissionsBoundary="arn:aws:iam::111111111111:policy/Limit")
    assert gained_and_lost(before, role(ManagedPolicyArns=[policy])) == [
        ("!", "shop/api", "no longer limited to: the policy iam:policy/Limit", "", ""),
        ("+", "shop/api", "the policy service-role/Some of AWS", "", ""),
    ]


def test_who_may_take_a_role() -> None:
    wide = trust({"AWS": ["*", "arn:aws:iam::999999999999:root"]})
    found = gained_and_lost(role(), role(AssumeRolePolicyDocument=wide))
    assert found == [
        ("+", "shop/api", "*: sts: AssumeRole", "", ""),
        ("+", "shop/api", "iam::999999999999:root: sts: AssumeRole", "", ""),
        ("-", "shop/api", "pods.eks.amazonaws.com: sts: AssumeRole", "", ""),
    ]


def test_a_trust_written_as_text() -> None:
    condition = {"StringEquals": {"${Issuer}:sub": "s"}}
    text = json.dumps({"Statement": [{**trust({"Federated": "${Provider}"})["Statement"], "Condition": condition}]})
    arguments = {"Provider": {"Fn::GetAtt": ["P", "Arn"]}, "Issuer": {"Fn::Select": [1, {"Fn::Split": ["://", "x"]}]}}
    (found, _) = gained_and_lost(role(), role(AssumeRolePolicyDocument={"Fn::Sub": [text, arguments]}))
    assert found[2] == "<Arn of P>: sts: AssumeRole"
    assert found[4] == "StringEquals x:sub: s"


def test_a_policy_of_its_own_belongs_to_its_roles() -> None:
    policy = resource("AWS::IAM::Policy", Roles=[{"Ref": "R"}], PolicyDocument={"Statement": allow("a:B", "*")})
    assert gained_and_lost(role(), {**role(), "P": policy}) == [("+", "shop/api", "a: B", "*", "")]


def test_a_role_that_goes_takes_all_with_it() -> None:
    before = role(allow("a:B", "*"), {"Effect": "Deny", "Action": "a:*", "Resource": "*"})
    assert gained_and_lost(before, {}) == [("-", "shop/api", "is gone, with all its permissions", "", "")]


def test_a_cluster_that_the_app_gives_up_keeps_its_permissions() -> None:
    gone = touched(cluster(addons=role(allow("a:B", "*"))))
    assert iam.section(fleet(gone)).blocks == ()


def test_access_entries() -> None:
    def entry(**more: Any) -> dict[str, Any]:
        return {"E": resource("AWS::EKS::AccessEntry", PrincipalArn="arn:aws:iam::999999999999:role/Partner", **more)}

    scope = {"Type": "namespace", "Namespaces": ["a", "b"]}
    admin = {"PolicyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "AccessScope": scope}
    before = cluster(addons=entry(KubernetesGroups=["team:a"]))
    after = cluster(addons=entry(KubernetesGroups=["team:a", "team:b"], AccessPolicies=[admin]))
    assert rows(entries.section(changing(before, after))) == [
        ("+", "role/Partner of account 999999999999", "in the group team:b", "the cluster"),
        ("+", "role/Partner of account 999999999999", "holder of AmazonEKSViewPolicy", "a, b"),
    ]
    assert rows(entries.section(changing(cluster(), cluster(addons=entry())))) == [
        ("+", "role/Partner of account 999999999999", "known, without any right", "the cluster")
    ]
