"""Clusters in which one field, or several, have another value."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from itertools import combinations, product
from typing import Any, get_args

import addons
import blueprint
import blueprint.teams
from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from addons.argo_cd import ArgoCd
from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from addons.aws_mountpoint_s3_csi_driver import AwsMountpointS3CsiDriver
from addons.aws_privateca_issuer import AwsPrivateCaIssuer
from addons.cert_manager import CertManager
from addons.external_secrets import ExternalSecrets
from addons.flux import Flux
from addons.karpenter import Karpenter
from addons.karpenter.node_class import NodeClass
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.snapshot_controller import SnapshotController
from blueprint.access import Role
from blueprint.addons import Addon
from blueprint.artifacts import OciArtifact, S3Folder
from blueprint.blueprint import Blueprint
from blueprint.delivery import ArgoCdDelivery, FluxDelivery, Hub
from blueprint.errors import BlueprintError
from blueprint.existing_network import ExistingNetwork, ExistingSubnet
from blueprint.fargate import FargateProfile, FargateSelector
from blueprint.hints import lacking_in as lacking
from blueprint.hosted_zone import NewHostedZone
from blueprint.hybrid_nodes import HybridNodes
from blueprint.machine import CpuOptions
from blueprint.managed_nodes import ManagedNodes
from blueprint.mirrors import Mirrors, PullThroughCache
from blueprint.planning.planner import plan
from blueprint.repositories import Password, PrivateRepository, SshKey
from blueprint.routes import PeeringConnection, Route, TransitGateway
from blueprint.secrets import Parameter
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.teams import (
    ApplicationTeam,
    CopiedSecrets,
    FromTeam,
    SecretsManagerSecret,
    ServiceAccount,
    Share,
    TeamNamespace,
    ToTeam,
)
from blueprint.teams.contract import Team
from blueprint.value import Value, problems_in
from blueprint.value import field_types as of_fields
from examples.bare import BARE
from examples.hub_and_spokes.platform_hub import PLATFORM_HUB
from tests.blueprint.examples import changed
from tests.stacks.fleet import FLEET
from tests.values.kinds import names, values

_OURS = {f"addons.{type(each).__module__.split('.')[1]}" for blueprint in FLEET for each in blueprint.addons}
"""Modules of add-ons: one that no example has is a user's own, of which no test knows a cluster."""

Way = tuple[Any, ...]
"""From a blueprint to something in it: `("compute", 0, "min")`."""
Kind = tuple[type[Value], str, str]
"""A class, a field of it, and a kind of value of that: `(ManagedNodes, "capacity", "'SPOT'")`."""


def hints(cls: Any) -> Mapping[str, Any]:
    """The annotations of the fields of a class, which mypy takes for unhashable."""
    found: Mapping[str, Any] = of_fields(cls)
    return found


def _lacks(cls: Any) -> bool:
    """Whether it is only a base."""
    return bool(lacking(cls))


@cache
def classes() -> Mapping[type[Value], Mapping[str, Any]]:
    """Each class of the product of which a value can stand in a blueprint, and the annotations of its fields."""
    for package in (addons, blueprint, blueprint.teams):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: dict[type[Value], Mapping[str, Any]] = {}

    def walk(hint: Any) -> None:
        if not (isinstance(hint, type) and issubclass(hint, Value)):
            for part in get_args(hint):
                walk(part)
            return
        for cls in _concrete(hint):
            if cls not in found:
                found[cls] = hints(cls)
                for each in found[cls].values():
                    walk(each)

    walk(Blueprint)
    return found


def _concrete(cls: type[Value]) -> list[type[Value]]:
    """The class, if it is not only a base, and all below it; tests have some of their own, which are left out."""
    subclasses: list[type[Value]] = type.__subclasses__(cls)
    below = [each for sub in subclasses if _is_ours(sub) for each in _concrete(sub)]
    return below if _lacks(cls) else [cls, *below]


def _is_ours(cls: type[Value]) -> bool:
    folder, *within = cls.__module__.split(".")
    return folder == "blueprint" or (folder == "addons" and f"addons.{within[0]}" in _OURS)


# --- Where values are -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spot:
    """A value in a cluster."""

    cluster: Blueprint
    way: Way
    value: Value

    @property
    def fields(self) -> Mapping[str, Any]:
        """Their annotations."""
        return hints(type(self.value))

    def kinds(self) -> Iterator[Kind]:
        """What its own fields are of."""
        for field, hint in self.fields.items():
            yield from ((type(self.value), field, name) for name in names(hint, getattr(self.value, field)))


_MORE = (
    replace(BARE, network=changed(BARE.network, ipv6=True)),
    replace(
        BARE,
        network=changed(
            BARE.network,
            routes=(
                Route("10.128.0.0/9", via=TransitGateway("tgw-0a1b2c3d4e5f60718")),
                Route("192.168.0.0/16", via=PeeringConnection("pcx-0a1b2c3d4e5f60718")),
            ),
        ),
    ),
    replace(BARE, hosted_zones=(NewHostedZone("a.example.com"), NewHostedZone("b.example.com", private=True))),
    replace(
        BARE,
        mirrors=Mirrors(
            cache=(
                PullThroughCache("quay.io", "quay"),
                PullThroughCache(
                    "ghcr.io",
                    "github",
                    f"arn:aws:secretsmanager:{BARE.region}:{BARE.account}:secret:ecr-pullthroughcache/github-0aBcDe",
                ),
            )
        ),
    ),
    replace(
        BARE,
        network=changed(BARE.network, ipv6=True),
        cluster=replace(BARE.cluster, ip_family="ipv6"),
        addons=tuple(changed(each, ipv4_egress=False) if each.name == "vpc-cni" else each for each in BARE.addons),
    ),
    *(
        replace(
            BARE,
            network=ExistingNetwork(
                "vpc-00000000",
                ("10.0.0.0/16",),
                nodes=tuple(
                    ExistingSubnet(
                        f"subnet-0000000{place}", zone, f"10.0.{16 * place}.0/20", f"2600:1f14:0:{place}::/64"
                    )
                    for place, zone in enumerate("ab", 1)
                ),
                ipv6_cidrs=ranges,
            ),
        )
        for ranges in (("2600:1f14::/56",), ("2600:1f14::/56", "2600:1f14:0:100::/56"))
    ),
    replace(
        BARE,
        network=ExistingNetwork(
            "vpc-00000000",
            ("10.0.0.0/16",),
            nodes=(ExistingSubnet("subnet-00000001", "a", "10.0.0.0/20"),),
            pods=(ExistingSubnet("subnet-00000002", "a", "10.0.128.0/17"),),
            endpoints=tuple(
                ExistingSubnet(f"subnet-0000002{place}", zone, f"10.0.17.{32 * place}/27")
                for place, zone in enumerate("ab")
            ),
            control_plane=tuple(
                ExistingSubnet(f"subnet-0000001{place}", zone, f"10.0.16.{16 * place}/28")
                for place, zone in enumerate("ab")
            ),
        ),
    ),
    replace(
        BARE,
        teams=(
            ApplicationTeam(
                "shop",
                developers=(Role("Shop"),),
                network=(FromTeam("data", ports=(80,)),),
                shares=(Share("shop", "data"),),
            ),
            ApplicationTeam("data", developers=(Role("Data"),), network=(ToTeam("shop", ports=(80,)),)),
        ),
    ),
    replace(
        BARE,
        addons=(*BARE.addons, ExternalSecrets(), SecretsStoreCsiDriver()),
        teams=(
            ApplicationTeam(
                "shop",
                developers=(Role("Shop"),),
                namespaces=(TeamNamespace("shop"), TeamNamespace("jobs")),
                service_accounts=tuple(ServiceAccount(name, "shop", secrets=(Parameter("/a"),)) for name in ("a", "b")),
                copied_secrets=tuple(CopiedSecrets(name, (Parameter(f"/{name}"),)) for name in ("shop", "jobs")),
            ),
        ),
    ),
)
"""What the fleet has in large clusters only, or one of."""


@cache
def homes() -> tuple[Blueprint, ...]:
    """Small clusters with one part of the fleet each, which are planned in no time, and the fleet."""
    lone = list(_MORE)
    for cluster in FLEET:
        if isinstance(cluster.network, ExistingNetwork):
            lone.append(replace(BARE, network=cluster.network))
        lone += [replace(BARE, compute=(group,)) for group in cluster.compute]
        lone += [replace(BARE, addons=_with_those_before(addon, cluster.addons)) for addon in cluster.addons]
        lone += [small for team in cluster.teams for small in _of_team(team, cluster.addons)]
    lone += _together()
    different: list[Blueprint] = []
    for each in lone:
        if each not in different and _plans(each):
            different.append(each)
    return tuple(sorted((*different, *FLEET), key=lambda each: len(list(_below(each, ())))))


def _together() -> Iterator[Blueprint]:
    """Clusters with values that need another one beside them, which a search finds late or never."""
    nodes: dict[str, Any] = {"instance_types": ("m7g.large",), "zones": ("a", "b"), "disk_gib": 100}
    # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html: 0.25 MiB/s for each operation
    fast: dict[str, Any] = {"disk_throughput_mib": 2_000, "disk_iops": 8_000}
    nodes |= fast
    yield replace(BARE, compute=(ManagedNodes("nodes", **nodes),))
    yield replace(BARE, compute=(SelfManagedNodes("nodes", **nodes),))
    keys = tuple(f"arn:aws:kms:{BARE.region}:{BARE.account}:key/01234567-89ab-cdef-0123-45678901234{n}" for n in "ab")
    authority = f"arn:aws:acm-pca:{BARE.region}:{BARE.account}:certificate-authority/01234567-89ab-cdef-0123-4567890123"
    for addon in (
        AwsMountpointS3CsiDriver(buckets=("data",), kms_key_arns=keys),
        AwsPrivateCaIssuer(issuers={each: f"{authority}4{each}" for each in "ab"}),
        # Of the major version that the lock has; the values tried are of v1.
        AmazonCloudWatchObservability(version="v6.0.0-eksbuild.1"),
        AwsEfsCsiDriver(version="v3.0.0-eksbuild.1"),
        AwsMountpointS3CsiDriver(buckets=("data",), version="v2.0.0-eksbuild.1"),
        SnapshotController(version="v8.0.0-eksbuild.1"),
        Karpenter(node_classes=(NodeClass(disk_gib=100, **fast),)),
    ):
        yield replace(BARE, addons=_with_those_before(addon, (CertManager(),)))
    # https://aws.amazon.com/ec2/instance-types/high-memory: 896 vCPUs
    large = ManagedNodes(
        "large", instance_types=("u7in-32tb.224xlarge",), cpu=CpuOptions(cores=448, threads_per_core=2)
    )
    yield replace(BARE, compute=(large,))
    profile = FargateProfile("apps", selectors=(FargateSelector("apps"),), zones=("a", "b"))
    site = HybridNodes("site", node_ranges=("10.90.0.0/16", "10.91.0.0/16"), pod_network="elsewhere")
    site = changed(site, pod_ranges=("10.92.0.0/16", "10.93.0.0/16"))
    for beside in (profile, site):
        yield replace(BARE, compute=(*BARE.compute, beside))
    hub = Hub("hub", account=BARE.account, region=BARE.region, role="ArgoCdHub")
    yield replace(BARE, delivery=ArgoCdDelivery("https://git.example.com/platform", hub=hub))
    yield PLATFORM_HUB
    image = OciArtifact("oci://ghcr.io/example/platform", tag="stable")
    for taken in (image, changed(image, tag=None, semver="1.x"), S3Folder("platform-clusters")):
        yield replace(BARE, addons=(*BARE.addons, Flux()), delivery=FluxDelivery(taken))
    secret = SecretsManagerSecret("git")
    for reads in (
        Flux(private_repositories=(PrivateRepository("https://git.example.com/", Password(secret, username="git")),)),
        ArgoCd(
            "argocd.example.com", private_repositories=(PrivateRepository("git@github.com:example/", SshKey(secret)),)
        ),
    ):
        yield replace(BARE, addons=(*BARE.addons, ExternalSecrets(), reads))
    near = changed(BARE.network, cidr="10.0.0.0/16", local_zones=("us-west-2-lax-1a", "us-west-2-den-1a"))
    yield replace(BARE, network=near)
    registry = f"{BARE.account}.dkr.ecr.{BARE.region}.amazonaws.com"
    yield replace(BARE, mirrors=Mirrors(images={host: f"{registry}/{host}" for host in ("quay.io", "ghcr.io")}))


def _with_those_before(addon: Addon, others: Sequence[Addon]) -> tuple[Addon, ...]:
    """The least that a cluster has with it: what it requires, and what it comes after."""
    before = [other for other in others if addon.follows(other) and other not in BARE.addons]
    names = {each.name for each in (*before, addon)}
    return (*(each for each in BARE.addons if each.name not in names), *before, addon)


def _of_team(team: Team, addons: Iterable[Addon]) -> Iterator[Blueprint]:
    """Clusters in which it has one item of one of its fields, and what that needs."""
    bare = {
        name: getattr(team, name) for name in ("name", "members", "developers", "namespaces") if hasattr(team, name)
    }
    if isinstance(team, ApplicationTeam):
        for name in [each.name for each in fields(team) if each.name not in {*bare, "_mistakes"}]:
            given = getattr(team, name)
            for one in [(each,) for each in given] if isinstance(given, tuple) else [given]:
                field: dict[str, Any] = {name: one}
                if name == "workloads":  # what they show is the team's own
                    edges = tuple(edge for edge in team.network if not isinstance(edge, FromTeam | ToTeam))
                    field |= {"hosts": team.hosts, "network": edges}
                small = ApplicationTeam(**bare, **field)
                needed = tuple(addon for addon in addons if small.asks_for & {*addon.offers})
                yield replace(BARE, addons=(*BARE.addons, *needed), teams=(small,))
    yield replace(BARE, teams=(team,))


def _plans(cluster: Blueprint) -> bool:
    try:
        plan(cluster)
    except BlueprintError:
        return False
    return True


@cache
def spots() -> Mapping[type[Value], Sequence[Spot]]:
    """All values of each class, those in small clusters first."""
    found: dict[type[Value], list[Spot]] = {cls: [] for cls in classes()}
    for cluster in homes():
        for way, value in _below(cluster, ()):
            found[type(value)].append(Spot(cluster, way, value))
    return found


def spots_in(cluster: Blueprint) -> list[Spot]:
    """All values of a cluster that have fields."""
    return [Spot(cluster, way, value) for way, value in _below(cluster, ()) if hints(type(value))]


def _below(value: Any, way: Way) -> Iterator[tuple[Way, Value]]:
    if isinstance(value, Value):
        yield way, value
    for key, item in _parts(value):
        yield from _below(item, (*way, key))


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Value):
        yield from ((name, getattr(value, name)) for name in hints(type(value)))
    elif isinstance(value, tuple):
        yield from enumerate(value)
    elif isinstance(value, Mapping):
        yield from value.items()


@cache
def samples() -> Mapping[type[Value], Sequence[Value]]:
    """Values of each class: some that clusters have, and the same under another name."""
    found: dict[type[Value], list[Value]] = {}
    for cls, everywhere in spots().items():
        different: list[Value] = []
        for spot in everywhere:
            if spot.value not in different:
                different.append(spot.value)
        found[cls] = different[-3:]
    return {cls: [*some, *(other for each in some for other in _renamed(each))] for cls, some in found.items()}


def _renamed(value: Value) -> Iterator[Value]:
    for name, hint in hints(type(value)).items():
        whole = (each for each in get_args(hint) if isinstance(each, type) and issubclass(each, Value))
        if isinstance(getattr(value, name), str) and not [*whole]:  # a text, and nothing else in its place
            other = changed(value, **{name: values(hint, {})[0]})
            if not problems_in(other):
                yield other
            return


# --- Other values there -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Another value in a field."""

    spot: Spot
    field: str
    value: Any

    @property
    def kinds(self) -> Iterator[Kind]:
        """What the value is."""
        for name in names(self.spot.fields[self.field], self.value):
            yield type(self.spot.value), self.field, name

    def __str__(self) -> str:
        return f"{'.'.join(map(str, (*self.spot.way, self.field)))}={self.value!r}"[:300]


@dataclass(frozen=True)
class Variant:
    """A cluster with other values in some fields."""

    cluster: Blueprint
    changes: tuple[Change, ...]

    @cached_property
    def blueprint(self) -> Blueprint:
        """The cluster with them; those deep in it first, since another may take away what they stand in."""
        made: Any = self.cluster
        for change in sorted(self.changes, key=lambda change: -len(change.spot.way)):
            made = _put(made, (*change.spot.way, change.field), change.value)
        assert isinstance(made, Blueprint)
        return made

    @property
    def kinds(self) -> frozenset[Kind]:
        """What its values are."""
        return frozenset(kind for change in self.changes for kind in change.kinds)

    def __str__(self) -> str:
        return f"{self.cluster.name} with {', '.join(map(str, self.changes))}"


def _put(value: Any, way: Way, item: Any) -> Any:
    """The same value with another one there."""
    if not way:
        return item
    key, rest = way[0], way[1:]
    if isinstance(value, Value):
        return changed(value, **{key: _put(getattr(value, key), rest, item)})
    if isinstance(value, tuple):
        return (*value[:key], _put(value[key], rest, item), *value[key + 1 :])
    return {**value, key: _put(value[key], rest, item)}


def options(cls: Any, field: str) -> Sequence[Any]:
    """Values of every kind for a field."""
    return _options(cls, field)


@cache
def _options(cls: Any, field: str) -> Sequence[Any]:
    return values(classes()[cls][field], samples())


def singles(spot: Spot) -> Iterator[Variant]:
    """One field at a time."""
    for field in spot.fields:
        for value in options(type(spot.value), field):
            yield Variant(spot.cluster, (Change(spot, field, value),))


def some_singles() -> Iterator[Variant]:
    """The same, with every value of an annotation in the first two fields that have it, and of every field each kind.

    `make every-value` takes all.
    """
    fields_of: Counter[Any] = Counter()
    for cls, found in spots().items():
        for name, hint in classes()[cls].items() if found else ():
            fields_of[hint] += 1
            seen: set[str] = set()
            for value in options(cls, name):
                kinds = names(hint, value)
                if fields_of[hint] <= 2 or kinds - seen:
                    yield Variant(found[0].cluster, (Change(found[0], name, value),))
                seen |= kinds


def everywhere(spot: Spot, field: str, value: Any) -> Variant:
    """The value wherever that field's type holds the same one: a name, and all that refer to it."""
    hint, old = spot.fields[field], getattr(spot.value, field)
    changes = [
        Change(other, name, value)
        for other in spots_in(spot.cluster)
        for name, type_of_it in other.fields.items()
        if type_of_it == hint and getattr(other.value, name) == old
    ]
    return Variant(spot.cluster, tuple(changes))


def pairs(spot: Spot, most: int) -> Iterator[Variant]:
    """Two fields of one value at a time, with at most so many pairs of values."""
    chance = random.Random(type(spot.value).__name__)  # noqa: S311  # the same in every run
    for one, other in combinations(spot.fields, 2):
        both = list(product(options(type(spot.value), one), options(type(spot.value), other)))
        for first, second in chance.sample(both, min(most, len(both))):
            yield Variant(spot.cluster, (Change(spot, one, first), Change(spot, other, second)))


def random_pairs(count: int) -> Iterator[Variant]:
    """Two fields anywhere in a cluster of the fleet."""
    chance = random.Random("pairs")  # noqa: S311  # the same in every run
    for _ in range(count):
        cluster = chance.choice(FLEET)
        changes = []
        for spot in chance.sample(spots_in(cluster), 2):
            field = chance.choice(list(spot.fields))
            changes.append(Change(spot, field, chance.choice(options(type(spot.value), field))))
        yield Variant(cluster, tuple(changes))
