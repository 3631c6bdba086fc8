"""What add-on classes say of their charts, held against contracts: what the real charts render to (`make contracts`).

Placement is decided by it: whether pods find room, whether a Fargate profile chooses them, and whether two listen on a
port that Fargate's own agents have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import pytest

from blueprint.addons import EksAddon, HelmAddon
from blueprint.contribution import Contribution
from blueprint.kubernetes import RESERVED_NAMESPACES
from blueprint.quantity import amount
from tests.stacks.fleet import FLEET
from tools import contracts

OURS = {
    type(each)
    for blueprint in FLEET
    for each in blueprint.addons
    if isinstance(each, HelmAddon) or (isinstance(each, EksAddon) and each.upstream)
}
ADDONS = {cls.name: contracts.typical(cls) for cls in contracts.classes() if contracts.read(cls.name)}
LEVELS = ("restricted", "baseline", "privileged")
ONCE = ("Job", "CronJob")
NEVER_RENDERED = {
    # It is started by the controller for HTTP01 challenges, by --acme-http01-solver-image.
    "cert-manager": {"quay.io/jetstack/cert-manager-acmesolver"},
    # Its operator runs them in pods of its own making, by --prometheus-config-reloader and by fields of its objects.
    "kube-prometheus-stack": {
        "quay.io/prometheus/alertmanager",
        "quay.io/prometheus/prometheus",
        "quay.io/prometheus-operator/prometheus-config-reloader",
    },
    # Its scans are Jobs.
    "trivy-operator": {"mirror.gcr.io/aquasec/trivy"},
    # In StatefulSets of EventBuses, by its ConfigMap.
    "argo-events": {
        "docker.io/library/nats",
        "docker.io/natsio/nats-server-config-reloader",
        "docker.io/natsio/prometheus-nats-exporter",
    },
    # In DaemonSets that the operator makes of its ClusterPolicy.
    "gpu-operator": {
        "nvcr.io/nvidia/cloud-native/k8s-mig-manager",
        "nvcr.io/nvidia/k8s-device-plugin",
        "nvcr.io/nvidia/k8s/dcgm-exporter",
    },
    # In Deployments that the controller makes of Gateways and of limits for all proxies, by its ConfigMap.
    "envoy-gateway": {"docker.io/envoyproxy/envoy", "docker.io/envoyproxy/ratelimit"},
    # In pods with a sidecar and in gateways: files/injection-template.yaml of istiod.
    "istio": {"registry.istio.io/release/proxyv2"},
    # In pods of Workflows, by --executor-image.
    "argo-workflows": {"quay.io/argoproj/argoexec"},
    # Of collectors whose objects name none, by --collector-image.
    "opentelemetry-operator": {"ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s"},
}
"""Images that run, and stand in no object of the chart."""
NEVER_DEFINED = {
    # crossplane cluster/crds, which `crossplane core init` applies.
    "crossplane": {f"{each}.crossplane.io" for each in ("apiextensions", "ops", "pkg", "protection")},
}
"""API groups of what an add-on defines when it runs."""


@pytest.fixture(params=ADDONS)
def addon(request: pytest.FixtureRequest) -> EksAddon | HelmAddon:
    return ADDONS[request.param]


@pytest.fixture
def contribution(addon: EksAddon | HelmAddon) -> Contribution:
    return addon.contribute(contracts.FACTS)


def pods_of(addon: EksAddon | HelmAddon) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Kind and contract of each workload, by its name."""
    found = {}
    for release in contracts.read(addon.name).values():
        for name, pods in release["pods"].items():
            found[re.split("[ /]", name)[-1]] = (name.partition(" ")[0].partition(".")[0], pods)
    return found


def test_each_add_on_of_ours_with_a_chart_has_a_contract() -> None:
    """A user's own, which no example has, may go without."""
    assert {cls.name for cls in OURS} <= ADDONS.keys()


def test_it_is_of_the_chart_and_the_values_that_are_installed(addon: EksAddon | HelmAddon) -> None:
    """With others it says nothing: `make contracts NAME=…` writes it anew, from the chart in its new version."""
    made = contracts.read(addon.name)
    for release in contracts.releases(addon):
        assert contracts.made_for(release).items() <= made[release.name].items()
    assert [release.name for release in contracts.releases(addon)] == list(made)


def test_its_pods_are_known(addon: EksAddon | HelmAddon, contribution: Contribution) -> None:
    """All that stay; what runs once and ends needs no place of its own."""
    kinds = {name: kind for name, (kind, _) in pods_of(addon).items() if kind not in ONCE}
    assert {each.name: each.kind for each in contribution.workloads if each.kind not in ONCE} == kinds


def test_the_chart_follows_each_value_that_the_class_reads(addon: EksAddon | HelmAddon) -> None:
    """What the plan takes from values, such as how many replicas there are, is what the chart makes of them."""
    followed = {path for release in contracts.read(addon.name).values() for path in release["follows"]}
    assert followed == contracts.known_paths(addon).keys()


def test_all_its_images_come_from_a_mirror(addon: EksAddon | HelmAddon) -> None:
    assert [image for release in contracts.read(addon.name).values() for image in release["unmirrored"]] == []


def test_they_are_as_the_chart_has_them(addon: EksAddon | HelmAddon, contribution: Contribution) -> None:
    rendered = pods_of(addon)
    for workload in contribution.workloads:
        kind, pods = rendered[workload.name]
        assert kind == workload.kind
        assert workload.labels.items() <= pods["labels"].items()
        assert workload.service_account in ("", pods.get("service_account"))
        assert workload.replicas == pods.get("replicas", 1)
        assert sorted(workload.ports) == pods.get("ports", [])
        assert amount(workload.cpu) == amount(pods.get("requests", {}).get("cpu", "0"))
        assert all(dict(each) in pods.get("tolerations", ()) for each in workload.tolerations)


def test_its_namespaces_admit_them(addon: EksAddon | HelmAddon, contribution: Contribution) -> None:
    """And no looser one is needed: the level is the strictest under which all of them start."""
    found: dict[str, set[str]] = {}
    for release in contracts.read(addon.name).values():
        for name, pods in release["pods"].items():
            namespace, within, _ = name.split()[1].partition("/")
            found.setdefault(namespace if within else addon.namespace, set()).add(pods["level"])
    strictest = {namespace: max(levels, key=LEVELS.index) for namespace, levels in found.items()}
    if isinstance(addon, HelmAddon):
        made = {each.name: each.pod_security for each in contribution.namespaces}
        assert made == {name: level for name, level in strictest.items() if name not in RESERVED_NAMESPACES}


def test_on_fargate_go_only_pods_that_can(addon: EksAddon | HelmAddon, contribution: Contribution) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/fargate.html: no privileged pods, DaemonSets, host networks."""
    for workload in contribution.workloads:
        kind, pods = pods_of(addon)[workload.name]
        if workload.on_fargate:
            assert kind != "DaemonSet"
            assert pods["level"] != "privileged"


@pytest.mark.parametrize(
    "addon",
    sorted((cls for cls in OURS if issubclass(cls, EksAddon)), key=attrgetter("name")),
    ids=lambda cls: cls.name,
)
def test_what_eks_builds_is_of_upstreams_chart_in_that_version(addon: type[EksAddon]) -> None:
    """One of its images has the version of the add-on as its tag, or the chart has it itself."""
    (contract,) = contracts.read(addon.name).values()
    built = {version.partition("-eksbuild")[0] for version in addon.versions.values()}
    assert built <= {image.rpartition(":")[2] for image in contract["images"]} | {f"v{contract['version']}"}


def test_its_images_are_known(addon: EksAddon | HelmAddon, contribution: Contribution) -> None:
    """By their repositories: a tag, and a digest after it, are the chart's. EKS has a registry of its own."""
    if isinstance(addon, EksAddon):
        assert contribution.images == ()
        return
    images = {image for contract in contracts.read(addon.name).values() for image in contract["images"]}
    assert {*contribution.images} == {contracts.repository(image) for image in images}
    untold = {image for image in images if image == contracts.repository(image)}
    assert untold == NEVER_RENDERED.get(addon.name, set())


def test_its_service_account_is_the_charts(addon: EksAddon | HelmAddon, contribution: Contribution) -> None:
    made = {each for contract in contracts.read(addon.name).values() for each in contract["objects"]}
    for grant in contribution.every_grant:
        # What says no namespace, Helm puts into that of the release.
        released = {each.namespace for each in contribution.releases} == {grant.namespace}
        unsaid = {f"ServiceAccount {grant.service_account}"} if released else set()
        assert made & {f"ServiceAccount {grant.namespace}/{grant.service_account}", *unsaid}


def test_its_custom_resources_are_known(addon: EksAddon | HelmAddon) -> None:
    """By their API groups: operators of the cluster see these."""
    names = {name for contract in contracts.read(addon.name).values() for name in contract["definitions"]}
    groups = {name.partition(".")[2] for name in names} | NEVER_DEFINED.get(addon.name, set())
    assert groups == {*addon.api_groups}
