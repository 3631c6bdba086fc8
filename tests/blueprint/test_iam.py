"""What IAM takes of policies."""

from __future__ import annotations

import json

import pytest

from blueprint.iam import Statement, policy, size_problem

LIMIT = 10_240
"""Characters of all inline policies of a role; IAM counts no white space.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (IAM and STS character limits)"""


def of_size(size: int) -> Statement:
    """A statement whose policy has so many characters."""
    least = len(json.dumps(policy([Statement(("s3:GetObject",), ("",))]), separators=(",", ":")))
    return Statement(("s3:GetObject",), ("x" * (size - least),))


@pytest.mark.parametrize(("size", "taken"), [(LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)])
def test_a_role_has_policies_up_to_the_quota(size: int, taken: bool) -> None:
    found = [
        (each.path, each.value, each.rule, each.fix) for each in size_problem(("here",), [of_size(size)], "name fewer")
    ]
    rule = "the inline policies of a role hold at most 10240 characters"
    assert found == ([] if taken else [(("here",), f"{size} characters", rule, "name fewer")])
