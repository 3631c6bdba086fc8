"""Clusters of every kind that the model can say: the examples, less those that are replicas of another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from examples.argo_delivery import ARGO_DELIVERY
from examples.argo_hub import ARGO_HUB
from examples.argo_spoke import ARGO_SPOKE
from examples.auto import AUTO
from examples.auto_pools import AUTO_POOLS
from examples.backup import BACKUP
from examples.bare import BARE
from examples.capabilities import CAPABILITIES
from examples.china import CHINA
from examples.dual_stack_ingress import DUAL_STACK_INGRESS
from examples.existing_vpc import EXISTING_VPC
from examples.fargate import FARGATE
from examples.fargate_roles import FARGATE_ROLES
from examples.flux_delivery import FLUX_DELIVERY
from examples.gateways import GATEWAYS
from examples.government import GOVERNMENT
from examples.gpu_inference import GPU_INFERENCE
from examples.graviton import GRAVITON
from examples.hybrid import HYBRID
from examples.ipv6 import IPV6
from examples.isolated import ISOLATED
from examples.karpenter import KARPENTER
from examples.launched import LAUNCHED
from examples.local_zone import LOCAL_ZONE
from examples.managed import MANAGED
from examples.mixed import MIXED
from examples.native import NATIVE
from examples.neuron import NEURON
from examples.open_source import OPEN_SOURCE
from examples.operations import OPERATIONS
from examples.pod_ranges import POD_RANGES
from examples.provisioned import PROVISIONED
from examples.self_managed import SELF_MANAGED
from examples.self_service import SELF_SERVICE
from examples.shared_vpc import SHARED_VPC
from examples.teams import TEAMS
from examples.training import TRAINING
from examples.tuned_nodes import TUNED_NODES
from examples.windows import WINDOWS

FLEET = (
    *(MANAGED, AUTO, FARGATE, LAUNCHED, SELF_MANAGED, ISOLATED, MIXED, BARE, CHINA, GOVERNMENT, TEAMS, OPERATIONS),
    *(EXISTING_VPC, SHARED_VPC, POD_RANGES, PROVISIONED, TUNED_NODES, NATIVE, OPEN_SOURCE, IPV6, DUAL_STACK_INGRESS),
    *(ARGO_DELIVERY, FLUX_DELIVERY, KARPENTER, AUTO_POOLS, GPU_INFERENCE, NEURON, CAPABILITIES),
    *(WINDOWS, HYBRID, TRAINING, GRAVITON, FARGATE_ROLES, SELF_SERVICE, GATEWAYS, BACKUP, LOCAL_ZONE),
    *(ARGO_HUB, ARGO_SPOKE),
)


@cache
def plans_of_examples() -> Mapping[str, Plan]:
    """Of all of them by name, replicas too: planned once in a process, since nobody can change a plan."""
    return {plan.facts.name: plan for plan in planned(CLUSTERS)}


def of_hubs() -> set[str]:
    """Those to which a hub delivers, and so without a function that installs anything."""
    return {name for name, plan in fleet_plans().items() if plan.installer is None}


def fleet_plans() -> dict[str, Plan]:
    """Of the fleet alone."""
    return {blueprint.name: plans_of_examples()[blueprint.name] for blueprint in FLEET}
