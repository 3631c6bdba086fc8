"""A cluster to which a hub delivers: what is refused of it, and what both must say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.argo_cd_capability import ArgoCdCapability
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.flux import Flux
from addons.karpenter import Karpenter
from blueprint import ArgoCdDelivery, AutoMode, AutoNodeClass, Blueprint, Hub, Iam, KubectlProvider, Role, plan
from blueprint.errors import BlueprintError
from blueprint.node_pool import NodePool
from blueprint.planning.file import dumped, loaded
from blueprint.planning.planner import plans
from examples.hub_and_spokes.fleet import HUB, REPOSITORY, SPOKE
from examples.hub_and_spokes.platform_hub import PLATFORM_HUB
from tests.blueprint.examples import TABLE, assert_reported, changed, mistake
from tests.blueprint.test_existing_network import NETWORK

THERE = replace(SPOKE, network=NETWORK)
"""In a VPC that is there already."""
OWN_POOLS = AutoMode(
    node_pools=(), node_classes=(AutoNodeClass("own"),), own_node_pools=(NodePool("own", node_class="own"),)
)


def spoke(base: Blueprint = SPOKE, **fields: Any) -> Blueprint:
    return changed(base, **fields)


def delivered(**fields: Any) -> Blueprint:
    return spoke(delivery=changed(SPOKE.delivery, **fields))


MISTAKES = [
    mistake("both", delivered(spokes=True), "delivery.spokes", "by its own Argo CD", "leave hub or spokes out"),
    mistake(
        "a hub of the chart",
        replace(
            PLATFORM_HUB,
            addons=(*CORE, ArgoCd(domain="argocd.example.com")),
            delivery=ArgoCdDelivery(REPOSITORY, spokes=True),
        ),
        "delivery.spokes",
        "only Argo CD that AWS runs",
        "ArgoCdCapability(…, role_name",
    ),
    mistake("retained", delivered(retain=True), "delivery.retain", "no template of it", "leave it out"),
    mistake("an ARN", delivered(hub=changed(HUB, role="arn:aws:iam::1:role/a")), "delivery.hub.role", "name", ""),
    mistake(
        "another partition",
        delivered(hub=changed(HUB, region="cn-north-1")),
        "delivery.hub.region",
        "of another partition",
        "a hub of the same",
    ),
    mistake(
        "an account", delivered(hub=changed(HUB, account="1")), "delivery.hub.account", "12 digits", '"111111111111"'
    ),
    mistake(
        "an engine of its own",
        spoke(addons=(*CORE, ArgoCd(domain="argocd.example.com"))),
        f"addons[{len(CORE)}]",
        "two engines",
        "leave hub out",
    ),
    mistake("another engine", spoke(addons=(*CORE, Flux())), f"addons[{len(CORE)}]", "two engines", "remove it"),
    mistake(
        "names that AWS makes up",
        spoke(THERE, addons=(*CORE, Karpenter())),
        f"addons[{len(CORE)}]",
        "no hub knows it: instance-profile:karpenter-nodes, queue-name:karpenter-interruption",
        "leave hub out of delivery",
    ),
    mistake(
        "a new VPC",
        spoke(addons=(*CORE, AwsLoadBalancerController())),
        f"addons[{len(CORE)}]",
        "no hub knows it: vpc-id",
        "take a VPC that is there already",
    ),
    mistake(
        "pools that EKS's add-ons wait for",
        spoke(compute=(OWN_POOLS,), addons=(), teams=()),
        "compute[0]",
        "EKS's add-ons wait for",
        "leave hub out",
    ),
    mistake(
        "the hub's role among people",
        spoke(cluster=changed(SPOKE.cluster, admins=(Role(HUB.role, HUB.account),))),
        "delivery.hub",
        "cluster.admins[0] has it already",
        "name each principal once",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_what_is_known_before_a_deploy_is_taken() -> None:
    made = plan(spoke(THERE, addons=(*SPOKE.addons, AwsLoadBalancerController())))
    assert made.installer is None
    assert all(part.in_git for part in made.parts if part.contribution.releases or part.contribution.objects)
    assert loaded(dumped(made)) == made


def problems_of(*fleet: Blueprint) -> list[tuple[str, str]]:
    with pytest.raises(BlueprintError) as raised:
        plans({each.name: each for each in fleet})
    return [(".".join(map(str, each.path[1:])), each.fix) for each in raised.value.problems]


def test_a_hub_and_its_spokes_agree() -> None:
    assert len(plans({"hub": PLATFORM_HUB, "spoke": SPOKE})) == 2
    assert len(plans({"spoke": SPOKE})) == 1  # its hub may be in another inventory
    named = next(each for each in PLATFORM_HUB.addons if isinstance(each, ArgoCdCapability))
    others = tuple(each for each in PLATFORM_HUB.addons if each is not named)
    wrong = {
        "delivery.hub.account": (PLATFORM_HUB, delivered(hub=changed(HUB, account="444444444444"))),
        "delivery.hub.region": (PLATFORM_HUB, delivered(hub=changed(HUB, region="eu-west-1"))),
        "delivery.hub.role": (PLATFORM_HUB, delivered(hub=changed(HUB, role="Other"))),
        "delivery.folder": (PLATFORM_HUB, delivered(folder="other")),
        "delivery.repository": (PLATFORM_HUB, delivered(repository="https://github.com/example/other")),
        "delivery.revision": (PLATFORM_HUB, delivered(revision="stable")),
        "delivery.hub": (replace(PLATFORM_HUB, delivery=ArgoCdDelivery(REPOSITORY)), SPOKE),
    }
    for place, fleet in wrong.items():
        assert [found for found, _ in problems_of(*fleet)] == [place]
    other = replace(PLATFORM_HUB, addons=(*others, changed(named, role_name="Other")))
    assert problems_of(other, SPOKE) == [("delivery.hub.role", 'write "Other"')]
    below = replace(PLATFORM_HUB, iam=Iam(path="/platform/"))
    assert problems_of(below, SPOKE) == [("delivery.hub.role", 'write "platform/ArgoCdHub"')]
    assert len(plans({"hub": below, "spoke": delivered(hub=changed(HUB, role="platform/ArgoCdHub"))})) == 2
    none = replace(PLATFORM_HUB, addons=others, delivery=KubectlProvider())
    assert {place for place, _ in problems_of(none, SPOKE)} == {"delivery.hub.role", "delivery.hub"}


def test_a_hub_is_known_by_its_arn_in_each_partition() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (partition)"""
    assert HUB.arn == "arn:aws:eks:us-west-2:111111111111:cluster/platform-hub"
    assert Hub("hub", account="111111111111", region="cn-north-1", role="Hub").arn.startswith("arn:aws-cn:eks:")
