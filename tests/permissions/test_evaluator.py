"""The evaluator, on what the IAM user guide says of each part of a policy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.permissions.evaluator import Context, actions, allowed, trusted

BUCKET = "arn:aws:s3:::bucket"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}


def holds(operator: str, wanted: str | list[str], given: str | list[str] | None, **more: str) -> bool:
    """Whether a condition on one key is met, for the value that a request has for it."""
    statement = {**ALLOW, "Condition": {operator: {"aws:Key": wanted}}}
    context: Context = {**more, **({} if given is None else {"aws:key": given})}
    return allowed([{"Statement": statement}], "s3:GetObject", f"{BUCKET}/a", context)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringLike", "a*c?", "abcd", True),
        ("StringLike", "*", "", True),
        ("StringLike", "a.c", "abc", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", None, True),  # negations are met by a request without the key
        ("StringNotLike", "a*", "abc", False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("ArnLike", "arn:aws:sns:*:111111111111:*", "arn:aws:sns:us-west-2:111111111111:topic", True),
        ("ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:us-west-2:111111111111:topic", False),  # * keeps to its part
        ("ArnEquals", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b", True),
        ("ArnNotEquals", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket", False),
        ("Bool", "true", "true", True),
        ("Bool", "false", None, False),
        ("Null", "true", None, True),
        ("Null", "false", None, False),
        ("Null", "false", "a", True),
    ],
)
def test_conditions(operator: str, wanted: str | list[str], given: str | None, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
@pytest.mark.parametrize(
    ("operator", "given", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", None, True),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAnyValue:StringEquals", None, False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["c", "a"], False),
        ("ForAllValues:StringNotEquals", None, True),
    ],
)
def test_conditions_on_several_values(operator: str, given: list[str] | None, expected: bool) -> None:
    assert holds(operator, ["a", "b"], given) is expected


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
def test_policy_variables() -> None:
    assert holds("StringEquals", "${aws:PrincipalTag/team}", "a", **{"aws:PrincipalTag/team": "a"})
    assert not holds("StringEquals", "${aws:PrincipalTag/team}", "a", **{"aws:PrincipalTag/team": "b"})
    assert not holds("StringEquals", "${aws:PrincipalTag/team}", "")
    assert not holds("StringLike", "${aws:PrincipalTag/team}*", "ab")
    assert not holds("StringLike", "${aws:PrincipalTag/team}", "ab", **{"aws:PrincipalTag/team": "*"})
    assert holds("StringLike", "${*}", "*")
    assert not holds("StringLike", "${*}", "a")
    own = {**ALLOW, "Resource": f"{BUCKET}/${{aws:username}}/*"}
    assert allowed([{"Statement": own}], "s3:GetObject", f"{BUCKET}/ana/a", {"aws:username": "ana"})
    assert not allowed([{"Statement": own}], "s3:GetObject", f"{BUCKET}/ana/a", {"aws:username": "ben"})
    assert not allowed([{"Statement": own}], "s3:GetObject", f"{BUCKET}/ana/a", {})


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", f"{BUCKET}/a", True),
        ("S3:getobject", f"{BUCKET}/a", True),  # actions have no case
        ("s3:GetObject", f"{BUCKET}/a/b", True),
        ("s3:GetObject", BUCKET, False),
        ("s3:GetObject", f"{BUCKET}/A".replace("bucket", "Bucket"), False),
        ("s3:GetObjectAcl", f"{BUCKET}/a", False),
        ("s3:GetObject", "*", False),
    ],
)
def test_actions_and_resources(action: str, resource: str, expected: bool) -> None:
    assert allowed([{"Statement": [ALLOW]}], action, resource, {}) is expected


def test_a_denial_wins_and_silence_denies() -> None:
    deny = {**ALLOW, "Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotEquals": {"aws:Key": "a"}}}
    both: list[dict[str, Any]] = [{"Statement": ALLOW}, {"Statement": [deny]}]
    assert allowed(both, "s3:GetObject", f"{BUCKET}/a", {"aws:Key": "a"})
    assert not allowed(both, "s3:GetObject", f"{BUCKET}/a", {"aws:Key": "b"})
    assert not allowed(both, "s3:GetObject", f"{BUCKET}/a", {})
    assert not allowed([], "s3:GetObject", f"{BUCKET}/a", {})


@pytest.mark.parametrize(
    "more",
    [
        {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        {"Condition": {"ForSomeValues:StringEquals": {"aws:Key": "a"}}},
        {"NotAction": "s3:PutObject"},
        {"Principal": "*"},
    ],
)
def test_what_it_does_not_know_is_an_error(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the value is what matters to whoever reads it
        allowed([{"Statement": {**ALLOW, **more}}], "s3:GetObject", f"{BUCKET}/a", {"aws:Key": "a"})


def test_several_values_need_an_operator_for_them() -> None:
    with pytest.raises(ValueError, match="several values"):
        holds("StringEquals", "a", ["a", "b"])


def test_trust_policies() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "111111111111"}}
    trust = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition}]}
    assert trusted(trust, "sts:AssumeRole", {"aws:SourceAccount": "111111111111"})
    assert not trusted(trust, "sts:AssumeRole", {"aws:SourceAccount": "222222222222"})
    assert not trusted(trust, "sts:TagSession", {"aws:SourceAccount": "111111111111"})


def test_actions_are_named() -> None:
    assert list(actions([{"Statement": [ALLOW, {**ALLOW, "Effect": "Deny", "Action": "s3:*"}]}])) == ["s3:GetObject"]
    with pytest.raises(ValueError, match="s3:Get"):
        list(actions([{"Statement": {**ALLOW, "Action": ["s3:Get*"]}}]))
