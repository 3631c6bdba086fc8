"""AWS permissions of the driver, for one cluster."""

from __future__ import annotations

from blueprint.facts import ClusterFacts
from blueprint.iam import Conditions, Statement
from blueprint.references import PARTITION

CLUSTER_TAG = "eks-cluster"


def statements(facts: ClusterFacts) -> tuple[Statement, ...]:
    """The driver's docs/example-iam-policy.json (AmazonEBSCSIDriverPolicyV2), narrowed to this cluster's tag."""

    def ec2(resource: str) -> str:
        # Volumes and instances have the account in their ARN, snapshots have not.
        return f"arn:{PARTITION}:ec2:{facts.region}:{'' if resource == 'snapshot' else facts.account}:{resource}/*"

    volumes, snapshots, instances = ec2("volume"), ec2("snapshot"), ec2("instance")
    asked = {"StringEquals": {f"aws:RequestTag/{CLUSTER_TAG}": facts.name}}
    owned = {"StringEquals": {f"ec2:ResourceTag/{CLUSTER_TAG}": facts.name}}
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
        Statement(("ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"), (volumes,), owned),
        Statement(("ec2:AttachVolume", "ec2:DetachVolume"), (instances,), member),
        Statement(("ec2:DeleteSnapshot",), (snapshots,), owned),
        Statement(("ec2:CreateTags",), (volumes, snapshots), created),
        Statement(("ec2:CreateTags", "ec2:DeleteTags"), (volumes,), {**owned, **_KEEPS_OWNER}),
    )


# It never makes this volume: the error says how many IOPS a zone offers. Without it, gp3 is held at 16,000.
_DRY_RUN: Conditions = {
    "StringEquals": {"aws:RequestTag/CSIVolumeName": "IopsLimitDryRun"},
    "ForAllValues:StringEquals": {"aws:TagKeys": "CSIVolumeName"},
}
# For the tags of a VolumeAttributesClass. Without any key, EC2 removes all tags.
_KEEPS_OWNER: Conditions = {
    "ForAllValues:StringNotEquals": {"aws:TagKeys": CLUSTER_TAG},
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
