"""Windows nodes: what they need, what they are told, and what the report refuses.

https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html unless another source stands there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from addons.aws_for_fluent_bit import AwsForFluentBit
from addons.core import core
from addons.falco import Falco
from addons.vpc_cni import VpcCni
from blueprint import AutoMode, Blueprint, FargateProfile, FargateSelector, ManagedNodes, SelfManagedNodes, Taint, plan
from blueprint.images import AmiType, is_of, version_of
from blueprint.planning.document import NodeGroup, Plan
from blueprint.planning.user_data import user_data
from blueprint.proxy import Proxy
from blueprint.teams import ApplicationTeam
from blueprint.workload import NodeTaint
from examples.ipv6 import IPV6
from examples.windows import WINDOWS
from tests.addons.support import FACTS
from tests.blueprint.examples import SMALL, TABLE, TEAM, assert_reported, changed, mistake, part
from tests.isolation.admission import Request, refusals

CORE_2022 = ManagedNodes("windows", instance_types=("m7i.large",), ami_type="WINDOWS_CORE_2022_x86_64")
OWN = SelfManagedNodes("windows", instance_types=("m7i.large",), os="WINDOWS_CORE_2022")
GROUP = "compute[1]"


def beside(nodes: object, base: Blueprint = SMALL, **fields: Any) -> Blueprint:
    """With Linux nodes, which run the add-ons."""
    return changed(base, compute=(*SMALL.compute, nodes), **fields)


def managed(**fields: Any) -> Blueprint:
    return beside(changed(CORE_2022, **fields))


def own(**fields: Any) -> Blueprint:
    return beside(changed(OWN, **fields))


MANY = tuple(Taint(f"example.com/t{number}") for number in range(50))
POD_RANGE = changed(SMALL.network, pod_cidr="100.64.0.0/16")
GRAVITON = ("m7g.large",)
MISTAKES = [
    mistake("Arm", managed(instance_types=GRAVITON), f"{GROUP}.instance_types", "x86 alone", "m7i.large"),
    mistake("Arm, by itself", own(instance_types=GRAVITON), f"{GROUP}.instance_types", "x86 alone", "m7i.large"),
    mistake(
        "GPUs",
        managed(instance_types=("g6.xlarge",), device_plugin="elsewhere"),
        f"{GROUP}.instance_types",
        "no image of Windows with drivers",
        "image in SelfManagedNodes",
    ),
    # API_CreateNodegroup, diskSize: "The default disk size is […] 50 GiB for Windows"
    mistake("a small disk", managed(disk_gib=40), f"{GROUP}.disk_gib", "have 50 GiB", "50 or more"),
    mistake(
        "kubelet", managed(kubelet={"podPidsLimit": 4_096}), f"{GROUP}.kubelet", "WINDOWS, which knows no", "script"
    ),
    mistake("settings", own(bottlerocket={"motd": "a"}), f"{GROUP}.bottlerocket", "WINDOWS, which knows no", "script"),
    mistake("disks", own(instance_store="RAID0"), f"{GROUP}.instance_store", "WINDOWS, which knows no", "script"),
    mistake("the end of PowerShell", managed(script="a\n</powershell>"), f"{GROUP}.script", "ends a part", "halves"),
    mistake(
        "a release of Linux",
        managed(release_version="1.35.6-20260714"),
        f"{GROUP}.release_version",
        "the image is WINDOWS",
        "leave it out",
    ),
    mistake(
        "a release by itself",
        own(release_version="1.35-2026.10.14"),
        f"{GROUP}.release_version",
        "newest image of Windows alone",
        "write image",
    ),
    mistake(
        "newer than the cluster",
        managed(release_version="1.36-2026.10.14"),
        f"{GROUP}.release_version",
        "never newer",
        "follow the cluster",
    ),
    mistake(
        "many taints", managed(taints=MANY), f"{GROUP}.taints", "os=windows:NoSchedule beside these", "49 or fewer"
    ),
    mistake(
        "no Linux",
        changed(SMALL, compute=(CORE_2022,), addons=(VpcCni(), *SMALL.addons[1:])),
        "compute[0]",
        "run on Linux, and it has none",
        "ManagedNodes(",
    ),
    mistake(
        "Auto Mode",
        changed(SMALL, compute=(*SMALL.compute, CORE_2022, AutoMode())),
        "compute[2].name",
        "no Windows nodes in clusters with Auto Mode",
        "Karpenter()",
    ),
    mistake(
        "IPv6", changed(IPV6, compute=(*IPV6.compute, CORE_2022)), "cluster.ip_family", "IPv4 addresses alone", "ipv4"
    ),
    mistake(
        "a proxy",
        beside(CORE_2022, proxy=Proxy("http://192.0.2.4:3128")),
        "proxy.address",
        "told of no proxy",
        "without Windows",
    ),
    mistake(
        "pods in another range",
        beside(CORE_2022, network=POD_RANGE),
        "network.pod_cidr",
        "own subnet",
        "leave pod_cidr",
    ),
    # eksctl v0.230.0 pkg/ami/ssm_resolver.go:76
    mistake(
        "2025 before 1.35",
        beside(changed(CORE_2022, ami_type="WINDOWS_CORE_2025_x86_64"), cluster=changed(SMALL.cluster, version="1.34")),
        f"{GROUP}.ami_type",
        "since Kubernetes 1.35",
        "Windows Server 2022",
    ),
    mistake(
        "2025 before 1.35, by itself",
        beside(changed(OWN, os="WINDOWS_FULL_2025"), cluster=changed(SMALL.cluster, version="1.34")),
        f"{GROUP}.os",
        "since Kubernetes 1.35",
        "Windows Server 2022",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(WINDOWS)


def groups(made: Plan) -> dict[str, NodeGroup]:
    return {each.name: each for each in made.compute if isinstance(each, NodeGroup)}


def test_all_images_that_eks_names_can_be_chosen() -> None:
    """But Amazon Linux 2, for which EKS makes none any more, and one's own, which `image` names."""
    model = botocore.session.get_session().get_service_model("eks")
    named = {*model.shape_for("AMITypes").enum}  # type: ignore[attr-defined]  # of enums
    assert named == {*AmiType.__args__, "AL2_x86_64", "AL2_x86_64_GPU", "AL2_ARM_64", "CUSTOM"}  # type: ignore[attr-defined]  # of Literal


def test_releases() -> None:
    """`1.31-2024.11.12`: amazon-eks-user-guide, eks-ami-versions-windows.adoc."""
    assert is_of("WINDOWS", "1.31-2024.11.12")
    assert not is_of("WINDOWS", "1.36.2-20260714")
    assert not is_of("AL2023", "1.31-2024.11.12")
    assert not is_of("BOTTLEROCKET", "1.31-2024.11.12")
    assert version_of("WINDOWS", "1.31-2024.11.12") == "1.31"
    (_, group) = plan(managed(release_version="1.35-2026.10.14")).compute
    assert isinstance(group, NodeGroup)
    assert (group.release, group.version) == ("1.35-2026.10.14", "1.35")


def test_nothing_comes_there_that_does_not_ask_for_it(made: Plan) -> None:
    """eks/latest/best-practices/windows-scheduling.html: os=windows:NoSchedule"""
    found = {name: group.taints for name, group in groups(made).items()}
    ours = (NodeTaint("os", "windows", "NoSchedule"),)
    assert found == {"system": (), "core": ours, "full": ours, "own": ours}
    once = plan(managed(taints=(Taint("os", "windows"), Taint("a"))))
    assert groups(once)["windows"].taints == (*ours, NodeTaint("a"))


def test_no_add_on_is_planned_there(made: Plan) -> None:
    placed = {name for workload in made.workloads for name in workload.places}
    assert placed == {"system"}


def test_the_control_plane_gives_pods_their_addresses(made: Plan) -> None:
    assert "AmazonEKSVPCResourceController" in made.control_plane.role.managed_policies
    (cni,) = part(made, "vpc-cni").managed_addons
    # amazon-vpc-cni-k8s v1.22.4 charts/aws-vpc-cni/values.yaml: texts
    assert cni.configuration["enableWindowsIpam"] == "true"
    assert cni.configuration["enableWindowsPrefixDelegation"] == "true"
    (cni,) = part(plan(managed()), "vpc-cni").managed_addons
    assert "enableWindowsPrefixDelegation" not in cni.configuration
    (cni,) = part(plan(SMALL), "vpc-cni").managed_addons
    assert "enableWindowsIpam" not in cni.configuration
    assert "AmazonEKSVPCResourceController" not in plan(SMALL).control_plane.role.managed_policies


def test_an_access_entry_has_one_system_so_a_role_has(made: Plan) -> None:
    assert {name: group.role for name, group in groups(made).items()} == {
        "system": "managed",
        "core": "managed Windows",
        "full": "managed Windows",
        "own": "self-managed Windows",
    }
    assert set(made.node_roles) == {"managed", "managed Windows", "self-managed Windows"}


def test_volumes_are_those_of_windows(made: Plan) -> None:
    """As eksctl has it: v0.230.0 pkg/cfn/builder/block_device_mapping.go:12"""
    assert [(each.device, each.size_gib) for each in groups(made)["core"].launch.volumes] == [("/dev/sda1", 100)]


def test_what_windows_is_told() -> None:
    """Arguments of Start-EKSBootstrap.ps1: amazon-eks-user-guide, launch-templates.adoc."""
    text = user_data(
        changed(OWN, labels={"a": "b", "c": ""}, taints=(Taint("t"),), script="Set-TimeZone -Id UTC"), FACTS
    )
    first, script, command, last = text.split("\n")
    assert (first, script, last) == ("<powershell>", "Set-TimeZone -Id UTC", "</powershell>")
    program, told = re.fullmatch(r'& "(.+?)" (.*?)( [3-6]>&1){4}', command).groups()[:2]  # type: ignore[union-attr]  # else it fails
    assert program == r"$env:ProgramFiles\Amazon\EKS\Start-EKSBootstrap.ps1"
    assert dict(re.findall(r'-(\w+) "([^"]*)"', told)) == {
        "EKSClusterName": "prod",
        "APIServerEndpoint": "${blueprint:cluster-endpoint}",
        "Base64ClusterCA": "${blueprint:cluster-certificate}",
        "ServiceCIDR": "172.20.0.0/16",
        "DNSClusterIP": "172.20.0.10",
        "KubeletExtraArgs": "--node-labels=a=b,c= --register-with-taints=t=:NoSchedule,os=windows:NoSchedule",
    }


def test_managed_nodes_are_told_what_eks_does_not(made: Plan) -> None:
    found = groups(made)
    assert found["full"].launch.user_data == "<powershell>\nSet-TimeZone -Id UTC\n</powershell>"
    assert found["core"].launch.user_data == ""


def test_the_newest_image_by_its_parameter(made: Plan) -> None:
    """As eksctl has it: v0.230.0 pkg/ami/ssm_resolver.go:73"""
    name = "Windows_Server-2022-English-Core-EKS_Optimized-1.36"
    assert groups(made)["own"].launch.image_parameter == f"/aws/service/ami-windows-latest/{name}/image_id"
    assert plan(own(image="ami-0a1b2c3d4e5f60718")).compute[1].launch.image_id == "ami-0a1b2c3d4e5f60718"  # type: ignore[union-attr]  # nodes


def test_daemons_of_charts_without_a_system_stay_on_linux() -> None:
    """Neither chart has a node selector: eks-charts stable/aws-for-fluent-bit/values.yaml:297"""
    for addon in (Falco(), AwsForFluentBit()):
        both = plan(beside(CORE_2022, addons=(*core(), addon)))
        (release,) = part(both, addon.name).releases
        assert release.values["nodeSelector"] == {"kubernetes.io/os": "linux"}
        (release,) = part(plan(changed(SMALL, addons=(*core(), addon))), addon.name).releases
        assert "nodeSelector" not in release.values


def test_linux_may_be_fargate() -> None:
    profile = FargateProfile("system", selectors=(FargateSelector("kube-system"),))
    assert len(plan(changed(SMALL, compute=(CORE_2022, profile))).compute) == 2


# --- Teams ------------------------------------------------------------------------------------------------------------


def admitted(team: ApplicationTeam, *tolerations: object, windows: bool = True) -> bool:
    blueprint = managed() if windows else SMALL
    made = plan(changed(blueprint, teams=(team,)))
    objects = [*(each.manifest() for each in part(made, team.name).namespaces), *part(made, team.name).every_object]
    pod = {"metadata": {"name": "a"}, "spec": {"tolerations": list(tolerations)}}
    return not list(refusals(objects, Request("pods", team.name, pod)))


TOLERATING = [
    {"key": "os", "operator": "Equal", "value": "windows", "effect": "NoSchedule"},
    {"key": "os", "value": "windows"},
    {"key": "os", "operator": "Exists"},
    {"operator": "Exists"},
]


@pytest.mark.parametrize("toleration", TOLERATING)
def test_pods_of_teams_come_there_only_where_the_team_knows_what_does_not_hold(toleration: object) -> None:
    """Network policies hold on Linux alone: docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html"""
    assert not admitted(TEAM, {"key": "other", "operator": "Exists"}, toleration)
    assert admitted(replace(TEAM, windows=True), toleration)
    assert admitted(TEAM, toleration, windows=False)


def test_other_tolerations_are_the_team_s_business() -> None:
    assert admitted(TEAM, {"key": "os", "value": "linux"}, {"key": "other", "operator": "Exists"})


def test_pods_there_get_permissions_where_no_agent_runs(made: Plan) -> None:
    """docs.aws.amazon.com/eks/latest/userguide/pod-identities.html: "Pods that run on Windows […] aren't supported"."""
    (grant,) = part(made, "billing").grants
    assert grant.irsa
    (account,) = (each for each in part(made, "billing").objects if each["metadata"]["name"] == "iis")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    billing = WINDOWS.teams[1]
    linux = plan(changed(SMALL, teams=(billing,)))
    assert not part(linux, "billing").grants[0].irsa
    assert not part(plan(changed(WINDOWS, teams=(changed(billing, windows=False),))), "billing").grants[0].irsa
