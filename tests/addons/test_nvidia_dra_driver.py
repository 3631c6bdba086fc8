"""The driver by which pods claim GPUs: what it takes from its fields, and where it may stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.gpu_operator import GpuOperator
from addons.nvidia_device_plugin import NvidiaDevicePlugin
from addons.nvidia_dra_driver import NvidiaDraDriver
from blueprint import plan
from blueprint.addons import HelmAddon, HelmRelease
from blueprint.teams.namespaces import Quota, TeamNamespace
from tests.addons.support import FACTS, problems_on, rules_broken
from tests.blueprint.examples import AUTO, SMALL, TEAM, assert_reported, changed, with_addons
from tests.templates import plain
from tools import contracts

BY_VALUE = HelmRelease(
    "claims",
    chart="dra-driver-nvidia-gpu",
    repository="oci://charts.example.com/dra-driver-nvidia-gpu",
    version="0.4.1",
    namespace="claims",
    pod_security="privileged",
    values={"gpuResourcesEnabledOverride": True},
)


def values(addon: HelmAddon) -> Any:
    return plain(addon.values(FACTS))


def quota(*addons: HelmAddon | HelmRelease) -> Any:
    """Of the one namespace of a team beside these add-ons."""
    team = changed(TEAM, namespaces=(TeamNamespace("payments", quota=Quota(accelerators=2)),))
    (teams,) = plan(changed(with_addons(*addons), teams=(team,))).teams
    (found,) = (
        each["spec"]["hard"]
        for each in teams.contribution.every_object
        if each["kind"] == "ResourceQuota" and each["metadata"]["name"] == "team"
    )
    return plain(found)


def test_it_gives_gpus_away_although_the_chart_warns_of_the_device_plugin() -> None:
    """dra-driver-nvidia-gpu v0.4.1 templates/validation.yaml:33: it is not rendered without this value."""
    assert values(NvidiaDraDriver())["gpuResourcesEnabledOverride"] is True


@pytest.mark.parametrize("other", [NvidiaDevicePlugin(), GpuOperator()])
def test_one_of_them_gives_a_gpu_away(other: HelmAddon) -> None:
    assert_reported(with_addons(NvidiaDraDriver(), other), "addons[3]", f"conflicts with {other.name}", "remove one")


@pytest.mark.parametrize(("version", "works"), [("1.33", False), ("1.34", True), ("1.36", True)])
def test_on_which_kubernetes_pods_claim_devices(version: str, works: bool) -> None:
    """dra-driver-nvidia-gpu v0.4.1 docs/prerequisites.md, and
    https://docs.aws.amazon.com/eks/latest/userguide/device-management-nvidia-dra-device-plugin.html
    """
    told = [
        (each.place, each.value, each.rule, each.fix)
        for each in problems_on(replace(FACTS, version=version), NvidiaDraDriver())
    ]
    rule = "pods claim devices on EKS from Kubernetes 1.34 on, and the cluster has 1.33"
    fix = "upgrade the cluster, or use NvidiaDevicePlugin()"
    assert told == ([] if works else [("", "nvidia-dra-driver", rule, fix)])


def test_auto_mode_brings_its_own() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/device-management.html: from 1.36 on in the runtime of nodes."""
    assert_reported(with_addons(NvidiaDraDriver(), base=AUTO), "addons[0]", "Auto Mode brings", "ManagedNodes")
    (daemon, *_) = NvidiaDraDriver().contribute(FACTS).workloads
    assert (daemon.kind, daemon.on_auto_mode, daemon.on_fargate) == ("DaemonSet", False, False)


def test_memory_of_several_nodes_takes_a_controller() -> None:
    """dra-driver-nvidia-gpu v0.4.1 docs/install.md: without compute domains no controller, and one container less."""
    with_domains, without = NvidiaDraDriver(compute_domains=True), NvidiaDraDriver()
    assert values(without)["resources"] == {"computeDomains": {"enabled": False}}
    assert "controller" not in values(without)
    assert values(with_domains)["controller"]["leaderElection"] == {"enabled": True}
    plugin, controller = with_domains.contribute(FACTS).workloads
    assert (plugin.name, plugin.cpu, plugin.ports) == ("dra-driver-nvidia-gpu-kubelet-plugin", "100m", (51515, 51516))
    assert (controller.name, controller.cpu, controller.replicas) == ("dra-driver-nvidia-gpu-controller", "50m", 2)
    (alone,) = without.contribute(FACTS).workloads
    assert (alone.name, alone.cpu, alone.ports) == (plugin.name, "50m", (51516,))


def test_what_is_alpha_is_on_when_asked() -> None:
    """pkg/featuregates/featuregates.go:87 of v0.4.1: all four are off by default."""
    assert values(NvidiaDraDriver())["featureGates"] == {}
    found = values(NvidiaDraDriver(feature_gates=("MPSSupport", "TimeSlicingSettings")))["featureGates"]
    assert found == {"MPSSupport": True, "TimeSlicingSettings": True}


@pytest.mark.parametrize("other", ["MPSSupport", "NVMLDeviceHealthCheck"])
def test_what_does_not_go_together(other: Any) -> None:
    """pkg/featuregates/featuregates.go:195 of v0.4.1, ValidateFeatureGates."""
    assert rules_broken(NvidiaDraDriver(feature_gates=("DynamicMIG", other))) == ["feature_gates"]
    assert rules_broken(NvidiaDraDriver(feature_gates=("TimeSlicingSettings", other))) == []
    assert rules_broken(NvidiaDraDriver(feature_gates=("DynamicMIG", "TimeSlicingSettings"))) == []


@pytest.mark.parametrize("addon", [NvidiaDraDriver(), BY_VALUE])
def test_teams_claim_no_more_than_their_quota(addon: HelmAddon | HelmRelease) -> None:
    """https://github.com/kubernetes/enhancements/tree/master/keps/sig-scheduling/5004-dra-extended-resource, Resource
    Quota: two quotas with the same limit, of requests and of claims.
    """
    objects = contracts.read("nvidia-dra-driver")["nvidia-dra-driver"]["objects"]
    classes = {name for kind, _, name in (each.partition(" ") for each in objects) if kind.startswith("DeviceClass.")}
    # What daemons and pods of a ComputeDomain claim there is on every node, for whoever has GPUs there.
    scarce = {each for each in classes if not each.startswith("compute-domain")}
    found = quota(addon)
    assert {found[f"{each}.deviceclass.resource.k8s.io/devices"] for each in scarce} == {"2"}
    assert found["requests.nvidia.com/gpu"] == "2"
    assert found.keys() - quota().keys() == {f"{each}.deviceclass.resource.k8s.io/devices" for each in scarce}


def test_nothing_is_asked_of_aws() -> None:
    made = NvidiaDraDriver(compute_domains=True).contribute(FACTS)
    assert (made.grants, made.aws_services) == ((), ())


def test_it_stands_in_a_cluster_by_itself() -> None:
    found = plan(changed(with_addons(NvidiaDraDriver()), cluster=changed(SMALL.cluster, version="1.34")))
    assert [each.name for each in found.addons if each.name == "nvidia-dra-driver"] == ["nvidia-dra-driver"]
