"""Add-ons with which teams help themselves: what each takes from its fields, and what it may do in the cluster."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd_image_updater import ArgoCdImageUpdater
from addons.argo_events import ArgoEvents
from addons.argo_workflows import ArgoWorkflows
from addons.crossplane import Crossplane
from addons.gpu_operator import GpuOperator
from addons.grafana_operator import GrafanaOperator
from addons.kro import Kro
from addons.kuberay_operator import KubeRayOperator
from addons.nvidia_device_plugin import NvidiaDevicePlugin
from addons.spark_operator import SparkOperator
from blueprint.addons import ExistingBucket, HelmAddon
from tests.addons.support import FACTS, rules_broken
from tests.addons.test_operations import powers
from tests.blueprint.examples import assert_reported, with_addons
from tests.templates import plain
from tools import contracts


def values(addon: HelmAddon) -> Any:
    return plain(addon.values(FACTS))


def test_artifacts_stand_in_a_bucket_of_the_region_and_nobody_keeps_a_key() -> None:
    """argo-workflows v4.0.6 docs/configure-artifact-repository.md, AWS S3 IRSA: useSDKCreds."""
    addon = ArgoWorkflows(artifacts=ExistingBucket("artifacts-111111111111"), archive_logs=True, at_once=20)
    found = values(addon)
    assert found["artifactRepository"] == {
        "archiveLogs": True,
        "s3": {
            "bucket": "artifacts-111111111111",
            "endpoint": f"s3.{FACTS.region}.amazonaws.com",
            "region": FACTS.region,
            "useSDKCreds": True,
        },
    }
    assert found["useStaticCredentials"] is False
    assert found["controller"]["parallelism"] == 20
    assert addon.services(FACTS) == ("s3",)
    china = plain(addon.values(replace(FACTS, region="cn-north-1")))
    assert china["artifactRepository"]["s3"]["endpoint"] == "s3.cn-north-1.amazonaws.com.cn"


def test_without_a_bucket_workflows_ask_nothing_of_aws() -> None:
    addon = ArgoWorkflows()
    assert addon.contribute(FACTS).grants == ()
    assert addon.services(FACTS) == ()
    assert "artifactRepository" not in values(addon)
    assert "parallelism" not in values(addon)["controller"]


@pytest.mark.parametrize(
    ("addon", "path"),
    [
        (ArgoWorkflows(artifacts=ExistingBucket("artifacts-111111111111")), ("server", "extraEnv")),
        (ArgoCdImageUpdater(), ("extraEnv",)),
    ],
)
def test_what_calls_the_internet_is_told_of_a_proxy(addon: HelmAddon, path: tuple[str, ...]) -> None:
    """values.yaml of argo-workflows 1.0.18 and argocd-image-updater 1.2.4."""
    facts = replace(FACTS, proxy="http://proxy.example.com:3128")
    found = addon.contribute(facts).releases[0].values
    for key in path:
        found = found[key]
    assert {"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"} in plain(found)


def test_nothing_is_downloaded_to_define_workflows() -> None:
    """argo-workflows 1.0.18 templates/crds-install-job.yaml:114: with crds.full from raw.githubusercontent.com."""
    (contract,) = contracts.read("argo-workflows").values()
    assert not [each for each in contract["pods"] if each.startswith("Job ")]
    assert len(contract["definitions"]) == 8


def test_an_event_bus_comes_from_mirrors_too() -> None:
    """argo-events 2.4.22 values.yaml: configs.jetstream.versions, which an EventBus names."""
    mirrored = replace(FACTS, image_mirrors=(("docker.io", "mirror.example.com/hub"),))
    versions = plain(ArgoEvents().values(mirrored))["configs"]["jetstream"]["versions"]
    assert {each["version"] for each in versions} == {"latest", "2.10.10"}
    for each in versions:
        assert each["natsImage"] == "mirror.example.com/hub/library/nats:2.10.10"
        assert each["configReloaderImage"] == "mirror.example.com/hub/natsio/nats-server-config-reloader:0.14.0"
        assert each["metricsExporterImage"] == "mirror.example.com/hub/natsio/prometheus-nats-exporter:0.14.0"


def test_images_of_the_account_are_looked_for_with_a_password_that_is_made_anew() -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html: a token is valid for 12 hours.
    argocd-image-updater v1.2.2 docs/basics/authentication.md: the script prints user and password.
    """
    found = values(ArgoCdImageUpdater())
    (registry,) = found["config"]["registries"]
    host = f"{FACTS.account}.dkr.ecr.{FACTS.region}.amazonaws.com"
    assert (registry["prefix"], registry["api_url"]) == (host, f"https://{host}")
    assert registry["credsexpire"] == "10h"
    (script,) = found["authScripts"]["scripts"]
    assert registry["credentials"] == f"ext:/scripts/{script}"
    assert f"--region {FACTS.region}" in found["authScripts"]["scripts"][script]
    china = plain(ArgoCdImageUpdater().values(replace(FACTS, region="cn-north-1")))
    assert china["config"]["registries"][0]["prefix"].endswith(".dkr.ecr.cn-north-1.amazonaws.com.cn")


def test_without_ecr_it_asks_nothing_of_aws() -> None:
    addon = ArgoCdImageUpdater(ecr=False)
    assert addon.contribute(FACTS).grants == ()
    assert addon.services(FACTS) == ()
    assert not {"config", "authScripts"} & set(values(addon))


def test_it_reads_no_secret_of_argo_cd() -> None:
    roles = contracts.read("argocd-image-updater")["argocd-image-updater"]["roles"]
    reading = [role for role, own in roles.items() if any(each.startswith("secrets") for each in own["may"])]
    assert reading == ["Role.rbac.authorization.k8s.io argocd-image-updater/argocd-image-updater"]


def test_kro_may_do_what_it_was_given() -> None:
    """Chart 0.9.3, values.yaml, rbac.mode: unrestricted is its default."""
    assert values(Kro())["rbac"]["mode"] == "aggregation"
    assert values(Kro(may_do_everything=True))["rbac"]["mode"] == "unrestricted"
    assert not [thing for may in powers("kro").values() for thing in may if thing.startswith("*")]


def test_packages_are_those_that_were_asked_for() -> None:
    """Chart 2.3.4, values.yaml: provider.packages, function.packages, configuration.packages."""
    s3, kcl = "xpkg.crossplane.io/crossplane-contrib/provider-aws-s3:v2.1.0", "xpkg.example.com/kcl:v0.1.0"
    found = values(Crossplane(providers=(s3,), functions=(kcl,)))
    assert found["provider"] == {"packages": [s3]}
    assert found["function"] == {"packages": [kcl]}
    assert "configuration" not in found


def test_nobody_administers_crossplane_by_a_group() -> None:
    """Chart 2.3.4, templates/rbac-manager-managed-clusterroles.yaml: what is aggregated to
    the role of the group crossplane:masters comes unless it is skipped.
    """
    objects = contracts.read("crossplane")["crossplane"]["objects"]
    assert [each for each in objects if "aggregate-to-" in each] == [
        "ClusterRole.rbac.authorization.k8s.io crossplane:system:aggregate-to-crossplane"
    ]


def test_where_grafana_s_objects_are_looked_for() -> None:
    """grafana-operator 5.24.0 values.yaml: watchNamespaces, names with commas between them."""
    assert values(GrafanaOperator(namespaces=("dashboards", "web")))["watchNamespaces"] == "dashboards,web"
    assert values(GrafanaOperator())["watchNamespaces"] == ""


def test_spark_runs_in_namespaces_that_come_later() -> None:
    """spark-operator 2.5.2 templates/spark: a service account and a Role in each namespace that is named."""
    assert values(SparkOperator())["spark"]["jobNamespaces"] == [""]
    objects = contracts.read("spark-operator")["spark-operator"]["objects"]
    assert not [each for each in objects if " default/" in each]


def test_ray_waits_for_a_scheduler_when_asked() -> None:
    """kuberay-operator 1.7.0 values.yaml: batchScheduler.name."""
    assert values(KubeRayOperator(scheduler="yunikorn"))["batchScheduler"] == {"name": "yunikorn"}
    assert "batchScheduler" not in values(KubeRayOperator())


def test_drivers_are_those_of_the_image() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-optimized-ami.html: that of AL2023 for NVIDIA has the
    driver and the container toolkit.
    """
    found = values(GpuOperator())
    assert (found["driver"], found["toolkit"]) == ({"enabled": False}, {"enabled": False})
    assert "config" not in found["devicePlugin"]


def test_gpus_are_shared_and_parted_as_asked() -> None:
    """https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-sharing.html"""
    found = values(GpuOperator(pods_per_gpu=4, mig="mixed", scraped=True))
    config = json.loads(found["devicePlugin"]["config"]["data"]["default"])
    assert config["sharing"]["timeSlicing"]["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]
    assert found["devicePlugin"]["config"]["default"] == "default"
    assert found["mig"] == {"strategy": "mixed"}
    assert found["dcgmExporter"]["serviceMonitor"] == {"enabled": True}
    assert values(GpuOperator())["dcgmExporter"]["serviceMonitor"] == {"enabled": False}


def test_parts_that_the_operator_makes_come_from_mirrors_too() -> None:
    """Chart v26.7.0, values.yaml: repository is the folder of each image."""
    mirrored = plain(GpuOperator().values(replace(FACTS, image_mirrors=(("nvcr.io", "mirror.example.com/nvcr"),))))
    assert mirrored["dcgmExporter"]["repository"] == "mirror.example.com/nvcr/nvidia/k8s"
    assert mirrored["migManager"]["repository"] == "mirror.example.com/nvcr/nvidia/cloud-native"
    assert {mirrored[part]["repository"] for part in ("operator", "validator", "devicePlugin", "gfd")} == {
        "mirror.example.com/nvcr/nvidia"
    }


def test_one_of_both_tells_kubernetes_of_gpus() -> None:
    assert_reported(with_addons(GpuOperator(), NvidiaDevicePlugin()), "addons[3]", "nvidia-device-plugin", "")


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (ArgoWorkflows(artifacts=ExistingBucket("Artifacts"), at_once=0), ["artifacts.name", "at_once"]),
        (ArgoWorkflows(archive_logs=True), ["archive_logs"]),
        (Crossplane(providers=("provider-aws-s3:v2.1.0",)), ["providers[0]"]),
        (Crossplane(functions=("xpkg.example.com/kcl",)), ["functions[0]"]),
        (Crossplane(configurations=("xpkg.example.com/web:latest",)), ["configurations[0]"]),
        (GpuOperator(pods_per_gpu=0), ["pods_per_gpu"]),
        (GrafanaOperator(namespaces=("Web",)), ["namespaces[0]"]),
    ],
)
def test_what_would_fail_later_is_refused(addon: HelmAddon, broken: list[str]) -> None:
    assert rules_broken(addon) == broken
