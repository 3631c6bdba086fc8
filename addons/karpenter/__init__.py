"""Launches the nodes that waiting pods need, and removes those that none needs. https://karpenter.sh"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from addons.karpenter.definitions import definitions
from addons.karpenter.interruption import QUEUE, interruption
from addons.karpenter.node_class import NodeClass
from addons.karpenter.pods import WORKLOADS
from addons.karpenter.policy import for_classes, statements
from addons.karpenter.rules import between_pools_and_classes
from addons.karpenter.upgrade import steps
from blueprint.access import node_access
from blueprint.addons import (
    CallsAws,
    ClusterFacts,
    Contribution,
    HelmAddon,
    ImageSource,
    Statement,
    UpgradeSteps,
    Values,
)
from blueprint.addons.lock import locked_chart
from blueprint.addons.offers import NODES_ON_DEMAND
from blueprint.addons.pods import resources
from blueprint.contribution import NodeRole
from blueprint.errors import Problem, duplicates
from blueprint.fields import NOT_EMPTY
from blueprint.kubernetes import Manifest
from blueprint.node_pool import NodePool
from blueprint.references import queue_name

_NODES = "karpenter-nodes"


class Karpenter(CallsAws, HelmAddon):
    """Node pools and classes. The controller runs on the blueprint's nodes, never on those that it launches."""

    words_of_others = {"node_class": "write node_classes=(NodeClass(…),)"}

    offers = (NODES_ON_DEMAND,)
    name = NODES_ON_DEMAND.addon
    lost = "its node pools go, and with them all nodes that it launched; nobody launches more"
    namespace = NODES_ON_DEMAND.namespace  # whose requests the API server serves before others
    service_account = "karpenter"
    built_into_auto_mode = "refuse"
    replaced_by = "node pools of its own"
    api_groups = ("autoscaling.x-k8s.io", "karpenter.k8s.aws", "karpenter.sh")
    chart = locked_chart(
        name,
        notes="https://github.com/aws/karpenter-provider-aws/releases/tag/v{version}",
        compatibility="https://karpenter.sh/docs/upgrading/compatibility/",
    )

    launches_nodes = True
    workloads = WORKLOADS
    images = (ImageSource("public.ecr.aws/karpenter/controller", ("controller.image.repository",)),)

    node_pools: Annotated[tuple[NodePool, ...], NOT_EMPTY] = (NodePool(),)
    """What it may launch; teams bring pools of their own."""
    node_classes: Annotated[tuple[NodeClass, ...], NOT_EMPTY] = (NodeClass(),)
    """How nodes are made; each pool names one."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        for kind in ("node_pools", "node_classes"):
            names = (((kind, index, "name"), each.name) for index, each in enumerate(getattr(self, kind)))
            yield from duplicates(names, f"name of a {kind[:-1].replace('_', ' ')}", "rename one")
        yield from between_pools_and_classes(self.node_pools, self.node_classes)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        for kind in ("node_pools", "node_classes"):
            for index, each in enumerate(getattr(self, kind)):
                yield from (problem.below((kind, index)) for problem in each.problems_on(facts))

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return (*statements(facts, nodes=_NODES, queue=QUEUE), *for_classes(self.node_classes, facts))

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ec2", "eks", "sqs", "ssm")

    def values(self, facts: ClusterFacts) -> Values:
        # Two critical replicas in different zones and a disruption budget are the chart's own defaults.
        # The network interface of a node has no addresses for pods where these have subnets of their own.
        reserved = {"reservedENIs": "1"} if facts.pod_subnets else {}
        static = any(pool.static_nodes is not None for pool in self.node_pools)
        gates = {"featureGates": {"staticCapacity": True}} if static else {}
        settings = {
            "clusterName": facts.name,
            "interruptionQueue": queue_name(QUEUE),
            "eksControlPlane": True,
            **reserved,
            **gates,
        }
        return {
            # Without internet it must ask neither for prices nor for instance profiles: their APIs have no endpoint.
            # https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/#private-clusters
            "settings": settings if facts.internet else {**settings, "isolatedVPC": True},
            "serviceAccount": {"name": self.service_account},
            # Otherwise it asks the instance metadata service, which pods cannot reach, and does not start.
            "controller": {"env": [{"name": "AWS_REGION", "value": facts.region}], "resources": resources("1", "1Gi")},
        }

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        pools = sorted(self.node_pools, key=lambda pool: pool.name)
        classes = sorted(self.node_classes, key=lambda each: each.name)
        nodes = (each.manifest(facts, _NODES) for each in classes)
        here = replace(facts, pools="add-on")
        return (*nodes, *(pool.manifest(here) for pool in pools))

    def upgrade_steps(self, facts: ClusterFacts, to: str) -> UpgradeSteps:
        return steps(self.node_classes, self.node_pools, facts, to)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        contribution = super().contribute(facts)
        (release,) = contribution.releases
        return replace(
            contribution,
            resources=(NodeRole(_NODES, statements=facts.cache_permissions()), *interruption()),
            access=(node_access(_NODES),),
            releases=(definitions(release), release),
            launched_nodes=tuple(pool.launched(facts) for pool in self.node_pools),
        )
