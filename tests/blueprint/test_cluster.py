"""Versions, endpoint, administrators, logs and the range of Services."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint import (
    Components,
    NodePorts,
    OidcProvider,
    PermissionSet,
    PrivateEndpoint,
    PublicEndpoint,
    Role,
    User,
    plan,
)
from blueprint.versions import DEFAULT, EXTENDED_SUPPORT, STANDARD_SUPPORT, SUPPORTED, is_within, minor
from examples.shared import KEY
from tests.blueprint.examples import TABLE, assert_reported, changed, mistake, places, with_cluster


def public(*allow: object) -> object:
    return with_cluster(endpoint=changed(PublicEndpoint(allow=()), allow=allow))


def components(**fields: Any) -> object:
    return with_cluster(components=changed(Components(), **fields))


def provider(**fields: str) -> object:
    return with_cluster(identity_providers=(changed(OIDC, **fields),))


ALLOW, OF, STAFF = "cluster.endpoint.allow", "cluster.components", "cluster.identity_providers[0]"
OIDC = OidcProvider("staff", issuer_url="https://login.example.com", client_id="eks", groups_claim="groups")
FOREIGN = KEY.replace("us-west-2", "eu-west-1")
SIX = tuple(f"sg-0000000000000000{number}" for number in range(6))
MISTAKES = [
    mistake(
        "an active authority alone",
        with_cluster(active_certificate_authority="0a1b2c3d"),
        "cluster.active_certificate_authority",
        "the blueprint has none",
        'certificate_authorities=("2027",)',
    ),
    mistake(
        "three authorities",
        with_cluster(certificate_authorities=("a", "b", "c")),
        "cluster.certificate_authorities",
        "at most 2",
        "2 or fewer",
    ),
    mistake("far version", with_cluster(version="1.99"), "cluster.version", "this project knows: 1.33", f'"{DEFAULT}"'),
    mistake("old version", with_cluster(version="1.25"), "cluster.version", "this project knows: 1.33", f'"{DEFAULT}"'),
    mistake("patch", with_cluster(version="1.35.1"), "cluster.version", "that EKS offers", f'"{DEFAULT}"'),
    mistake("v in front", with_cluster(version="v1.35"), "cluster.version", "that EKS offers", f'"{DEFAULT}"'),
    mistake("only the major", with_cluster(version="1"), "cluster.version", "that EKS offers", f'"{DEFAULT}"'),
    mistake("latest", with_cluster(version="latest"), "cluster.version", "that EKS offers", f'"{DEFAULT}"'),
    mistake("space behind", with_cluster(version="1.35 "), "cluster.version", "that EKS offers", f'"{DEFAULT}"'),
    mistake("empty", with_cluster(version=""), "cluster.version", "that EKS offers", f'"{DEFAULT}"'),
    mistake("number", with_cluster(version=1.35), "cluster.version", "must be str", 'as text: "1.35"'),
    mistake("none", with_cluster(version=None), "cluster.version", "must be str", f'"{DEFAULT}"'),
    mistake("tuple", with_cluster(version=(1, 35)), "cluster.version", "must be str", f'"{DEFAULT}"'),
    mistake(
        "permission set as a role",
        with_cluster(admins=(Role("AWSReservedSSO_Admin_0123456789abcdef"),)),
        "cluster.admins[0].name",
        "has a path, without which EKS does not find it",
        'PermissionSet("Developer", suffix="0123456789abcdef", region="us-west-2")',
    ),
    mistake(
        "standard policy after standard support",
        with_cluster(version="1.33"),
        "cluster.support_policy",
        "as that of 1.33 has",
        'support_policy="EXTENDED"',
    ),
    mistake("unknown policy", with_cluster(support_policy="LTS"), "cluster.support_policy", "'EXTENDED'", "'STANDARD'"),
    mistake("no endpoint", with_cluster(endpoint=None), "cluster.endpoint", "PrivateEndpoint or", "PrivateEndpoint(…)"),
    mistake("endpoint by name", with_cluster(endpoint="private"), "cluster.endpoint", "PrivateEndpoint or", "(…)"),
    mistake("nobody allowed", public(), ALLOW, "must not be empty", "give at least one"),
    mistake("the world", public("0.0.0.0/0"), f"{ALLOW}[0]", "never open to the world", "endpoint=PrivateEndpoint()"),
    mistake("half the world", public("203.0.113.0/24", "128.0.0.0/1"), f"{ALLOW}[1]", "never open", "your own ranges"),
    mistake("the IPv6 world", public("::/0"), f"{ALLOW}[0]", "never open to the world", "endpoint=PrivateEndpoint()"),
    mistake("much of the IPv6 world", public("2600::/12"), f"{ALLOW}[0]", "never open to the world", "own ranges"),
    mistake("IPv6 with host bits", public("2600::1/56"), f"{ALLOW}[0]", "no host bits", "2001:db8:12::/48"),
    mistake("private IPv6", public("fd12:3456::/48"), f"{ALLOW}[0]", "nobody comes from a private range", "public"),
    mistake("multicast", public("ff02::/16"), f"{ALLOW}[0]", "must hold no address", "no wider"),
    mistake("IPv6, in IPv4", public("2600:1f14::/32"), f"{ALLOW}[0]", "answers no IPv6 address", 'ip_family="ipv6"'),
    mistake("an address", public("203.0.113.7"), f"{ALLOW}[0]", "CIDR notation", "203.0.113.0/24"),
    mistake("the same range twice", public("203.0.113.0/24", "203.0.113.0/24"), ALLOW, "no duplicate", "remove"),
    mistake("41 ranges", public(*(f"203.0.113.{n}/32" for n in range(41))), ALLOW, "at most 40 ranges", "40 or fewer"),
    mistake("nobody is admin", with_cluster(admins=()), "cluster.admins", "must not be empty", "give at least one"),
    mistake(
        "no tuple of admins",
        with_cluster(admins=Role("A")),
        "cluster.admins",
        "a tuple of PermissionSet, Role or User",
        "write admins=(Role(…),)",
    ),
    mistake("every role", with_cluster(admins=(Role("*"),)), "cluster.admins[0].name", "no wildcard", '"BreakGlass"'),
    mistake(
        "root of an account",
        with_cluster(admins=(Role("A"), Role("arn:aws:iam::111111111111:root"))),
        "cluster.admins[1].name",
        "name of an IAM role or user",
        '"platform/BreakGlass"',
    ),
    mistake(
        "session of a role",
        with_cluster(admins=(Role("arn:aws:sts::111111111111:assumed-role/Admin/me"),)),
        "cluster.admins[0].name",
        "name of an IAM role or user",
        '"platform/BreakGlass"',
    ),
    mistake(
        "service-linked role",
        with_cluster(admins=(Role("aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"),)),
        "cluster.admins[0].name",
        "no service-linked role",
        '"BreakGlass"',
    ),
    mistake(
        "two accounts", with_cluster(admins=(Role("A", "1" * 24),)), "cluster.admins[0].account", "12 digits", "text"
    ),
    mistake("retention", with_cluster(log_retention_days=31), "cluster.log_retention_days", "CloudWatch Logs", "60"),
    *(
        mistake(f"an API for {cidr}", public(cidr), f"{ALLOW}[0]", "a node's own", "no wider")
        for cidr in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/8")
    ),
    mistake("Services in /8", with_cluster(service_cidr="10.0.0.0/8"), "cluster.service_cidr", "/12 to /24", "172.20"),
    mistake("Services in /25", with_cluster(service_cidr="172.20.0.0/25"), "cluster.service_cidr", "/12 to", "172.20"),
    mistake("public Services", with_cluster(service_cidr="8.8.0.0/16"), "cluster.service_cidr", "private", "172.20"),
    mistake(
        "shared range for Services",
        with_cluster(service_cidr="100.64.0.0/16"),
        "cluster.service_cidr",
        "1918",
        "172.20",
    ),
    mistake(
        "Services on loopback", with_cluster(service_cidr="127.0.0.0/16"), "cluster.service_cidr", "1918", "172.20"
    ),
    mistake("no log", with_cluster(log_types=()), "cluster.log_types", "must not be empty", "at least one"),
    mistake("unknown log", with_cluster(log_types=("etcd",)), "cluster.log_types[0]", "'audit'", "'api'"),
    mistake("a log twice", with_cluster(log_types=("api", "api")), "cluster.log_types", "no duplicate", "remove"),
    mistake("alias of a key", with_cluster(kms_key_arn="alias/eks"), "cluster.kms_key_arn", "no alias", "arn:aws:kms"),
    mistake("key elsewhere", with_cluster(kms_key_arn=FOREIGN), "cluster.kms_key_arn", "another region", "us-west-2"),
    mistake("group by name", with_cluster(security_groups=("web",)), "cluster.security_groups[0]", "id of a", "sg-0a"),
    mistake("six groups", with_cluster(security_groups=SIX), "cluster.security_groups", "at most 5", "5 or fewer"),
    mistake("no tier", with_cluster(scaling_tier="xl"), "cluster.scaling_tier", "'tier-xl'", "'standard'"),
    # In CloudFormation's schema, but not in the API.
    mistake("a tier", with_cluster(scaling_tier="tier-ultra"), "cluster.scaling_tier", "'tier-xl'", "'standard'"),
    # In the API, and documented nowhere.
    mistake("isolated", with_cluster(egress_mode="CUSTOMER_ISOLATED"), "cluster.egress_mode", "'CUSTOMER_", "'AWS_"),
    mistake("short", with_cluster(rollback_timeout_minutes=119), "cluster.rollback_timeout_minutes", "120", "10080"),
    mistake("ports", components(node_ports=NodePorts(2, 1)), f"{OF}.node_ports.last", "before the first (2)", "higher"),
    mistake("port 0", components(node_ports=NodePorts(0, 1)), f"{OF}.node_ports.first", "1 to 65535", "1 to 65535"),
    mistake("no such scoring", components(scoring="Best"), f"{OF}.scoring", "'MostAllocated'", "'LeastAllocated'"),
    mistake("weights alone", components(weights={"cpu": 2}), f"{OF}.weights", "there is none", "scoring="),
    mistake("weight 0", components(scoring="MostAllocated", weights={"cpu": 0}), f"{OF}.weights['cpu']", "1 to", "1"),
    mistake("issuer in the clear", provider(issuer_url="http://a.example"), f"{STAFF}.issuer_url", "https://", "https"),
    mistake(
        "issuer with its document",
        provider(issuer_url="https://a.example/.well-known/openid-configuration"),
        f"{STAFF}.issuer_url",
        "one level above",
        "leave that part out",
    ),
    *(
        mistake(f"{prefix!r} as {field}", provider(**{field: prefix}), f"{STAFF}.{field}", "must end in :", '"oidc:"')
        for field in ("username_prefix", "groups_prefix")
        for prefix in ("system:", "system:x:", "team:", "team:payments:", "eks:", "oidc", "-", "")
    ),
    mistake(
        "two of one name",
        with_cluster(identity_providers=(OIDC, OIDC)),
        "cluster.identity_providers[1].name",
        "duplicate name of an identity provider",
        "rename one",
    ),
    mistake(
        "eleven",
        with_cluster(identity_providers=tuple(changed(OIDC, name=f"p{number}") for number in range(11))),
        "cluster.identity_providers",
        "at most 10 identity providers",
        "10 or fewer",
    ),
    mistake(
        "out of small subnets to an issuer",
        with_cluster(identity_providers=(OIDC,), egress_mode="CUSTOMER_ROUTED"),
        "cluster.egress_mode",
        "nothing there leads to them",
        'write subnets="private", or leave',
    ),
    mistake("Services in IPv6", with_cluster(service_cidr="fd00::/108"), "cluster.service_cidr", "IPv4", "10.0.0.0/16"),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_field_hides_no_other_rule() -> None:
    wrong = with_cluster(
        version="1.33",
        log_retention_days="30",
        service_cidr="8.8.8.0/24",
        endpoint=PublicEndpoint(allow=("0.0.0.0/0",)),
    )
    assert places(wrong) == [
        "cluster.log_retention_days",
        "cluster.service_cidr",
        "cluster.endpoint.allow[0]",
        "cluster.support_policy",
    ]


@pytest.mark.parametrize("endpoint", [PrivateEndpoint(), PublicEndpoint(allow=("203.0.113.7/32", "17.0.0.0/8"))])
def test_endpoints(endpoint: PrivateEndpoint | PublicEndpoint) -> None:
    assert plan(with_cluster(endpoint=endpoint)).control_plane.public_ranges == getattr(endpoint, "allow", ())


def test_administrators_by_name_path_and_account() -> None:
    admins = (Role("BreakGlass"), Role("ops/BreakGlass"), User("root"), Role("BreakGlass", account="222222222222"))
    assert [entry.principal for entry in plan(with_cluster(admins=admins)).admins] == [
        "arn:${blueprint:partition}:iam::111111111111:role/BreakGlass",
        "arn:${blueprint:partition}:iam::111111111111:role/ops/BreakGlass",
        "arn:${blueprint:partition}:iam::111111111111:user/root",
        "arn:${blueprint:partition}:iam::222222222222:role/BreakGlass",
    ]


def test_the_role_of_a_permission_set_has_its_region_in_the_path_but_for_virginia() -> None:
    admins = tuple(
        PermissionSet("Admin", account, suffix="0123456789abcdef", region=region)
        for account, region in ((None, "eu-west-1"), ("222222222222", "us-east-1"))
    )
    reserved = "role/aws-reserved/sso.amazonaws.com"
    assert [entry.principal for entry in plan(with_cluster(admins=admins)).admins] == [
        f"arn:${{blueprint:partition}}:iam::111111111111:{reserved}/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef",
        f"arn:${{blueprint:partition}}:iam::222222222222:{reserved}/AWSReservedSSO_Admin_0123456789abcdef",
    ]


def test_a_permission_set_needs_its_suffix_and_region() -> None:
    admins = (PermissionSet("Admin"),)  # type: ignore[call-arg]  # the mistake
    assert places(with_cluster(admins=admins)) == ["cluster.admins[0].suffix", "cluster.admins[0].region"]


def test_versions_are_listed_in_order_without_a_gap() -> None:
    first = minor(SUPPORTED[0])
    assert [minor(version) for version in SUPPORTED] == list(range(first, first + len(SUPPORTED)))
    assert SUPPORTED == EXTENDED_SUPPORT + STANDARD_SUPPORT
    assert DEFAULT in STANDARD_SUPPORT


@pytest.mark.parametrize(
    ("version", "kubernetes", "within"),
    [
        ("1.36", "", True),
        ("1.36", ">=1.36", True),
        ("1.36", ">=1.37", False),
        ("1.36", ">=1.26 <=1.36", True),
        ("1.37", ">=1.26 <=1.36", False),
        ("1.25", ">=1.26 <=1.36", False),
        ("1.100", ">=1.26 <=1.99", False),
    ],
)
def test_both_ends_of_a_range_are_within(version: str, kubernetes: str, *, within: bool) -> None:
    assert is_within(version, kubernetes) is within
