"""A VPC that is there already: what of it may be said, and what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import AutoMode, Blueprint, ExistingNetwork, ExistingSubnet, ManagedNodes, SelfManagedNodes, plan
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.planning.document import Plan
from blueprint.planning.file import dumped, loaded
from blueprint.references import CLUSTER_SECURITY_GROUP
from blueprint.teams import ApplicationTeam, FromInternalLoadBalancer, FromLoadBalancer
from examples.existing_vpc import EXISTING_VPC
from tests.blueprint.examples import (
    SMALL,
    TABLE,
    TEAM,
    assert_reported,
    changed,
    mistake,
    part,
    places,
    with_cluster,
)


def subnet(digit: str, zone: str, cidr: str) -> ExistingSubnet:
    return ExistingSubnet(f"subnet-{digit * 17}", zone, cidr)


NODES = (subnet("1", "a", "10.0.0.0/18"), subnet("2", "b", "10.0.64.0/18"))
PUBLIC = (subnet("3", "a", "10.0.128.0/24"), subnet("4", "b", "10.0.129.0/24"))
INTERNAL = (subnet("5", "a", "10.0.130.0/24"), subnet("6", "b", "10.0.131.0/24"))
OF_EKS = (subnet("7", "a", "10.0.132.0/28"), subnet("8", "b", "10.0.132.16/28"))
PODS = (subnet("a", "a", "10.0.240.0/24"), subnet("b", "b", "10.0.241.0/24"))
NETWORK = ExistingNetwork("vpc-" + "0" * 17, ("10.0.0.0/16",), NODES, PUBLIC)
THERE = replace(SMALL, network=NETWORK)


def existing(**fields: Any) -> Blueprint:
    """SMALL in a VPC that is there already, with these fields."""
    return replace(SMALL, network=changed(NETWORK, **fields))


MISTAKES = [
    mistake("id of a subnet", existing(vpc_id=NODES[0].id), "network.vpc_id", "id of a VPC", "vpc-0a1b2c3d4e5f60718"),
    mistake("name", existing(vpc_id="shared-services"), "network.vpc_id", "id of a VPC", "vpc-0a1b2c3d4e5f60718"),
    mistake("capitals", existing(vpc_id="vpc-0A1B2C3D4E5F60718"), "network.vpc_id", "id of a VPC", "vpc-0a1b"),
    mistake("no range", existing(cidrs=()), "network.cidrs", "must not be empty", "at least one"),
    mistake("one range as text", existing(cidrs="10.0.0.0/16"), "network.cidrs", "a tuple", "cidrs=('10.0.0.0/16',)"),
    mistake("public range", existing(cidrs=("8.8.0.0/16",)), "network.cidrs[0]", "private (RFC 1918)", "172.16.0.0/12"),
    mistake("/15", existing(cidrs=("10.0.0.0/15",)), "network.cidrs[0]", "/16 to /28", "as the VPC has it"),
    mistake(
        "ranges that overlap",
        existing(cidrs=("10.0.0.0/16", "100.64.0.0/16", "10.0.128.0/17")),
        "network.cidrs[2]",
        "overlaps 10.0.0.0/16",
        "correct one",
    ),
    mistake("no nodes", existing(nodes=()), "network.nodes", "must not be empty", "at least one"),
    mistake("ids of nodes", existing(nodes=(NODES[0].id,)), "network.nodes[0]", "ExistingSubnet", "ExistingSubnet(…)"),
    mistake(
        "nodes and EKS in one zone",
        existing(nodes=NODES[:1]),
        "network.nodes",
        "two zones for the control plane",
        "others in control_plane",
    ),
    mistake(
        "id of a VPC",
        existing(nodes=(changed(NODES[0], id=NETWORK.vpc_id), NODES[1])),
        "network.nodes[0].id",
        "id of a subnet",
        "subnet-0a1b2c3d4e5f60718",
    ),
    mistake(
        "name of a zone",
        existing(nodes=(changed(NODES[0], zone="us-west-2a"), NODES[1])),
        "network.nodes[0].zone",
        "by its letter",
        'write "a"',
    ),
    mistake(
        "outside of the VPC",
        existing(nodes=(changed(NODES[0], cidr="10.1.0.0/18"), NODES[1])),
        "network.nodes[0].cidr",
        "outside of the VPC (10.0.0.0/16)",
        "add the range to cidrs",
    ),
    mistake(
        "subnets that overlap",
        existing(control_plane=(subnet("7", "a", "10.0.64.0/28"), OF_EKS[1])),
        "network.control_plane[0].cidr",
        "overlaps 10.0.64.0/18",
        "correct one",
    ),
    mistake(
        "a subnet twice",
        existing(nodes=(*NODES, changed(NODES[0], zone="c"))),
        "network.nodes[2].id",
        "no duplicate",
        "remove",
    ),
    mistake(
        "public and private",
        existing(load_balancers=(PUBLIC[0], NODES[1])),
        "network.load_balancers[1].id",
        "public or private, and this one stands in nodes as well",
        "another subnet",
    ),
    mistake(
        "EKS in a public one",
        existing(control_plane=(PUBLIC[0], OF_EKS[1])),
        "network.control_plane[0].id",
        "stands in load_balancers as well",
        "another subnet",
    ),
    mistake(
        "internal ones in public",
        existing(internal_load_balancers=(PUBLIC[0], INTERNAL[1])),
        "network.internal_load_balancers[0].id",
        "stands in load_balancers as well",
        "another subnet",
    ),
    mistake(
        "another range of the same",
        existing(control_plane=(changed(NODES[0], cidr="10.0.200.0/24"), NODES[1])),
        "network.control_plane[0].id",
        "another zone or range in nodes",
        "the same in both",
    ),
    mistake(
        "two of a zone",
        existing(load_balancers=(*PUBLIC, subnet("5", "b", "10.0.130.0/24"))),
        "network.load_balancers",
        "one subnet of a zone",
        "one of each",
    ),
    mistake(
        "two internal ones of a zone",
        existing(internal_load_balancers=(*INTERNAL, subnet("7", "b", "10.0.132.0/24"))),
        "network.internal_load_balancers",
        "one subnet of a zone",
        "one of each",
    ),
    mistake(
        "load balancers in one zone",
        existing(load_balancers=PUBLIC[:1]),
        "network.load_balancers",
        "two zones at least",
        "leave the field out",
    ),
    mistake(
        "EKS in one zone",
        existing(control_plane=(OF_EKS[0], subnet("9", "a", "10.0.133.0/28"))),
        "network.control_plane",
        "two zones at least",
        "leave the field out",
    ),
    mistake(
        "endpoints",
        existing(internet=False, interface_endpoints=("ec2",)),
        "network.interface_endpoints",
        "missing: ecr.api, ecr.dkr, eks, lambda",
        "or write internet=True",
    ),
    mistake(
        "a zone without pods",
        existing(pods=PODS[:1]),
        "network.pods",
        "pods of nodes in zone b would get no addresses",
        "each zone of the nodes",
    ),
    mistake(
        "two subnets for pods of a zone",
        existing(pods=(*PODS, subnet("c", "b", "10.0.242.0/24"))),
        "network.pods",
        "pods of a zone have one subnet",
        "one of each",
    ),
    mistake(
        "pods among the nodes",
        existing(pods=(NODES[0], PODS[1])),
        "network.pods[0].id",
        "pods have subnets of their own there, and this one stands in nodes as well",
        "another subnet",
    ),
    mistake(
        "Auto Mode's pods",
        replace(existing(pods=PODS), compute=(AutoMode(),), addons=()),
        "network.pods",
        "built-in node pools",
        "leave pods out",
    ),
    mistake(
        "Bottlerocket that counts",
        replace(
            existing(pods=PODS),
            compute=(SelfManagedNodes("own", instance_types=("m7g.large",), os="BOTTLEROCKET", min=1, max=2),),
        ),
        "compute[0].os",
        "one of each node is not for pods",
        "prefix_delegation=True",
    ),
    mistake("zones", existing(zones=("a", "b")), "network.zones", "unknown field", "each subnet says its own"),
    mistake("one range", existing(cidr="10.0.0.0/16"), "network.cidr", "unknown field", "cidrs="),
    mistake(
        "Services in the second range",
        replace(existing(cidrs=("10.0.0.0/16", "172.20.0.0/16"))),
        "cluster.service_cidr",
        "outside the VPC (172.20.0.0/16)",
        "another private range",
    ),
    mistake(
        "subnets of the control plane",
        replace(with_cluster(subnets="private"), network=NETWORK),
        "cluster.subnets",
        "the network says",
        "leave it out",
    ),
    mistake(
        "Auto Mode beside its control plane",
        replace(existing(control_plane=OF_EKS), compute=(AutoMode(),), addons=()),
        "network.control_plane",
        "not for nodes",
        "leave control_plane out",
    ),
    mistake(
        "no public subnets",
        replace(existing(load_balancers=()), teams=(changed(TEAM, network=(FromLoadBalancer(ports=(80,)),)),)),
        "teams[0].network[0]",
        "no subnets for load balancers",
        "FromInternalLoadBalancer",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_network_hides_no_other_mistake() -> None:
    wrong = changed(existing(vpc_id="x", nodes=(changed(NODES[0], cidr="x"), NODES[1])), name="?", teams=("x",))
    assert places(wrong) == ["name", "teams[0]", "network.vpc_id", "network.nodes[0].cidr"]


def test_nothing_of_it_is_made() -> None:
    network = plan(THERE).network
    assert network.vpc_id == NETWORK.vpc_id
    made = (network.nat_gateways, network.gateway_endpoints, network.flow_logs, network.zones_in_reserve)
    assert made == (0, (), None, 0)
    assert dict(network.subnet_tags) == {}


def of(made: Plan, kind: str) -> list[str]:
    return [each.id for each in made.network.subnets if each.kind == kind]


def ids(subnets: tuple[ExistingSubnet, ...]) -> list[str]:
    return [each.id for each in subnets]


def test_each_stands_where_the_blueprint_says() -> None:
    made = plan(existing(internal_load_balancers=INTERNAL, control_plane=OF_EKS))
    kinds = {"private": NODES, "public": PUBLIC, "internal": INTERNAL, "control-plane": OF_EKS}
    assert {kind: of(made, kind) for kind in kinds} == {kind: ids(given) for kind, given in kinds.items()}
    assert [each.id for each in made.control_plane.subnets] == ids(OF_EKS)
    assert [each.id for each in made.network.internal_load_balancers] == ids(INTERNAL)
    assert {each.zone for each in made.network.subnets} == {*made.network.zones} == {"us-west-2a", "us-west-2b"}


def test_what_is_not_named_stands_among_the_nodes() -> None:
    made = plan(THERE)
    assert [each.id for each in made.control_plane.subnets] == ids(NODES)
    assert [each.id for each in made.network.internal_load_balancers] == ids(NODES)


def test_private_ones_may_be_shared_and_are_there_once() -> None:
    """Two of three zones of the nodes are those of the control plane, before and after the third came."""
    third = subnet("9", "c", "10.0.192.0/19")
    made = plan(existing(nodes=(*NODES, third), control_plane=NODES, internal_load_balancers=NODES))
    assert of(made, "private") == ids((*NODES, third))
    assert of(made, "control-plane") == of(made, "internal") == []
    assert [each.id for each in made.control_plane.subnets] == ids(NODES)


def test_a_zone_may_have_several_subnets_of_nodes() -> None:
    """Auto Scaling groups and node groups take any number of them; load balancers do not."""
    made = plan(existing(nodes=(*NODES, subnet("9", "a", "10.0.192.0/19"))))
    assert of(made, "private") == [*ids(NODES), "subnet-" + "9" * 17]


def test_nodes_may_be_in_one_zone() -> None:
    made = plan(existing(nodes=NODES[:1], control_plane=OF_EKS))
    assert of(made, "private") == ids(NODES[:1])


def policy(made: Plan) -> Any:
    (found,) = (
        each for each in part(made, "shop").objects if each["kind"] == "NetworkPolicy" and "declared" in str(each)
    )
    return [[peer["ipBlock"]["cidr"] for peer in rule["from"]] for rule in found["spec"]["ingress"]]


def test_edges_of_teams_name_its_subnets() -> None:
    edges = (FromLoadBalancer(ports=(8080,)), FromInternalLoadBalancer(ports=(9090,)))
    team = changed(TEAM, name="shop", network=edges)
    alone = plan(replace(existing(internal_load_balancers=INTERNAL), teams=(team,)))
    among_pods = plan(replace(THERE, teams=(team,)))
    assert policy(alone) == [[each.cidr for each in PUBLIC], [each.cidr for each in INTERNAL]]
    assert policy(among_pods) == [[each.cidr for each in PUBLIC], [each.cidr for each in NODES]]


def test_add_ons_know_the_vpc_and_the_subnets_of_nodes() -> None:
    """The chart's `vpcId`: aws-load-balancer-controller v3.5.0 helm/…/values.yaml; `subnetSelectorTerms` by id:
    karpenter-provider-aws pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml.
    """
    nodes = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
    made = plan(changed(THERE, compute=(nodes,), addons=(*CORE, AwsLoadBalancerController(), Karpenter())))
    (release,) = part(made, "aws-load-balancer-controller").releases
    assert release.values["vpcId"] == NETWORK.vpc_id
    (node_class,) = (each for each in part(made, "karpenter").objects if each["kind"] == "EC2NodeClass")
    assert [dict(term) for term in node_class["spec"]["subnetSelectorTerms"]] == [{"id": each.id} for each in NODES]


def test_pods_have_addresses_of_their_zone_s_subnet() -> None:
    """amazon-vpc-cni-k8s v1.22.4 charts/aws-vpc-cni/templates/eniconfig.yaml makes an ENIConfig for each key of
    eniConfig.subnets; README.md: AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG, ENI_CONFIG_LABEL_DEF.
    """
    made = plan(existing(pods=PODS))
    (addon,) = part(made, "vpc-cni").managed_addons
    assert addon.before_nodes
    configuration = addon.configuration
    assert configuration["eniConfig"] == {
        "create": True,
        "region": "us-west-2",
        "subnets": {
            f"us-west-2{each.zone}": {"id": each.id, "securityGroups": (CLUSTER_SECURITY_GROUP,)} for each in PODS
        },
    }
    assert configuration["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true"
    assert configuration["env"]["ENI_CONFIG_LABEL_DEF"] == "topology.kubernetes.io/zone"
    (elsewhere,) = part(plan(THERE), "vpc-cni").managed_addons
    assert "eniConfig" not in elsewhere.configuration
    assert [each.id for each in made.network.internal_load_balancers] == ids(NODES)


@pytest.mark.parametrize(("pods", "reserved"), [(PODS, "1"), ((), None)])
def test_karpenter_keeps_an_interface_of_each_node_for_itself(
    pods: tuple[ExistingSubnet, ...], reserved: str | None
) -> None:
    """karpenter-provider-aws website/content/en/docs/concepts/nodeclasses.md (RESERVED_ENIS), and its chart."""
    nodes = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
    made = plan(changed(existing(pods=pods), compute=(nodes,), addons=(*CORE, Karpenter())))
    (_, karpenter) = part(made, "karpenter").releases
    assert karpenter.values["settings"].get("reservedENIs") == reserved


def shared(made: ExistingNetwork = NETWORK, **fields: Any) -> Blueprint:
    nodes = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
    network = changed(made, shared=True, **fields)
    return changed(THERE, network=network, compute=(nodes,), addons=(*CORE, AwsLoadBalancerController()))


def test_what_no_tag_tells_is_named() -> None:
    """`scheme` and `subnets.ids` of a class: aws-load-balancer-controller v3.5.0 docs/guide/ingress/ingress_class.md;
    values `ingressClassParams.spec`: its chart's values.yaml.
    """
    both, internal, tagged = plan(shared()), plan(shared(load_balancers=())), plan(THERE)
    schemes = (("internet-facing", tuple(ids(PUBLIC))), ("internal", tuple(ids(NODES))))
    assert both.facts.named_subnets == schemes
    assert internal.facts.named_subnets == schemes[1:]
    assert tagged.facts.named_subnets == ()
    of_class: dict[str, Any] = {}
    for name, made in (("both", both), ("internal", internal)):
        (release,) = part(made, "aws-load-balancer-controller").releases
        of_class[name] = release.values.get("ingressClassParams")
    assert of_class["both"] is None  # a class has subnets for one scheme only
    assert of_class["internal"]["spec"] == {"scheme": "internal", "subnets": {"ids": tuple(ids(NODES))}}


@pytest.mark.parametrize(
    "key", ["alb.ingress.kubernetes.io/subnets", "service.beta.kubernetes.io/aws-load-balancer-subnets"]
)
def test_teams_name_subnets_of_load_balancers_that_they_let_in(key: str) -> None:
    team = ApplicationTeam("shop", developers=TEAM.developers, network=(FromInternalLoadBalancer(ports=(80,)),))
    facts = plan(shared(internal_load_balancers=INTERNAL)).facts
    exposure = team.exposure(facts)

    def refused(value: str) -> bool:
        return bool([*exposure.refused_annotations({key: value})])

    one, other = ids(INTERNAL)
    assert not refused(f"{one},{other}")
    assert not refused(one)
    for value in ("", f"{one},{ids(PUBLIC)[0]}", ids(PUBLIC)[0], ids(NODES)[0], f"{one}x", "*", f"{one},"):
        assert refused(value), value
    assert [*team.exposure(plan(THERE).facts).refused_annotations({key: one})], "tags tell"
    assert [*ApplicationTeam("b", developers=TEAM.developers).exposure(facts).refused_annotations({key: one})]


def test_without_internet_its_endpoints_are_what_is_reached() -> None:
    made = plan(existing(internet=False, interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth")))
    assert made.facts.internet is False
    assert made.network.gateway_endpoints == ("s3",)  # where the layers of images of ECR are


def test_its_document_can_be_read_again() -> None:
    made = plan(EXISTING_VPC)
    assert loaded(dumped(made)) == made


def test_a_team_that_is_let_in_by_its_internal_subnets_needs_no_public_ones() -> None:
    team = ApplicationTeam("shop", developers=TEAM.developers, network=(FromInternalLoadBalancer(ports=(9090,)),))
    made = plan(replace(existing(load_balancers=()), teams=(team,)))
    assert made.facts.load_balancer_ranges == ()
