"""Add-ons that AWS brings by EKS: files, buckets, snapshots, and what tells CloudWatch and GuardDuty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from addons.aws_fsx_csi_driver import AwsFsxCsiDriver, LustreClass
from addons.aws_guardduty_agent import AwsGuardDutyAgent
from addons.aws_mountpoint_s3_csi_driver import AwsMountpointS3CsiDriver
from addons.aws_network_flow_monitoring_agent import AwsNetworkFlowMonitoringAgent
from addons.core import core
from addons.snapshot_controller import SnapshotController
from addons.vpc_cni import VpcCni
from blueprint import plan
from blueprint.addons import EksAddon, EksAddonByName, ExistingFileSystem
from blueprint.contribution import ManagedAddon
from examples.native import NATIVE
from tests.addons.support import FACTS, names_no_partition, problems_on, rules_broken
from tests.blueprint.examples import TEAM, assert_reported, changed, with_addons
from tests.isolation.network import Network, Pod
from tests.templates import plain

GIVEN = ExistingFileSystem("fs-0a1b2c3d4e5f60718")
FILES = AwsEfsCsiDriver(storage_classes={"shared": GIVEN, "more": GIVEN})
LUSTRE = AwsFsxCsiDriver(storage_classes={"lustre": LustreClass(("sg-0a1b2c3d4e5f60718",), "PERSISTENT_2")})
BUCKETS = AwsMountpointS3CsiDriver(buckets=("results",), read_only_buckets=("data",))
KEY = "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
FLOWS = AwsNetworkFlowMonitoringAgent(metrics_port=9109)


def managed(addon: EksAddon) -> ManagedAddon:
    (found,) = addon.contribute(FACTS).managed_addons
    return found


@pytest.mark.parametrize(
    "addon", [AwsEfsCsiDriver(), AwsFsxCsiDriver(), AwsMountpointS3CsiDriver()], ids=lambda each: each.name
)
def test_without_anything_to_reach_there_is_no_role(addon: EksAddon) -> None:
    assert managed(addon).grant is None
    assert not addon.objects(FACTS)


def test_they_work_in_every_partition() -> None:
    for addon in (FILES, LUSTRE, replace(BUCKETS, kms_key_arns=(KEY,))):
        assert names_no_partition(addon.permissions(FACTS))


def test_each_file_system_has_its_class() -> None:
    """docs/parameters.md of aws-efs-csi-driver v3.4.1: these are not optional."""
    shared, more = FILES.objects(FACTS)
    assert [each["metadata"]["name"] for each in (shared, more)] == ["shared", "more"]
    required = {"provisioningMode": "efs-ap", "fileSystemId": "fs-0a1b2c3d4e5f60718", "directoryPerms": "700"}
    assert shared["parameters"] == more["parameters"] == required
    assert len(FILES.permissions(FACTS)[0].resources) == 1, "two classes may be of one file system"


def test_lustre_is_made_as_its_class_says() -> None:
    """examples/kubernetes/dynamic_provisioning/README.md of aws-fsx-csi-driver v1.9.0."""
    (made,) = LUSTRE.objects(replace(FACTS, tags=(("cost-center", "42"),)))
    assert made["parameters"] == {
        "subnetId": "subnet-1",
        "securityGroupIds": "sg-0a1b2c3d4e5f60718",
        "deploymentType": "PERSISTENT_2",
        "fileSystemTypeVersion": "2.15",
        "extraTags": "cost-center=42,eks-cluster=prod",
    }
    assert [role.service for role in LUSTRE.service_linked_roles()] == ["fsx.amazonaws.com"]
    assert AwsFsxCsiDriver().service_linked_roles() == ()


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (changed(FILES, storage_classes={"shared": ExistingFileSystem("fs-1")}), ["storage_classes['shared'].id"]),
        (changed(FILES, storage_classes={"Shared": GIVEN}), ["storage_classes['Shared']"]),
        (AwsFsxCsiDriver(storage_classes={"l": LustreClass(())}), ["storage_classes['l'].security_groups"]),
        (changed(BUCKETS, read_only_buckets=("data", "results")), ["read_only_buckets[1]"]),
        (changed(BUCKETS, buckets=("Results",)), ["buckets[0]"]),
        (changed(BUCKETS, buckets=("arn:aws:s3:::results",)), ["buckets[0]"]),
        (changed(BUCKETS, buckets=("a..b",)), ["buckets[0]"]),
        (AwsMountpointS3CsiDriver(kms_key_arns=(KEY,)), ["kms_key_arns"]),
        (AwsNetworkFlowMonitoringAgent(metrics_port=80), ["metrics_port"]),
    ],
)
def test_what_aws_would_not_take_is_refused(addon: EksAddon, broken: list[str]) -> None:
    assert rules_broken(addon) == broken


def test_a_key_of_another_region_is_refused() -> None:
    foreign = replace(BUCKETS, kms_key_arns=(KEY.replace("eu-west-1", "us-east-1"),))
    assert [problem.place for problem in problems_on(FACTS, foreign)] == ["kms_key_arns[0]"]


def test_buckets_that_are_only_read_need_no_new_keys() -> None:
    reader = AwsMountpointS3CsiDriver(read_only_buckets=("data",), kms_key_arns=(KEY,))
    assert {action for each in reader.permissions(FACTS) for action in each.actions} == {
        *("s3:ListBucket", "s3:GetObject", "kms:Decrypt"),
    }


def test_the_nodes_of_auto_mode_have_a_driver_of_their_own() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html: ebs.csi.eks.amazonaws.com"""

    def drivers(*, nodes: bool, auto: bool) -> dict[str, str]:
        made = SnapshotController().objects(replace(FACTS, has_nodes=nodes, auto_mode=auto))
        return {each["metadata"]["name"]: each["driver"] for each in made}

    stated, auto = {"ebs": "ebs.csi.aws.com"}, {"ebs-auto-mode": "ebs.csi.eks.amazonaws.com"}
    assert drivers(nodes=True, auto=False) == stated
    assert drivers(nodes=False, auto=True) == auto
    assert drivers(nodes=True, auto=True) == stated | auto
    assert {each["deletionPolicy"] for each in SnapshotController("Retain").objects(FACTS)} == {"Retain"}


@pytest.mark.parametrize(
    ("addon", "configuration"),
    [
        (AmazonCloudWatchObservability(), {}),
        (AmazonCloudWatchObservability(container_logs=False), {"containerLogs": {"enabled": False}}),
        (AmazonCloudWatchObservability(open_telemetry=True), {"otelContainerInsights": {"enabled": True}}),
        (AwsNetworkFlowMonitoringAgent(), {}),
        # CloudWatch user guide, NetworkFlowMonitor-agents-kubernetes-eks-third-party
        (FLOWS, {"env": {"OPEN_METRICS": "on", "OPEN_METRICS_ADDRESS": "0.0.0.0", "OPEN_METRICS_PORT": 9109}}),  # noqa: S104  # what AWS prints
    ],
)
def test_what_eks_is_told(addon: EksAddon, configuration: dict[str, Any]) -> None:
    assert plain(managed(addon).configuration) == configuration


@pytest.mark.parametrize("addon", [FILES, LUSTRE, BUCKETS, FLOWS, AwsGuardDutyAgent()], ids=lambda each: each.name)
def test_without_nodes_they_have_nothing_to_do(addon: EksAddon) -> None:
    (problem,) = (each for each in addon.problems_on(replace(FACTS, has_nodes=False)) if not each.path)
    assert problem.rule == "it works on nodes, and the cluster has Fargate only"
    assert not list(addon.problems_on(replace(FACTS, has_nodes=False, auto_mode=True)))


# --- Namespaces that EKS makes ---


@pytest.mark.parametrize(
    ("addon", "namespace"),
    [
        (BUCKETS, "mount-s3"),
        (EksAddonByName("any", version="v1.0.0-eksbuild.1", namespace="any-system"), "any-system"),
    ],
)
def test_no_team_has_a_namespace_of_eks(addon: EksAddon, namespace: str) -> None:
    cluster = replace(with_addons(addon), teams=(replace(TEAM, name=namespace),))
    assert_reported(cluster, "teams[0]", f"EKS makes this namespace for {addon.name}", "another name")


def test_where_the_network_is_strict_pods_of_eks_go_on() -> None:
    """Their policies come with the network, since EKS waits for the pods; and the namespaces with them."""
    strict = plan(replace(NATIVE, addons=(*core(VpcCni(enforcing_mode="strict")), *NATIVE.addons[7:])))
    (cni,) = (part.contribution for part in strict.addons if part.name == "vpc-cni")
    objects = cni.managed_addons[0].objects
    made = [each["metadata"]["name"] for each in objects if each["kind"] == "Namespace"]
    assert {"amazon-cloudwatch", "mount-s3", "opentelemetry-operator-system"} <= set(made)
    network = Network([dict(each) for each in strict.objects])
    for namespace in made:
        assert ("TCP", 1, 65535) in network.open_ports(Pod(namespace, {"any": "pod"}, "10.0.8.8"), "8.8.8.8")
    webhook = Pod("opentelemetry-operator-system", {"any": "pod"}, "10.0.8.8")
    assert ("TCP", 9443, 9443) in network.open_ports("10.0.0.9", webhook)
