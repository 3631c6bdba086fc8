"""What values say is create-only, against what CloudFormation makes anew when it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addons.core import CORE
from blueprint.blueprint import Blueprint
from blueprint.existing_network import ExistingSubnet
from examples.existing_vpc import EXISTING_VPC
from examples.ipv6 import IPV6
from examples.local_zone import LOCAL_ZONE
from examples.managed import MANAGED
from examples.pod_ranges import POD_RANGES
from examples.provisioned import PROVISIONED
from tests.blueprint.examples import changed
from tests.values.create_only import Field, made_anew, variants
from tests.values.variants import Change, Spot, Variant, Way, classes
from tools.assembly import MANIFEST

pytestmark = pytest.mark.thorough

TYPES: Mapping[str, set[str]] = {
    "it is another cluster; this one stays in its account": {"AWS::CloudFormation::Stack"},
    "the VPC is replaced, and its subnets and NAT gateways": {
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::NatGateway",
    },
    "node groups are replaced; subnets too, unless zones come behind the others in a /22 or larger": {
        "AWS::EC2::Subnet",
        "AWS::EC2::NatGateway",
        "AWS::EKS::Nodegroup",
    },
    "EKS refuses other zones": {"AWS::EKS::Cluster"},
    "the subnets of pods are replaced": {"AWS::EC2::Subnet"},
    "subnets there are replaced, and their node groups, unless zones come behind the others": {
        *("AWS::EC2::Subnet", "AWS::EKS::Nodegroup")
    },
    "EKS refuses subnets of another VPC": {"AWS::EKS::Cluster"},
    "node groups and Fargate profiles are replaced": {"AWS::EKS::Nodegroup", "AWS::EKS::FargateProfile"},
    "the cluster is replaced": {"AWS::EKS::Cluster", "AWS::IAM::OIDCProvider"},
    "the cluster is replaced: make another, and move what runs there": {"AWS::EKS::Cluster", "AWS::IAM::OIDCProvider"},
    "the node group is replaced": {"AWS::EKS::Nodegroup"},
    "the node group is replaced when it goes to an image of your own, or back": {"AWS::EKS::Nodegroup"},
    "EKS refuses the way back from CUSTOMER_ROUTED": {"AWS::EKS::Cluster"},
    "AWS makes another Argo CD, and what was set up in this one is gone": {"AWS::EKS::Capability"},
    "the role is replaced, and no access entry of a spoke knows the new one": {
        *("AWS::IAM::Role", "AWS::EKS::AccessEntry")
    },
    "the provider is replaced": {"AWS::EKS::IdentityProviderConfig"},
    "all roles are replaced, and the cluster with its own": {
        *("AWS::EKS::Cluster", "AWS::EKS::Nodegroup", "AWS::EKS::AccessEntry", "AWS::IAM::OIDCProvider")
    },
    "the Auto Scaling group is replaced": {"AWS::AutoScaling::AutoScalingGroup"},
    "the Fargate profile is replaced": {"AWS::EKS::FargateProfile"},
    "the namespace is deleted with all that is in it": {MANIFEST},
    "its objects are replaced, and without `namespaces` its namespace is deleted with all in it": {MANIFEST},
}
THREE_ZONES = replace(MANAGED, network=changed(MANAGED.network, zones=("a", "b", "c")))
MORE_ZONES = replace(MANAGED, network=changed(MANAGED.network, zones=("a", "b"), control_plane_zones=("a", "b")))


def change(cluster: Blueprint, way: Way, field: str, value: object) -> Variant:
    """Another value there."""
    value_there: Any = cluster
    for step in way:
        value_there = value_there[step] if isinstance(step, int) else getattr(value_there, step)
    spot = Spot(cluster, way, value_there)
    return Variant(cluster, (Change(spot, field, value),))


def declared() -> dict[Field, set[str]]:
    """What the classes say; clusters are paired by their names: tests/tools/review/dangers/test_stacks.py."""
    said = {(cls.__name__, name): TYPES[words] for cls in classes() for name, words in cls.create_only.items()}
    del said["Blueprint", "name"]
    return said


def moved() -> Iterator[Variant]:
    """Changes that need more than another value."""
    yield change(THREE_ZONES, ("network",), "control_plane_zones", ("a", "b"))
    yield change(THREE_ZONES, (), "account", "333333333333")
    further = ExistingSubnet("subnet-04d6e5072418ecf9a", "c", "10.0.1.32/28")
    there: Any = EXISTING_VPC.network
    yield change(EXISTING_VPC, ("network",), "vpc_id", "vpc-00000000")
    more = ExistingSubnet("subnet-00000001", "a", "10.0.48.0/20")
    yield change(EXISTING_VPC, ("network",), "nodes", (*there.nodes, more))
    yield change(POD_RANGES, ("network",), "pod_cidr", "100.65.0.0/16")
    near = ("us-west-2-lax-1a", "us-west-2-den-1a")
    two = replace(LOCAL_ZONE, network=changed(LOCAL_ZONE.network, local_zones=near))
    yield change(two, ("network",), "local_zones", near[::-1])
    yield change(EXISTING_VPC, ("network",), "control_plane", (*there.control_plane, further))
    yield change(THREE_ZONES, (), "region", "eu-north-1")
    yield change(PROVISIONED, ("cluster",), "egress_mode", "AWS_MANAGED")
    # Without add-ons and teams, which are of one family.
    yield change(replace(IPV6, addons=CORE, teams=()), ("cluster",), "ip_family", "ipv4")
    reserved = changed(MANAGED.compute[0], capacity_reservation="cr-0a1b2c3d4e5f60719", zones=("a",))
    yield change(replace(MANAGED, compute=(reserved, MANAGED.compute[1])), ("compute", 0), "capacity_block", value=True)


def test_what_is_said_to_be_create_only_is_made_anew(tmp_path: Path) -> None:
    """That nothing else is: `make every-value`."""
    tried = [
        each for cls in classes() if cls is not Blueprint for name in cls.create_only for each in variants(cls, name, 2)
    ]
    found, said = made_anew((*tried, *moved()), tmp_path), declared()
    assert {*found} == {*said}
    assert [field for field, kinds in found.items() if not kinds <= said[field]] == []


def test_a_zone_behind_the_others_moves_no_subnet(tmp_path: Path) -> None:
    found = made_anew([change(MORE_ZONES, ("network",), "zones", ("a", "b", "c"))], tmp_path)
    assert found == {("NewNetwork", "zones"): {"AWS::EKS::Nodegroup"}}


def test_the_fields_that_are_named_exist() -> None:
    assert [
        f"{cls.__name__}.{name}" for cls, hints in classes().items() for name in cls.create_only if name not in hints
    ] == []
