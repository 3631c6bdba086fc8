"""The add-ons that EKS installs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.core import CORE
from addons.core_dns import CoreDns
from addons.kube_proxy import KubeProxy
from addons.vpc_cni import VpcCni
from blueprint.addons import EksAddon
from blueprint.contribution import ManagedAddon
from blueprint.versions import SUPPORTED, minor
from blueprint.workload import PodSelector
from tests.addons.support import (
    ACCOUNT,
    FACTS,
    REGION,
    allowed,
    deployed,
    names_no_partition,
    problems_on,
    rules_broken,
)
from tests.addons.test_lock import classes
from tests.templates import plain

VOLUME = f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1"
SNAPSHOT = f"arn:aws:ec2:{REGION}::snapshot/snap-1"
INSTANCE = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"
PERMISSIONS = AwsEbsCsiDriver().permissions(FACTS)


def managed(addon: EksAddon) -> ManagedAddon:
    (found,) = addon.contribute(FACTS).managed_addons
    return found


@pytest.mark.parametrize("addon", CORE, ids=lambda addon: addon.name)
def test_versions_are_pinned_and_known_for_the_same_kubernetes_versions(addon: EksAddon) -> None:
    assert list(addon.versions) == list(SUPPORTED)
    assert managed(addon).version == addon.versions[FACTS.version]
    assert managed(replace(addon, version="v9.9.9-eksbuild.9")).version == "v9.9.9-eksbuild.9"


def test_kube_proxy_is_of_the_clusters_minor() -> None:
    for version, addon_version in KubeProxy.versions.items():
        assert minor(addon_version.removeprefix("v").rpartition(".")[0].rpartition(".")[0]) == minor(version)


@pytest.mark.parametrize("addon", CORE, ids=lambda addon: addon.name)
def test_a_kubernetes_version_without_a_known_one_needs_a_choice(addon: EksAddon) -> None:
    newer = replace(FACTS, version="1.37")
    assert [problem.place for problem in problems_on(newer, addon)] == ["version"]
    assert not list(replace(addon, version="v1.0.0-eksbuild.1").problems_on(newer))


def test_what_nodes_need_to_become_ready_stands_before_them() -> None:
    first = {addon.name for addon in CORE if managed(addon).before_nodes}
    assert first == {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}


@pytest.mark.parametrize(
    ("addon", "ignores"),
    [
        (VpcCni(), False),
        (VpcCni(network_policy=False), True),
        (VpcCni(configuration={"enableNetworkPolicy": "false"}), True),
        (VpcCni(network_policy=False, configuration={"enableNetworkPolicy": "true"}), False),
        (VpcCni(configuration={"enableNetworkPolicy": None}), True),
        (KubeProxy(), False),
    ],
)
def test_the_network_says_whether_policies_have_an_effect(addon: EksAddon, *, ignores: bool) -> None:
    assert addon.contribute(FACTS).ignores_network_policies is ignores


def test_network_policies_are_on_as_text() -> None:
    assert managed(VpcCni()).configuration == {"enableNetworkPolicy": "true"}
    assert managed(VpcCni(network_policy=False)).configuration == {"enableNetworkPolicy": "false"}
    assert managed(VpcCni(prefix_delegation=True)).configuration["env"]["ENABLE_PREFIX_DELEGATION"] == "true"


@pytest.mark.parametrize(
    ("selector", "configuration"),
    [
        (PodSelector("kube-system"), {"computeType": "Fargate"}),
        (PodSelector("kube-*"), {"computeType": "Fargate"}),
        (PodSelector("kube-system", labels={"k8s-app": "kube-dns"}), {"computeType": "Fargate"}),
        (PodSelector("kube-system", labels={"k8s-app": "metrics-server"}), {}),
        (PodSelector("other"), {}),
    ],
)
def test_dns_is_told_that_a_profile_takes_its_pods(selector: PodSelector, configuration: dict[str, str]) -> None:
    assert CoreDns().values(replace(FACTS, fargate=(selector,))) == configuration


def test_whoever_turns_prefixes_on_nodes_know_of_it() -> None:
    """README.md of amazon-vpc-cni-k8s: ENABLE_PREFIX_DELEGATION, false by default."""
    on, off = ({"env": {"ENABLE_PREFIX_DELEGATION": value}} for value in ("true", "false"))
    given = (VpcCni(), VpcCni(prefix_delegation=True), VpcCni(configuration=on))
    assert [each.gives_prefixes for each in given] == [False, True, True]
    assert not VpcCni(prefix_delegation=True, configuration=off).gives_prefixes


@pytest.mark.parametrize("addon", [*CORE], ids=lambda addon: addon.name)
def test_configuration_wins_over_the_addons_own(addon: EksAddon) -> None:
    own = plain(managed(addon).configuration)
    more = plain(managed(replace(addon, configuration={"resources": {"limits": {"memory": "1Gi"}}})).configuration)
    assert more == {**own, "resources": {"limits": {"memory": "1Gi"}}}
    (first, *_) = own or {"anything": 1}
    assert managed(replace(addon, configuration={first: "changed"})).configuration[first] == "changed"


class TestEbsPermissions:
    def test_makes_only_volumes_that_name_the_cluster(self) -> None:
        assert allowed(PERMISSIONS, "ec2:CreateVolume", VOLUME, {"aws:RequestTag/eks-cluster": "prod"})
        assert not allowed(PERMISSIONS, "ec2:CreateVolume", VOLUME, {"aws:RequestTag/eks-cluster": "dev"})
        assert not allowed(PERMISSIONS, "ec2:CreateVolume", VOLUME)

    @pytest.mark.parametrize("action", ["AttachVolume", "DetachVolume", "ModifyVolume", "DeleteVolume"])
    def test_touches_only_the_clusters_volumes(self, action: str) -> None:
        assert allowed(PERMISSIONS, f"ec2:{action}", VOLUME, {"ec2:ResourceTag/eks-cluster": "prod"})
        assert not allowed(PERMISSIONS, f"ec2:{action}", VOLUME, {"ec2:ResourceTag/eks-cluster": "dev"})
        assert not allowed(PERMISSIONS, f"ec2:{action}", VOLUME)

    def test_attaches_to_the_clusters_nodes_only(self) -> None:
        ours, theirs = ({f"ec2:ResourceTag/kubernetes.io/cluster/{name}": "owned"} for name in ("prod", "dev"))
        assert allowed(PERMISSIONS, "ec2:AttachVolume", INSTANCE, ours)
        assert not allowed(PERMISSIONS, "ec2:AttachVolume", INSTANCE, theirs)

    def test_deletes_and_restores_only_the_clusters_snapshots(self) -> None:
        for action in ("ec2:DeleteSnapshot", "ec2:CreateVolume"):
            assert allowed(PERMISSIONS, action, SNAPSHOT, {"ec2:ResourceTag/eks-cluster": "prod"})
            assert not allowed(PERMISSIONS, action, SNAPSHOT, {"ec2:ResourceTag/eks-cluster": "dev"})

    def test_tags_only_what_it_makes(self) -> None:
        assert allowed(PERMISSIONS, "ec2:CreateTags", VOLUME, {"ec2:CreateAction": "CreateVolume"})
        assert not allowed(PERMISSIONS, "ec2:CreateTags", VOLUME, {"ec2:ResourceTag/eks-cluster": "dev"})
        assert not allowed(PERMISSIONS, "ec2:CreateTags", INSTANCE, {"ec2:CreateAction": "RunInstances"})

    def test_names_no_partition(self) -> None:
        assert names_no_partition(PERMISSIONS)

    def test_the_driver_tags_what_the_policy_asks_for(self) -> None:
        assert managed(AwsEbsCsiDriver()).configuration == {"controller": {"extraVolumeTags": {"eks-cluster": "prod"}}}


DEFAULT = "storageclass.kubernetes.io/is-default-class"


def test_the_default_storage_class_is_encrypted_gp3() -> None:
    (manifest,) = AwsEbsCsiDriver().objects(FACTS)
    assert manifest["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert manifest["metadata"] == {"name": "gp3", "annotations": {DEFAULT: "true"}}


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"


class TestVolumesUnderAKey:
    ADDON = AwsEbsCsiDriver(kms_key_arn=KEY)
    PERMISSIONS = ADDON.permissions(FACTS)
    VIA = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
    GRANT = {**VIA, "kms:GrantIsForAWSResource": "true"}

    def test_the_default_class_names_it_and_the_plain_one_stays(self) -> None:
        """docs/parameters.md:18 of the driver (kmsKeyId). Parameters of a class never change, so it is another one."""
        plain, own = map(deployed, self.ADDON.objects(FACTS))
        assert plain["parameters"] == {"type": "gp3", "encrypted": "true"}
        assert plain["metadata"] == {"name": "gp3", "annotations": {DEFAULT: "false"}}
        assert own["parameters"] == {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY}
        assert own["metadata"]["annotations"] == {DEFAULT: "true"}
        _, other = AwsEbsCsiDriver(kms_key_arn=KEY.replace("0123", "9876")).objects(FACTS)
        assert len({plain["metadata"]["name"], own["metadata"]["name"], other["metadata"]["name"]}) == 3

    def test_without_one_it_is_the_account_s(self) -> None:
        """EBS user guide, "default KMS key for EBS encryption": where a volume names none."""
        assert AwsEbsCsiDriver().contribute(FACTS).default_volume_key
        assert not self.ADDON.contribute(FACTS).default_volume_key

    # EBS user guide, requirements for encryption; the first two with CreateGrant are docs/install.md of the driver.
    @pytest.mark.parametrize(
        "action",
        [
            *("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
            *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
        ],
    )
    def test_ec2_uses_the_key_for_it(self, action: str) -> None:
        assert allowed(self.PERMISSIONS, action, KEY, self.VIA)
        assert not allowed(self.PERMISSIONS, action, KEY)
        assert not allowed(self.PERMISSIONS, action, KEY, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
        assert not allowed(self.PERMISSIONS, action, KEY.replace("0123", "9876"), self.VIA)
        assert not allowed(PERMISSIONS, action, KEY, self.VIA)

    def test_it_works_in_every_partition(self) -> None:
        assert names_no_partition(self.PERMISSIONS)

    def test_it_lets_ebs_alone_use_the_key(self) -> None:
        assert allowed(self.PERMISSIONS, "kms:CreateGrant", KEY, self.GRANT)
        assert not allowed(self.PERMISSIONS, "kms:CreateGrant", KEY, self.VIA)
        assert not allowed(self.PERMISSIONS, "kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"})
        for action in ("kms:Encrypt", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion"):
            assert not allowed(self.PERMISSIONS, action, KEY, self.GRANT)

    @pytest.mark.parametrize(
        ("arn", "places"),
        [
            (KEY, []),
            (f"arn:aws:kms:{REGION}:222222222222:key/mrk-0123456789abcdef0123456789abcdef", []),
            (KEY.replace(REGION, "us-east-1"), ["kms_key_arn"]),
        ],
    )
    def test_a_key_is_of_the_region(self, arn: str, places: list[str]) -> None:
        addon = AwsEbsCsiDriver(kms_key_arn=arn)
        assert rules_broken(addon) == []
        assert [problem.place for problem in problems_on(FACTS, addon)] == places

    @pytest.mark.parametrize("arn", ["alias/ebs", KEY.replace("key/", "alias/"), KEY[-36:], f"{KEY}/*", f"{KEY}\n"])
    def test_a_key_is_named_by_its_arn(self, arn: str) -> None:
        assert rules_broken(AwsEbsCsiDriver(kms_key_arn=arn)) == ["kms_key_arn"]


def test_what_a_pod_asks_for_is_said_where_each_addon_takes_it() -> None:
    """Keys of the configuration schemas: `aws eks describe-addon-configuration`, as these guides show them.

    https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-configure-security-agent-eks-addon.html,
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html,
    https://docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html and node-health-nma.html.
    """
    found = {cls.name: {path for workload in cls.workloads for path in workload.cpu_at} for cls in classes(EksAddon)}
    assert {name: paths for name, paths in found.items() if paths} == {
        "amazon-cloudwatch-observability": {
            "manager.resources.requests.cpu",
            "containerLogs.fluentBit.resources.requests.cpu",
        },
        "aws-guardduty-agent": {"resources.requests.cpu"},
        "aws-network-flow-monitoring-agent": {"resources.requests.cpu"},
        "coredns": {"resources.requests.cpu"},
        "eks-node-monitoring-agent": {"nodeAgent.resources.requests.cpu"},
        "metrics-server": {"resources.requests.cpu"},
    }
