"""Random clusters with random teams. To try a new option of teams, draw it in `teams`."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from addons.argo_cd import ArgoCd
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import AutoMode, Blueprint, FargateProfile, FargateSelector, Role
from blueprint.access import PermissionSet, Principal, User
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.secrets import Parameter, SecretsManagerSecret
from blueprint.teams import (
    ApplicationTeam,
    CopiedSecrets,
    Edge,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    FromTeam,
    Permission,
    PlatformTeam,
    PriorityClass,
    ServiceAccount,
    Share,
    TeamNamespace,
    ToAwsServices,
    ToInternet,
    ToRange,
    ToTeam,
)
from tests.blueprint.examples import SMALL

# Names that are parts of each other, and one of a role.
TEAM_NAMES = ("a", "b", "a-b", "ab", "viewer")
NAMESPACES = (*TEAM_NAMES, "jobs", "web", "a-jobs", "team")
PEOPLE: tuple[Principal, ...] = (
    *map(Role, ("Ana", "Ben", "Cid", "path/Ana")),
    User("Ana"),
    Role("Ana", "222222222222"),
    PermissionSet("Ana", suffix="0123456789abcdef", region="us-west-2"),
)
PORTS = st.lists(st.sampled_from([1, 53, 80, 443, 8080, 65535]), min_size=1, max_size=2, unique=True).map(tuple)
RANGES = ("10.0.0.0/16", "10.0.0.0/8", "203.0.113.0/24", "192.168.0.0/24")
FREE = st.sampled_from(
    [
        Permission("kafka.strimzi.io", ("kafkatopics", "kafkatopics/status"), ("create", "delete")),
        Permission("argoproj.io", ("rollouts",), ("patch", "deletecollection")),
        Permission("gateway.networking.k8s.io", ("gateways", "httproutes"), ("create", "patch")),
        Permission("snapshot.storage.k8s.io", ("volumesnapshots",), ("create", "delete")),
    ]
)
SHARED_SECRET = "all/registry"
HOSTS = (
    "a.example.com",
    "*.a.example.com",
    "b.example.com",
    "*.web.example.com",
    "x.y.example.com",
    "*.c.b.example.com",
)
CERTIFICATES = tuple(f"arn:aws:acm:us-west-2:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-{n:012}" for n in (1, 2))
READ_S3 = Statement(("s3:GetObject",), ("arn:${blueprint:partition}:s3:::shop/file",))


def some(items: Any, most: int, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """A tuple of different ones."""
    return st.lists(items, min_size=least, max_size=most, unique=True).map(tuple)


@st.composite
def teams(draw: st.DrawFn) -> tuple[ApplicationTeam, ...]:
    """Teams with all their options; edges are declared at both sides, as a plan demands."""
    names = draw(some(st.sampled_from(TEAM_NAMES), 4, 2))
    unnamed = {name for name in names if draw(st.booleans())}  # a namespace of their own name
    free = list(draw(st.permutations([name for name in NAMESPACES if name not in unnamed])))
    edges: dict[str, list[Edge]] = {name: [] for name in names}
    for source, target in product(names, repeat=2):  # also between namespaces of one team
        if draw(st.integers(0, 2)) == 0:
            ports = draw(PORTS)
            edges[source].append(ToTeam(target, ports))
            edges[target].append(FromTeam(source, ports))
    made = []
    hosts = list(draw(st.permutations(HOSTS)))
    for name in names:
        taken = () if name in unnamed else tuple(free.pop() for _ in range(draw(st.integers(1, 2))))
        own = tuple(hosts.pop() for _ in range(draw(st.integers(0, 2))) if hosts)
        made.append(draw(team(name, taken, edges[name], own, [other for other in names if other != name])))
    return tuple(made)


@st.composite
def team(
    draw: st.DrawFn,
    name: str,
    namespaces: tuple[str, ...],
    edges: list[Edge],
    hosts: tuple[str, ...],
    others: list[str],
) -> ApplicationTeam:
    """One team in these namespaces, with these hosts; the others are those that it may share them with."""
    spaces = namespaces or (name,)
    people = some(st.sampled_from(PEOPLE), 2)
    shares = some(st.builds(Share, st.sampled_from(spaces), st.sampled_from(others), st.sampled_from(SHARED)), 2)
    edges = [*edges, *draw(some(st.sampled_from(RANGES), 1).flatmap(to_ranges))]
    if draw(st.booleans()):
        edges.append(FromLoadBalancer(draw(PORTS)))
    if draw(st.booleans()):
        edges.append(FromInternalLoadBalancer(draw(PORTS)))
    if draw(st.booleans()):
        edges.append(ToInternet(draw(PORTS)))
    if draw(st.booleans()):
        edges.append(ToAwsServices())
    everybody = SecretsManagerSecret(SHARED_SECRET, shared_with=TEAM_NAMES)
    secrets = st.sampled_from([SecretsManagerSecret(f"{name}/db"), Parameter(f"/{name}/url"), everybody])
    copied = draw(some(st.sampled_from(spaces), 1))
    accounts = draw(some(st.tuples(st.sampled_from(["app", "robot", "viewer"]), st.sampled_from(spaces)), 2))
    return ApplicationTeam(
        name,
        owners=draw(people),
        developers=draw(people),
        viewers=draw(people),
        deployers=draw(some(st.sampled_from(PEOPLE), 2, 1)),
        namespaces=tuple(
            TeamNamespace(
                space,
                pod_security=draw(st.sampled_from(["baseline", "restricted"])),
                labels=draw(st.sampled_from([{}, {"example.com/cost": "1"}, {"k8s-app": "kube-dns"}])),
            )
            for space in namespaces
        ),
        network=tuple(draw(st.permutations(edges))),
        shares=draw(shares) if others else (),
        permissions=draw(some(FREE, 2)),
        service_accounts=tuple(
            ServiceAccount(account, space, (READ_S3,), draw(some(secrets, 1))) for account, space in accounts
        ),
        copied_secrets=tuple(CopiedSecrets(space, draw(some(secrets, 2, 1))) for space in copied),
        hosts=hosts,
        certificates=draw(some(st.sampled_from(CERTIFICATES), 2)),
        issuers=draw(some(st.sampled_from(["letsencrypt", "internal"]), 2)),
        permissions_boundary=draw(st.sampled_from([None, "TeamBoundary"])),
        image_registries=draw(some(st.sampled_from(["example.com/a/", "example.com/b/"]), 2)),
        priority_classes=draw(some(st.builds(PriorityClass, st.sampled_from(["x", "y"]), st.just(5)), 1)),
        node_pool=draw(st.sampled_from([None, NodePool()])),
    )


SHARED = ("owner", "developer", "viewer", "deployer")


def to_ranges(cidrs: tuple[str, ...]) -> st.SearchStrategy[tuple[Edge, ...]]:
    """Connections to each of the ranges."""
    return st.tuples(*(st.builds(ToRange, st.just(cidr), PORTS) for cidr in cidrs))


FARGATE = FargateProfile("dns", selectors=(FargateSelector("external-dns"),))


@st.composite
def fleets(draw: st.DrawFn) -> Blueprint:
    """A cluster with teams, and with add-ons that bring namespaces, AWS roles and controllers of their own."""
    made = draw(teams())
    pools = any(each.node_pool for each in made)
    # Roles come by EKS Pod Identity on nodes, by IRSA on Fargate.
    computes = [SMALL.compute, (*SMALL.compute, AutoMode()), (*SMALL.compute, FARGATE)]
    compute = draw(st.sampled_from(computes if pools else [*computes, (AutoMode(),)]))
    addons = (*SMALL.addons, ExternalDns(zones=("Z1",)), ArgoCd(domain="argocd.example.com"))
    addons = (*addons, ExternalSecrets(), SecretsStoreCsiDriver())
    platform = [
        PlatformTeam("platform", members=(Role("Engineer"),), hosts=("*.ops.example.com",)),
        PlatformTeam("operators", members=(Role("Operator"),), access="read-only"),
    ]
    return replace(
        SMALL,
        network=replace(SMALL.network, interface_endpoints=("sts",)),
        compute=compute,
        addons=(*addons, Karpenter()) if pools else addons,
        teams=(*made, *draw(some(st.sampled_from(platform), 2))),
    )
