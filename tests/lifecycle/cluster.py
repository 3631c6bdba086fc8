"""The cluster that lives and dies in these tests, and what becomes of it in between."""

from __future__ import annotations

from dataclasses import replace

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.core_dns import CoreDns
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.kube_proxy import KubeProxy
from addons.vpc_cni import VpcCni
from blueprint import Blueprint, Cluster, ManagedNodes, NewNetwork, Role
from blueprint.iam import Statement
from blueprint.teams import (
    ApplicationTeam,
    FromLoadBalancer,
    HelmWorkload,
    Manifests,
    PlatformTeam,
    Quota,
    ServiceAccount,
    TeamNamespace,
    ToInternet,
)
from examples.argo_hub import ARGO_HUB
from examples.argo_spoke import ARGO_SPOKE
from examples.auto import AUTO
from examples.auto_pools import AUTO_POOLS
from examples.backup import BACKUP
from examples.capabilities import CAPABILITIES
from examples.existing_vpc import EXISTING_VPC
from examples.fargate import FARGATE
from examples.fargate_roles import FARGATE_ROLES
from examples.gateways import GATEWAYS
from examples.gpu_inference import GPU_INFERENCE
from examples.graviton import GRAVITON
from examples.hub_and_spokes.shop_us import SHOP_US
from examples.hybrid import HYBRID
from examples.ipv6 import IPV6
from examples.isolated import ISOLATED
from examples.karpenter import KARPENTER
from examples.local_zone import LOCAL_ZONE
from examples.managed import MANAGED
from examples.mixed import MIXED
from examples.neuron import NEURON
from examples.pod_ranges import POD_RANGES
from examples.provisioned import PROVISIONED
from examples.self_managed import SELF_MANAGED
from examples.shared_vpc import SHARED_VPC
from examples.teams import TEAMS
from examples.training import TRAINING
from examples.tuned_nodes import TUNED_NODES
from examples.windows import WINDOWS
from tests.blueprint.examples import changed

SHOP = ApplicationTeam(
    "shop",
    owners=(Role("ShopOwner"),),
    developers=(Role("ShopDeveloper"),),
    namespaces=(TeamNamespace("shop", pod_security="baseline"), TeamNamespace("shop-jobs")),
    network=(FromLoadBalancer(ports=(8080,)), ToInternet()),
    hosts=("shop.example.com",),
    service_accounts=(
        ServiceAccount(
            "api",
            "shop",
            permissions=(
                Statement(("sqs:SendMessage",), ("arn:${blueprint:partition}:sqs:us-west-2:111111111111:orders",)),
            ),
        ),
    ),
    workloads=(
        Manifests("examples/workloads/shop", namespace="shop"),
        HelmWorkload("podinfo", "podinfo", "https://stefanprodan.github.io/podinfo", "6.9.2", namespace="shop-jobs"),
    ),
)
ORDERS = ApplicationTeam("orders", owners=(Role("OrdersOwner"),), namespaces=(TeamNamespace("orders"),))

_SYSTEM = ManagedNodes("system", instance_types=("m7g.large",), min=2, max=4)
BASE = Blueprint(
    name="lab",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(version="1.34", admins=(Role("BreakGlass"),), deletion_protection=False),
    compute=(_SYSTEM,),
    addons=(*CORE, ExternalDns(zones=("Z0123456789LAB",)), Karpenter()),
    teams=(PlatformTeam("platform", members=(Role("PlatformEngineer"),)), SHOP),
    tags={"environment": "lab"},
)
_EXTRA = ManagedNodes("extra", instance_types=("m7i.large",), min=1, max=2)
GROWN = replace(
    BASE,
    addons=(*BASE.addons, CertManager()),
    teams=(*BASE.teams, ORDERS),
    compute=(*BASE.compute, _EXTRA),
)
CHANGED = replace(
    GROWN,
    addons=(*BASE.addons, CertManager(chart_version="1.20.0")),
    teams=(*BASE.teams, replace(ORDERS, namespaces=(TeamNamespace("orders", quota=Quota(cpu="4", memory="8Gi")),))),
    compute=(*BASE.compute, replace(_EXTRA, max=5)),
)
UPGRADED = replace(BASE, cluster=replace(BASE.cluster, version="1.35"))
SKIPPING = replace(BASE, cluster=replace(BASE.cluster, version="1.36"))
PROTECTED = replace(UPGRADED, cluster=replace(UPGRADED.cluster, deletion_protection=True))

PROMOTED = replace(
    BASE,
    cluster=replace(BASE.cluster, admins=(*BASE.cluster.admins, *SHOP.owners)),
    teams=(*BASE.teams[:-1], replace(SHOP, owners=(Role("OtherOwner"),))),
)
WIDER = replace(BASE, network=changed(BASE.network, zones=("a", "b", "c"), control_plane_zones=("a", "b")))
SUCCESSOR = replace(BASE, cluster=replace(BASE.cluster, certificate_authorities=("2027",)))
UNKNOWN_AUTHORITY = "00000000-unknown"
ROTATED = replace(SUCCESSOR, cluster=replace(SUCCESSOR.cluster, active_certificate_authority=UNKNOWN_AUTHORITY))
UNMANAGED = replace(BASE, compute=(replace(_SYSTEM, max=6, desired="unmanaged"),))

KINDS = {
    "argo-hub": ARGO_HUB,
    "argo-spoke": replace(ARGO_SPOKE, region=ARGO_HUB.region),
    "auto": AUTO,
    "auto-pools": AUTO_POOLS,
    "backup": BACKUP,
    "capabilities": CAPABILITIES,
    "fargate": FARGATE,
    "fargate-roles": FARGATE_ROLES,
    "existing-vpc": EXISTING_VPC,
    "gateways": GATEWAYS,
    "gpu-inference": GPU_INFERENCE,
    "graviton": GRAVITON,
    "hybrid": HYBRID,
    "ipv6": IPV6,
    "isolated": ISOLATED,
    "karpenter": KARPENTER,
    "local-zone": LOCAL_ZONE,
    "managed": MANAGED,
    "neuron": NEURON,
    "mixed": MIXED,
    "pod-ranges": POD_RANGES,
    "provisioned": PROVISIONED,
    "self-managed": SELF_MANAGED,
    "spoke": replace(SHOP_US, account="111111111111"),
    "shared-vpc": SHARED_VPC,
    "tuned-nodes": TUNED_NODES,
    "teams": TEAMS,
    "training": TRAINING,
    "windows": WINDOWS,
}
"""Clusters of other kinds."""


def own(blueprint: Blueprint) -> Blueprint:
    """By the name that all clusters have here, and without protection."""
    return replace(blueprint, name=BASE.name, cluster=replace(blueprint.cluster, deletion_protection=False))


_REFERRING = (AwsLoadBalancerController(), ExternalDns(zones=("Z0123456789LAB",)))
_REST = tuple(addon for addon in TEAMS.addons if type(addon) not in map(type, _REFERRING))
FULL = replace(own(TEAMS), addons=(*_REST, *_REFERRING))
"""With what refers to the most of earlier stacks."""

STAYING = replace(PROTECTED, account="222222222222")
LEAVING = ("argo-hub", "argo-spoke", "capabilities", "existing-vpc", "fargate", "self-managed")
"""Kinds that differ in who delivers, whose the network is, and what pods run on."""

VARIANTS = {
    **{name: own(found) for name, found in KINDS.items()},
    **{f"{name} leaving": replace(own(KINDS[name]), retain=True) for name in LEAVING},
    "staying": STAYING,
    "leaving": replace(STAYING, retain=True),
    "bare": replace(FULL, addons=(CoreDns(), EksPodIdentityAgent(), KubeProxy(), VpcCni()), teams=()),
    "base": BASE,
    "full": FULL,
    "grown": GROWN,
    "changed": CHANGED,
    "unmanaged": UNMANAGED,
    "upgraded": UPGRADED,
    "skipping": SKIPPING,
    "promoted": PROMOTED,
    "protected": PROTECTED,
    "wider": WIDER,
    "successor": SUCCESSOR,
    "rotated": ROTATED,
    "pod-range": replace(BASE, network=changed(BASE.network, pod_cidr="100.64.0.0/16")),
}
