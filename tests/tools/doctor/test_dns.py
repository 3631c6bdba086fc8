"""Hosted zones of add-ons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from blueprint import Plan, Role, plan
from tests.blueprint.examples import with_addons
from tests.tools.doctor.account import Account, refused, statuses, worst
from tests.tools.doctor.ready import live
from tools.doctor.checks.dns import hosted_zones, within

# moto makes ids that Route 53 would not.
PUBLIC, PRIVATE = "Z0123456789PUBLIC", "Z0123456789PRIVATE"


@pytest.fixture
def account(account: Account) -> Account:
    """With a public and a private zone of example.com."""

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked["Id"] not in (PUBLIC, PRIVATE):
            raise refused("NoSuchHostedZone")
        private = asked["Id"] == PRIVATE
        zone = {"Id": f"/hostedzone/{asked['Id']}", "Name": "example.com.", "CallerReference": "1"}
        found = {"HostedZone": {**zone, "Config": {"PrivateZone": private}}}
        return {**found, "VPCs": [{"VPCRegion": "us-west-2", "VPCId": "vpc-own"}]} if private else found

    account.answers("GetHostedZone", answer)
    account.answers("DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-own"}, {"VpcId": "vpc-other"}]})
    return account


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("example.com", "example.com", True),
        ("dev.example.com", "example.com", True),
        ("badexample.com", "example.com", False),
        ("example.com", "dev.example.com", False),
    ],
)
def test_a_name_within_a_domain(name: str, domain: str, expected: bool) -> None:
    assert within(name, domain) is expected


def dns(zone: str, *domains: str) -> Plan:
    return plan(with_addons(ExternalDns(zones=(zone,), domains=domains)))


def test_nothing_is_asked_without_zones(account: Account, small: Plan) -> None:
    assert account.found(hosted_zones, small) == []
    assert account.calls == []


def test_zones_of_another_account_are_not_asked_for(account: Account) -> None:
    other = ExternalDns(zones=(PUBLIC,), assume_role=Role("ExternalDns", "333333333333"))
    (found,) = account.found(hosted_zones, plan(with_addons(other)))
    assert (found.status, found.what) == ("warning", f"external-dns: {PUBLIC} not looked up")
    assert account.calls == []


@pytest.mark.parametrize("owner", [None, "111111111111"])
def test_zones_of_this_account_are_asked_for_whatever_role_writes(owner: str | None, account: Account) -> None:
    same = ExternalDns(zones=(PUBLIC,), assume_role=Role("ExternalDns", owner))
    assert statuses(account.found(hosted_zones, plan(with_addons(same)))) == ["ok"]


@pytest.mark.parametrize("domains", [(), ("example.com",), ("dev.example.com", "example.com")])
def test_zones_of_the_domains(domains: tuple[str, ...], account: Account) -> None:
    assert statuses(account.found(hosted_zones, dns(PUBLIC, *domains))) == ["ok"]


def test_a_private_zone_serves_external_dns(account: Account) -> None:
    live(account, dns(PRIVATE), vpc="vpc-own")
    (found,) = account.found(hosted_zones, dns(PRIVATE))
    assert found.status == "ok"
    assert found.what.endswith("of example.com, private")


def test_a_zone_that_is_not_in_the_account(account: Account) -> None:
    found = worst(account.found(hosted_zones, dns("Z0123456789", "example.com")))
    assert (found.status, found.what) == ("problem", "external-dns: this account has no hosted zone Z0123456789")


def test_a_domain_that_no_zone_holds(account: Account) -> None:
    found = account.found(hosted_zones, dns(PUBLIC, "example.com", "example.org"))
    assert worst(found).what == "external-dns: no zone holds example.org"
    assert worst(found).status == "problem"


def test_a_zone_that_no_domain_uses(account: Account) -> None:
    """One cause, one finding; a zone too many beside one that fits is told by itself."""
    assert statuses(account.found(hosted_zones, dns(PUBLIC, "example.org"))) == ["problem"]
    other = {"Id": "/hostedzone/ZORG", "Name": "example.org.", "CallerReference": "1"}
    account.aws._answers.clear()
    own = {**other, "Name": "example.com."}
    account.answers("GetHostedZone", lambda asked: {"HostedZone": own if asked["Id"] == PUBLIC else other})
    made = plan(with_addons(ExternalDns(zones=(PUBLIC, "Z0123456789ORG"), domains=("example.com",))))
    found = worst(account.found(hosted_zones, made))
    assert (found.status, found.what) == ("warning", "external-dns: zone Z0123456789ORG is of example.org")


def test_a_private_zone_that_answers_elsewhere(account: Account) -> None:
    """Of a live cluster it is a mistake; before the first deploy there is no VPC to associate it with."""
    made = dns(PRIVATE)
    found = worst(account.found(hosted_zones, made))
    assert found.status == "warning"
    assert "when the network stack has made the VPC" in found.fix
    live(account, made, vpc="vpc-other")
    account.aws._answers.clear()
    found = worst(account.found(hosted_zones, made))
    assert (found.status, found.what) == (
        "problem",
        f"external-dns: the private zone {PRIVATE} answers in vpc-own, not in the cluster's VPC",
    )
    assert found.fix == (
        f"aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {PRIVATE} "
        "--vpc VPCRegion=us-west-2,VPCId=vpc-other"
    )
    live(account, made, vpc="vpc-own")
    account.aws._answers.clear()
    assert statuses(account.found(hosted_zones, made)) == ["ok"]


def certificates(domain: str, zone: str) -> Plan:
    return plan(with_addons(CertManager(zones={domain: zone})))


def test_cert_manager_proves_names_in_a_public_zone(account: Account) -> None:
    assert statuses(account.found(hosted_zones, certificates("dev.example.com", PUBLIC))) == ["ok"]


def test_but_not_in_a_private_one(account: Account) -> None:
    found = worst(account.found(hosted_zones, certificates("example.com", PRIVATE)))
    assert (found.status, found.what) == ("problem", f"cert-manager: zone {PRIVATE} of example.com is private")


def test_nor_in_that_of_another_domain(account: Account) -> None:
    found = worst(account.found(hosted_zones, certificates("example.org", PUBLIC)))
    assert (found.status, found.what) == (
        "problem",
        f"cert-manager: zone {PUBLIC} is of example.com, not example.org",
    )


def test_a_zone_of_both_is_asked_for_once(account: Account) -> None:
    both = plan(with_addons(ExternalDns(zones=(PUBLIC,)), CertManager(zones={"example.com": PUBLIC})))
    assert statuses(account.found(hosted_zones, both)) == ["ok", "ok"]
    assert account.calls.count("GetHostedZone") == 1
