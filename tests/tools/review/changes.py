"""Changes as people make them, each to a cluster of its own: before, and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from addons.argo_cd import ArgoCd
from addons.core import CORE, core
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import AutoMode, Blueprint, Cluster, ManagedNodes, NewNetwork, PrivateEndpoint, PublicEndpoint, Role
from blueprint.iam import Statement
from blueprint.teams import ApplicationTeam, GitWorkload, ServiceAccount, TeamNamespace, ToInternet
from examples.dev import DEV
from examples.prod import PROD
from examples.prod_eu import PROD_EU
from examples.shared import PAYMENTS, PLATFORM

Change = tuple[Blueprint | None, Blueprint | None]
"""Nothing before a new cluster, and nothing after one that is gone."""

SMALL = Blueprint(
    name="small",
    account="111111111111",
    region="us-east-1",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(version="1.35", admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",), min=2, max=4),),
    addons=(*CORE, ExternalDns(zones=("Z0123456789",), domains=("example.com",))),
    teams=(PLATFORM,),
    tags={"environment": "test"},
)
_QUEUE = "arn:${blueprint:partition}:sqs:us-east-1:111111111111:orders"
SHOP = ApplicationTeam(
    "shop",
    developers=(Role("ShopDeveloper"),),
    namespaces=(TeamNamespace("shop"),),
    service_accounts=(
        ServiceAccount(
            "api",
            "shop",
            permissions=(Statement(("sqs:SendMessage",), (_QUEUE,)),),
        ),
    ),
    permissions_boundary="TeamBoundary",
)
WITH_SHOP = replace(SMALL, teams=(PLATFORM, SHOP))
PUBLIC = replace(SMALL, cluster=replace(SMALL.cluster, endpoint=PublicEndpoint(allow=("203.0.113.0/24",))))


def _following(revision: str) -> Blueprint:
    """A cluster whose team is at a revision of its own repository."""
    pages = GitWorkload("pages", "https://github.com/example/pages", "deploy", namespace="shop", revision=revision)
    shop = replace(SHOP, workloads=(pages,))
    return replace(SMALL, teams=(PLATFORM, shop), addons=(*SMALL.addons, ArgoCd(domain="argocd.example.com")))


def _cluster(blueprint: Blueprint, **changes: Any) -> Blueprint:
    return replace(blueprint, cluster=replace(blueprint.cluster, **changes))


def _network(blueprint: Blueprint, **changes: Any) -> Blueprint:
    return replace(blueprint, network=replace(blueprint.network, **changes))


def _nodes(blueprint: Blueprint, **changes: Any) -> Blueprint:
    first, *others = blueprint.compute
    return replace(blueprint, compute=(replace(first, **changes), *others))


def _dns(**changes: Any) -> Blueprint:
    return replace(SMALL, addons=(*SMALL.addons[:-1], replace(SMALL.addons[-1], **changes)))


def _shop(**changes: Any) -> Blueprint:
    return replace(SMALL, teams=(PLATFORM, replace(SHOP, **changes)))


def _shop_may(*statements: Statement, **changes: Any) -> Blueprint:
    account = replace(SHOP.service_accounts[0], permissions=statements)
    return _shop(service_accounts=(account,), **changes)


CHANGES: Mapping[str, Change] = {
    "formatting-only": (SMALL, replace(SMALL, tags=dict(SMALL.tags))),
    # Versions
    "chart-bump": (SMALL, _dns(chart_version="1.22.0")),
    "chart-from-a-mirror": (SMALL, _dns(chart_repository="https://charts.example.com")),
    "kubernetes-upgrade": (PROD, _cluster(PROD, version="1.36")),
    "two-minors-at-once": (_cluster(SMALL, version="1.34"), _cluster(SMALL, version="1.36")),
    "upgrade-and-endpoint": (
        SMALL,
        _cluster(SMALL, version="1.36", endpoint=PublicEndpoint(allow=("203.0.113.0/24",))),
    ),
    "addon-version": (SMALL, replace(SMALL, addons=(*core(VpcCni(version="v1.23.2-eksbuild.1")), SMALL.addons[-1]))),
    # Add-ons
    "addon-added": (SMALL, replace(SMALL, addons=(*SMALL.addons, ExternalSecrets()))),
    "addon-removed": (
        replace(SMALL, addons=(*SMALL.addons, Karpenter())),
        SMALL,
    ),
    "chart-values": (
        replace(SMALL, addons=(*CORE, ArgoCd(domain="argocd.example.com"))),
        replace(SMALL, addons=(*CORE, ArgoCd(domain="deploy.example.com"))),
    ),
    "role-widened": (SMALL, _dns(zones=("Z0123456789", "Z9876543210"), domains=())),
    # Teams
    "team-added": (SMALL, replace(SMALL, teams=(PLATFORM, PAYMENTS))),
    "team-removed": (replace(SMALL, teams=(PLATFORM, PAYMENTS)), SMALL),
    "team-role-widened": (
        WITH_SHOP,
        _shop_may(
            Statement(("sqs:SendMessage", "sqs:ReceiveMessage"), (_QUEUE,)),
            Statement(("s3:GetObject",), ("arn:aws:s3:::reports/*",), reason="reports come and go"),
        ),
    ),
    "team-boundary-removed": (WITH_SHOP, _shop(permissions_boundary=None)),
    "team-renamed": (WITH_SHOP, _shop(name="store")),
    "team-gets-a-host-of-another": (
        replace(SMALL, teams=(PLATFORM, SHOP, PAYMENTS)),
        replace(SMALL, teams=(PLATFORM, replace(SHOP, hosts=PAYMENTS.hosts), replace(PAYMENTS, hosts=()))),
    ),
    "team-opened-to-the-internet": (WITH_SHOP, _shop(network=(ToInternet(),))),
    "team-gets-a-member": (WITH_SHOP, _shop(owners=(Role("ShopOwner"),))),
    # Access
    "admin-added": (SMALL, _cluster(SMALL, admins=(Role("BreakGlass"), Role("Partner", account="999999999999")))),
    "endpoint-opened": (SMALL, PUBLIC),
    "endpoint-widened": (PUBLIC, _cluster(PUBLIC, endpoint=PublicEndpoint(allow=("203.0.0.0/16", "198.51.100.7/32")))),
    "endpoint-closed": (PUBLIC, _cluster(PUBLIC, endpoint=PrivateEndpoint())),
    "protection-removed": (SMALL, _cluster(SMALL, deletion_protection=False)),
    # Compute
    "nodes-resized": (SMALL, _nodes(SMALL, min=3, max=8)),
    "nodes-of-another-type": (SMALL, _nodes(SMALL, instance_types=("m7g.xlarge",))),
    "nodes-renamed": (SMALL, _nodes(SMALL, name="workers")),
    "nodes-on-spot": (SMALL, _nodes(SMALL, instance_types=("m7g.large", "m6g.large"), capacity="SPOT")),
    "auto-mode": (SMALL, replace(SMALL, compute=(*SMALL.compute, AutoMode()))),
    # Network
    "subnets-moved": (SMALL, _network(SMALL, cidr="10.1.0.0/16")),
    "zone-added": (SMALL, _network(SMALL, zones=("a", "b", "c"))),
    "nat-in-each-zone": (SMALL, _network(SMALL, nat="per-zone")),
    "nat-removed": (
        replace(SMALL, addons=CORE),
        _network(replace(SMALL, addons=CORE), nat="none"),
    ),
    # The rest
    "service-range": (SMALL, _cluster(SMALL, service_cidr="10.100.0.0/16")),
    "logs-kept-shorter": (SMALL, _cluster(SMALL, log_retention_days=30)),
    "tags": (SMALL, replace(SMALL, tags={"environment": "test", "cost-center": "42"})),
    "new-region": (None, replace(PROD_EU, region="eu-central-1")),
    "cluster-gone": (DEV, None),
    "promoted": (_following("v1.3.0"), _following("v1.4.0")),
    # Leaving
    "everything-retained": (SMALL, replace(SMALL, retain=True)),
    "no-longer-retained": (replace(SMALL, retain=True), SMALL),
    "retained-cluster-gone": (replace(DEV, retain=True), None),
}
