from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.external_dns import ExternalDns
from addons.metrics_server import MetricsServer
from blueprint import plan
from blueprint.access import Role
from blueprint.errors import BlueprintError
from blueprint.value import problems_in
from tests.addons.support import ACCOUNT, FACTS, REGION, allowed, deployed, names_no_partition, rules_broken
from tests.blueprint.examples import assert_reported, with_addons

ZONE = "arn:aws:route53:::hostedzone/Z1"
CHANGE = "route53:ChangeResourceRecordSets"
TYPES = "route53:ChangeResourceRecordSetsRecordTypes"
NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"

ADDON = ExternalDns(zones=("Z1", "Z2"))
PERMISSIONS = ADDON.permissions(FACTS)


@pytest.mark.parametrize("record", ["A", "AAAA", "CNAME", "TXT"])
def test_writes_records_of_workloads_in_its_zones(record: str) -> None:
    for zone in (ZONE, ZONE.replace("Z1", "Z2")):
        assert allowed(
            PERMISSIONS, CHANGE, zone, {TYPES: [record, "TXT"], NAMES: ["web.example.com", "a-web.example.com"]}
        )


@pytest.mark.parametrize("record", ["NS", "SOA", "MX", "CAA", "DS"])
def test_cannot_take_over_the_domain_or_its_mail(record: str) -> None:
    assert not allowed(PERMISSIONS, CHANGE, ZONE, {TYPES: [record], NAMES: ["example.com"]})
    assert not allowed(PERMISSIONS, CHANGE, ZONE, {TYPES: ["A", record], NAMES: ["example.com"]})


@pytest.mark.parametrize("action", [CHANGE, "route53:ListResourceRecordSets"])
def test_other_zones_are_out_of_reach(action: str) -> None:
    assert not allowed(
        PERMISSIONS, action, "arn:aws:route53:::hostedzone/Z3", {TYPES: ["A"], NAMES: ["web.example.com"]}
    )
    assert not allowed(
        PERMISSIONS, action, "arn:aws:route53:::hostedzone/Z11", {TYPES: ["A"], NAMES: ["web.example.com"]}
    )


@pytest.mark.parametrize(
    "action", ["route53:DeleteHostedZone", "route53:CreateHostedZone", "route53:AssociateVPCWithHostedZone"]
)
def test_never_changes_a_zone_itself(action: str) -> None:
    assert not allowed(PERMISSIONS, action, ZONE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("apps.example.com", True),
        ("web.apps.example.com", True),
        ("a-web.apps.example.com", True),
        # The owner's records of the domain itself: registry/mapper/mapper.go:101 of v0.21.0, for the types of
        # pkg/apis/externaldns/types.go:323.
        ("a-apps.example.com", True),
        ("aaaa-apps.example.com", True),
        ("cname-apps.example.com", True),
        ("eu-apps.example.com", False),
        ("ns-apps.example.com", False),
        ("_acme-challenge.apps.example.com", False),
        ("_acme-challenge.web.apps.example.com", False),
        ("\\052.apps.example.com", True),  # *.apps.example.com as Route 53 writes it
        ("example.com", False),
        ("www.example.com", False),
        ("myapps.example.com", False),
        ("apps.example.com.attacker.net", False),
    ],
)
def test_keeps_to_its_domains_in_a_shared_zone(name: str, expected: bool) -> None:
    permissions = ExternalDns(zones=("Z1",), domains=("apps.example.com",)).permissions(FACTS)
    assert allowed(permissions, CHANGE, ZONE, {TYPES: ["A"], NAMES: [name]}) is expected
    assert not allowed(permissions, CHANGE, ZONE, {TYPES: ["MX"], NAMES: [name]})


HOSTS = ("shop.example.com", "*.pay.example.com", "web.example.org")


@pytest.mark.parametrize(
    ("domains", "name", "expected"),
    [
        ((), "shop.example.com", True),
        ((), "a-shop.example.com", True),
        ((), "cname-web.example.org", True),
        ((), "www.pay.example.com", True),
        ((), "a-www.pay.example.com", True),
        ((), "\\052.pay.example.com", True),
        ((), "aaaa-\\052.pay.example.com", True),
        ((), "pay.example.com", False),
        ((), "www.shop.example.com", False),
        ((), "eu-shop.example.com", False),
        ((), "example.com", False),
        ((), "_acme-challenge.shop.example.com", False),
        ((), "_acme-challenge.www.pay.example.com", False),
        (("example.com",), "shop.example.com", True),
        (("example.com",), "web.example.org", False),
        (("eu.pay.example.com",), "www.eu.pay.example.com", True),
        (("eu.pay.example.com",), "www.pay.example.com", False),
        (("eu.pay.example.com",), "shop.example.com", False),
        # Its own domains are all that is known where no host is in one.
        (("example.net",), "any.example.net", True),
        (("example.net",), "shop.example.com", False),
    ],
)
def test_keeps_to_the_hosts_of_the_cluster_s_teams(domains: tuple[str, ...], name: str, expected: bool) -> None:
    facts = replace(FACTS, hosts=HOSTS)
    permissions = ExternalDns(zones=("Z1",), domains=domains).permissions(facts)
    assert allowed(permissions, CHANGE, ZONE, {TYPES: ["A", "TXT"], NAMES: [name]}) is expected


@pytest.mark.parametrize("fields", [{}, {"domains": ("example.com",)}])
def test_answers_no_challenge_of_a_certificate_authority(fields: Any) -> None:
    permissions = ExternalDns(zones=("Z1",), **fields).permissions(FACTS)
    for names in (["_acme-challenge.www.example.com"], ["www.example.com", "_acme-challenge.example.com"]):
        assert not allowed(permissions, CHANGE, ZONE, {TYPES: ["TXT", "CNAME"], NAMES: names})


def test_policy_is_sound_in_every_partition() -> None:
    assert names_no_partition(PERMISSIONS)
    assert not [problem for statement in PERMISSIONS for problem in problems_in(statement)]


def test_values_say_which_records_are_its_own() -> None:
    values = ADDON.values(FACTS)
    assert values["txtOwnerId"] == FACTS.name
    assert values["registry"] == "txt"
    assert values["policy"] == "upsert-only"
    assert values["extraArgs"] == {"zone-id-filter": ["Z1", "Z2"]}
    assert values["env"] == [{"name": "AWS_REGION", "value": REGION}]
    assert values["serviceAccount"]["name"] == ExternalDns.service_account


def test_namespace_is_restricted() -> None:
    (namespace,) = ADDON.contribute(FACTS).namespaces
    assert (namespace.name, namespace.pod_security) == ("external-dns", "restricted")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, "zones"),
        ({"zones": ()}, "zones"),
        ({"zones": "Z1"}, "zones"),
        ({"zones": ("*",)}, "zones[0]"),
        ({"zones": ("Z1*",)}, "zones[0]"),
        ({"zones": ("Z1/../Z2",)}, "zones[0]"),
        ({"zones": ("Z1\n",)}, "zones[0]"),
        ({"zones": ("Z1",), "domains": ("*",)}, "domains[0]"),
        ({"zones": ("Z1",), "domains": ("{}.example.com",)}, "domains[0]"),
        ({"zones": ("Z1",), "policy": "delete-all"}, "policy"),
        ({"zones": ("Z1",), "sources": ()}, "sources"),
        ({"zones": ("Z1",), "sources": ("pod",)}, "sources[0]"),
        ({"zones": ("Z1",), "zone": "Z2"}, "zone"),
    ],
)
def test_refuses_what_would_widen_or_break_it(fields: dict[str, Any], place: str) -> None:
    assert place in rules_broken(ExternalDns(**fields))


class TestAnotherOfAName:
    """What stands beside it in a cluster, for example for a private zone."""

    PRIVATE = ExternalDns(name="external-dns-private", zones=("Z3",), annotation_domain="private.example.com")

    def test_all_of_it_has_its_name(self) -> None:
        """What `helm template external-dns-private` of the chart 1.21.1 shows."""
        made = self.PRIVATE.contribute(FACTS)
        (release,), (workload,), (namespace,), (grant,) = made.releases, made.workloads, made.namespaces, made.grants
        assert (release.name, release.namespace) == ("external-dns-private", "external-dns-private")
        assert namespace.name == grant.namespace == workload.namespace == "external-dns-private"
        assert (workload.name, workload.service_account) == ("external-dns-private", "external-dns")
        assert workload.labels["app.kubernetes.io/name"] == "external-dns"
        assert workload.labels["app.kubernetes.io/instance"] == "external-dns-private"

    def test_the_chart_puts_its_own_name_behind_another(self) -> None:
        """templates/_helpers.tpl of the chart 1.21.1 (external-dns.fullname), at most 63 characters."""
        inside, long = (ExternalDns(name=name, zones=("Z3",)) for name in ("inside", "a" * 53))
        assert [each.name for each in inside.contribute(FACTS).workloads] == ["inside-external-dns"]
        assert [each.name for each in long.contribute(FACTS).workloads] == ["a" * 53 + "-external"]

    def test_each_owns_records_of_its_own(self) -> None:
        owners = {each.values(FACTS)["txtOwnerId"] for each in (ADDON, self.PRIVATE)}
        assert owners == {FACTS.name, f"{FACTS.name}-external-dns-private"}

    def test_it_reads_annotations_of_its_own(self) -> None:
        """docs/advanced/split-horizon.md of v0.21.0: --annotation-prefix ends with /."""
        assert self.PRIVATE.values(FACTS)["annotationPrefix"] == "private.example.com/"
        assert "annotationPrefix" not in ADDON.values(FACTS)

    def test_both_are_planned(self) -> None:
        made = plan(with_addons(ADDON, self.PRIVATE))
        assert {"external-dns", "external-dns-private"} <= {part.name for part in made.addons}

    def test_two_of_one_name_are_refused(self) -> None:
        assert_reported(with_addons(ADDON, ADDON), "addons[4]", "duplicate add-on", "give it a name of its own")

    def test_the_definitions_are_of_one_version(self) -> None:
        """The kinds of both are the cluster's: charts/external-dns/crds."""
        other = replace(self.PRIVATE, chart_version="1.20.0")
        assert_reported(
            with_addons(ADDON, other), "addons[4].chart_version", "define the same kinds", "the same version"
        )

    def test_no_namespace_of_kubernetes_is_taken(self) -> None:
        assert rules_broken(ExternalDns(name="kube-system", zones=("Z1",))) == ["name"]

    def test_a_class_of_one_name_stays_alone(self) -> None:
        with pytest.raises(BlueprintError, match="unknown field 'name' of MetricsServer"):
            plan(with_addons(MetricsServer(name="metrics-server-2")))  # type: ignore[call-arg]  # what it refuses


class TestZonesOfAnotherAccount:
    """external-dns#1608."""

    ADDON = ExternalDns(zones=("Z1",), domains=("apps.example.com",), assume_role=Role("dns/Writer", "333333333333"))
    ROLE = "arn:aws:iam::333333333333:role/dns/Writer"

    def test_it_becomes_that_role_and_may_do_nothing_itself(self) -> None:
        permissions = self.ADDON.permissions(FACTS)
        actions = {action for one in permissions for action in one.actions}
        # Both, since a session of EKS Pod Identity passes its tags on (grafana#127716 has the error without).
        assert actions == {"sts:AssumeRole", "sts:TagSession"}
        for action in actions:
            assert allowed(permissions, action, self.ROLE)
            assert not allowed(permissions, action, self.ROLE.replace("Writer", "Admin"))
            assert not allowed(permissions, action, self.ROLE.replace("333333333333", ACCOUNT))
        assert names_no_partition(permissions)
        assert not [problem for one in permissions for problem in problems_in(one)]

    def test_without_internet_it_needs_an_endpoint_for_the_role_too(self) -> None:
        """Provider/aws/config.go:95 of external-dns v0.21.0: sts.NewFromConfig."""
        assert set(self.ADDON.services(FACTS)) == {"route53", "sts"}
        assert ADDON.services(FACTS) == ("route53",)

    def test_the_flag_is_external_dns_own(self) -> None:
        """pkg/apis/externaldns/types.go:599 of the version in the chart; the chart writes extraArgs as --key=value."""
        assert deployed(self.ADDON.values(FACTS))["extraArgs"] == {
            "zone-id-filter": ["Z1"],
            "aws-assume-role": self.ROLE,
        }
        assert "aws-assume-role" not in ADDON.values(FACTS)["extraArgs"]

    def test_a_role_without_account_is_of_the_cluster_s(self) -> None:
        own = ExternalDns(zones=("Z1",), assume_role=Role("Writer"))
        assert allowed(own.permissions(FACTS), "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/Writer")
