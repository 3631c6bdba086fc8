"""File systems of EFS that outlive their stack, and where the nodes of a cluster mount them from."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnResource, aws_ec2
from constructs import Construct

from blueprint.contribution import FileSystem, MountTargets
from blueprint.planning.document import Plan
from blueprint.references import CLUSTER_SECURITY_GROUP, resolved
from stacks.acknowledge import NIST, acknowledge
from stacks.base import PARTITION_ONLY
from stacks.retained import retain

_NFS = {"ipProtocol": "tcp", "fromPort": 2049, "toPort": 2049}
# AWS lets a group without such rules out everywhere. As the CDK's `allow_all_outbound=False` does it.
_NOWHERE = {"cidrIp": "255.255.255.255/32", "ipProtocol": "icmp", "fromPort": 252, "toPort": 86}

# What the CDK calls the properties of a LifecyclePolicy; it drops any other name without a word.
_MOVES = {
    "TransitionToIA": "transitionToIa",
    "TransitionToArchive": "transitionToArchive",
    "TransitionToPrimaryStorageClass": "transitionToPrimaryStorageClass",
}


def retained_file_system(scope: Construct, system: FileSystem) -> CfnResource:
    """Kept when the stack goes. Whoever mounts it does so inside of its VPC, and encrypted.

    https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
    """
    from aws_cdk import aws_efs  # most clusters have none, and each module of the CDK takes time

    anybody = {"Principal": {"AWS": "*"}}
    mounts = [f"elasticfilesystem:Client{what}" for what in ("Mount", "RootAccess", "Write")]
    statements = [
        {
            "Effect": "Allow",
            **anybody,
            "Action": mounts,
            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        },
        {"Effect": "Deny", **anybody, "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]
    made = aws_efs.CfnFileSystem(
        scope,
        f"file-system-{system.name}",
        encrypted=True,
        kms_key_id=resolved(system.key_arn, PARTITION_ONLY) or None,
        throughput_mode=system.throughput,
        provisioned_throughput_in_mibps=system.provisioned_mib,
        lifecycle_policies=[{_MOVES[name]: value} for name, value in system.moves] or None,
        backup_policy={"status": "ENABLED" if system.backups else "DISABLED"},
        file_system_policy={"Version": "2012-10-17", "Statement": statements},
        file_system_tags=[{"key": key, "value": value} for key, value in system.tags],
    )
    retain(made)
    if not system.backups:
        acknowledge(made, {f"{NIST}EFSInBackupPlan": "the blueprint says that nothing backs it up"})
    return made


def mount_targets(
    scope: Construct, plan: Plan, targets: MountTargets, references: Mapping[str, str]
) -> list[Construct]:
    """One in each zone, and the security group that lets the nodes in."""
    from aws_cdk import aws_efs

    own = Construct(scope, f"mount-targets-{targets.name}")
    nodes = resolved(CLUSTER_SECURITY_GROUP, references)
    what = f"EKS cluster {plan.facts.name}: files of {targets.name}"
    group = aws_ec2.CfnSecurityGroup(
        own,
        "group",
        group_description=what,
        vpc_id=resolved(plan.facts.vpc_id, references),
        security_group_ingress=[{**_NFS, "sourceSecurityGroupId": nodes, "description": "NFS of the nodes"}],
        security_group_egress=[{**_NOWHERE, "description": "To nobody"}],
    )
    made: list[Construct] = [group]
    for zone, subnet in targets.subnets:
        made.append(
            aws_efs.CfnMountTarget(
                own,
                zone,
                file_system_id=resolved(targets.file_system, references),
                security_groups=[group.attr_group_id],
                subnet_id=resolved(subnet, references),
            )
        )
    return made
