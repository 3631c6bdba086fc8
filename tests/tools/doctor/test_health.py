"""What EKS says of node groups, add-ons and Fargate profiles of a live cluster."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint import Plan
from tests.tools.doctor.account import Account, statuses, worst
from tests.tools.doctor.ready import live
from tools.doctor.checks.health import health

FULL = {"code": "Ec2SubnetInvalidConfiguration", "message": "subnet-1 has no free addresses"}
REPLICAS = {"code": "InsufficientNumberOfReplicas", "message": "coredns has no replicas"}


def runs(account: Account, plan: Plan, **unwell: dict[str, Any]) -> None:
    """A live cluster with one of each, which are well unless a test says otherwise."""
    live(account, plan)
    well: dict[str, Any] = {"status": "ACTIVE"}
    account.answers("ListNodegroups", {"nodegroups": ["system"]})
    account.answers("DescribeNodegroup", {"nodegroup": unwell.get("group", well)})
    account.answers("ListAddons", {"addons": ["coredns"]})
    account.answers("DescribeAddon", {"addon": unwell.get("addon", well)})
    account.answers("ListFargateProfiles", {"fargateProfileNames": ["apps"]})
    account.answers("DescribeFargateProfile", {"fargateProfile": unwell.get("profile", well)})


def test_before_the_first_deploy_nothing_is_asked(account: Account, small: Plan) -> None:
    assert account.found(health, small) == []
    assert account.calls == ["DescribeCluster"]


def test_all_is_well(account: Account, small: Plan) -> None:
    runs(account, small)
    (found,) = account.found(health, small)
    assert found.what == "3 of 3 node groups, add-ons and Fargate profiles are ACTIVE without an issue"


@pytest.mark.parametrize(
    ("kind", "state", "issues", "status", "what", "fix"),
    [
        ("group", "DEGRADED", [FULL], "problem", "the node group system is DEGRADED", "mend what EKS names"),
        ("group", "CREATE_FAILED", [FULL], "problem", "the node group system is CREATE_FAILED", "deleted by hand"),
        ("group", "UPDATING", [], "problem", "the node group system is UPDATING", "wait until it ends"),
        ("group", "ACTIVE", [FULL], "warning", "the node group system is ACTIVE, with an issue", "mend"),
        ("addon", "DEGRADED", [REPLICAS], "problem", "the add-on coredns is DEGRADED", "mend what EKS names"),
        ("addon", "UPDATE_FAILED", [REPLICAS], "problem", "the add-on coredns is UPDATE_FAILED", "mend"),
        ("profile", "CREATE_FAILED", [], "problem", "the Fargate profile apps is CREATE_FAILED", "deleted by hand"),
        ("profile", "DELETING", [], "problem", "the Fargate profile apps is DELETING", "wait until it ends"),
    ],
)
def test_what_is_unwell_holds_a_deploy(
    kind: str,
    state: str,
    issues: list[dict[str, str]],
    status: str,
    what: str,
    fix: str,
    account: Account,
    small: Plan,
) -> None:
    runs(account, small, **{kind: {"status": state, "health": {"issues": issues}}})
    found = worst(account.found(health, small))
    assert (found.status, found.what) == (status, what)
    assert fix in found.fix
    assert all(issue["message"] in found.why for issue in issues)


def test_every_state_that_eks_has_is_judged(account: Account, small: Plan) -> None:
    """Of botocore's model, so that a new one does not pass for well."""
    shapes = account.aws.eks.meta.service_model
    for kind, shape in (("group", "NodegroupStatus"), ("addon", "AddonStatus"), ("profile", "FargateProfileStatus")):
        states = shapes.shape_for(shape).enum  # type: ignore[attr-defined]  # a StringShape
        assert len(states) > 4
        for state in states:
            account.aws._answers.clear()
            runs(account, small, **{kind: {"status": state}})
            found = statuses(account.found(health, small))
            assert found == (["ok"] if state == "ACTIVE" else ["problem", "ok"]), state
