"""IPv6 clusters, and networks with both families: what they need, and what the report refuses.

https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html unless another source stands there.
"""

from __future__ import annotations

from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import core
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import (
    AutoMode,
    Blueprint,
    Cluster,
    ExistingNetwork,
    ExistingSubnet,
    ManagedNodes,
    PublicEndpoint,
    Role,
    plan,
)
from blueprint.instances import FIRST_NITRO_GENERATION, TYPES, is_nitro
from blueprint.node_pool import NodePool
from blueprint.planning.file import dumped, loaded
from blueprint.references import resolved
from blueprint.teams import (
    ApplicationTeam,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    ToAwsServices,
    ToInternet,
    ToRange,
)
from examples.existing_vpc import EXISTING_VPC
from examples.ipv6 import IPV6
from tests.blueprint.examples import SMALL, TABLE, TEAM, assert_reported, changed, error_of, mistake, part, with_network
from tests.blueprint.test_instances import types

CLUSTER = Cluster(version="1.35", admins=(Role("BreakGlass"),), ip_family="ipv6")
DUAL = with_network(ipv6=True)
BASE = changed(DUAL, cluster=CLUSTER)


def owned(cluster: Cluster = CLUSTER, **fields: Any) -> Blueprint:
    """In a VPC that is there already, whose subnets have both families."""
    there = EXISTING_VPC.network
    assert isinstance(there, ExistingNetwork)
    network = changed(there, pods=(), cidrs=("10.0.0.0/16",), ipv6_cidrs=("2600:1f14:12:3400::/56",))
    numbered = {subnet.id: number for number, subnet in enumerate(network.placed.values())}
    for name in ("nodes", "load_balancers", "internal_load_balancers", "control_plane"):
        subnets = tuple(
            changed(each, ipv6_cidr=f"2600:1f14:12:34{numbered[each.id]:02x}::/64") for each in getattr(network, name)
        )
        network = changed(network, **{name: subnets})
    return changed(SMALL, cluster=cluster, network=changed(network, **fields))


def cni(**fields: Any) -> Blueprint:
    return changed(BASE, addons=core(changed(VpcCni(), **fields)))


MISTAKES = [
    mistake("no IPv6 in the network", changed(SMALL, cluster=CLUSTER), "cluster.ip_family", "have none", "ipv6=True"),
    mistake(
        "no IPv6 in a VPC that is there",
        changed(EXISTING_VPC, cluster=CLUSTER, teams=(), addons=core(), network=changed(EXISTING_VPC.network, pods=())),
        "cluster.ip_family",
        "have none",
        "write ipv6_cidrs",
    ),
    mistake(
        "addresses of Services",
        changed(BASE, cluster=changed(CLUSTER, service_cidr="10.100.0.0/16")),
        "cluster.service_cidr",
        "EKS chooses",
        "leave it out",
    ),
    mistake(
        "custom networking",
        changed(BASE, network=changed(DUAL.network, pod_cidr="100.64.0.0/16")),
        "network.pod_cidr",
        "for IPv4 alone",
        "leave pod_cidr out",
    ),
    mistake(
        "nodes of Xen",
        changed(BASE, compute=(ManagedNodes("old", instance_types=("m5.large", "t2.large")),)),
        "compute[0].instance_types",
        "take no prefixes: t2.large",
        '"m7g.large"',
    ),
    mistake(
        "node pools of Xen",
        changed(BASE, addons=(*core(), Karpenter(node_pools=(NodePool(min_generation=4),)))),
        "addons[7].node_pools[0].min_generation",
        "Nitro",
        "5 or more",
    ),
    mistake(
        "a family for the CNI",
        cni(configuration={"env": {"ENABLE_IPv6": "true"}}),
        "addons[0].configuration['env']['ENABLE_IPv6']",
        "EKS sets it",
        "leave it out",
    ),
    mistake(
        "no prefixes",
        cni(configuration={"env": {"ENABLE_PREFIX_DELEGATION": "false"}}),
        "addons[0].configuration['env']['ENABLE_PREFIX_DELEGATION']",
        "prefixes alone",
        "leave it out",
    ),
    mistake(
        "IPv4 beside IPv4",
        changed(SMALL, addons=core(VpcCni(ipv4_egress=True))),
        "addons[0].ipv4_egress",
        "no other addresses",
        "leave it out",
    ),
    mistake(
        "teams, and nothing said of IPv4",
        changed(BASE, teams=(TEAM,)),
        "teams[0]",
        "no network policy of an IPv6 cluster holds for IPv4",
        "VpcCni(ipv4_egress=False)",
    ),
    mistake(
        "both families without IPv6",
        changed(SMALL, addons=(*core(), AwsLoadBalancerController(ip_address_type="dualstack"))),
        "addons[7].ip_address_type",
        "have none",
        "ipv6=True",
    ),
    mistake(
        "IPv4 before IPv6",
        changed(BASE, addons=(*core(), AwsLoadBalancerController(ip_address_type="ipv4"))),
        "addons[7].ip_address_type",
        "both families alone",
        "leave it out",
    ),
    mistake(
        "a subnet without",
        owned(endpoints=(), nodes=(ExistingSubnet("subnet-0a1d4c7e9b2f53609", "a", "10.0.48.0/20"),)),
        "network.nodes[0].ipv6_cidr",
        "need one as well",
        "leave ipv6_cidrs out",
    ),
    mistake(
        "a subnet of another range",
        owned(ipv6_cidrs=("2600:1f14:12:3500::/56",), load_balancers=(), internal_load_balancers=(), control_plane=()),
        "network.nodes[0].ipv6_cidr",
        "outside of the VPC (2600:1f14:12:3500::/56)",
        "correct it",
    ),
    mistake("host bits", owned(ipv6_cidrs=("2600::1/56",)), "network.ipv6_cidrs[0]", "no host bits", "::/56"),
    mistake("IPv4 range", owned(ipv6_cidrs=("10.0.0.0/16",)), "network.ipv6_cidrs[0]", "IPv6 network", "::/56"),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    found = [problem for problem in error_of(blueprint).problems if problem.place.endswith(place)]
    assert found, [problem.place for problem in error_of(blueprint).problems]
    assert rule in found[0].rule
    assert fix in found[0].fix


def test_hypervisors_of_types() -> None:
    """Those that EC2 itself says, of which moto has the answers; bare metal has none."""
    known = {name: each.get("Hypervisor") for name, each in types().items()}
    assert [name for name, hypervisor in known.items() if is_nitro(name) != (hypervisor != "xen")] == []
    old = [name for name in TYPES if not is_nitro(name)]
    assert max(int(next(c for c in name if c.isdigit())) for name in old) < FIRST_NITRO_GENERATION


def test_nodes_have_room_for_as_many_pods_as_with_prefixes() -> None:
    assert plan(BASE).facts.prefix_delegation
    made = plan(IPV6)
    (general,) = (each for each in made.compute if each.name == "general")
    assert "maxPodsExpression" in general.launch.user_data  # type: ignore[union-attr]  # it is a group of nodes


def test_the_cni_is_told_nothing_that_eks_says() -> None:
    (addon,) = (each for each in part(plan(BASE), "vpc-cni").managed_addons)
    assert addon.configuration == {"enableNetworkPolicy": "true"}
    assert addon.grant
    assert addon.grant.managed_policies == ()
    (shut,) = part(plan(cni(ipv4_egress=False, prefix_delegation=True)), "vpc-cni").managed_addons
    assert shut.configuration["env"] == {"ENABLE_V4_EGRESS": "false"}
    (other,) = part(plan(DUAL), "vpc-cni").managed_addons
    assert other.grant
    assert other.grant.managed_policies == ("AmazonEKS_CNI_Policy",)


def test_services_may_be_anywhere() -> None:
    """Of them EKS says the addresses: fd00::/8."""
    inside = changed(BASE, network=changed(DUAL.network, cidr="172.20.0.0/16"))
    assert plan(inside).control_plane.service_cidr == ""


def test_auto_mode_and_its_load_balancers() -> None:
    made = plan(changed(BASE, compute=(AutoMode(),), addons=()))
    (params,) = (one for one in made.addons[0].contribution.objects if one["kind"] == "IngressClassParams")
    assert resolved(params["spec"], {}) == {"ipAddressType": "dualstack"}
    quiet = plan(changed(DUAL, compute=(AutoMode(),), addons=()))
    assert not [one for one in quiet.addons[0].contribution.objects if one["kind"] == "IngressClassParams"]


EDGES = (
    FromLoadBalancer(ports=(8080,)),
    FromInternalLoadBalancer(ports=(9090,)),
    ToInternet(),
    ToRange("10.9.0.0/24", ports=(5432,)),
    ToRange("2001:db8::/32", ports=(5432,)),
)


def declared(blueprint: Blueprint, *edges: Any) -> dict[str, Any]:
    """What a team's network policy opens."""
    team = ApplicationTeam("shop", developers=TEAM.developers, network=edges)
    found = plan(changed(blueprint, teams=(team,))).teams[0].contribution.objects
    (spec,) = (one["spec"] for one in found if one["metadata"]["name"] == "declared")
    answer: dict[str, Any] = resolved(spec, {"vpc-ipv6-range": "VPC"})
    return answer


def test_policies_are_of_the_family_of_pods() -> None:
    """The agent skips rules of the other: aws-network-policy-agent pkg/fwruleprocessor/fw_rule_processor.go
    (shouldSkipRule). Exceptions it takes of both, so none of IPv4 stands beside IPv6.
    """
    base = changed(owned(), addons=core(VpcCni(ipv4_egress=False)))
    spec = declared(base, *EDGES)
    blocks = [peer["ipBlock"] for rule in spec["ingress"] for peer in rule["from"]]
    assert [each["cidr"] for each in blocks] == [f"2600:1f14:12:34{number:02x}::/64" for number in (2, 3, 4, 5)]
    internet, database = (rule["to"][0]["ipBlock"] for rule in spec["egress"])
    assert internet["cidr"] == "::/0"
    assert internet["except"][-1] == "2600:1f14:12:3400::/56"
    assert all(":" in each for each in internet["except"])
    assert database == {"cidr": "2001:db8::/32"}
    old = declared(owned(changed(CLUSTER, ip_family="ipv4")), *EDGES)
    blocks = [
        peer["ipBlock"] for way, peers in (("ingress", "from"), ("egress", "to")) for r in old[way] for peer in r[peers]
    ]
    assert not [each for each in blocks if ":" in each["cidr"]]
    assert len(blocks) == 6


def test_endpoints_are_reached_by_ipv4_which_no_policy_holds() -> None:
    base = changed(
        BASE, addons=core(VpcCni(ipv4_egress=True)), network=changed(DUAL.network, interface_endpoints=("sts",))
    )
    assert declared(base, ToAwsServices())["egress"] == []


@pytest.mark.parametrize(
    "cidr", ["fd00:ec2::/32", "fd00:ec2::254/128", "fe80::/64", "64:ff9b::/96", "::1/128", "ff02::/16"]
)
def test_no_range_holds_what_a_node_answers(cidr: str) -> None:
    team = changed(TEAM, network=(ToRange(cidr, ports=(80,)),))
    assert_reported(changed(SMALL, teams=(team,)), "teams[0].network[0].cidr", "must hold no address", "no wider")


@pytest.mark.parametrize("cidr", ["2600::/12", "::/0", "2600::1/56", "2600::", "fe80::1%eth0/64"])
def test_ranges_that_are_none(cidr: str) -> None:
    team = changed(TEAM, network=(ToRange(cidr, ports=(80,)),))
    assert_reported(changed(SMALL, teams=(team,)), "teams[0].network[0].cidr", "IPv6 /16 or smaller", "::/56")


def test_the_api_answers_both_families() -> None:
    """As botocore 1.44.5 has it: eks/2017-11-01, VpcConfigRequest.publicAccessCidrs."""
    both = ("203.0.113.0/24", "2001:db8:12::/48")
    made = plan(changed(BASE, addons=core(), cluster=changed(CLUSTER, endpoint=PublicEndpoint(allow=both))))
    assert made.control_plane.public_ranges == both


@pytest.mark.parametrize("blueprint", [IPV6, owned()], ids=["made", "there"])
def test_its_document_can_be_read_again(blueprint: Blueprint) -> None:
    made = plan(blueprint)
    assert loaded(dumped(made)) == made
