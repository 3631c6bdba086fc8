"""Hosted zones that are made with a cluster: as Route 53 takes them, and as add-ons get them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from blueprint import Blueprint, NewHostedZone
from blueprint.hosts import alike_in_fleet, contested_in_fleet
from blueprint.planning.planner import plan
from examples.existing_vpc import EXISTING_VPC, INSIDE, PUBLIC
from examples.managed import MANAGED
from tests.blueprint.examples import SMALL, assert_reported, changed, part
from tests.templates import Templates, of_type, plain, synthesized
from tools.assembly import text
from tools.doctor.checks.needs import types_of

PLAN = plan(EXISTING_VPC)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Judged by all rules."""
    return synthesized([PLAN], tmp_path_factory.mktemp("zones"), validate=True)


def zones(templates: Templates, cluster: str = "existing-vpc") -> dict[bool, tuple[str, Any]]:
    """By whether they are private: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-hostedzone.html"""
    found = of_type(templates[cluster, "cluster"], "AWS::Route53::HostedZone")
    return {"VPCs" in each["Properties"]: (id, each) for id, each in found.items()}


def test_one_answers_the_internet_and_one_the_vpc(templates: Templates) -> None:
    (_, public), (_, private) = zones(templates)[False], zones(templates)[True]
    assert public["Properties"]["Name"] == private["Properties"]["Name"] == "shop.example.com"
    assert private["Properties"]["VPCs"] == [{"VPCId": "vpc-0e5c1a7f2d3b48690", "VPCRegion": "us-west-2"}]
    for zone in (public, private):
        assert (zone["DeletionPolicy"], zone["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), (
            "names lead there"
        )
    outputs = [text(each["Value"]) for each in templates["existing-vpc", "cluster"]["Outputs"].values()]
    assert len([value for value in outputs if ".NameServers" in value]) == 1


def test_a_private_one_of_a_vpc_that_is_made(tmp_path: Path) -> None:
    zone = NewHostedZone("inside.example.com", private=True)
    made = synthesized([plan(changed(MANAGED, hosted_zones=(zone,)))], tmp_path)
    ((_, each),) = zones(made, "managed").values()
    (vpc,) = each["Properties"]["VPCs"]
    assert "Fn::ImportValue" in vpc["VPCId"]


def test_add_ons_get_them_by_value(templates: Templates) -> None:
    """Their arguments and their permissions name the zones that are made."""
    exported = {
        each["Value"]["Ref"]: each["Export"]["Name"]
        for each in templates["existing-vpc", "cluster"]["Outputs"].values()
        if "Export" in each and "Ref" in each["Value"]
    }
    public, private = (exported[zones(templates)[kind][0]] for kind in (False, True))
    addons = json.dumps(templates["existing-vpc", "addons"])
    assert "${blueprint" not in addons
    releases = of_type(templates["existing-vpc", "addons"], "Custom::AWSCDK-EKS-HelmChart").values()
    (dns,) = (
        text(each["Properties"]["Values"]) for each in releases if each["Properties"]["Release"] == "external-dns"
    )
    filters = json.loads(dns)["extraArgs"]["zone-id-filter"]
    assert [public in filters[0], private in filters[1]] == [True, True]
    roles = json.dumps(of_type(templates["existing-vpc", "addons"], "AWS::IAM::Role"))
    assert public in roles
    assert private in roles


def test_certificates_are_proved_in_the_public_one() -> None:
    acme = CertManager(zones={"shop.example.com": PUBLIC.id}, acme_email="platform@example.com")
    found = part(plan(changed(SMALL, addons=(*CORE, acme), hosted_zones=(PUBLIC,))), "cert-manager")
    (issuer,) = (each for each in found.objects if each["kind"] == "ClusterIssuer")
    assert PUBLIC.id in json.dumps(plain(issuer))
    assert any(PUBLIC.id in resource for each in found.grants[0].statements for resource in each.resources)


def test_a_cluster_without_one_makes_none() -> None:
    plans = PLAN, plan(MANAGED)
    assert ["AWS::Route53::HostedZone" in {*types_of(each)} for each in plans] == [True, False]
    assert [len(each.hosted_zones) for each in plans] == [2, 0]


def with_dns(name: str, zone: NewHostedZone = PUBLIC) -> Blueprint:
    dns = ExternalDns(zones=(zone.id,), domains=("shop.example.com",))
    return changed(SMALL, name=name, addons=(*CORE, dns), hosted_zones=(zone,), teams=EXISTING_VPC.teams[1:])


def test_each_cluster_makes_its_own_so_names_are_not_contested() -> None:
    fleet = {"a": with_dns("a"), "b": with_dns("b")}
    assert [*contested_in_fleet(fleet), *alike_in_fleet(fleet)] == []


@pytest.mark.parametrize(
    ("blueprint", "place", "rule", "fix"),
    [
        (changed(with_dns("a"), hosted_zones=()), f"addons[{len(CORE)}]", "that is not made", "add the zone to"),
        (changed(with_dns("a"), hosted_zones=(INSIDE,)), f"addons[{len(CORE)}]", "that is not made", "add the zone to"),
        (changed(with_dns("a"), hosted_zones=(PUBLIC, PUBLIC)), "hosted_zones", "no duplicate", "remove"),
        (
            changed(with_dns("a"), hosted_zones=(PUBLIC, NewHostedZone("example.com."))),
            "hosted_zones[1].domain",
            "without a dot at the end",
            "apps.example.com",
        ),
        (
            changed(SMALL, addons=(*CORE, CertManager(zones={"example.com": "${blueprint:vpc-id}"}))),
            f"addons[{len(CORE)}].zones['example.com']",
            "that of a NewHostedZone",
            "Z0123456789ABC",
        ),
    ],
)
def test_mistakes(blueprint: Blueprint, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)
