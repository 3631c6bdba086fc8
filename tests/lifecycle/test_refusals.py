"""What EKS refuses in a deploy, so that the stack rolls back. What else the emulator refuses: test_eks_facts.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lifecycle.lab import Lab
from tests.lifecycle.templates import ACCESS_ENTRY, CLUSTER, KEY, NODE_GROUP, ROLE, Resources, of_type

Change = Callable[[Resources], object]


def put(kind: str, **properties: Any) -> Change:
    """Other properties for all resources of a type."""
    return lambda resources: [found.update(properties) for found in of_type(resources, kind)]


def policy(principal: str) -> dict[str, Any]:
    """That lets a role or a user in, `${AWS::AccountId}` being the account of the stack."""
    named = {"AWS": [{"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}, {"Fn::Sub": principal}]}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": named}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(principal: str) -> dict[str, Any]:
    """A policy that lets it take a role."""
    (statement,) = policy(principal)["Statement"]
    del statement["Resource"]
    return {"Version": "2012-10-17", "Statement": [{**statement, "Action": "sts:AssumeRole"}]}


NOBODY = "arn:aws:iam::${AWS::AccountId}:role/Nobody"
AT_CREATION: dict[str, tuple[Change, str]] = {
    "a version that is not offered": (put(CLUSTER, Version="1.32"), "unsupported Kubernetes version 1.32"),
    "STANDARD on a version in extended support": (
        put(CLUSTER, Version="1.33", UpgradePolicy={"SupportType": "STANDARD"}),
        "EKS takes no STANDARD policy",
    ),
    "a group behind its cluster": (
        put(NODE_GROUP, Version="1.33", ReleaseVersion="1.33.13-20260714"),
        "Requested Nodegroup version 1.33 is not the cluster's 1.34",
    ),
    "fewer nodes at most than at least": (
        put(NODE_GROUP, ScalingConfig={"MinSize": 4, "MaxSize": 2, "DesiredSize": 4}),
        "Minimum capacity 4 can't be greater than max size 2",
    ),
    "more nodes than a group may have": (
        put(NODE_GROUP, ScalingConfig={"MinSize": 1, "MaxSize": 451, "DesiredSize": 1}),
        "maxSize 451 exceeds the limit of 450",
    ),
    "a group of Kubernetes itself": (
        put(ACCESS_ENTRY, KubernetesGroups=["system:masters"]),
        "The kubernetes group name system:masters is invalid",
    ),
    "an access entry of nobody": (
        put(ACCESS_ENTRY, PrincipalArn={"Fn::Sub": NOBODY}),
        "The specified principalArn is invalid: invalid principal",
    ),
    "a role for nobody": (
        put(ROLE, AssumeRolePolicyDocument=trust(NOBODY)),
        'MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::',
    ),
    "a role for somebody of another path": (
        put(ROLE, AssumeRolePolicyDocument=trust("arn:aws:iam::${AWS::AccountId}:role/people/BreakGlass")),
        'MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::',
    ),
    "a key for nobody": (
        put(KEY, KeyPolicy=policy("arn:aws:iam::${AWS::AccountId}:user/nobody")),
        "Policy contains a statement with one or more invalid principals",
    ),
}


@pytest.mark.parametrize(("change", "why"), AT_CREATION.values(), ids=AT_CREATION)
def test_a_creation_that_eks_refuses(lab: Lab, change: Change, why: str) -> None:
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    change(template["Resources"])
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    assert why in "\n".join(world.reasons("cluster"))


@pytest.mark.parametrize(
    "who", ["arn:aws:iam::${AWS::AccountId}:role/BreakGlass", "arn:aws:iam::999999999999:role/Other"]
)
def test_principals_that_are_there_or_elsewhere_may_use_a_key(lab: Lab, who: str) -> None:
    """Nobody sees into another account, so the emulator believes in its roles."""
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    statements = [key["KeyPolicy"]["Statement"] for key in of_type(template["Resources"], KEY)]
    for each in statements:
        each.extend(policy(who)["Statement"])
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")
    for each in statements:
        each[-1] = policy(NOBODY)["Statement"][0]
    assert world.put("cluster", template=template) == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize(("more", "ended"), [(4, "CREATE_COMPLETE"), (5, "ROLLBACK_COMPLETE")])
def test_an_account_has_five_addresses_in_a_region(lab: Lab, more: int, ended: str) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html ; one NAT gateway has the first."""
    world = lab.world()
    template = world.template("network")
    template["Resources"] |= {f"More{number}": {"Type": "AWS::EC2::EIP"} for number in range(more)}
    assert world.put("network", template=template) == ended
    assert any("AddressLimitExceeded" in why for why in world.reasons("network")) == (ended == "ROLLBACK_COMPLETE")


UPDATES: dict[str, tuple[str, Change, str]] = {
    "a way back without an upgrade": (
        "upgraded",
        put(CLUSTER, Version="1.34"),
        "EKS goes back one minor, within seven days of an upgrade",
    ),
    "an older image": (
        "upgraded",
        put(NODE_GROUP, ReleaseVersion="1.35.6-20260101"),
        "EKS takes no node group back to an earlier version or image",
    ),
    "two kinds of update": (
        "base",
        put(CLUSTER, Version="1.35", Logging={"ClusterLogging": {"EnabledTypes": [{"Type": "api"}]}}),
        "Only one type of update can be allowed: VersionUpdate, LoggingUpdate",
    ),
}


@pytest.mark.parametrize(("variant", "change", "why"), UPDATES.values(), ids=UPDATES)
def test_an_update_that_eks_refuses(lab: Lab, variant: str, change: Change, why: str) -> None:
    world = lab.world()
    world.put_all(variant, until="cluster")
    template = world.template("cluster", variant)
    change(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_ROLLBACK_COMPLETE"
    assert why in "\n".join(world.reasons("cluster"))


def test_a_control_plane_waits_for_its_nodes(lab: Lab) -> None:
    """One minor ahead of them it may go, and no further."""
    world = lab.world()
    world.put_all(until="cluster")
    template = world.template("cluster")
    put(CLUSTER, Version="1.35")(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"
    assert world.group()["version"] == "1.34"
    put(CLUSTER, Version="1.36")(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_ROLLBACK_COMPLETE"
    assert "EKS upgrades a control plane only when its managed node groups have its version" in "\n".join(
        world.reasons("cluster")
    )


def test_a_young_upgrade_goes_back(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    template = world.template("cluster")
    put(CLUSTER, Version="1.35")(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"
    assert world.put("cluster") == "UPDATE_COMPLETE", world.reasons("cluster")
    assert world.account.client("eks").describe_cluster(name="lab")["cluster"]["version"] == "1.34"
