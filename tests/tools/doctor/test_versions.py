"""Versions of Kubernetes and add-ons, and upgrades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from blueprint import Plan, plan
from tests.blueprint.examples import with_cluster
from tests.tools.doctor.account import Account, statuses, worst
from tests.tools.doctor.ready import addon_versions, cluster_versions, live
from tools.doctor.checks import versions


def test_a_version_in_standard_support(account: Account, small: Plan) -> None:
    account.answers("DescribeClusterVersions", cluster_versions("1.35"))
    (found,) = account.found(versions.kubernetes, small)
    assert (found.status, found.what) == ("ok", "Kubernetes 1.35 is offered, standard support until 2027-09-01")


def test_a_version_in_extended_support(account: Account, small: Plan) -> None:
    account.answers("DescribeClusterVersions", cluster_versions("1.35", "EXTENDED_SUPPORT"))
    made = plan(with_cluster(support_policy="EXTENDED"))
    found = worst(account.found(versions.kubernetes, made))
    assert (found.status, found.what) == ("warning", "Kubernetes 1.35 is in extended support until 2027-09-01")
    found = worst(account.found(versions.kubernetes, small))
    assert found.status == "problem"  # its policy is STANDARD
    assert 'support_policy="EXTENDED"' in found.fix


@pytest.mark.parametrize(
    "answer",
    [cluster_versions("1.34"), cluster_versions("1.35", "UNSUPPORTED"), {"clusterVersions": []}],
    ids=["not yet", "no longer", "none"],
)
def test_a_version_that_eks_does_not_offer(answer: Mapping[str, Any], account: Account, small: Plan) -> None:
    account.answers("DescribeClusterVersions", answer)
    found = worst(account.found(versions.kubernetes, small))
    assert (found.status, found.what) == ("problem", "EKS does not offer Kubernetes 1.35")
    assert "1.30" not in found.fix


# --- Add-ons ---


def test_the_planned_addons_are_offered(account: Account, small: Plan) -> None:
    account.answers("DescribeAddonVersions", lambda asked: addon_versions(small, asked["addonName"]))
    (found,) = account.found(versions.addons, small)
    assert found.status == "ok"
    assert "kube-proxy" in found.what
    assert "default" not in found.what


def changed_addon(plan: Plan, name: str, **change: Any) -> Any:
    """Everything as planned but for one add-on."""

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        found = addon_versions(plan, asked["addonName"])
        if asked["addonName"] == name:
            found["addons"][0]["addonVersions"][0] |= change
        return found

    return answer


def test_a_version_that_is_not_offered(account: Account, small: Plan) -> None:
    account.answers("DescribeAddonVersions", changed_addon(small, "vpc-cni", addonVersion="v9.0.0-eksbuild.1"))
    found = worst(account.found(versions.addons, small))
    assert found.status == "problem"
    assert found.what.startswith("EKS does not offer vpc-cni v1.")
    assert found.fix == "write version='v9.0.0-eksbuild.1', EKS's default for 1.35"


def test_a_version_that_does_not_run_on_the_nodes(account: Account, small: Plan) -> None:
    account.answers("DescribeAddonVersions", changed_addon(small, "vpc-cni", architecture=["amd64"]))
    found = worst(account.found(versions.addons, small))
    assert found.status == "problem"
    assert found.what.endswith("does not run on arm64")


def test_an_addon_that_eks_does_not_know(account: Account, small: Plan) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"addons": []} if asked["addonName"] == "vpc-cni" else addon_versions(small, asked["addonName"])

    account.answers("DescribeAddonVersions", answer)
    found = worst(account.found(versions.addons, small))
    assert (found.status, found.what) == ("problem", "EKS offers no vpc-cni for Kubernetes 1.35")


# --- Upgrades ---


def test_before_the_first_deploy_there_is_no_upgrade(account: Account, small: Plan) -> None:
    assert account.found(versions.upgrade, small) == []


def test_the_same_version_is_no_upgrade(account: Account, small: Plan) -> None:
    live(account, small)
    assert statuses(account.found(versions.upgrade, small)) == ["ok"]
    assert "ListInsights" not in account.calls


@pytest.mark.parametrize(("version", "path"), [("1.34", "1.35, then 1.36"), ("1.33", "1.34, then 1.35, then 1.36")])
def test_a_skipped_minor(version: str, path: str, account: Account) -> None:
    wanted = plan(with_cluster(version="1.36"))
    live(account, wanted, version=version)
    found = worst(account.found(versions.upgrade, wanted))
    assert (found.status, found.what) == ("problem", f"the cluster runs {version}, the blueprint says 1.36")
    assert found.fix == f"deploy {path}"


def test_the_way_back(account: Account, small: Plan) -> None:
    live(account, small, version="1.36")
    found = worst(account.found(versions.upgrade, small))
    assert found.status == "problem"
    assert found.fix.startswith('write version="1.36"')


@pytest.mark.parametrize("status", ["UPDATING", "FAILED", "DELETING"])
def test_a_cluster_that_takes_no_update(status: str, account: Account, small: Plan) -> None:
    live(account, small, status=status)
    found = worst(account.found(versions.upgrade, small))
    assert (found.status, found.what) == ("problem", f"the cluster is {status}")


def test_an_unhealthy_cluster(account: Account, small: Plan) -> None:
    live(account, small, health={"issues": [{"code": "Ec2SubnetNotFound", "message": "subnet-1 is gone"}]})
    found = worst(account.found(versions.upgrade, small))
    assert found.status == "warning"
    assert found.what.endswith("Ec2SubnetNotFound: subnet-1 is gone")


@pytest.mark.parametrize(("version", "expected"), [("1.34", []), ("1.33", ["problem"])])
def test_node_groups_hold_an_upgrade_back(version: str, expected: list[str], account: Account, small: Plan) -> None:
    live(account, small, version="1.34")
    account.answers("ListInsights", {"insights": []})
    account.answers("ListNodegroups", {"nodegroups": ["system"]})
    account.answers("DescribeNodegroup", {"nodegroup": {"nodegroupName": "system", "version": version}})
    found = [one for one in account.found(versions.upgrade, small) if one.status != "ok"]
    assert statuses(found) == expected
    what = "managed node groups differ from their control plane's 1.34: system runs 1.33"
    assert [one.what for one in found] == [what] * len(expected)


CLIENT = {"userAgent": "old-operator/v1", "numberOfRequestsLast30Days": 42}
DEPRECATION = {"usage": "/apis/x/v1beta1", "replacedWith": "/apis/x/v1", "clientStats": [CLIENT]}
UNUSED = {"usage": "/apis/y/v1beta1", "replacedWith": "/apis/y/v1", "clientStats": []}


def with_insight(account: Account, plan: Plan, status: str) -> list[Mapping[str, Any]]:
    """An upgrade from 1.34 with one insight of this status; what the doctor asks for is noted."""
    live(account, plan, version="1.34")
    insight = {"id": "1", "name": "Deprecated APIs", "insightStatus": {"status": status, "reason": "APIs are in use."}}
    fine = {"id": "2", "name": "Add-on versions", "insightStatus": {"status": "PASSING", "reason": "Fine."}}
    account.answers("ListNodegroups", {"nodegroups": []})
    asked: list[Mapping[str, Any]] = []

    def listed(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(given)
        return {"insights": [insight, fine]}

    summary = {"deprecationDetails": [DEPRECATION, UNUSED]}
    full = {**insight, "recommendation": "Move to the new APIs.", "categorySpecificSummary": summary}
    account.answers("ListInsights", listed)
    account.answers("DescribeInsight", lambda given: {"insight": full if given["id"] == "1" else {}})
    return asked


@pytest.mark.parametrize(("status", "expected"), [("ERROR", "problem"), ("WARNING", "warning"), ("UNKNOWN", "unknown")])
def test_an_insight_that_does_not_pass(status: str, expected: str, account: Account, small: Plan) -> None:
    asked = with_insight(account, small, status)
    found = worst(account.found(versions.upgrade, small))
    assert (found.status, found.what) == (expected, f"upgrade insight Deprecated APIs: {status}")
    assert found.why == ("APIs are in use; /apis/x/v1beta1 by old-operator/v1 (42 requests in 30 days), use /apis/x/v1")
    assert found.fix.startswith("Move to the new APIs.")
    wanted = {"categories": ["UPGRADE_READINESS"], "kubernetesVersions": ["1.35"]}
    assert asked == [{"clusterName": "dev", "filter": wanted}]


def test_insights_that_pass(account: Account, small: Plan) -> None:
    with_insight(account, small, "PASSING")
    found = account.found(versions.upgrade, small)
    assert statuses(found) == ["ok", "ok"]
    assert found[-1].what == "upgrade insights for 1.35: 2 of 2 pass"
    assert "DescribeInsight" not in account.calls
