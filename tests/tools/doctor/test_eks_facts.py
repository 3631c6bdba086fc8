"""Each row of facts/eks.toml, asked of each tool that knows it: one fact, one answer.

Kinds of update and settings are held against botocore's model of EKS and CloudFormation's schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from botocore.session import get_session
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from blueprint import Blueprint, plan
from blueprint.eks import CLUSTER_UPDATES, EKS_RULES, NODE_SETTINGS, EksRules, read
from blueprint.errors import BlueprintError
from blueprint.versions import DEFAULT, EXTENDED_SUPPORT, SUPPORTED
from tests.blueprint.examples import with_cluster, with_nodes
from tests.tools.doctor.account import Account
from tests.tools.doctor.ready import cluster_versions, empty, live
from tests.tools.review.dangers.support import Resources, differing, resource, stack_of, stacks_differing
from tools.assembly import Stack
from tools.doctor.checks import versions
from tools.local.emulator import refusals
from tools.local.emulator.refusals import DAY, Upgraded
from tools.review.dangers import dangers
from tools.upgrade.upgrade import upgrade

Ask = Callable[[Account], str]
"""What a tool says against something; empty when it takes it."""


class Row(NamedTuple):
    """Something that EKS refuses and something like it that it takes, as each tool meets it."""

    refused: Mapping[str, Ask]
    taken: Mapping[str, Ask]


def guard(before: Resources, after: Resources) -> Ask:
    found = differing(before, after)
    return lambda _: "; ".join(f"{each.what} {each.why}" for each in dangers(found))


def cluster(**properties: Any) -> Resources:
    return {"Cluster": resource("AWS::EKS::Cluster", {"Name": "dev", **properties})}


def egress(mode: str) -> Resources:
    return cluster(ResourcesVpcConfig={"ControlPlaneEgressMode": mode})


def in_zones(before: str, after: str) -> Ask:
    """A control plane in subnets that the network exports."""
    letters = "abc"
    subnets = {each: resource("AWS::EC2::Subnet", {"AvailabilityZone": f"us-west-2{each}"}) for each in letters}
    exports = {each: {"Value": {"Ref": each}, "Export": {"Name": f"dev-network:{each}"}} for each in letters}
    network = stack_of(subnets, name="network", stack_name="dev-network", template={"Outputs": exports})

    def stacks(zones: str) -> tuple[Stack, Stack]:
        ids = [{"Fn::ImportValue": f"dev-network:{zone}"} for zone in zones]
        return network, stack_of(cluster(ResourcesVpcConfig={"SubnetIds": ids}))

    found = stacks_differing(*zip(stacks(before), stacks(after), strict=True))
    return lambda _: "; ".join(each.what for each in dangers(found))


def group(cluster_version: str = "", **properties: Any) -> Resources:
    made = {"Nodes": resource("AWS::EKS::Nodegroup", properties)}
    return {**cluster(Version=cluster_version), **made} if cluster_version else made


def doctor(wanted: Blueprint, running: str, *groups: str, offered: str = "STANDARD_SUPPORT") -> Ask:
    """The cluster runs a version, its managed groups others."""

    def ask(account: Account) -> str:
        made = plan(wanted)
        live(account, made, version=running)
        account.answers("DescribeClusterVersions", cluster_versions(made.facts.version, offered))
        account.answers("ListInsights", {"insights": []})
        account.answers("ListNodegroups", {"nodegroups": [f"group-{number}" for number, _ in enumerate(groups)]})
        account.answers(
            "DescribeNodegroup",
            lambda asked: {"nodegroup": {"version": groups[int(asked["nodegroupName"].partition("-")[2])]}},
        )
        found = [*account.found(versions.upgrade, made), *account.found(versions.kubernetes, made)]
        return "; ".join(f"{each.what} {each.why}" for each in found if each.status != "ok")

    return ask


def first_deploy(wanted: Blueprint) -> Ask:
    """The account has no such cluster."""

    def ask(account: Account) -> str:
        empty(account)
        found = [*account.found(versions.upgrade, plan(wanted))]
        return "; ".join(f"{each.what} {each.why}" for each in found if each.status != "ok")

    return ask


def plans(blueprint: Blueprint) -> Ask:
    def ask(_: Account) -> str:
        try:
            plan(blueprint)
        except BlueprintError as error:
            return str(error)
        return ""

    return ask


def emulator(*said: str | None) -> Ask:
    return lambda _: "; ".join(filter(None, said))


def steps(blueprint: Blueprint, to: str) -> Ask:
    """plan-upgrade refuses nothing that it can take apart: it says that it is more than one step."""

    def ask(_: Account) -> str:
        try:
            made = upgrade(blueprint, to)
        except BlueprintError as error:
            return str(error)
        return EKS_RULES.up.says if len(made.minors) > EKS_RULES.up.limit else ""

    return ask


def catches_up(blueprint: Blueprint) -> Ask:
    """plan-upgrade brings nodes that lag to the cluster's version before the control plane goes up."""

    def ask(_: Account) -> str:
        first = upgrade(blueprint, "1.36").minors[0].steps[0]
        return EKS_RULES.nodes_first.says if first.title == "Nodes to 1.35" else ""

    return ask


V35, V34 = with_cluster(version="1.35"), with_cluster(version="1.34")
LAGGING = with_nodes(version="1.34")
SUBNETS = {"made in": ["a", "b"], "other": ["a", "c"]}
OLD, YOUNG = Upgraded("1.34", 0), Upgraded("1.34", DAY)
SIZES = {"MinSize": 1, "MaxSize": 3}
IMAGE = {"ReleaseVersion": "1.35.6-20260714"}
STEP = refusals.control_plane_step

ROWS: Mapping[str, Row] = {
    "up": Row(
        {
            "guard": guard(cluster(Version="1.34"), cluster(Version="1.36")),
            "doctor": doctor(with_cluster(version="1.36"), "1.34"),
            "plan-upgrade": steps(V34, "1.36"),
            "emulator": emulator(STEP("1.34", "1.36", {}, None, 0)),
        },
        {
            "guard": guard(cluster(Version="1.34"), cluster(Version="1.35")),
            "doctor": doctor(V35, "1.34"),
            "plan-upgrade": steps(V34, "1.35"),
            "emulator": emulator(STEP("1.34", "1.35", {}, None, 0)),
        },
    ),
    "down": Row(
        {
            "guard": guard(cluster(Version="1.35"), cluster(Version="1.34")),
            "doctor": doctor(V34, "1.35"),
            "plan-upgrade": steps(V35, "1.34"),
            "emulator": emulator(STEP("1.35", "1.34", {}, OLD, 7 * DAY + 1)),
        },
        {
            # The others cannot know how young the upgrade is.
            "emulator": emulator(STEP("1.35", "1.34", {"a": "1.34"}, YOUNG, 8 * DAY)),
        },
    ),
    "nodes_first": Row(
        {
            "guard": guard(group("1.35", Version="1.34"), group("1.36", Version="1.34")),
            "doctor": doctor(with_cluster(version="1.36"), "1.35", "1.34"),
            "plan-upgrade": catches_up(LAGGING),
            "emulator": emulator(STEP("1.35", "1.36", {"a": "1.34"}, None, 0)),
        },
        {
            "guard": guard(group("1.35", Version="1.35"), group("1.36", Version="1.35")),
            "doctor": doctor(with_cluster(version="1.36"), "1.35", "1.35"),
            "plan-upgrade": catches_up(V35),
            "emulator": emulator(STEP("1.35", "1.36", {"a": "1.35"}, None, 0)),
        },
    ),
    "new_nodes": Row(
        {
            "guard": guard(cluster(Version="1.35"), group("1.35", Version="1.34")),
            "doctor": first_deploy(LAGGING),
            "emulator": emulator(refusals.new_group("1.34", "1.35")),
        },
        {
            "guard": guard(cluster(Version="1.35"), group("1.35", Version="1.35")),
            "doctor": first_deploy(V35),
            "emulator": emulator(refusals.new_group("1.35", "1.35")),
        },
    ),
    "nodes_back": Row(
        {
            "guard": guard(group(**IMAGE), group(ReleaseVersion="1.35.6-20260707")),
            "emulator": emulator(refusals.release_step("1.35.6-20260714", "1.35.6-20260707")),
        },
        {
            "guard": guard(group(**IMAGE), group(ReleaseVersion="1.35.10-20260801")),
            "emulator": emulator(refusals.release_step("1.35.6-20260714", "1.35.10-20260801")),
        },
    ),
    "extended_support": Row(
        {
            "plan": plans(with_cluster(version=EXTENDED_SUPPORT[-1])),
            "doctor": doctor(V35, "1.35", offered="EXTENDED_SUPPORT"),
            "emulator": emulator(refusals.support_policy(EXTENDED_SUPPORT[-1], "STANDARD")),
        },
        {
            "plan": plans(with_cluster(version=EXTENDED_SUPPORT[-1], support_policy="EXTENDED")),
            "doctor": doctor(V35, "1.35"),
            "emulator": emulator(refusals.support_policy(EXTENDED_SUPPORT[-1], "EXTENDED")),
        },
    ),
    "one_kind": Row(
        {
            "guard": guard(cluster(Version="1.34"), cluster(Version="1.35", Logging={"a": 1})),
            "emulator": emulator(refusals.update_kinds({"Version": "1.34"}, {"Version": "1.35", "Logging": {"a": 1}})),
        },
        {
            "guard": guard(cluster(Version="1.34", Tags=[1]), cluster(Version="1.35")),
            "emulator": emulator(refusals.update_kinds({"Version": "1.34", "Tags": [1]}, {"Version": "1.35"})),
        },
    ),
    "egress": Row(
        {
            "guard": guard(egress("CUSTOMER_ROUTED"), egress("AWS_MANAGED")),
            "emulator": emulator(refusals.egress("CUSTOMER_ROUTED", "AWS_MANAGED")),
        },
        {
            "guard": guard(egress("CUSTOMER_ROUTED"), egress("CUSTOMER_ROUTED")),
            "emulator": emulator(refusals.egress("AWS_MANAGED", "CUSTOMER_ROUTED"), refusals.egress(None, None)),
        },
    ),
    "zones": Row(
        {
            "emulator": emulator(refusals.zones(["a", "b"], ["a", "b", "c"])),
            "guard": in_zones("ab", "abc"),
        },
        {
            "emulator": emulator(refusals.zones(["a", "b"], ["b", "a", "a"])),
            "guard": in_zones("ab", "ba"),
        },
    ),
    "sizes": Row(
        {
            "guard": guard(cluster(), {**cluster(), **group(ScalingConfig=SIZES)}),
            "plan": plans(with_nodes(min=2, max=3, desired=4)),
            "emulator": emulator(refusals.sizes(1, 3, 4, 450)),
        },
        {
            "guard": guard(cluster(), {**cluster(), **group(ScalingConfig={**SIZES, "DesiredSize": 1})}),
            "plan": plans(with_nodes(min=2, max=3, desired=3)),
            "emulator": emulator(refusals.sizes(1, 3, 3, 450)),
        },
    ),
}
OWN_WORDS = {
    ("sizes", "plan"),
    ("up", "emulator"),
    ("one_kind", "emulator"),
    ("zones", "emulator"),
    ("sizes", "emulator"),
}
"""Who speaks in other words of the same: the emulator in those of EKS's API, a plan in those of its fields."""


def rows(kind: str) -> list[Any]:
    return [
        pytest.param(name, reader, ask, id=f"{name}-{reader}")
        for name, row in ROWS.items()
        for reader, ask in getattr(row, kind).items()
    ]


def test_every_row_has_two_readers_at_least() -> None:
    assert set(ROWS) == {name for name in EksRules.__dataclass_fields__ if not name.startswith("_")}
    assert all(len(row.refused) >= 2 for row in ROWS.values())
    assert {reader for row in ROWS.values() for reader in row.refused} == {
        *("guard", "doctor", "plan-upgrade", "emulator", "plan")
    }


@pytest.mark.parametrize(("name", "reader", "ask"), rows("refused"))
def test_what_eks_refuses_every_tool_refuses(name: str, reader: str, ask: Ask, account: Account) -> None:
    said = ask(account)
    assert said
    if (name, reader) not in OWN_WORDS:
        assert getattr(EKS_RULES, name).says in said


@pytest.mark.parametrize(("name", "reader", "ask"), rows("taken"))
def test_what_eks_takes_no_tool_refuses(name: str, reader: str, ask: Ask, account: Account) -> None:
    assert ask(account) == "", (name, reader)


def test_versions_are_offered_to_plans_and_by_the_emulator(account: Account) -> None:
    for version in SUPPORTED:
        assert refusals.not_offered(version) is None
        assert plans(with_cluster(version=version, support_policy="EXTENDED"))(account) == ""
    assert refusals.not_offered("1.32")
    assert "must be a Kubernetes version that EKS offers" in plans(with_cluster(version="1.32"))(account)
    assert DEFAULT in SUPPORTED


def test_the_kinds_of_update_are_those_of_eks() -> None:
    """Of botocore's model; what is no update of a control plane by a template is left out."""
    eks = get_session().get_service_model("eks")
    known = set(eks.shape_for("UpdateType").enum)  # type: ignore[attr-defined]  # a StringShape
    others = {"ConfigUpdate", "AssociateIdentityProviderConfig", "DisassociateIdentityProviderConfig"}
    others |= {"AssociateEncryptionConfig", "AddonUpdate", "CapabilityUpdate", "VendedLogsUpdate", "VersionRollback"}
    assert known - others == set(CLUSTER_UPDATES)
    properties = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::EKS::Cluster").schema["properties"]
    assert {path[0] for paths in CLUSTER_UPDATES.values() for path in paths} <= set(properties)
    asked = eks.operation_model("UpdateNodegroupConfig").input_shape
    assert asked
    names = {f"{name[:1].upper()}{name[1:]}" for name in asked.members}
    assert names - {"ClusterName", "NodegroupName", "ClientRequestToken"} <= set(NODE_SETTINGS)


@pytest.mark.parametrize("setting", NODE_SETTINGS)
def test_a_setting_of_nodes_is_judged_beside_their_version(setting: str, account: Account) -> None:
    changed = {"Nodes": resource("AWS::EKS::Nodegroup", {"Version": "1.35", setting: {"a": 1}})}
    mixed = guard(group(Version="1.34"), changed)(account)
    assert "CloudFormation updates nodes and other settings of a group one at a time" in mixed


TRUST = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}}


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ({**TRUST, "Action": ["sts:AssumeRole", "sts:TagSession"]}, False),
        ({**TRUST, "Action": "sts:*"}, False),
        ({**TRUST, "Action": "sts:AssumeRole"}, True),
        ({**TRUST, "Effect": "Deny", "Action": "sts:*"}, True),
        ({"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": "sts:*"}, True),
        ({"Effect": "Allow", "Principal": "*", "Action": "sts:*"}, True),
    ],
)
def test_who_tags_a_session_needs_a_role_that_trusts_it(statement: Mapping[str, Any], *, refused: bool) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html, and capability-role.html beside it"""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert bool(refusals.pod_identity_trust(policy)) is refused
    assert refusals.capability_trust(policy)
    assert bool(refusals.capability_trust(policy.replace("pods.eks", "capabilities.eks"))) is refused


@pytest.mark.parametrize(("group", "refused"), [("system:masters", True), ("eks:x", True), ("team:system", False)])
def test_groups_of_kubernetes_are_not_given_away(group: str, *, refused: bool) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html (kubernetesGroups)"""
    assert bool(refusals.access_groups(["readers", group])) is refused


def test_a_mistake_in_the_file_has_its_place() -> None:
    with pytest.raises(BlueprintError, match=r"eks.toml: versions.default"):
        read("[versions]\nstandard_support = []\n")


OIDC = {"IdentityProviderConfigName": "staff", "Oidc": {"IssuerUrl": "https://a.example", "ClientId": "eks"}}


@pytest.mark.parametrize(
    ("properties", "others", "words"),
    [
        ({}, [], ""),
        ({}, ["a", "b"], ""),
        ({}, ["staff"], "already exists"),
        ({}, list("abcdefghij"), "at most 10"),
        ({"GroupsPrefix": "system:"}, [], "must not begin with system:"),
        ({"UsernamePrefix": "system:x"}, [], "must not begin with system:"),
        ({"IssuerUrl": "http://a.example"}, [], "must begin with https://"),
    ],
)
def test_the_emulator_takes_identity_providers_as_eks_does(
    properties: dict[str, str], others: list[str], words: str
) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_OidcIdentityProviderConfigRequest.html"""
    said = refusals.identity_provider({**OIDC, "Oidc": {**OIDC["Oidc"], **properties}}, others) or ""  # type: ignore[dict-item]  # text and a mapping
    assert bool(said) == bool(words)
    assert words in said
