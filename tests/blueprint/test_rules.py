"""Rules between the parts of a blueprint: ranges, add-ons, teams."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core_dns import CoreDns
from addons.karpenter import Karpenter
from addons.kube_proxy import KubeProxy
from addons.metrics_server import MetricsServer
from addons.vpc_cni import VpcCni
from blueprint import Cluster, ManagedNodes, NewNetwork, Role, plan
from blueprint.addons import EksAddon
from blueprint.planning.document import Skipped
from blueprint.teams import TeamNamespace
from tests.blueprint.examples import (
    AUTO,
    CORE,
    SMALL,
    TABLE,
    TEAM,
    Plain,
    Probe,
    assert_reported,
    changed,
    mistake,
    places,
    with_addons,
    with_network,
    with_teams,
)


class Base(Plain):
    name = "base"


class BetterBase(Base):
    name = "better-base"


class NeedsBase(Plain):
    name = "needs-base"
    requires = (Base,)


class NotWithBase(Plain):
    name = "not-with-base"
    conflicts = (Base,)


class OnlyX86(Probe):
    architectures = frozenset({"amd64"})


class NeedsDns(Plain):
    name = "needs-dns"
    requires = (CoreDns,)


class First(Plain):
    name = "first"


class Second(Plain):
    name = "second"
    requires = (First,)


class Third(Plain):
    name = "third"
    requires = (Second,)


class Unversioned(EksAddon):
    """No Kubernetes version is known for it."""

    name = "unversioned"
    versions = {}


class Alone(Plain):
    name = "alone"


First.requires = (Third,)
Alone.requires = (Alone,)

BOTH = (*SMALL.compute, ManagedNodes("x86", instance_types=("m7i.large",)))
MISTAKES = [
    mistake(
        "Services inside the VPC",
        changed(SMALL, cluster=Cluster("1.35", admins=(Role("A"),), service_cidr="10.0.128.0/20")),
        "cluster.service_cidr",
        "outside the VPC (10.0.0.0/16)",
        "another private range",
    ),
    mistake(
        "VPC inside the Services",
        with_network(cidr="172.20.8.0/21"),
        "cluster.service_cidr",
        "outside the VPC",
        "range",
    ),
    mistake(
        "Auto Mode in the subnets of the control plane",
        changed(AUTO, cluster=changed(AUTO.cluster, subnets="control-plane")),
        "cluster.subnets",
        "Auto Mode's nodes would stand in the control plane's small subnets",
        "leave it out",
    ),
    mistake("no blueprint", 42, "", "must be a Blueprint", 'write Blueprint(name="dev", …)'),
    mistake("an add-on twice", with_addons(VpcCni()), "addons[3]", "addons[0] has it already", "remove one"),
    mistake(
        "twice, set differently", with_addons(VpcCni(network_policy=False)), "addons[3]", "addons[0] has", "remove one"
    ),
    mistake("requires", with_addons(NeedsBase()), "addons[3]", "needs-base requires base", "add Base() to addons"),
    mistake(
        "conflicts", with_addons(NotWithBase(), Base()), "addons[3]", "with base (addons[4])", "remove one of them"
    ),
    mistake(
        "conflicts from behind", with_addons(Base(), NotWithBase()), "addons[4]", "with base (addons[3])", "remove"
    ),
    mistake(
        "conflicts by subclass", with_addons(BetterBase(), NotWithBase()), "addons[4]", "with better-base", "remove"
    ),
    mistake(
        "architecture", with_addons(OnlyX86()), "addons[3]", "no image for arm64, which compute[0] runs", "use amd64"
    ),
    mistake(
        "one of two architectures",
        changed(SMALL, compute=BOTH, addons=(*CORE, OnlyX86())),
        "addons[3]",
        "no image for arm64, which compute[0] runs",
        "use amd64 nodes",
    ),
    mistake("no CNI", changed(SMALL, addons=CORE[1:]), "addons", "never become ready without an add-on", "add *CORE"),
    mistake(
        "no proxy", changed(SMALL, addons=(CORE[0], CORE[2])), "addons", "that is the network of Services", "add *CORE"
    ),
    mistake(
        "Karpenter on Auto Mode",
        with_addons(Karpenter(), base=AUTO),
        "addons[0]",
        "node pools of its own",
        "Karpenter()",
    ),
    mistake(
        "a circle", with_addons(First(), Second(), Third()), "addons", "require each other in a circle", "remove one"
    ),
    mistake(
        "an add-on that requires itself", with_addons(Alone(), Alone()), "addons[4]", "duplicate add-on", "remove one"
    ),
    mistake(
        "no version known",
        with_addons(Unversioned()),
        "addons[3].version",
        "no version of unversioned is known for Kubernetes 1.35",
        "name one",
    ),
    mistake(
        "a team twice",
        with_teams(TEAM, changed(TEAM, namespaces=(TeamNamespace("b"),), developers=(Role("B"),))),
        "teams[1].name",
        "duplicate name of a team",
        "rename",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_both_sides_of_a_relation_in_any_order() -> None:
    for addons in ((NeedsBase(), Base()), (Base(), NeedsBase()), (BetterBase(), NeedsBase())):
        assert plan(with_addons(*addons)).addons[-1].name == "needs-base"


def test_every_lack_is_reported_at_once() -> None:
    bare = changed(SMALL, addons=(NeedsBase(), OnlyX86(), NotWithBase(), BetterBase(), BetterBase()))
    assert places(bare) == ["addons", "addons", "addons[1]", "addons[2]", "addons[2]", "addons[4]"]


def test_one_wrong_add_on_is_one_problem() -> None:
    """What stands on it is not judged: it is listed, only not as it should be."""
    team = changed(TEAM, developers=(Role("A"),))
    for index, wrong in enumerate(CORE):
        addons = [*CORE, AwsLoadBalancerController()]
        addons[index] = changed(wrong, verison="v1.0")
        assert places(changed(SMALL, addons=tuple(addons), teams=(team,))) == [f"addons[{index}].verison"]


def test_one_class_instead_of_an_add_on_is_one_problem() -> None:
    for index, wrong in enumerate(CORE):
        addons: list[object] = [*CORE, AwsLoadBalancerController(), NeedsDns(), CoreDns()]
        addons[index] = type(wrong)
        assert places(changed(SMALL, addons=tuple(addons), teams=(TEAM,))) == [f"addons[{index}]"]


def test_a_circle_hides_no_mistake_of_a_team() -> None:
    circle = with_addons(First(), Second(), Third(), AwsLoadBalancerController())
    assert places(changed(circle, teams=(changed(TEAM, name="kube-payments"),))) == ["teams[0].name", "addons"]


def test_auto_mode_leaves_out_what_it_brings_and_says_why() -> None:
    given = (
        AwsEbsCsiDriver(),
        AwsLoadBalancerController(),
        CoreDns(),
        KubeProxy(),
        VpcCni(),
        MetricsServer(),
        NeedsDns(),
    )
    made = plan(replace(AUTO, addons=given))
    assert made.skipped == (
        Skipped("aws-ebs-csi-driver", "Auto Mode brings block storage"),
        Skipped("aws-load-balancer-controller", "Auto Mode brings load balancing"),
        Skipped("coredns", "Auto Mode brings cluster DNS"),
        Skipped("kube-proxy", "Auto Mode brings service networking"),
        Skipped("vpc-cni", "Auto Mode brings pod networking"),
    )
    assert [part.name for part in made.addons] == ["auto-mode", "metrics-server", "needs-dns"]


def test_beside_other_nodes_auto_mode_leaves_out_nothing() -> None:
    mixed = replace(AUTO, compute=(*AUTO.compute, *SMALL.compute), addons=(*CORE, AwsEbsCsiDriver(), Karpenter()))
    made = plan(mixed)
    assert made.skipped == ()
    assert {"aws-ebs-csi-driver", "karpenter", "vpc-cni"} < {part.name for part in made.addons}


def test_ranges_beside_each_other() -> None:
    assert plan(replace(SMALL, network=NewNetwork(cidr="172.21.0.0/16"))).network.subnets[0].cidr == "172.21.0.0/19"


class OwnNetwork(Plain):
    """Another network of pods than that of the VPC."""

    name = "own-network"
    readies_nodes = "network of pods"


def test_another_add_on_may_be_the_network() -> None:
    made = plan(changed(SMALL, addons=(OwnNetwork(), *CORE[1:])))
    assert {"own-network", "kube-proxy"} <= {each.name for each in made.addons}
