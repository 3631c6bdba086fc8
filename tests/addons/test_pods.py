"""What add-ons say of their pods, held against their charts as `helm template` renders them with our values.

Placement is decided by it: whether pods find room, whether a Fargate profile chooses them, and whether two listen on a
port that Fargate's own agents have. Ports are `containerPort` of the containers, and that of a probe without one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint.addons import Addon, HelmAddon
from blueprint.workload import Workload
from tests.addons.support import FACTS


class Pods(NamedTuple):
    """Those of one Deployment, as the chart has them; `component` is app.kubernetes.io/component."""

    name: str
    label: str
    instance: str
    component: str = ""
    account: str = ""
    replicas: int = 1
    ports: tuple[int, ...] = ()
    kind: str = "Deployment"


def argo(component: str, *ports: int, kind: str = "Deployment", replicas: int = 1) -> Pods:
    name = f"argocd-{component}"
    return Pods(name, name, "argo-cd", component, ports=ports, kind=kind, replicas=replicas)


def beside(component: str, *ports: int, kind: str = "Deployment", replicas: int = 1) -> Pods:
    name = f"cert-manager-{component}"
    return Pods(name, component, "cert-manager", component, ports=ports, kind=kind, replicas=replicas)


ES = "external-secrets"
LBC = "aws-load-balancer-controller"
RENDERED: dict[str, tuple[Addon, tuple[Pods, ...]]] = {
    # argo-helm argo-cd-10.1.1, charts/argo-cd/templates: deployment.yaml and statefulset.yaml of each component
    "argo-cd": (
        ArgoCd(domain="argocd.example.com"),
        (
            argo("application-controller", 8082, kind="StatefulSet"),
            argo("server", 8080, 8083, replicas=2),
            argo("repo-server", 8081, 8084, replicas=2),
            argo("applicationset-controller", 7000, 8080, 8081, replicas=2),
            argo("notifications-controller", 9001),
            argo("redis", 6379),
            argo("redis-secret-init", kind="Job"),
        ),
    ),
    # kubernetes-sigs/aws-load-balancer-controller v3.5.0, helm/aws-load-balancer-controller/templates/deployment.yaml;
    # 61779 is the port of its probes alone
    LBC: (
        AwsLoadBalancerController(),
        (Pods(LBC, LBC, LBC, account=LBC, replicas=2, ports=(8080, 9443, 61779)),),
    ),
    # cert-manager v1.21.1, deploy/charts/cert-manager/templates
    "cert-manager": (
        CertManager(),
        (
            Pods("cert-manager", "cert-manager", "cert-manager", "controller", "cert-manager", 2, (9402, 9403)),
            beside("webhook", 6080, 9402, 10260, replicas=3),
            beside("cainjector", 9402, replicas=2),
            beside("startupapicheck", kind="Job"),
        ),
    ),
    # external-dns external-dns-helm-chart-1.21.1, charts/external-dns/templates/deployment.yaml
    "external-dns": (
        ExternalDns(zones=("Z0123456789",)),
        (Pods("external-dns", "external-dns", "external-dns", account="external-dns", ports=(7979,)),),
    ),
    # external-secrets v2.9.0, deploy/charts/external-secrets/templates: deployment, webhook- and cert-controller-
    "external-secrets": (
        ExternalSecrets(),
        (
            Pods(ES, ES, ES, account=ES, replicas=2, ports=(8080, 8082)),
            Pods(f"{ES}-webhook", f"{ES}-webhook", ES, replicas=2, ports=(8080, 8081, 9443)),
            Pods(f"{ES}-cert-controller", f"{ES}-cert-controller", ES, replicas=2, ports=(8080, 8081)),
        ),
    ),
    # karpenter-provider-aws v1.14.1, charts/karpenter/templates/deployment.yaml
    "karpenter": (
        Karpenter(),
        (Pods("karpenter", "karpenter", "karpenter", account="karpenter", replicas=2, ports=(8080, 8081)),),
    ),
}


def workloads(addon: Addon) -> dict[str, Workload]:
    return {each.name: each for each in addon.contribute(FACTS).workloads}


@pytest.mark.parametrize("name", RENDERED)
def test_pods_are_those_of_the_chart(name: str) -> None:
    addon, expected = RENDERED[name]
    found = {
        each.name: Pods(
            each.name,
            each.labels["app.kubernetes.io/name"],
            each.labels["app.kubernetes.io/instance"],
            each.labels.get("app.kubernetes.io/component", ""),
            each.service_account if any(one.account for one in expected) else "",
            each.replicas,
            tuple(sorted(each.ports)),
            each.kind,
        )
        for each in workloads(addon).values()
    }
    assert found == {each.name: each for each in expected}


# Where values.yaml of the charts has `tolerations`, `nodeSelector` and `resources` of whose pods.
AT = {
    "argo-cd": {
        "controller.": "argocd-application-controller",
        "server.": "argocd-server",
        "repoServer.": "argocd-repo-server",
        "applicationSet.": "argocd-applicationset-controller",
        "notifications.": "argocd-notifications-controller",
        "redis.": "argocd-redis",
        "redisSecretInit.": "argocd-redis-secret-init",
    },
    LBC: {"": LBC},
    "cert-manager": {
        "": "cert-manager",
        "webhook.": "cert-manager-webhook",
        "cainjector.": "cert-manager-cainjector",
        "startupapicheck.": "cert-manager-startupapicheck",
    },
    "external-dns": {"": "external-dns"},
    ES: {"": ES, "webhook.": f"{ES}-webhook", "certController.": f"{ES}-cert-controller"},
}
TAINTED = {"key": "example.com/ops", "operator": "Exists"}
PLACED = {"tolerations": [TAINTED], "nodeSelector": {"example.com/pool": "ops"}}


def with_values(name: str, prefix: str, own: dict[str, Any]) -> dict[str, Workload]:
    addon, _ = RENDERED[name]
    assert isinstance(addon, HelmAddon)
    return workloads(replace(addon, extra_values={prefix[:-1]: own} if prefix else own))


def is_placed(workload: Workload) -> bool:
    return (TAINTED in workload.tolerations, dict(workload.node_selector)) == (True, PLACED["nodeSelector"])


@pytest.mark.parametrize(("name", "prefix"), [(name, prefix) for name, prefixes in AT.items() for prefix in prefixes])
def test_values_of_the_chart_place_the_pods_that_they_are_of(name: str, prefix: str) -> None:
    found = with_values(name, prefix, {**PLACED, "resources": {"requests": {"cpu": "123m"}}})
    assert {each.name for each in found.values() if is_placed(each)} == {AT[name][prefix]}
    assert {each.name for each in found.values() if each.cpu == "123m"} == {AT[name][prefix]}


@pytest.mark.parametrize("name", ["argo-cd", ES])
def test_global_values_place_all_pods_and_give_way_to_those_of_one(name: str) -> None:
    """argo-helm argo-cd-10.1.1 and external-secrets v2.9.0, values.yaml: global.tolerations, global.nodeSelector."""
    assert all(map(is_placed, with_values(name, "global.", PLACED).values()))
    prefix = "server." if name == "argo-cd" else "webhook."
    addon, _ = RENDERED[name]
    assert isinstance(addon, HelmAddon)
    own = {"tolerations": [{"operator": "Exists"}], "nodeSelector": {"a": "b"}}
    found = workloads(replace(addon, extra_values={"global": PLACED, prefix[:-1]: own}))
    assert {each.name for each in found.values() if not is_placed(each)} == {AT[name][prefix]}


def test_who_tolerates_nodes_that_are_kept_for_what_is_critical() -> None:
    """By default of their charts, and of the add-ons of EKS."""
    tolerating = {
        name
        for addon in (*(addon for addon, _ in RENDERED.values()), CoreDns(), AwsEbsCsiDriver())
        for name, each in workloads(addon).items()
        if {"key": "CriticalAddonsOnly", "operator": "Exists"} in each.tolerations
    }
    assert tolerating == {"karpenter", "coredns", "ebs-csi-controller"}


def test_the_pods_of_the_block_storage_driver() -> None:
    """aws-ebs-csi-driver v1.64.0, charts/aws-ebs-csi-driver/templates: controller.yaml, _node.tpl."""
    found = workloads(AwsEbsCsiDriver())
    controller, node = found["ebs-csi-controller"], found["ebs-csi-node"]
    assert (controller.replicas, controller.ports, controller.kind) == (2, (9808,), "Deployment")
    assert controller.service_account == "ebs-csi-controller-sa"
    assert controller.labels == {"app": "ebs-csi-controller", "app.kubernetes.io/name": "aws-ebs-csi-driver"}
    assert {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300} in controller.tolerations
    # plugin, node-driver-registrar and liveness-probe, 10m each: values.yaml, sidecars and node.resources
    assert (node.kind, node.cpu, node.tolerations, node.labels["app"]) == (
        "DaemonSet",
        "30m",
        ({"operator": "Exists"},),
        "ebs-csi-node",
    )
    assert not node.on_fargate, "it is privileged"


def test_the_pods_of_the_secrets_store_driver() -> None:
    """secrets-store-csi-driver v1.6.0, charts/secrets-store-csi-driver/templates/secrets-store-csi-driver.yaml."""
    driver = workloads(SecretsStoreCsiDriver())["secrets-store-csi-driver"]
    # node-driver-registrar 10m, secrets-store 50m, liveness-probe 10m: values.yaml, linux
    assert (driver.kind, driver.cpu, driver.labels) == ("DaemonSet", "70m", {"app": "secrets-store-csi-driver"})
    assert driver.tolerations == ({"operator": "Exists"},), "of every node that pods mount secrets on"
    assert not driver.on_fargate
