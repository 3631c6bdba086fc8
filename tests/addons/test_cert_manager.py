from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.cert_manager import CertManager
from blueprint.value import problems_in
from tests.addons.support import FACTS, REGION, allowed, names_no_partition, rules_broken

ZONE = "arn:aws:route53:::hostedzone/Z1"
CHANGE = "route53:ChangeResourceRecordSets"
TYPES = "route53:ChangeResourceRecordSetsRecordTypes"
NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
CHALLENGE = {TYPES: ["TXT"], NAMES: ["_acme-challenge.www.example.com"]}

WITH_ZONES = CertManager(zones={"example.com": "Z1", "example.org": "Z2"}, acme_email="platform@example.com")
PERMISSIONS = WITH_ZONES.permissions(FACTS)


def test_has_no_aws_permission_unless_it_has_zones() -> None:
    contribution = CertManager().contribute(FACTS)
    assert contribution.grants == ()
    assert contribution.objects == ()


def test_answers_challenges_in_its_zones() -> None:
    assert allowed(PERMISSIONS, CHANGE, ZONE, CHALLENGE)
    assert allowed(PERMISSIONS, CHANGE, ZONE.replace("Z1", "Z2"), CHALLENGE)
    assert allowed(PERMISSIONS, "route53:GetChange", "arn:aws:route53:::change/C1")


@pytest.mark.parametrize(
    "request_",
    [
        {TYPES: ["TXT"], NAMES: ["example.com"]},  # SPF, DMARC and proofs of ownership stand in such records
        {TYPES: ["A"], NAMES: ["_acme-challenge.example.com"]},
        {TYPES: ["TXT", "NS"], NAMES: ["_acme-challenge.example.com"]},
        {TYPES: ["TXT"], NAMES: ["_acme-challenge.example.com", "www.example.com"]},
    ],
)
def test_writes_no_other_record(request_: dict[str, list[str]]) -> None:
    assert not allowed(PERMISSIONS, CHANGE, ZONE, request_)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_acme-challenge.shop.example.com", True),
        ("_acme-challenge.www.pay.example.com", True),
        ("_acme-challenge.pay.example.com", True),  # of *.pay.example.com, where Let's Encrypt asks for a wildcard
        ("_acme-challenge.www.shop.example.com", False),
        ("_acme-challenge.example.com", False),
        ("shop.example.com", False),
        ("_acme-challenge.web.example.net", False),
    ],
)
def test_proves_the_hosts_of_the_cluster_s_teams(name: str, expected: bool) -> None:
    facts = replace(FACTS, hosts=("shop.example.com", "*.pay.example.com", "web.example.net"))
    assert allowed(WITH_ZONES.permissions(facts), CHANGE, ZONE, {TYPES: ["TXT"], NAMES: [name]}) is expected


@pytest.mark.parametrize(
    "action", ["route53:ListHostedZones", "route53:ListHostedZonesByName", "route53:ListResourceRecordSets"]
)
def test_reads_no_zone(action: str) -> None:
    assert not allowed(PERMISSIONS, action, ZONE)
    assert not allowed(PERMISSIONS, action, "*")


def test_other_zones_are_out_of_reach() -> None:
    assert not allowed(PERMISSIONS, CHANGE, ZONE.replace("Z1", "Z3"), CHALLENGE)


def test_policy_is_sound_in_every_partition() -> None:
    assert names_no_partition(PERMISSIONS)
    assert not [problem for statement in PERMISSIONS for problem in problems_in(statement)]


def test_issuer_names_the_zone_of_each_domain() -> None:
    (issuer,) = WITH_ZONES.contribute(FACTS).objects
    solvers = issuer["spec"]["acme"]["solvers"]
    assert (issuer["kind"], issuer["metadata"]["name"]) == ("ClusterIssuer", "letsencrypt")
    assert {one["selector"]["dnsZones"][0]: one["dns01"]["route53"] for one in solvers} == {
        "example.com": {"region": REGION, "hostedZoneID": "Z1"},
        "example.org": {"region": REGION, "hostedZoneID": "Z2"},
    }


def test_order_of_the_zones_does_not_matter() -> None:
    other = CertManager(zones={"example.org": "Z2", "example.com": "Z1"}, acme_email="platform@example.com")
    assert other.contribute(FACTS) == WITH_ZONES.contribute(FACTS)


def test_every_component_survives_the_loss_of_a_node() -> None:
    values = CertManager().values(FACTS)
    for name, component in {
        "controller": values,
        "webhook": values["webhook"],
        "cainjector": values["cainjector"],
    }.items():
        assert component["replicaCount"] >= 2
        assert component["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
        selector = component["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"]
        assert selector["app.kubernetes.io/component"] == name
        assert component["resources"]["limits"]["memory"]


def test_definitions_outlive_the_release() -> None:
    assert CertManager().values(FACTS)["crds"] == {"enabled": True, "keep": True}


def test_namespace_is_restricted() -> None:
    (namespace,) = CertManager().contribute(FACTS).namespaces
    assert (namespace.name, namespace.pod_security) == ("cert-manager", "restricted")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"acme_email": "platform@example.com"}, "zones"),
        ({"acme_email": "platform", "zones": {"example.com": "Z1"}}, "acme_email"),
        ({"zones": {"example.com": "*"}}, "zones['example.com']"),
        ({"zones": {"example.com": "hostedzone/Z1"}}, "zones['example.com']"),
        ({"zones": {"*": "Z1"}}, "zones['*']"),
        ({"zones": ("Z1",)}, "zones"),
    ],
)
def test_refuses_what_would_widen_or_break_it(fields: dict[str, Any], place: str) -> None:
    assert place in rules_broken(CertManager(**fields))
