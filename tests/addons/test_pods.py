"""Which values of a chart place its pods and bound them: what add-ons say of it, held against `values.yaml` of each.

Whether the pods themselves are as add-ons say is held against contracts: tests/addons/test_contracts.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.core import CORE
from addons.core_dns import CoreDns
from addons.eks_node_monitoring_agent import EksNodeMonitoringAgent
from addons.kube_proxy import KubeProxy
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.vpc_cni import VpcCni
from blueprint.addons import Addon
from blueprint.blueprint import Blueprint
from blueprint.planning.planner import plan
from blueprint.workload import Workload
from tests.addons.support import FACTS
from tests.stacks.fleet import FLEET
from tools import contracts

ES = "external-secrets"
LBC = "aws-load-balancer-controller"
TYPICAL: dict[str, Any] = {cls.name: contracts.typical(cls) for cls in contracts.classes() if contracts.read(cls.name)}


def workloads(addon: Addon) -> dict[str, Workload]:
    return {each.name: each for each in addon.contribute(FACTS).workloads}


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
    addon = TYPICAL[name]
    return workloads(replace(addon, extra_values={prefix[:-1]: own} if prefix else own))


def is_placed(workload: Workload) -> bool:
    return (TAINTED in workload.tolerations, dict(workload.node_selector)) == (True, PLACED["nodeSelector"])


@pytest.mark.parametrize(("name", "prefix"), [(name, prefix) for name, prefixes in AT.items() for prefix in prefixes])
def test_values_of_the_chart_place_the_pods_that_they_are_of(name: str, prefix: str) -> None:
    found = with_values(name, prefix, {**PLACED, "resources": {"requests": {"cpu": "123m"}}})
    assert {each.name for each in found.values() if is_placed(each)} == {AT[name][prefix]}
    assert {each.name for each in found.values() if each.cpu == "123m"} == {AT[name][prefix]}


def test_values_of_coredns_say_how_many_there_are_and_where() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/coredns-add-on-update.html (replicaCount, resources)"""
    values = {**PLACED, "replicaCount": 5, "resources": {"requests": {"cpu": "123m"}}}
    (found,) = workloads(CoreDns(configuration=values)).values()
    assert (found.replicas, found.cpu, is_placed(found)) == (5, "123m", True)


@pytest.mark.parametrize("name", ["argo-cd", ES])
def test_global_values_place_all_pods_and_give_way_to_those_of_one(name: str) -> None:
    """argo-helm argo-cd-10.1.1 and external-secrets v2.9.0, values.yaml: global.tolerations, global.nodeSelector."""
    assert all(map(is_placed, with_values(name, "global.", PLACED).values()))
    prefix = "server." if name == "argo-cd" else "webhook."
    addon = TYPICAL[name]
    own = {"tolerations": [{"operator": "Exists"}], "nodeSelector": {"a": "b"}}
    found = workloads(replace(addon, extra_values={"global": PLACED, prefix[:-1]: own}))
    assert {each.name for each in found.values() if not is_placed(each)} == {AT[name][prefix]}


def test_who_tolerates_nodes_that_are_kept_for_what_is_critical() -> None:
    """By default of their charts, and of the add-ons of EKS."""
    tolerating = {
        name
        for addon in (*TYPICAL.values(), CoreDns(), AwsEbsCsiDriver())
        for name, each in workloads(addon).items()
        if {"key": "CriticalAddonsOnly", "operator": "Exists"} in each.tolerations
    }
    gpu = {"nvidia-device-plugin", "nvidia-device-plugin-mps-control-daemon", "dra-driver-nvidia-gpu-controller"}
    mesh = {"istio-cni-node", "ztunnel"}
    assert (
        tolerating
        == {"karpenter", "coredns", *(f"{each}-csi-controller" for each in ("ebs", "efs", "fsx"))} | gpu | mesh
    )


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


@pytest.mark.parametrize(
    ("addon", "name", "labels", "cpu"),
    [
        # amazon-vpc-cni-k8s, config/master/aws-k8s-cni.yaml: 25m of each of two containers
        (VpcCni(), "aws-node", {"k8s-app": "aws-node"}, "50m"),
        # kubernetes, cluster/addons/kube-proxy/kube-proxy-ds.yaml
        (KubeProxy(), "kube-proxy", {"k8s-app": "kube-proxy"}, "100m"),
        # eks-node-monitoring-agent, charts/eks-node-monitoring-agent/values.yaml: nodeAgent.resources
        (EksNodeMonitoringAgent(), "eks-node-monitoring-agent", {}, "10m"),
    ],
    ids=lambda each: each.name if isinstance(each, Addon) else "",
)
def test_the_daemons_of_eks(addon: Addon, name: str, labels: dict[str, str], cpu: str) -> None:
    found = workloads(addon)[name]
    assert (found.kind, found.labels, found.cpu, found.on_fargate) == ("DaemonSet", labels, cpu, False)


@pytest.mark.parametrize("part", ["controller", "node"])
def test_values_of_the_block_storage_driver_place_its_pods(part: str) -> None:
    """aws-ebs-csi-driver v1.64.0, charts/aws-ebs-csi-driver/values.yaml."""
    found = workloads(AwsEbsCsiDriver(configuration={part: PLACED}))
    assert {name for name, each in found.items() if is_placed(each)} == {f"ebs-csi-{part}"}


@pytest.mark.parametrize("cluster", FLEET, ids=lambda cluster: cluster.name)
def test_what_runs_on_each_node_runs_on_no_fargate(cluster: Blueprint) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/fargate.html: DaemonSets aren't supported on Fargate."""
    pods = [each for part in plan(cluster).addons for each in part.contribution.workloads]
    assert [each.name for each in pods if each.kind == "DaemonSet" and each.on_fargate] == []


def test_what_the_nodes_of_auto_mode_bring_does_not_run_there_again() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/automode.html: networking, DNS, storage, Pod Identity and node
    monitoring are parts of its nodes.
    """
    found = {name for addon in CORE for name, each in workloads(addon).items() if each.on_auto_mode}
    assert found == {"coredns", "metrics-server", "ebs-csi-controller"}


def test_the_pods_of_the_secrets_store_driver() -> None:
    """secrets-store-csi-driver v1.6.0, charts/secrets-store-csi-driver/templates/secrets-store-csi-driver.yaml."""
    driver = workloads(SecretsStoreCsiDriver())["secrets-store-csi-driver"]
    # node-driver-registrar 10m, secrets-store 50m, liveness-probe 10m: values.yaml, linux
    assert (driver.kind, driver.cpu, driver.labels) == ("DaemonSet", "70m", {"app": "secrets-store-csi-driver"})
    assert driver.tolerations == ({"operator": "Exists"},), "of every node that pods mount secrets on"
    assert not driver.on_fargate
