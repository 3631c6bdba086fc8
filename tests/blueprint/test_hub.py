"""A cluster to which a hub delivers: what is refused of it, and what both must say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.argo_cd_capability import ArgoCdCapability
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.flux import Flux
from addons.karpenter import Karpenter
from blueprint import ArgoCdDelivery, AutoMode, AutoNodeClass, Blueprint, Hub, Iam, KubectlProvider, Role, plan
from blueprint.addons import Addon
from blueprint.errors import BlueprintError
from blueprint.node_pool import NodePool
from blueprint.planning.file import dumped, loaded
from blueprint.planning.planner import plans
from examples.argo_hub import ARGO_HUB
from examples.argo_hub import HUB as OF_CHART
from examples.argo_spoke import ARGO_SPOKE
from examples.hub_and_spokes.fleet import HUB, REPOSITORY, SPOKE
from examples.hub_and_spokes.platform_hub import PLATFORM_HUB
from tests.blueprint.examples import TABLE, assert_reported, changed, mistake
from tests.blueprint.honesty import assert_honest
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


UNTOLD = changed(SPOKE.delivery, hub=changed(HUB, facts_role=None))
"""By a hub that reads nothing of a deploy."""


def changed_in(hub: Blueprint, **fields: Any) -> tuple[Addon, ...]:
    """Its add-ons, with these fields of its Argo CD."""
    return tuple(changed(each, **fields) if hasattr(each, "facts_role_name") else each for each in hub.addons)


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
        "by a role whose name these know",
        'write role_name="ArgoCdHub"',
    ),
    mistake(
        "two roles of one name",
        replace(ARGO_HUB, addons=changed_in(ARGO_HUB, server_role_name="ArgoCdHub")),
        f"addons[{len(CORE) + 1}].server_role_name",
        "duplicate role: role_name has it already",
        "give it another name",
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
        spoke(THERE, addons=(*CORE, Karpenter()), delivery=UNTOLD),
        f"addons[{len(CORE)}]",
        "which it holds: instance-profile:karpenter-nodes, queue-name:karpenter-interruption",
        'facts_role="ArgoCdHubFacts"',
    ),
    mistake(
        "a new VPC",
        spoke(addons=(*CORE, AwsLoadBalancerController()), delivery=UNTOLD),
        f"addons[{len(CORE)}]",
        "which it holds: vpc-id",
        "or remove the add-on",
    ),
    mistake(
        "a role with a name that is too long",
        delivered(hub=changed(HUB, facts_role="a" * 57)),
        "delivery.hub.facts_role",
        f"reads is {'a' * 57}-shop-us, and names of roles end after 64",
        "write a shorter one",
    ),
    mistake(
        "a hub that reads without External Secrets",
        replace(PLATFORM_HUB, addons=tuple(each for each in PLATFORM_HUB.addons if each.name != "external-secrets")),
        f"addons[{len(CORE)}].facts_role_name",
        "it reads by the add-on external-secrets",
        "add ExternalSecrets() to addons",
    ),
    mistake(
        "a capability that reads for nobody",
        replace(PLATFORM_HUB, addons=changed_in(PLATFORM_HUB, role_name=None), delivery=KubectlProvider()),
        f"addons[{len(CORE) + 1}].facts_role_name",
        "by its role_name",
        'write role_name="ArgoCdHub" as well',
    ),
    mistake(
        "half a hub of the chart",
        replace(ARGO_HUB, addons=changed_in(ARGO_HUB, server_role_name=None, facts_role_name=None)),
        f"addons[{len(CORE) + 1}].server_role_name",
        "by three roles: its server's",
        'write server_role_name="ArgoCdHub…", or no role_name',
    ),
    mistake(
        "pools that EKS's add-ons wait for",
        spoke(compute=(OWN_POOLS,), addons=(), teams=()),
        "compute[0]",
        "EKS's add-ons wait for",
        "leave hub out",
    ),
    mistake(
        "the server's role among people",
        replace(ARGO_SPOKE, cluster=changed(ARGO_SPOKE.cluster, admins=(Role("ArgoCdHubServer", "111111111111"),))),
        "delivery.hub.server_role",
        "cluster.admins[0] has it already",
        "name each principal once",
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
    made = plan(spoke(THERE, addons=(CertManager(), *CORE, AwsLoadBalancerController()), delivery=UNTOLD))
    assert made.installer is None
    assert made.delivery
    assert made.delivery.handed is None
    assert all(part.in_git for part in made.parts if part.contribution.releases or part.contribution.objects)
    assert loaded(dumped(made)) == made


def problems_of(*fleet: Blueprint) -> list[tuple[str, str]]:
    by_name = {each.name: each for each in fleet}
    with pytest.raises(BlueprintError) as raised:
        plans(by_name)
    for each in raised.value.problems:
        assert_honest(each, by_name[str(each.path[0])], each.path[1:])
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
    silent = replace(PLATFORM_HUB, addons=(*others, changed(named, facts_role_name=None)))
    fix = 'write facts_role_name="ArgoCdHubFacts" in its ArgoCdCapability'
    assert problems_of(silent, SPOKE) == [("delivery.hub.facts_role", fix)]
    assert len(plans({"hub": PLATFORM_HUB, "spoke": spoke(addons=CORE, delivery=UNTOLD)})) == 2
    below = replace(PLATFORM_HUB, iam=Iam(path="/platform/"))
    assert problems_of(below, SPOKE) == [
        ("delivery.hub.role", 'write "platform/ArgoCdHub"'),
        ("delivery.hub.facts_role", 'write "platform/ArgoCdHubFacts"'),
    ]
    there = changed(HUB, role="platform/ArgoCdHub", facts_role="platform/ArgoCdHubFacts")
    assert len(plans({"hub": below, "spoke": delivered(hub=there)})) == 2
    none = replace(PLATFORM_HUB, addons=others, delivery=KubectlProvider())
    assert {place for place, _ in problems_of(none, SPOKE)} == {"delivery.hub.role", "delivery.hub"}


def test_a_hub_of_the_chart_and_its_spokes_agree() -> None:
    assert len(plans({"hub": ARGO_HUB, "spoke": ARGO_SPOKE})) == 2
    by_aws = Hub("argo-hub", account="111111111111", region="us-west-2", role="ArgoCdHub", facts_role="ArgoCdHubFacts")
    wrong = replace(ARGO_SPOKE, delivery=changed(ARGO_SPOKE.delivery, hub=by_aws))
    assert problems_of(ARGO_HUB, wrong) == [("delivery.hub", "name it as a SelfManagedHub(…)")]
    own = changed(OF_CHART, name=HUB.name)
    assert problems_of(PLATFORM_HUB, delivered(hub=own)) == [("delivery.hub", "name it as a Hub(…)")]
    for field in ("role", "server_role", "facts_role"):
        other = replace(ARGO_SPOKE, delivery=changed(ARGO_SPOKE.delivery, hub=changed(OF_CHART, **{field: "Other"})))
        assert problems_of(ARGO_HUB, other) == [(f"delivery.hub.{field}", f'write "{getattr(OF_CHART, field)}"')]


def test_a_hub_is_known_by_its_arn_in_each_partition() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (partition)"""
    assert HUB.server == "arn:aws:eks:us-west-2:111111111111:cluster/platform-hub"
    assert Hub("hub", account="111111111111", region="cn-north-1", role="Hub").server.startswith("arn:aws-cn:eks:")
