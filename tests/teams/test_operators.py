"""What operators who only look see of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from kubernetes_validate import utils

import addons
from addons.ack_capability import AckCapability
from addons.adot import Adot
from addons.argo_cd_capability import ArgoCdCapability
from addons.crossplane import Crossplane
from addons.envoy_gateway import EnvoyGateway
from addons.kro_capability import KroCapability
from addons.vpc_cni import VpcCni
from blueprint import Role
from blueprint.addons import Addon, EksAddon, EksCapability, HelmAddon, RepeatableAddon
from blueprint.teams import PlatformTeam
from blueprint.versions import SUPPORTED
from tests.blueprint.examples import AUTO, with_addons
from tests.isolation.rbac import can
from tests.isolation.world import World, world_of
from tools import contracts

OPERATORS = PlatformTeam("operators", members=(Role("Operator"),), access="read-only")


def world(*addons: Addon) -> World:
    required = [each(**each.typical) for addon in addons for each in addon.requires]
    if any("gateway.networking.k8s.io" in addon.needs_api_groups for addon in addons):
        required.append(EnvoyGateway(scheme=None))
    return world_of(replace(with_addons(*required, *addons), teams=(OPERATORS,)))


SMALLEST = world()


def sees(world: World, resource: str, group: str = "", verb: str = "list", subresource: str = "") -> bool:
    """Of the whole cluster: for a namespaced kind, in every namespace at once."""
    (operator,) = (one.user for one in world.people if one.user.name.endswith("/Operator"))
    return can(world.objects, operator, verb, resource, group=group, subresource=subresource)


# Kinds that Kubernetes keeps, of a stable API, and that operators do not list.
UNSEEN = {
    ("", "Secret"): "never",
    ("", "ComponentStatus"): "deprecated since 1.19, and EKS shows its own health",
    ("", "PodTemplate"): "nothing makes any",
}


@cache
def kept(version: str) -> frozenset[tuple[str, str]]:
    """Group and kind of everything stable that the API server of a minor stores: what has a list.

    By the schemas of kubernetes-validate, which are those of https://github.com/kubernetes/kubernetes/tree/master/api/openapi-spec
    """
    file = f"kubernetes-json-schema/v{version}.0-local/_definitions.json"
    definitions: dict[str, Any] = utils.schema_contents(file, version)["$defs"]
    found = {
        (each["group"], each["version"], each["kind"])
        for definition in definitions.values()
        for each in definition.get("x-kubernetes-group-version-kind", ())
    }
    listed = {(group, kind) for group, api, kind in found if api == "v1" and (group, api, f"{kind}List") in found}
    return frozenset(listed - {("", "APIGroup")})  # of discovery, not kept


def plural(kind: str) -> str:
    """https://github.com/kubernetes/apimachinery/blob/master/pkg/api/meta/restmapper.go (UnsafeGuessKindToResource)"""
    name = kind.lower()
    if name.endswith("endpoints"):
        return name
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}{'es' if name.endswith('s') else 's'}"


@pytest.mark.parametrize("version", SUPPORTED)
def test_operators_see_every_kind_of_kubernetes_but_secrets(version: str) -> None:
    kinds = kept(version)
    assert {("", "Node"), ("", "PersistentVolume"), ("rbac.authorization.k8s.io", "ClusterRole")} < kinds
    assert len(kinds) > 45
    hidden = {(group, kind) for group, kind in kinds if not sees(SMALLEST, plural(kind), group)}
    assert hidden == UNSEEN.keys() & kinds


@pytest.mark.parametrize("resource", ["nodes", "pods"])
def test_operators_see_what_pods_and_nodes_use(resource: str) -> None:
    """metrics-server charts/metrics-server/templates/clusterrole-aggregated-reader.yaml"""
    assert sees(SMALLEST, resource, "metrics.k8s.io")


FORBIDDEN = [
    *(("", "secrets", "", verb) for verb in ("get", "list", "watch")),
    ("", "serviceaccounts", "token", "create"),
    *(("", kind, "proxy", verb) for kind in ("nodes", "pods", "services") for verb in ("get", "create")),
    *(("", "pods", name, verb) for name in ("exec", "attach", "portforward") for verb in ("get", "create")),
    ("", "nodes", "", "patch"),
    ("", "pods", "eviction", "create"),
    ("", "users", "", "impersonate"),
    ("certificates.k8s.io", "signers", "", "approve"),
    ("rbac.authorization.k8s.io", "clusterroles", "", "bind"),
    ("karpenter.sh", "nodeclaims", "", "delete"),
]


@pytest.mark.parametrize(("group", "resource", "subresource", "verb"), FORBIDDEN)
def test_operators_only_look_and_see_no_secret(group: str, resource: str, subresource: str, verb: str) -> None:
    assert not sees(SMALLEST, resource, group, verb, subresource)


def custom() -> Iterator[tuple[Addon, str, str]]:
    """Of each add-on the groups of its custom resources and one kind of each, from the charts' own definitions."""
    for cls in contracts.classes():
        names = [each for contract in contracts.read(cls.name).values() for each in contract["definitions"]]
        for group, name in {each.partition(".")[2]: each for each in names}.items():
            yield contracts.typical(cls), group, name.partition(".")[0]


CUSTOM = [
    # https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html and the guides of each
    (AckCapability(), "services.k8s.aws", "fieldexports"),
    (ArgoCdCapability(**ArgoCdCapability.typical), "argoproj.io", "applications"),
    (KroCapability(), "kro.run", "resourcegraphdefinitions"),
    *custom(),
    # Of which EKS shows no chart: open-telemetry/opentelemetry-helm-charts charts/opentelemetry-operator/conf/crds
    (Adot(), "opentelemetry.io", "opentelemetrycollectors"),
    # Which it applies itself: crossplane cluster/crds
    (Crossplane(), "apiextensions.crossplane.io", "compositions"),
    (Crossplane(), "ops.crossplane.io", "operations"),
    (Crossplane(), "pkg.crossplane.io", "providers"),
    (Crossplane(), "protection.crossplane.io", "usages"),
]
# Of no add-on of SMALL but the CNI (amazon-vpc-cni-k8s charts/aws-vpc-cni/crds), of EKS's control plane
# (charts/aws-vpc-cni/templates/clusterrole.yaml names both), of Auto Mode, and of what some add-ons read.
ALWAYS = [
    ("crd.k8s.amazonaws.com", "eniconfigs"),
    ("networking.k8s.aws", "policyendpoints"),
    ("vpcresources.k8s.aws", "cninodes"),
    ("eks.amazonaws.com", "nodediagnostics"),
    ("karpenter.sh", "nodepools"),
    ("gateway.networking.k8s.io", "httproutes"),
    ("snapshot.storage.k8s.io", "volumesnapshotcontents"),
]


@pytest.mark.parametrize(("addon", "group", "resource"), CUSTOM)
def test_operators_see_the_custom_resources_of_the_addons(addon: Addon, group: str, resource: str) -> None:
    assert sees(world(addon), resource, group)
    assert sees(SMALLEST, resource, group) is (group in {each for each, _ in ALWAYS})


@pytest.mark.parametrize(("group", "resource"), ALWAYS)
def test_operators_see_what_comes_with_every_cluster(group: str, resource: str) -> None:
    assert sees(SMALLEST, resource, group)


def test_no_addon_and_no_group_is_forgotten_here() -> None:
    for module in iter_modules(addons.__path__, "addons."):
        import_module(module.name)
    told: dict[type[Addon], set[str]] = {
        type(addon): {group for other, group, _ in CUSTOM if type(other) is type(addon)} for addon, *_ in CUSTOM
    }
    told[VpcCni] = {"crd.k8s.amazonaws.com"}
    classes = {
        cls
        for base in (EksAddon, EksCapability, HelmAddon, RepeatableAddon)
        for cls in base.__subclasses__()
        if "addons." in cls.__module__
    }
    assert {cls: set(cls.api_groups) for cls in classes if cls.api_groups and "tests." not in cls.__module__} == told


def test_auto_mode_s_node_pools_are_seen() -> None:
    seen = world_of(replace(AUTO, teams=(OPERATORS,)))
    assert sees(seen, "nodepools", "karpenter.sh")
    assert sees(seen, "nodeclasses", "eks.amazonaws.com")
