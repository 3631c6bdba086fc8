"""Quotas: what is allowed, what is in use, and what a deploy adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.model import StringShape
from botocore.session import get_session

from addons.core_dns import CoreDns
from addons.karpenter import Karpenter
from blueprint import ManagedNodes, Plan, plan
from blueprint.node_pool import NodePool
from tests.blueprint.examples import AUTO, FARGATE, SMALL, changed, with_addons, with_network, with_nodes
from tests.tools.doctor.account import Account, statuses, worst
from tests.tools.doctor.ready import Writers, live
from tools.doctor.aws import iam_region
from tools.doctor.checks import fargate, quotas, vcpus
from tools.doctor.checks.quotas import judged, limit
from tools.doctor.checks.vcpus import counted, family
from tools.quotas import QUOTAS


@pytest.mark.parametrize(
    ("allowed", "used", "least", "most", "status"),
    [
        (5, 4, 1, None, "ok"),
        (5, 5, 1, None, "problem"),
        (5, 5, 0, None, "ok"),
        (5, 7, 0, None, "ok"),
        (10, 2, 4, 8, "ok"),
        (10, 3, 4, 8, "warning"),
        (10, 7, 4, 8, "problem"),
        (0, 0, 1, None, "problem"),
    ],
)
def test_a_quota_is_judged(allowed: int, used: int, least: int, most: int | None, status: str) -> None:
    found = judged(QUOTAS["VPCs"], "VPCs in the region", allowed, used, least, most)
    assert found.status == status
    assert f"{used} of {allowed} in use" in found.what
    if status != "ok":
        assert found.fix.endswith(f"--quota-code L-F678F1CE --desired-value {used + (least if most is None else most)}")


def test_the_applied_quota_wins_over_the_default(account: Account) -> None:
    account.answers("GetServiceQuota", {"Quota": {"Value": 7.0}})
    assert limit(QUOTAS["clusters"], account.aws) == 7


def test_the_default_is_asked_for_where_none_is_applied(account: Account) -> None:
    account.refuses("GetServiceQuota", "NoSuchResourceException")
    account.answers("GetAWSDefaultServiceQuota", {"Quota": {"Value": 100.0}})
    assert limit(QUOTAS["clusters"], account.aws) == 100


@pytest.mark.usefixtures("moto")
def test_vpc_quotas_have_the_codes_that_moto_copied(account: Account) -> None:
    """Its answers were recorded from AWS."""
    rows = [quota for quota in QUOTAS.values() if quota.service == "vpc"]
    assert len(rows) == 5
    for row in rows:
        found = account.aws.quotas.get_service_quota(ServiceCode="vpc", QuotaCode=row.code)["Quota"]
        assert found["QuotaName"] == row.name


@pytest.mark.usefixtures("moto")
def test_a_new_cluster_needs_a_vpc(account: Account, small: Plan) -> None:
    """Moto's region has its default VPC, and AWS's default quota of 5."""
    vpcs, gateways = account.found(quotas.networks, small)
    assert vpcs.what == "VPCs in the region: 1 of 5 in use, the cluster needs 1 more"
    assert gateways.what == "internet gateways in the region: 0 of 5 in use, the cluster needs 1 more"


def test_a_full_region_has_no_room_for_it(account: Account, small: Plan, make: Writers) -> None:
    for number in range(4):
        make.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    found = worst(account.found(quotas.networks, small))
    assert (found.status, found.what) == ("problem", "VPCs in the region: 5 of 5 in use, the cluster needs 1 more")


def test_the_vpc_of_a_stack_is_not_counted_twice(account: Account, small: Plan, make: Writers) -> None:
    """Its cluster may not be there yet."""
    for number in range(4):
        vpc = make.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
    tag = {"Key": "aws:cloudformation:stack-name", "Value": "dev-network"}
    make.ec2.create_tags(Resources=[vpc], Tags=[tag])  # type: ignore[list-item]  # the stubs want a TypedDict, and this is one
    assert statuses(account.found(quotas.networks, small)) == ["ok", "ok"]


def with_quotas(account: Account, values: Mapping[str, int]) -> None:
    """Quotas by their codes; each other one is 100."""
    account.answers("GetServiceQuota", lambda asked: {"Quota": {"Value": float(values.get(asked["QuotaCode"], 100))}})


def gateway(vpc: str, subnet: str) -> dict[str, Any]:
    return {"VpcId": vpc, "SubnetId": subnet, "State": "available"}


def with_gateways(account: Account, *gateways: dict[str, Any]) -> None:
    """Gateways in subnets whose id ends in the letter of their zone."""
    zones = [{"SubnetId": f"subnet-{letter}", "AvailabilityZone": f"us-west-2{letter}"} for letter in "abc"]
    account.answers("DescribeVpcs", {"Vpcs": []})
    account.answers("DescribeSubnets", {"Subnets": zones})
    account.answers("DescribeNatGateways", {"NatGateways": list(gateways)})
    account.answers("DescribeAddresses", {"Addresses": [{}] * len(gateways)})
    account.answers("GetServiceQuota", {"Quota": {"Value": 5.0}})


def test_each_zone_gets_a_gateway_and_an_address(account: Account, small: Plan) -> None:
    with_gateways(account, gateway("vpc-other", "subnet-a"))
    assert [found.what for found in account.found(quotas.egress, small)] == [
        "NAT gateways in us-west-2a: 1 of 5 in use, the cluster needs 1 more",
        "NAT gateways in us-west-2b: 0 of 5 in use, the cluster needs 1 more",
        "NAT gateways in us-west-2c: 0 of 5 in use, the cluster needs 1 more",
        "Elastic IP addresses in the region: 1 of 5 in use, the cluster needs 3 more",
    ]


def test_a_full_zone_and_no_address_left(account: Account, small: Plan) -> None:
    with_gateways(account, *[gateway("vpc-other", "subnet-b")] * 5)
    found = account.found(quotas.egress, small)
    assert [(one.status, one.what.partition(":")[0]) for one in found if one.status != "ok"] == [
        ("problem", "NAT gateways in us-west-2b"),
        ("problem", "Elastic IP addresses in the region"),
    ]


def test_only_what_a_live_cluster_lacks_is_added(account: Account, small: Plan) -> None:
    """Two of its three gateways are there."""
    live(account, small, vpc="vpc-own")
    with_gateways(account, gateway("vpc-own", "subnet-a"), gateway("vpc-own", "subnet-b"))
    account.answers("DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-own"}]})
    needs = [found.what.rpartition("needs ")[2] for found in account.found(quotas.egress, small)]
    assert needs == ["0 more", "0 more", "1 more", "1 more"]


def test_one_gateway_stands_in_the_first_zone(account: Account) -> None:
    with_gateways(account)
    found = account.found(quotas.egress, plan(with_network(nat="one")))
    assert [one.what.partition(":")[0] for one in found] == [
        "NAT gateways in us-west-2a",
        "Elastic IP addresses in the region",
    ]


def test_without_nat_nothing_is_asked(account: Account) -> None:
    without = plan(with_network(nat="none"))
    assert account.found(quotas.egress, without) == []
    assert account.calls == []


def test_clusters_are_counted(account: Account, small: Plan) -> None:
    with_quotas(account, {"L-1194D53C": 2})
    account.answers("ListClusters", {"clusters": ["one", "two"]})
    found = worst(account.found(quotas.clusters, small))
    assert (found.status, found.what) == (
        "problem",
        "EKS clusters in the region: 2 of 2 in use, the cluster needs 1 more",
    )


def test_a_live_cluster_is_in_the_count(account: Account, small: Plan) -> None:
    live(account, small)
    with_quotas(account, {"L-1194D53C": 2})
    account.answers("ListClusters", {"clusters": ["one", "dev"]})
    assert statuses(account.found(quotas.clusters, small)) == ["ok"] * 3


@pytest.mark.parametrize(
    ("code", "value", "status", "what"),
    [
        ("L-6D54EA21", 1, "problem", "managed node groups of a cluster: 0 of 1 in use, the cluster needs 2 more"),
        ("L-BD136A63", 3, "problem", "nodes of a managed node group: 0 of 3 in use, the cluster needs 4 to 600 more"),
        (
            "L-BD136A63",
            450,
            "warning",
            "nodes of a managed node group: 0 of 450 in use, the cluster needs 4 to 600 more",
        ),
        ("L-33415657", 0, "problem", "Fargate profiles of a cluster: 0 of 0 in use, the cluster needs 1 more"),
    ],
)
def test_what_a_cluster_may_have(code: str, value: int, status: str, what: str, account: Account) -> None:
    groups = [ManagedNodes(name, instance_types=("m7g.large",), min=4, max=600) for name in ("one", "two")]
    made = plan(changed(SMALL, compute=(*groups, *FARGATE.compute)))
    account.answers("ListClusters", {"clusters": []})
    with_quotas(account, {"L-BD136A63": 600, code: value})
    found = worst(account.found(quotas.clusters, made))
    assert (found.status, found.what) == (status, what)


def test_what_another_account_shares_does_not_count(account: Account, small: Plan) -> None:
    shared = [{"VpcId": f"vpc-{number}", "OwnerId": "999999999999"} for number in range(9)]
    account.answers("DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-own", "OwnerId": SMALL.account}, *shared]})
    gateways = [{"InternetGatewayId": one["VpcId"], "OwnerId": one["OwnerId"]} for one in shared]
    account.answers("DescribeInternetGateways", {"InternetGateways": gateways})
    with_quotas(account, {"L-F678F1CE": 5, "L-A4707A72": 5})
    vpcs, internet = account.found(quotas.networks, small)
    assert vpcs.what == "VPCs in the region: 1 of 5 in use, the cluster needs 1 more"
    assert internet.what == "internet gateways in the region: 0 of 5 in use, the cluster needs 1 more"


def test_endpoints_of_other_vpcs_count(account: Account) -> None:
    made = plan(with_network(interface_endpoints=("sts", "ec2")))
    needed = len(made.network.gateway_endpoints)
    others = [{"VpcId": "vpc-1"}] * (21 - needed)
    account.answers("DescribeVpcs", {"Vpcs": []})
    account.answers("DescribeVpcEndpoints", {"VpcEndpoints": others})
    with_quotas(account, {"L-1B52E74A": 20, "L-29B6F2EB": 1})
    gateways, interfaces = account.found(quotas.endpoints, made)
    assert (gateways.status, interfaces.status) == ("problem", "problem")
    assert interfaces.what == "interface endpoints in a VPC: 0 of 1 in use, the cluster needs 2 more"


def test_the_account_counts_its_roles(account: Account, small: Plan) -> None:
    """The control plane's, that of the nodes, and that of the network plugin."""
    account.answers("GetAccountSummary", {"SummaryMap": {"Roles": 998, "RolesQuota": 1000}})
    found = worst(account.found(quotas.roles, small))
    assert (found.status, found.what) == (
        "problem",
        "roles of the account: 998 of 1000 in use, the cluster needs 3 more",
    )
    account.answers("GetAccountSummary", {"SummaryMap": {"Roles": 997, "RolesQuota": 1000}})
    assert statuses(account.found(quotas.roles, small)) == ["ok"]


def test_what_no_quota_is_known_of_is_said(account: Account, small: Plan) -> None:
    (found,) = account.found(quotas.others, small)
    assert found.status == "unchecked"
    assert "EC2::SecurityGroup" not in found.what  # it has no endpoints, so no group of its own
    assert all(kind in found.what for kind in ("EC2::LaunchTemplate", "KMS::Key", "Logs::LogGroup"))
    assert "EKS::Cluster" not in found.what


# --- vCPUs ---


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        *(("m7g.large", "standard"), ("t4g.nano", "standard"), ("d3en.xlarge", "standard"), ("z1d.large", "standard")),
        *(
            ("im4gn.large", "standard"),
            ("is4gen.large", "standard"),
            ("i3.large", "standard"),
            ("hs1.8xlarge", "standard"),
        ),
        *(("inf2.xlarge", "inf"), ("trn1.2xlarge", "trn"), ("dl1.24xlarge", "dl"), ("hpc7a.12xlarge", "hpc")),
        *(("vt1.3xlarge", "g and vt"), ("gr6.4xlarge", "g and vt"), ("p5.48xlarge", "p"), ("p6e-gb200.36xlarge", "p")),
        *(
            ("u7i-12tb.224xlarge", "high memory"),
            ("u-6tb1.metal", "high memory"),
            ("x2gd.medium", "x"),
            ("f2.6xlarge", "f"),
        ),
        ("mac2.metal", ""),
    ],
)
def test_the_family_of_an_instance_type(instance_type: str, expected: str) -> None:
    assert family(instance_type) == expected


def test_every_instance_type_of_ec2_has_a_family_but_macs() -> None:
    shape = get_session().get_service_model("ec2").shape_for("InstanceType")
    assert isinstance(shape, StringShape)
    known = shape.enum
    assert len(known) > 900
    assert {name.partition(".")[0][:3] for name in known if not family(name)} == {"mac"}


def running(instance_type: str, *tags: str, spot: bool = False, tenancy: str = "default") -> dict[str, Any]:
    instance: dict[str, Any] = {
        "InstanceType": instance_type,
        "Placement": {"Tenancy": tenancy},
        "Tags": [{"Key": key, "Value": "x"} for key in tags],
    }
    return {**instance, "InstanceLifecycle": "spot"} if spot else instance


def with_instances(account: Account, *instances: dict[str, Any], quota: int = 32) -> None:
    account.answers("DescribeInstances", {"Reservations": [{"Instances": list(instances)}]})
    account.answers("GetServiceQuota", {"Quota": {"Value": float(quota)}})


def test_vcpus_of_the_groups_and_of_what_runs(account: Account, small: Plan) -> None:
    """Two to three m7g.large of 2 vCPUs each, beside 4 + 8 that run; spot and GPUs have quotas of their own."""
    others = ("m5.xlarge", "c7g.2xlarge")
    with_instances(account, *map(running, others), running("m5.xlarge", spot=True), running("g4dn.xlarge"))
    (found,) = account.found(vcpus.vcpus, small)
    assert found.what == "vCPUs of on-demand standard instances: 12 of 32 in use, the cluster needs 4 to 6 more"
    assert found.status == "ok"


@pytest.mark.parametrize(("quota", "status"), [(17, "warning"), (15, "problem"), (18, "ok")])
def test_room_for_min_is_needed_room_for_max_wanted(quota: int, status: str, account: Account, small: Plan) -> None:
    with_instances(account, running("m5.xlarge"), running("c7g.2xlarge"), quota=quota)
    assert statuses(account.found(vcpus.vcpus, small)) == [status]


def test_own_nodes_are_not_counted_twice_but_karpenters_are(account: Account, small: Plan) -> None:
    own = running("m7g.large", "kubernetes.io/cluster/dev", "aws:autoscaling:groupName")
    other = running("m7g.large", "kubernetes.io/cluster/prod", "aws:autoscaling:groupName")
    karpenter = running("m7g.large", "kubernetes.io/cluster/dev", "karpenter.sh/nodepool")
    with_instances(account, own, own, other, karpenter, running("m7g.large", tenancy="host"))
    (found,) = account.found(vcpus.vcpus, small)
    assert ": 4 of 32 in use" in found.what


def test_spot_has_a_quota_of_its_own(account: Account) -> None:
    with_instances(account, running("m7g.large"), running("m7g.large", spot=True))
    asked: list[str] = []

    def quota(given: Any) -> dict[str, Any]:
        asked.append(given["QuotaCode"])
        return {"Quota": {"Value": 32.0}}

    account.answers("GetServiceQuota", quota)
    types = ("m7g.large", "m6g.2xlarge")
    (found,) = account.found(vcpus.vcpus, plan(with_nodes(capacity="SPOT", instance_types=types)))
    assert found.what == "vCPUs of spot standard instances: 2 of 32 in use, the cluster needs 4 to 24 more"
    assert asked == ["L-34B43A08"]


def test_groups_add_up(account: Account) -> None:
    group = ManagedNodes("more", instance_types=("g5g.xlarge",), min=1, max=2, device_plugin="elsewhere")
    both = plan(changed(SMALL, compute=(*SMALL.compute, group)))
    with_instances(account)
    assert [found.what for found in account.found(vcpus.vcpus, both)] == [
        "vCPUs of on-demand g and vt instances: 0 of 32 in use, the cluster needs 4 to 8 more",
        "vCPUs of on-demand standard instances: 0 of 32 in use, the cluster needs 4 to 6 more",
    ]


def test_a_family_without_a_quota_is_unknown(account: Account) -> None:
    with_instances(account)
    found = worst(account.found(vcpus.vcpus, plan(with_nodes(instance_types=("hpc7a.12xlarge",), capacity="SPOT"))))
    assert (found.status, found.what) == ("unknown", "vCPUs of spot hpc instances")


def test_p5_on_spot_has_a_quota_of_its_own() -> None:
    """Names of Service Quotas: one is of P4, P3 and P2, the other of P5 alone."""
    assert QUOTAS[counted("p5.48xlarge", "SPOT")].name == "All P5 Spot Instance Requests"
    assert QUOTAS[counted("p4d.24xlarge", "SPOT")].name == "All P4, P3 and P2 Spot Instance Requests"
    assert QUOTAS[counted("p5.48xlarge", "ON_DEMAND")].name == "Running On-Demand P instances"


POOLS = Karpenter(
    node_pools=(
        NodePool(max_cpu=20, capacity=("ON_DEMAND", "SPOT")),
        NodePool("gpu", max_cpu=50, categories=("g",), device_plugin="elsewhere"),
    )
)


def test_pools_of_karpenter_count_up_to_their_limits(account: Account) -> None:
    """Two to three m7g.large, and whatever the pools may launch; what they launched already is theirs."""
    made = plan(with_addons(POOLS))
    own = running("m7g.4xlarge", "kubernetes.io/cluster/dev")
    own["Tags"].append({"Key": "karpenter.sh/nodepool", "Value": "default"})
    with_instances(account, own, running("m7g.large"), quota=24)
    found = account.found(vcpus.vcpus, made)
    assert [(one.status, one.what) for one in found] == [
        ("warning", "vCPUs of on-demand g and vt instances: 0 of 24 in use, the cluster needs 0 to 50 more"),
        ("warning", "vCPUs of on-demand standard instances: 2 of 24 in use, the cluster needs 4 to 26 more"),
        ("ok", "vCPUs of spot standard instances: 0 of 24 in use, the cluster needs 0 to 20 more"),
    ]


def test_auto_mode_needs_room_for_a_node(account: Account) -> None:
    """Its pools have no limits."""
    with_instances(account, running("m7g.large"), quota=4)
    (found,) = account.found(vcpus.vcpus, plan(AUTO))
    what = "vCPUs of on-demand standard instances: 2 of 4 in use, the cluster needs 2 more"
    assert (found.status, found.what) == ("ok", f"{what}; pools of Auto Mode have no limit but the quota")
    with_instances(account, running("m7g.large"), quota=3)
    assert worst(account.found(vcpus.vcpus, plan(AUTO))).status == "problem"


def test_pods_on_fargate_have_vcpus_of_their_own(account: Account) -> None:
    """Two of CoreDNS, which ask for 100m each and get 0.25."""
    made = plan(with_addons(CoreDns(), base=FARGATE))
    with_quotas(account, {"L-3032A538": 0})
    found = worst(account.found(fargate.vcpus, made))
    assert (found.status, found.what) == (
        "problem",
        "vCPUs of Fargate in the region: 0 in all, pods of add-ons and teams need 0.5",
    )
    with_quotas(account, {"L-3032A538": 1})
    assert statuses(account.found(fargate.vcpus, made)) == ["ok"]


def test_without_fargate_its_quota_is_not_asked_for(account: Account, small: Plan) -> None:
    assert account.found(fargate.vcpus, small) == []
    assert account.calls == []


def test_without_nodes_no_instance_is_looked_at(account: Account) -> None:
    assert account.found(vcpus.vcpus, plan(FARGATE)) == []
    assert account.calls == []


# --- OpenID Connect providers ---

ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"


def test_a_new_cluster_brings_a_provider(account: Account, small: Plan, make: Writers) -> None:
    make.iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ThumbprintList=["0" * 40])
    account.answers("GetServiceQuota", {"Quota": {"Value": 100.0}})
    del account.aws.quotas  # that of the cluster's region does not know IAM's
    (found,) = account.found(quotas.identity_providers, small)
    assert (found.status, found.what) == (
        "ok",
        "OpenID Connect providers of the account: 1 of 100 in use, the cluster needs 1 more",
    )


def test_one_too_many(account: Account, small: Plan, make: Writers) -> None:
    for number in range(3):
        make.iam.create_open_id_connect_provider(Url=f"https://{ISSUER}{number}", ThumbprintList=["0" * 40])
    account.answers("GetServiceQuota", {"Quota": {"Value": 3.0}})
    found = worst(account.found(quotas.identity_providers, small))
    assert found.status == "problem"
    assert found.fix.endswith("--service-code iam --quota-code L-858F3967 --desired-value 4 --region us-east-1")


def test_the_clusters_own_is_not_counted_twice(account: Account, small: Plan, make: Writers) -> None:
    make.iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ThumbprintList=["0" * 40])
    account.answers("GetServiceQuota", {"Quota": {"Value": 1.0}})
    live(account, small, identity={"oidc": {"issuer": f"https://{ISSUER}"}})
    assert statuses(account.found(quotas.identity_providers, small)) == ["ok"]
    account.aws._answers.clear()
    live(account, small, identity={"oidc": {"issuer": f"https://{ISSUER[:-1]}0"}})
    assert statuses(account.found(quotas.identity_providers, small)) == ["problem"]


def test_quotas_of_iam_stand_in_one_region_of_the_partition() -> None:
    """Where botocore's endpoints have IAM; it has none of some partitions."""
    partitions = get_session().get_data("endpoints")["partitions"]
    regions = {each["partition"]: sorted(each["regions"]) for each in partitions}
    for each in partitions:
        iam = each["services"].get("iam", {})
        home = iam.get("endpoints", {}).get(iam.get("partitionEndpoint"), {}).get("credentialScope", {}).get("region")
        for region in regions[each["partition"]]:
            assert iam_region(region) == (home or region)
