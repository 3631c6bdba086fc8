"""EBS volumes for pods, encrypted gp3 by default. https://github.com/kubernetes-sigs/aws-ebs-csi-driver"""

from __future__ import annotations

from collections.abc import Iterator

from addons.aws_ebs_csi_driver.pods import WORKLOADS
from addons.base import ClusterFacts, EksAddon, Statement, Values
from blueprint.encryption import KmsKeyArn, foreign_key, volume_key
from blueprint.errors import Problem
from blueprint.iam import Conditions
from blueprint.kubernetes import Manifest, storage_classes
from blueprint.references import PARTITION

_CLUSTER_TAG = "eks-cluster"


class AwsEbsCsiDriver(EksAddon):
    """Each volume and snapshot carries the cluster's name, and the driver may touch no others.

    Versions: `aws eks describe-addon-versions`, September 2026.
    """

    name = "aws-ebs-csi-driver"
    # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"aws-ebs-csi-driver","default":true}
    versions = dict.fromkeys(("1.33", "1.34", "1.35", "1.36"), "v1.66.0-eksbuild.1")
    service_account = "ebs-csi-controller-sa"
    workloads = WORKLOADS
    built_into_auto_mode = "skip"
    replaced_by = "block storage"

    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes of the default StorageClass, of any account whose key policy allows this one; that of the
    account and region for EBS when None. Claims that name the class gp3 keep the latter."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ec2",)

    def values(self, facts: ClusterFacts) -> Values:
        return {"controller": {"extraVolumeTags": {**dict(facts.tags), _CLUSTER_TAG: facts.name}}}

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        key = {"kmsKeyId": self.kms_key_arn} if self.kms_key_arn else {}
        return storage_classes("ebs.csi.aws.com", parameters=key)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from foreign_key("kms_key_arn", self.kms_key_arn, facts.region)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """The driver's docs/example-iam-policy.json (AmazonEBSCSIDriverPolicyV2), narrowed to this cluster's tag."""

        def ec2(resource: str) -> str:
            # Volumes and instances have the account in their ARN, snapshots have not.
            return f"arn:{PARTITION}:ec2:{facts.region}:{'' if resource == 'snapshot' else facts.account}:{resource}/*"

        volumes, snapshots, instances = ec2("volume"), ec2("snapshot"), ec2("instance")
        asked = {"StringEquals": {f"aws:RequestTag/{_CLUSTER_TAG}": facts.name}}
        owned = {"StringEquals": {f"ec2:ResourceTag/{_CLUSTER_TAG}": facts.name}}
        member = {"StringEquals": {f"ec2:ResourceTag/kubernetes.io/cluster/{facts.name}": "owned"}}
        created = {"StringEquals": {"ec2:CreateAction": ("CreateVolume", "CreateSnapshot", "CopyVolumes")}}
        # The source of a copy; what it makes has no id yet.
        sources, foreign = (f"{volumes.removesuffix('*')}vol-*",), {"StringNotEquals": owned["StringEquals"]}
        return (
            Statement(
                tuple(f"ec2:Describe{what}" for what in _DESCRIBED),
                ("*",),
                {"StringEquals": {"aws:RequestedRegion": facts.region}},
                reason="EC2 describes take no resource",
            ),
            Statement(("ec2:CreateVolume", "ec2:CopyVolumes"), (volumes,), asked),
            Statement(("ec2:CreateVolume",), (volumes,), _DRY_RUN),
            Statement(("ec2:CopyVolumes",), sources, owned),
            Statement(("ec2:CopyVolumes",), sources, foreign, "Deny"),
            Statement(("ec2:CreateVolume",), (snapshots,), owned),
            Statement(("ec2:CreateSnapshot",), (snapshots,), asked),
            Statement(("ec2:CreateSnapshot",), (volumes,), owned),
            Statement(
                ("ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"), (volumes,), owned
            ),
            Statement(("ec2:AttachVolume", "ec2:DetachVolume"), (instances,), member),
            Statement(("ec2:DeleteSnapshot",), (snapshots,), owned),
            Statement(("ec2:CreateTags",), (volumes, snapshots), created),
            Statement(("ec2:CreateTags", "ec2:DeleteTags"), (volumes,), {**owned, **_KEEPS_OWNER}),
            *(volume_key(self.kms_key_arn, facts.region) if self.kms_key_arn else ()),
        )


# It never makes this volume: the error says how many IOPS a zone offers. Without it, gp3 is held at 16,000.
_DRY_RUN: Conditions = {
    "StringEquals": {"aws:RequestTag/CSIVolumeName": "IopsLimitDryRun"},
    "ForAllValues:StringEquals": {"aws:TagKeys": "CSIVolumeName"},
}
# For the tags of a VolumeAttributesClass. Without any key, EC2 removes all tags.
_KEEPS_OWNER: Conditions = {
    "ForAllValues:StringNotEquals": {"aws:TagKeys": _CLUSTER_TAG},
    "Null": {"aws:TagKeys": "false"},
}
_DESCRIBED = (
    *(
        "AvailabilityZones",
        "Instances",
        "InstanceTypes",
        "Snapshots",
        "Volumes",
        "VolumesModifications",
        "VolumeStatus",
    ),
)
