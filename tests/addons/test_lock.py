"""The lock of versions: read whole or refused, used by the add-ons that it names, and moved by Renovate."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, TypeVar

import pytest

import addons
from addons.argo_cd import ArgoCd
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.cluster_autoscaler import ClusterAutoscaler
from addons.core_dns import CoreDns
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.keda import Keda
from addons.kube_proxy import KubeProxy
from addons.kube_state_metrics import KubeStateMetrics
from addons.metrics_server import MetricsServer
from addons.prometheus_node_exporter import PrometheusNodeExporter
from addons.reloader import Reloader
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.vertical_pod_autoscaler import VerticalPodAutoscaler
from addons.vpc_cni import VpcCni
from blueprint.addons import Addon, EksAddon, HelmAddon, chosen
from blueprint.addons.lock import FILE, read
from blueprint.contribution import Chart, release_notes
from blueprint.errors import BlueprintError
from blueprint.versions import SUPPORTED
from tests.addons.support import FACTS
from tests.stacks.fleet import FLEET

A = TypeVar("A", bound=Addon)
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
CHART = '[charts.web]\nrepository = "https://charts.example.com"\nversion = "1.2.3"\n'
ADDON = '[eks."1.36"]\nweb = "v1.2.3-eksbuild.1"\n'


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / FILE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)


def classes(base: type[A]) -> Iterator[type[A]]:
    """All add-ons of a kind that `addons/` has."""
    for module in walk_packages(addons.__path__, "addons."):
        import_module(module.name)
    for cls in base.__subclasses__():
        yield from (each for each in (cls, *classes(cls)) if each.__module__.startswith("addons."))


# --- Every entry is used, and every add-on has one ---


def test_each_eks_add_on_has_a_version_for_each_kubernetes_minor(data: Mapping[str, Any]) -> None:
    names = {cls.name for cls in classes(EksAddon)}
    assert {version: set(table) for version, table in data["eks"].items()} == dict.fromkeys(SUPPORTED, names)
    for cls in classes(EksAddon):
        assert cls.versions == {version: table[cls.name] for version, table in data["eks"].items()}


def test_each_chart_of_an_add_on_is_of_the_lock(data: Mapping[str, Any]) -> None:
    every = (*classes(EksAddon), *classes(HelmAddon))
    charts = [each for cls in every for each in vars(cls).values() if isinstance(each, Chart)]
    assert {chart.name for chart in charts} == set(data["charts"])
    for chart in charts:
        locked = data["charts"][chart.name]
        assert (chart.repository, chart.version) == (locked["repository"], locked["version"])
        assert (chart.kubernetes, chart.digest) == (locked.get("kubernetes", ""), locked.get("digest", ""))


# --- What is installed says where its release notes are ---


def test_every_form_is_that_of_an_address() -> None:
    every = (*classes(EksAddon), *classes(HelmAddon))
    charts = [each for cls in every for each in vars(cls).values() if isinstance(each, Chart)]
    forms = {form for chart in charts for form in (chart.notes, chart.compatibility)}
    forms |= {cls.notes for cls in classes(EksAddon)}
    address = re.compile(r"https://[a-z0-9.-]+(/[\w.@#{}-]+)+/?")
    assert [form for form in forms - {""} if not address.fullmatch(form)] == []


@pytest.mark.parametrize(
    ("addon", "tag"),
    [
        # Tags as they stand in the repositories; of kube-proxy the file of its minor.
        (AwsEbsCsiDriver(version="v1.64.0-eksbuild.1"), "kubernetes-sigs/aws-ebs-csi-driver/releases/tag/v1.64.0"),
        (CoreDns(version="v1.14.6-eksbuild.4"), "coredns/coredns/releases/tag/v1.14.6"),
        (EksPodIdentityAgent(version="v1.3.10-eksbuild.3"), ""),
        (KubeProxy(version="v1.36.0-eksbuild.25"), "kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-1.36.md"),
        (MetricsServer(version="v0.8.1-eksbuild.4"), "kubernetes-sigs/metrics-server/releases/tag/v0.8.1"),
        (VpcCni(version="v1.22.4-eksbuild.3"), "aws/amazon-vpc-cni-k8s/releases/tag/v1.22.4"),
    ],
    ids=lambda each: each.name if isinstance(each, Addon) else "",
)
def test_release_notes_of_eks_add_ons(addon: EksAddon, tag: str) -> None:
    (managed,) = addon.contribute(FACTS).managed_addons
    assert managed.release_notes == (tag and f"https://github.com/{tag}")


@pytest.mark.parametrize(
    ("addon", "tags"),
    [
        (ArgoCd(domain="argocd.example.com", chart_version="10.1.1"), ["argoproj/argo-helm/argo-cd-10.1.1"]),
        (AwsLoadBalancerController(chart_version="3.5.0"), ["kubernetes-sigs/aws-load-balancer-controller/v3.5.0"]),
        (CertManager(chart_version="1.21.1"), ["cert-manager/cert-manager/v1.21.1"]),
        (
            ExternalDns(zones=("Z1",), chart_version="1.21.1"),
            ["kubernetes-sigs/external-dns/external-dns-helm-chart-1.21.1"],
        ),
        (
            ClusterAutoscaler(chart_version="9.59.0"),
            ["kubernetes/autoscaler/cluster-autoscaler-chart-9.59.0"],
        ),
        (ExternalSecrets(chart_version="2.9.0"), ["external-secrets/external-secrets/helm-chart-2.9.0"]),
        (Karpenter(chart_version="1.14.1"), ["aws/karpenter-provider-aws/v1.14.1"] * 2),
        (Keda(chart_version="2.18.0"), ["kedacore/keda/v2.18.0"]),
        (
            KubeStateMetrics(chart_version="5.21.0"),
            ["prometheus-community/helm-charts/kube-state-metrics-5.21.0"],
        ),
        (
            PrometheusNodeExporter(chart_version="4.37.0"),
            ["prometheus-community/helm-charts/prometheus-node-exporter-4.37.0"],
        ),
        (Reloader(chart_version="2.2.17"), ["stakater/Reloader/chart-v2.2.17"]),
        (
            SecretsStoreCsiDriver(chart_version="1.6.0", provider_version="3.1.1"),
            [
                "kubernetes-sigs/secrets-store-csi-driver/v1.6.0",
                "aws/secrets-store-csi-driver-provider-aws/3.1.1",
            ],
        ),
        (
            VerticalPodAutoscaler(chart_version="0.11.0"),
            ["kubernetes/autoscaler/vertical-pod-autoscaler-chart-0.11.0"],
        ),
    ],
    ids=lambda each: each.name if isinstance(each, Addon) else "",
)
def test_release_notes_of_charts(addon: HelmAddon, tags: Sequence[str]) -> None:
    found = [release.chart.release_notes for release in addon.contribute(FACTS).releases]
    assert [each.replace("/releases/tag/", "/") for each in found] == [f"https://github.com/{tag}" for tag in tags]


def test_where_compatibility_stands_can_be_opened() -> None:
    charts = [each for cls in classes(HelmAddon) for each in vars(cls).values() if isinstance(each, Chart)]
    told = [chart.compatibility for chart in charts if chart.compatibility]
    assert [each for each in told if not re.fullmatch(r"https://[a-z-]+(\.[a-z-]+)+/[\w./#-]+", each)] == []


@pytest.mark.parametrize(("version", "address"), [("latest", ""), ("", ""), ("v2", ""), ("v1.2-x", "1.2 of 1.2")])
def test_release_notes_of_what_is_no_version(version: str, address: str) -> None:
    assert release_notes("{version} of {minor}", version) == address
    assert release_notes("", version) == ""


def test_of_another_version_nobody_knows_range_and_digest() -> None:
    chart = Chart("web", "https://charts.example.com", "1.2.3", ">=1.25", DIGEST)
    assert chosen(chart, None, None, None) == chart
    own = "oci://mirror.example.com/web"
    assert chosen(chart, None, own, "oci://other.example.com/web") == replace(chart, repository=own)
    assert chosen(chart, "1.3.0", None, None) == Chart("web", "https://charts.example.com", "1.3.0")
    published = Chart("web", own, "1.3.0", published="https://charts.example.com")
    assert chosen(chart, "1.3.0", None, own) == published


# --- A mistake in it is one report ---


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("x = (", [FILE]),
        ("", ["eks", "charts"]),
        (f"{ADDON}[[charts]]\n", ["charts"]),
        (f"{ADDON}[charts]\nweb = 3\n", ["charts.web"]),
        (f"{ADDON}{CHART}[more]\n", ["more"]),
        (f'{ADDON}{CHART}digest = "sha256:0"\n', ["charts.web.digest"]),
        (f'{ADDON}{CHART}image = "web"\n', ["charts.web.image"]),
        (ADDON + CHART.replace("1.2.3", "latest"), ["charts.web.version"]),
        (ADDON + CHART.replace("https:", "http:"), ["charts.web.repository"]),
        (f'{ADDON}{CHART}kubernetes = ">=1.22.0-0"\n', ["charts.web.kubernetes"]),
        (f'{ADDON}{CHART}kubernetes = "<=1.22 >=1.20"\n', ["charts.web.kubernetes"]),
        (ADDON.replace("1.36", "1.99") + CHART, ['eks."1.99"']),
        (ADDON.replace("v1", "1") + CHART, ['eks."1.36".web']),
        (ADDON.replace("web", "Web") + CHART.replace('"1.2.3"', "1"), ['eks."1.36".Web', "charts.web.version"]),
    ],
)
def test_a_wrong_lock_is_refused_with_all_its_mistakes(text: str, places: Sequence[str]) -> None:
    with pytest.raises(BlueprintError) as raised:
        read(text)
    assert [each.place.removeprefix(f"{FILE}: ") for each in raised.value.problems] == places
    assert all(each.place.startswith(FILE) and each.rule and each.fix for each in raised.value.problems)


def test_what_the_lock_does_not_name_is_said() -> None:
    lock = read(ADDON + CHART)
    assert lock.chart("web") == Chart("web", "https://charts.example.com", "1.2.3")
    full = f'kubernetes = ">=1.25"\ndigest = "{DIGEST}"\n'
    assert read(f"{ADDON}{CHART}{full}").chart("web") == replace(lock.chart("web"), kubernetes=">=1.25", digest=DIGEST)
    assert lock.addon_versions("web") == {"1.36": "v1.2.3-eksbuild.1"}
    with pytest.raises(
        BlueprintError, match=r"charts\.shop\n.*'shop'\n.*lock\n.*add a table \[charts\.shop\]"
    ) as raised:
        lock.chart("shop")
    (problem,) = raised.value.problems
    assert (problem.place, problem.value) == (f"{FILE}: charts.shop", "shop")
    assert problem.rule == "an add-on takes its version from the lock"
    with pytest.raises(BlueprintError, match=r'eks\.\*\.shop\n.*\'shop\'\n.*lock\n.*write shop = "v1'):
        lock.addon_versions("shop")


# --- Renovate finds every version, and knows where newer ones are ---


def found(manager: Mapping[str, Any], content: str, groups: Mapping[str, str] | None = None, depth: int = 0) -> Any:
    """What a manager of renovate.json finds, as lib/modules/manager/custom/regex/strategies.ts does it."""
    patterns = manager["matchStrings"]
    if depth == len(patterns):
        yield groups
        return
    recursive = manager.get("matchStringsStrategy") == "recursive"
    for match in re.finditer(patterns[depth].replace("(?<", "(?P<"), content):
        merged = {**(groups or {}), **match.groupdict()}
        yield from found(manager, match[0], merged, depth + 1 if recursive else len(patterns))


def filled(template: str, groups: Mapping[str, str]) -> str:
    return re.sub(r"\{\{\{(\w+)\}\}\}", lambda name: groups[name[1]], template)


@pytest.fixture(scope="module")
def dependencies(root: Path, text: str) -> list[tuple[Any, ...]]:
    """Data source, name, registry and version."""
    managers = json.loads((root / "renovate.json").read_text(encoding="utf-8"))["customManagers"]
    assert all(re.search(manager["managerFilePatterns"][0].strip("/"), FILE) for manager in managers)
    return [
        (
            manager["datasourceTemplate"],
            filled(manager.get("depNameTemplate", "{{{depName}}}"), groups),
            groups.get("registryUrl"),
            groups["currentValue"],
        )
        for manager in managers
        for groups in found(manager, text)
    ]


def test_renovate_moves_each_version(data: Mapping[str, Any], dependencies: list[tuple[Any, ...]]) -> None:
    """https://docs.renovatebot.com/modules/datasource/aws-eks-addon : a filter in JSON is the name."""
    expected: list[tuple[Any, ...]] = []
    for minor, table in data["eks"].items():
        for name, version in table.items():
            query = {"kubernetesVersion": minor, "addonName": name, "default": True}
            expected.append(("aws-eks-addon", json.dumps(query, separators=(",", ":")), None, version))
    for name, chart in data["charts"].items():
        address, version = chart["repository"], chart["version"]
        if address.startswith("oci://"):
            expected.append(("docker", address.removeprefix("oci://"), None, version))
        else:
            expected.append(("helm", name, address, version))
    assert sorted(dependencies, key=str) == sorted(expected, key=str)


# --- Where a chart has its definitions ---

# Where each chart has its definitions, at the version that its add-on names: by hand only what stands in crds/ alone.
DEFINITIONS = {
    # eks-charts stable/aws-load-balancer-controller/crds
    "aws-load-balancer-controller": True,
    # external-dns charts/external-dns/crds
    "external-dns": True,
    # secrets-store-csi-driver charts/secrets-store-csi-driver/crds, and templates/crds-upgrade-hook.yaml applies them
    "secrets-store-csi-driver": False,
    # karpenter-provider-aws charts/karpenter/crds, and charts/karpenter-crd/templates
    "karpenter": False,
    # cert-manager deploy/charts/cert-manager/templates, argo-helm charts/argo-cd/templates/crds,
    # external-secrets hack/helm.generate.sh (templates/crds)
    **dict.fromkeys(("cert-manager", "argo-cd", "external-secrets"), False),
    # autoscaler vertical-pod-autoscaler/charts/vertical-pod-autoscaler/crds
    "vertical-pod-autoscaler": True,
    # fluxcd-community/helm-charts charts/flux2/templates/*.crds.yaml
    "flux2": False,
    # charts keda/templates/crds
    "keda": False,
    # argo-helm charts/argo-rollouts/templates/crds, helm-charts (fluxcd-community) charts/flux2/templates
    **dict.fromkeys(("argo-rollouts", "flux2"), False),
    # aws-privateca-issuer charts/aws-pca-issuer/crds
    "aws-privateca-issuer": True,
    # gatekeeper charts/gatekeeper/crds and helm-charts (vmware-tanzu) charts/velero/crds, which a hook of each applies
    **dict.fromkeys(("gatekeeper", "velero"), False),
    # helm-charts (prometheus-community) charts/kube-prometheus-stack/charts/crds/crds
    "kube-prometheus-stack": True,
    # opentelemetry-helm-charts charts/opentelemetry-operator/templates/crds
    "opentelemetry-operator": False,
    # trivy-operator deploy/helm/crds
    "trivy-operator": True,
    # kueue charts/kueue/templates/crd, kyverno charts/kyverno/charts/crds/templates
    **dict.fromkeys(("kueue", "kyverno"), False),
    # kuberay helm-chart/kuberay-operator/crds, spark-operator charts/spark-operator-chart/crds (its hook that applies
    # them is off by default), kro helm/crds
    **dict.fromkeys(("kuberay-operator", "spark-operator", "kro"), True),
    # argo-helm charts/argo-workflows/templates/crds.yaml, charts/argo-events/templates/crds,
    # charts/argocd-image-updater/templates/crds; grafana-operator deploy/helm/grafana-operator/templates/crds.yaml;
    # crossplane defines them itself: cmd/crossplane/core/init.go
    **dict.fromkeys(("argo-workflows", "argo-events", "argocd-image-updater", "grafana-operator", "crossplane"), False),
    # gpu-operator deployments/gpu-operator/crds, which its hook before an upgrade applies
    "gpu-operator": False,
    # dra-driver-nvidia-gpu deployments/helm/dra-driver-nvidia-gpu/crds
    "dra-driver-nvidia-gpu": True,
    # envoyproxy/gateway charts/gateway-helm/charts/crds/crds
    "gateway-helm": True,
    # aws-application-networking-k8s helm/crds
    "aws-gateway-controller-chart": True,
    # istio manifests/charts/base/templates/crds.yaml
    "istiod": False,
    # They define nothing.
    **dict.fromkeys(("falco", "loki", "opencost", "tempo"), False),
    **dict.fromkeys(("aws-for-fluent-bit", "descheduler", "nvidia-device-plugin"), False),
    **dict.fromkeys(("cluster-autoscaler", "kube-state-metrics", "prometheus-node-exporter", "reloader"), False),
}


def test_which_charts_leave_their_definitions_behind() -> None:
    """Of the project's, which examples have."""
    charts = [addon.chart for blueprint in FLEET for addon in blueprint.addons if isinstance(addon, HelmAddon)]
    assert {chart.name: chart.definitions_stay for chart in charts} == DEFINITIONS
