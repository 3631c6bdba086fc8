"""File systems of EFS behind StorageClasses: there already, or made by a deploy."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from blueprint.addons import ExistingFileSystem, NewFileSystem, OwnFileSystem
from blueprint.contribution import FileSystem, MountTargets
from blueprint.errors import BlueprintError
from blueprint.existing_network import ExistingNetwork
from blueprint.planning.planner import plan, plans
from examples.existing_vpc import EXISTING_VPC
from examples.local_zone import LOCAL_ZONE
from tests.addons.support import FACTS, allowed, problems_on, rules_broken
from tests.blueprint.examples import changed, with_addons
from tests.templates import Templates, of_type

KEY = "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
GIVEN = ExistingFileSystem("fs-0a1b2c3d4e5f60718")
SYSTEM = "arn:aws:elasticfilesystem:eu-west-1:111111111111:file-system/fs-0a1b2c3d4e5f60718"


def driver(**classes: OwnFileSystem) -> AwsEfsCsiDriver:
    return AwsEfsCsiDriver(storage_classes=classes)


def made(**classes: OwnFileSystem) -> tuple[Any, ...]:
    return driver(**classes).contribute(FACTS).resources


def schema(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", f"AWS::EFS::{kind}").schema
    return found


def test_only_what_is_new_is_made() -> None:
    assert made(shared=GIVEN) == ()
    (targets,) = made(shared=replace(GIVEN, mount_targets=True), more=replace(GIVEN, mount_targets=True))
    zones = (("eu-west-1a", "subnet-1"), ("eu-west-1b", "subnet-2"))
    assert targets == MountTargets(GIVEN.id, GIVEN.id, zones)
    system, targets = made(shared=NewFileSystem())
    assert (system.name, dict(system.tags)["eks-cluster"]) == ("shared", "prod")
    assert targets == MountTargets("shared", "${blueprint:file-system-id:shared}", zones)


def test_a_class_is_of_its_file_system() -> None:
    """https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/storage-class-v1/"""
    new, given = driver(new=NewFileSystem(), given=replace(GIVEN, reclaim_policy="Retain")).objects(FACTS)
    assert new["parameters"]["fileSystemId"] == "${blueprint:file-system-id:new}"
    assert (new["reclaimPolicy"], given["reclaimPolicy"]) == ("Delete", "Retain")
    assert given["parameters"]["fileSystemId"] == GIVEN.id


def test_what_a_deploy_makes_needs_roles_of_its_services() -> None:
    """EFS: using-service-linked-roles.html, automatic-backups.html."""

    def of(**classes: OwnFileSystem) -> list[str]:
        return [role.service for role in driver(**classes).service_linked_roles()]

    assert of(given=GIVEN) == []
    assert of(given=replace(GIVEN, mount_targets=True)) == ["elasticfilesystem.amazonaws.com"]
    assert of(new=NewFileSystem(backups=False)) == ["elasticfilesystem.amazonaws.com"]
    both = ["elasticfilesystem.amazonaws.com", "backup.amazonaws.com"]
    assert of(new=NewFileSystem(), more=NewFileSystem()) == both


def test_the_driver_uses_the_file_systems_of_its_cluster_alone() -> None:
    asks, own = {"aws:RequestTag/efs.csi.aws.com/cluster": "true"}, "aws:ResourceTag/eks-cluster"
    new = driver(shared=NewFileSystem()).permissions(FACTS)
    create = "elasticfilesystem:CreateAccessPoint"
    assert allowed(new, create, SYSTEM, {**asks, own: "prod"})
    assert not allowed(new, create, SYSTEM, {**asks, own: "stage"})
    assert not allowed(new, create, SYSTEM, asks)
    assert allowed(new, "elasticfilesystem:DescribeMountTargets", SYSTEM, {own: "prod"})
    assert not allowed(new, "elasticfilesystem:DescribeMountTargets", SYSTEM, {})
    given = driver(shared=GIVEN).permissions(FACTS)
    assert allowed(given, create, SYSTEM, asks)
    assert not allowed(given, create, SYSTEM[:-1] + "9", {**asks, own: "prod"})


@pytest.mark.parametrize(
    ("system", "moves"),
    [
        (NewFileSystem(), [("TransitionToIA", "AFTER_30_DAYS")]),
        (NewFileSystem(infrequent_after_days=None, back_when_used=False), []),
        (
            NewFileSystem(infrequent_after_days=1, archive_after_days=365, back_when_used=True),
            [
                ("TransitionToIA", "AFTER_1_DAY"),
                ("TransitionToArchive", "AFTER_365_DAYS"),
                ("TransitionToPrimaryStorageClass", "AFTER_1_ACCESS"),
            ],
        ),
    ],
)
def test_files_that_nobody_uses_move(system: NewFileSystem, moves: list[tuple[str, str]]) -> None:
    assert [*made(new=system)[0].moves] == moves


@pytest.mark.parametrize("days", [1, 7, 14, 30, 60, 90, 180, 270, 365])
def test_their_days_are_those_of_efs(days: Any) -> None:
    known = schema("FileSystem")["definitions"]["LifecyclePolicy"]["properties"]
    (moved,) = made(new=NewFileSystem(infrequent_after_days=days))[0].moves
    assert moved[1] in known[moved[0]]["enum"]
    assert known["TransitionToArchive"]["enum"] == known["TransitionToIA"]["enum"]
    assert len(known["TransitionToIA"]["enum"]) == 9


@pytest.mark.parametrize(("given", "mode", "mib"), [("elastic", "elastic", None), (3414, "provisioned", 3414)])
def test_throughput(given: Any, mode: str, mib: int | None) -> None:
    system: FileSystem = made(new=NewFileSystem(throughput=given))[0]
    assert (system.throughput, system.provisioned_mib) == (mode, mib)
    assert mode in schema("FileSystem")["properties"]["ThroughputMode"]["enum"]


@pytest.mark.parametrize(
    ("system", "places"),
    [
        (NewFileSystem(), []),
        (NewFileSystem(archive_after_days=60), []),
        (NewFileSystem(archive_after_days=30), ["archive_after_days"]),
        (NewFileSystem(archive_after_days=60, infrequent_after_days=None), ["archive_after_days"]),
        (NewFileSystem(archive_after_days=60, throughput="bursting"), ["archive_after_days"]),
        (NewFileSystem(throughput=3415), ["throughput"]),
        (changed(NewFileSystem(), infrequent_after_days=31), ["infrequent_after_days"]),
        (NewFileSystem(kms_key_arn="alias/files"), ["kms_key_arn"]),
        (ExistingFileSystem("fs-0a1b2c3d"), []),
        (ExistingFileSystem("fs-1"), ["id"]),
    ],
)
def test_what_efs_would_refuse(system: OwnFileSystem, places: list[str]) -> None:
    """API_PutLifecycleConfiguration.html: nothing is archived before it is in Infrequent Access, nor without elastic
    throughput.
    """
    says = botocore.session.get_session().get_service_model("efs").operation_model("PutLifecycleConfiguration")
    assert "must either not be set or must be later than" in says.documentation
    assert "only for file systems that use the Elastic throughput mode" in says.documentation
    assert rules_broken(system) == places


def test_a_key_of_another_region_is_refused() -> None:
    (problem,) = problems_on(FACTS, driver(a=NewFileSystem(kms_key_arn=KEY.replace("eu-west-1", "us-east-1"))))
    assert problem.place == "storage_classes['a'].kms_key_arn"
    assert not [*driver(a=NewFileSystem(kms_key_arn=KEY), b=GIVEN).problems_on(FACTS)]


def test_mount_targets_have_one_maker() -> None:
    """API_CreateMountTarget.html: in one VPC only, and one in each zone."""
    cluster = with_addons(driver(shared=replace(GIVEN, mount_targets=True)))
    with pytest.raises(BlueprintError, match="makes the mount targets of this file system already"):
        plans({"prod": cluster, "stage": replace(cluster, name="stage")})
    other = replace(with_addons(driver(shared=GIVEN)), name="stage")
    assert len(plans({"prod": cluster, "stage": other})) == 2
    new = with_addons(driver(shared=NewFileSystem()))
    assert len(plans({"prod": new, "stage": replace(new, name="stage")})) == 2


def test_one_is_in_each_zone_of_a_network_that_is_there() -> None:
    """API_CreateMountTarget.html: of several subnets in a zone, one."""
    network = EXISTING_VPC.network
    assert isinstance(network, ExistingNetwork)
    first = network.nodes[0]
    more = replace(first, id="subnet-0123456789abcdef0", cidr="10.0.240.0/24")
    twice = plan(replace(EXISTING_VPC, network=replace(network, nodes=(*network.nodes, more)))).facts
    assert dict(twice.node_zones) == {f"us-west-2{each.zone}": each.id for each in network.nodes}
    assert twice.node_zones[0] == (f"us-west-2{first.zone}", first.id)
    assert len(twice.node_subnets) == len(twice.node_zones) + 1


def test_none_is_in_a_local_zone() -> None:
    facts = plan(LOCAL_ZONE).facts
    assert {zone for zone, _ in facts.node_zones} == {"us-west-2a", "us-west-2b"}


def test_a_new_one_outlives_its_cluster_and_lets_in_its_nodes_alone(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/network-access.html, iam-access-control-nfs-efs.html"""
    template = fleet["backup", "addons"]
    ((id, system),) = of_type(template, "AWS::EFS::FileSystem").items()
    assert (system["DeletionPolicy"], system["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = system["Properties"]
    assert properties["Encrypted"] is True
    assert properties["ThroughputMode"] == "elastic"
    moves = [{"TransitionToIA": "AFTER_30_DAYS"}, {"TransitionToArchive": "AFTER_90_DAYS"}]
    assert properties["LifecyclePolicies"] == moves
    (another,) = of_type(fleet["native", "addons"], "AWS::EFS::FileSystem").values()
    moves = [{"TransitionToIA": "AFTER_7_DAYS"}, {"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}]
    assert another["Properties"]["LifecyclePolicies"] == moves
    assert another["Properties"]["ProvisionedThroughputInMibps"] == 128
    assert "key/0a1b2c3d" in json.dumps(another["Properties"]["KmsKeyId"])
    assert another["Properties"]["BackupPolicy"] == {"Status": "DISABLED"}
    allows, denies = properties["FileSystemPolicy"]["Statement"]
    assert allows["Condition"] == {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    assert (denies["Effect"], denies["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    targets = of_type(template, "AWS::EFS::MountTarget")
    assert len(targets) == 2
    assert len({json.dumps(each["Properties"]["SubnetId"]) for each in targets.values()}) == 2
    assert all(each["Properties"]["FileSystemId"] == {"Ref": id} for each in targets.values())
    assert not any("DeletionPolicy" in each for each in targets.values())
    ((group_id, group),) = of_type(template, "AWS::EC2::SecurityGroup").items()
    (into,) = group["Properties"]["SecurityGroupIngress"]
    assert (into["FromPort"], into["ToPort"], into["IpProtocol"]) == (2049, 2049, "tcp")
    assert "ClusterSecurityGroupId" in json.dumps(into["SourceSecurityGroupId"])
    for each in targets.values():
        assert each["Properties"]["SecurityGroups"] == [{"Fn::GetAtt": [group_id, "GroupId"]}]
    classes = json.dumps(of_type(template, "Custom::AWSCDK-EKS-KubernetesResource"))
    assert f'{{"Ref": "{id}"}}' in classes
