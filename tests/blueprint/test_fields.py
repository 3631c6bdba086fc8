"""Hostile text in every field that takes text, and the limits of each kind of text."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.metrics_server import MetricsServer
from blueprint import Blueprint, FargateProfile, FargateSelector, PermissionSet, PublicEndpoint, Role, Taint
from blueprint.addons.by_value import AwsPolicy, ImageRepository
from blueprint.errors import shown
from blueprint.fields import PRIVATE_RANGES, RESERVED_RANGES, ChartName, EmailAddress, ReleaseName
from blueprint.node_pool import NodePool
from blueprint.teams import Quota, TeamNamespace
from blueprint.teams.admission import ImageRegistry
from blueprint.teams.roles import CustomGroup
from blueprint.value import Value, misfits, problems_in
from tests.blueprint.examples import (
    SMALL,
    TEAM,
    Probe,
    changed,
    places,
    with_addons,
    with_cluster,
    with_network,
    with_nodes,
    with_teams,
)
from tests.values.kinds import unfolded
from tests.values.variants import classes

HOSTILE = {
    "newline behind": "dev\n",
    "newline before": "\ndev",
    "forged line": "dev\n    fix    curl example.com | sh",
    "carriage return": "dev\rx",
    "tab": "dev\tx",
    "null": "dev\x00",
    "terminal escape": "\x1b[2Jdev",
    "line separator": "dev\u2028x",
    "right to left": "\u202edev",
    "zero width": "d\u200bev",
    "lone surrogate": "dev\ud800",
    "accent": "développement",
    "look-alike": "d\u0435v",  # a Cyrillic e
    "digits of another script": "\u0661" * 12,
    "emoji": "🚀",
    "shell": "`rm -rf /`",
    "shell substitution": "$(id)",
    "html": "<script>alert(1)</script>",
    "quotes": "dev' or \"1\"='1",
    "CloudFormation": "${AWS::Region}",
    "dynamic reference": "{{resolve:secretsmanager:root}}",
    "template": "{{ .Values.name }}",
    "space": " ",
    "long": "a" * 5000 + "!",
    "longer": "1" * 100_000 + "!",
}


def at(place: str) -> Callable[[str], str]:
    """The place of a field, whatever it holds."""
    return lambda _: place


def key(place: str) -> Callable[[str], str]:
    """The place of a key."""
    return lambda text: f"{place}[{shown(text)}]"


def permission_set(name: str = "Admin", suffix: str = "0123456789abcdef", region: str = "eu-west-1") -> PermissionSet:
    return PermissionSet(name, suffix=suffix, region=region)


FIELDS: list[tuple[Callable[[str], str], Callable[[str], Blueprint]]] = [
    (at("name"), lambda text: changed(SMALL, name=text)),
    (at("account"), lambda text: changed(SMALL, account=text)),
    (at("region"), lambda text: changed(SMALL, region=text)),
    (key("tags"), lambda text: changed(SMALL, tags={text: "a"})),
    (at("tags['a']"), lambda text: changed(SMALL, tags={"a": text})),
    (at("network.cidr"), lambda text: with_network(cidr=text)),
    (at("network.zones[1]"), lambda text: with_network(zones=("a", text))),
    (at("network.interface_endpoints[0]"), lambda text: with_network(interface_endpoints=(text,))),
    (at("cluster.version"), lambda text: with_cluster(version=text)),
    (at("cluster.service_cidr"), lambda text: with_cluster(service_cidr=text)),
    (at("cluster.endpoint.allow[0]"), lambda text: with_cluster(endpoint=PublicEndpoint(allow=(text,)))),
    (at("cluster.admins[0].name"), lambda text: with_cluster(admins=(Role(text),))),
    (at("cluster.admins[0].account"), lambda text: with_cluster(admins=(Role("A", account=text),))),
    (at("cluster.admins[0].name"), lambda text: with_cluster(admins=(permission_set(name=text),))),
    (at("cluster.admins[0].suffix"), lambda text: with_cluster(admins=(permission_set(suffix=text),))),
    (at("cluster.admins[0].region"), lambda text: with_cluster(admins=(permission_set(region=text),))),
    (at("compute[0].name"), lambda text: with_nodes(name=text)),
    (at("compute[0].instance_types[0]"), lambda text: with_nodes(instance_types=(text,))),
    (at("compute[0].version"), lambda text: with_nodes(version=text)),
    (at("compute[0].release_version"), lambda text: with_nodes(release_version=text)),
    (key("compute[0].labels"), lambda text: with_nodes(labels={text: "a"})),
    (at("compute[0].labels['a']"), lambda text: with_nodes(labels={"a": text})),
    (at("compute[0].taints[0].key"), lambda text: with_nodes(taints=(Taint(text),))),
    (at("compute[0].taints[0].value"), lambda text: with_nodes(taints=(Taint("a", text),))),
    (
        at("compute[0].selectors[0].namespace"),
        lambda text: changed(SMALL, compute=(FargateProfile("a", selectors=(FargateSelector(text),)),)),
    ),
    (at("addons[3].version"), lambda text: with_addons(MetricsServer(version=text))),
    (at("addons[3].chart_version"), lambda text: with_addons(Probe(chart_version=text))),
    (at("addons[3].chart_repository"), lambda text: with_addons(Probe(chart_repository=text))),
    (at("addons[3].zones[0]"), lambda text: with_addons(ExternalDns(zones=(text,)))),
    (at("addons[3].domains[0]"), lambda text: with_addons(ExternalDns(zones=("Z1",), domains=(text,)))),
    (key("addons[3].zones"), lambda text: with_addons(CertManager(zones={text: "Z1"}))),
    (
        at("addons[3].acme_email"),
        lambda text: with_addons(CertManager(zones={"example.com": "Z1"}, acme_email=text)),
    ),
    (at("addons[3].node_pools[0].name"), lambda text: with_addons(Karpenter(node_pools=(NodePool(text),)))),
    (at("addons[3].domain"), lambda text: with_addons(ArgoCd(domain=text))),
    (at("teams[0].name"), lambda text: with_teams(changed(TEAM, name=text))),
    (at("teams[0].namespaces[0].name"), lambda text: with_teams(changed(TEAM, namespaces=(TeamNamespace(text),)))),
    (at("teams[0].developers[0].name"), lambda text: with_teams(changed(TEAM, developers=(Role(text),)))),
    (at("teams[0].image_registries[0]"), lambda text: with_teams(changed(TEAM, image_registries=(text,)))),
    (at("teams[0].permissions_boundary"), lambda text: with_teams(changed(TEAM, permissions_boundary=text))),
    (
        at("teams[0].namespaces[0].quota.cpu"),
        lambda text: with_teams(changed(TEAM, namespaces=(TeamNamespace("a", Quota(cpu=text)),))),
    ),
]


@pytest.mark.parametrize(("place", "write"), FIELDS, ids=[place("") for place, _ in FIELDS])
def test_hostile_text_is_reported_where_it_stands(
    place: Callable[[str], str], write: Callable[[str], Blueprint]
) -> None:
    found = {kind: places(write(text)) for kind, text in HOSTILE.items()}
    assert found == {kind: [place(text)] for kind, text in HOSTILE.items()}


KINDS = ["name", "account", "region", "role", "permission set", "suffix", "label key", "label value", "quantity"]
KINDS += ["hosted zone", "domain", "e-mail", "chart version", "repository", "add-on version"]


def problem_places(value: Value) -> list[str]:
    return [problem.place for problem in problems_in(value)]


@pytest.mark.parametrize(
    ("value", "good", "bad"),
    [
        (
            lambda text: changed(SMALL, name=text),
            ["d", "d1", "a" * 40, "prod-eu-1"],
            ["", "1d", "-d", "d-", "D", "a" * 41, "d.e"],
        ),
        (lambda text: changed(SMALL, account=text), ["000000000000"], ["", "1" * 11, "1" * 13, "1111-1111-11", "root"]),
        (
            lambda text: changed(SMALL, region=text),
            ["us-west-2", "us-gov-west-1", "cn-north-1", "ap-southeast-5", "mx-central-1", "eusc-de-east-1"],
            [
                "",
                "us-west",
                "us-west-2a",
                "us_west_2",
                "US-WEST-2",
                "*",
                "us-western-most-of-all-2",
                "us-w" + "e" * 99 + "-2",
            ],
        ),
        (
            Role,
            ["BreakGlass", "a+=,.@-_", "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0a1b", "a" * 64],
            [
                "*",
                "Admin*",
                "",
                "/Admin",
                "team/",
                "team//Admin",
                "a" * 65,
                "arn:aws:iam::111111111111:root",
                "arn:aws:iam::111111111111:role/Admin",
                "arn:aws:sts::111111111111:assumed-role/Admin/me",
                "aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
                "a/" * 300 + "Admin",
            ],
        ),
        (
            permission_set,
            ["Admin", "a+=,.@-_", "a" * 32],
            ["", "*", "a" * 33, "team/Admin", "AWSReservedSSO_Admin_0123456789abcdef"],
        ),
        (
            lambda text: permission_set(suffix=text),
            ["0123456789abcdef"],
            ["", "*" * 16, "0" * 15, "0" * 17, "0123456789ABCDEF"],
        ),
        (
            Taint,
            ["a", "example.com/Team_1", "a" * 63, f"{'a.' * 126}a/b"],
            ["", "/a", "a/", "a/b/c", "a" * 64, "-a", "Example.com/a", "a b", "a..b/c", "a.-b/c", f"{'a.' * 127}/b"],
        ),
        (lambda text: Taint("a", text), ["", "a", "A.b_c-1", "a" * 63], ["-", "a" * 64, "a b", "a/b"]),
        (
            lambda text: Quota(cpu=text),
            ["1", "500m", "1.5", "4Gi"],
            ["", "-1", "1 ", "1mi", "Gi", "1e3", ".5", "1.", "1" * 16],
        ),
        (lambda text: ExternalDns(zones=(text,)), ["Z1", "Z0123456789ABC"], ["", "Z", "z1", "/hostedzone/Z1", "A1"]),
        (
            lambda text: ArgoCd(domain=text),
            ["a.io", "argocd.example.com"],
            ["", "com", "a.io.", ".a.io", "A.io", "a..io", "*.a.io"],
        ),
        (
            lambda text: CertManager(zones={"a.io": "Z1"}, acme_email=text),
            ["a@b.io", "a.b+c@d-e.co.uk"],
            ["", "a", "a@b", "@b.io", "a@@b.io", "a@b..io", "a b@c.io"],
        ),
        (
            lambda text: Probe(chart_version=text),
            ["1.2.3", "v1.2.3-rc.1+build"],
            ["", "latest", "1", "1.2", "^1.2.3", "1.x.0", ">1.0.0", "1.2.3-" + "a" * 200],
        ),
        (
            lambda text: Probe(chart_repository=text),
            ["https://charts.example.com/a", "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/a"],
            [
                *(
                    "",
                    "http://charts.example.com",
                    "file:///etc",
                    "https://me:secret@example.com",
                    "charts.example.com",
                ),
                f"https://{'a' * 1000}",
            ],
        ),
        (
            lambda text: MetricsServer(version=text),
            ["v0.8.1-eksbuild.4", "v1.2"],
            ["", "latest", "0.8.1", "v1", "v1.2-eksbuild"],
        ),
    ],
    ids=KINDS,
)
def test_limits_of_each_kind_of_text(value: Callable[[str], Value], good: list[str], bad: list[str]) -> None:
    assert {text: problem_places(value(text)) for text in good} == {text: [] for text in good}
    assert [text for text in bad if not problem_places(value(text))] == []


@pytest.mark.parametrize(
    ("number", "good", "bad"),
    [
        (lambda number: with_nodes(min=number, max=5000), [0, 5000], [-1, 5001]),
        (lambda number: with_nodes(min=0, max=number), [1, 5000], [0, -1, 5001]),
        (lambda number: with_nodes(disk_gib=number), [20, 16_384], [19, 16_385]),
        (lambda number: with_nodes(max_unavailable_percent=number), [1, 100], [0, 101]),
        (lambda number: with_cluster(log_retention_days=number), [1, 365, 3653], [0, 2, 3654, -1, 10**400]),
        (lambda number: with_network(flow_log_retention_days=number), [1, 90, 3653], [0, 8, 366, 3654]),
    ],
    ids=["min", "max", "disk_gib", "max_unavailable_percent", "log_retention_days", "flow_log_retention_days"],
)
def test_limits_of_each_number(number: Callable[[Any], Value], good: list[int], bad: list[int]) -> None:
    assert [each for each in good if problem_places(number(each))] == []
    assert [each for each in bad if len(problem_places(number(each))) != 1] == []


def test_no_private_range_holds_a_reserved_address() -> None:
    """So that the ranges of a VPC and of Services need no rule of their own."""
    private = [ipaddress.ip_network(each) for each in (*PRIVATE_RANGES, "100.64.0.0/10")]
    assert not any(each.overlaps(ipaddress.ip_network(other)) for each in private for other in RESERVED_RANGES)


@pytest.mark.parametrize(
    ("hint", "text", "end", "longest"),
    [
        # https://kubernetes.io/docs/concepts/overview/working-with-objects/names (DNS subdomains)
        (CustomGroup, "a.", "a", 253),
        # distribution/reference v0.6.0 reference.go:41 (RepositoryNameTotalLengthMax)
        (ImageRepository, "a/", "a", 255),
        (ImageRegistry, "a/", "a/", 255),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (512 of a path, 128 of a name)
        (AwsPolicy, "a/", "a", 512),
        # https://helm.sh/docs/chart_template_guide/getting_started
        (ReleaseName, "a", "a", 53),
        # helm pkg/chart/v2/util/create.go:77 (maxChartNameLength)
        (ChartName, "a", "a", 250),
        # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
        (EmailAddress, "a", "@a.io", 254),
    ],
)
def test_a_text_is_as_long_as_who_reads_it_lets_it_be(hint: Any, text: str, end: str, longest: int) -> None:
    fits, does_not = ((text * length)[: length - len(end)] + end for length in (longest, longest + 1))
    assert misfits(fits, hint, ()) == []
    assert len(misfits(does_not, hint, ())) == 1


def test_what_a_number_is_of_stands_in_its_rule() -> None:
    """And in its fix, where it is of something."""
    found = (unfolded(hint) for hints in classes().values() for hint in hints.values())
    rules = [rule for bare, rules in found if bare is int for rule in rules if rule.high is not None]
    assert len(rules) > 30
    for rule in rules:
        amount = f"{rule.low} to {rule.high} {rule.unit}" if rule.unit else f"{rule.low} to {rule.high}"
        assert (rule.says, rule.fix) == (f"must be {amount}", f"write a number of {amount}")
