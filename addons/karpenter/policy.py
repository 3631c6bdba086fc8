"""AWS permissions of Karpenter's controller, for one cluster.

Upstream's policies for v1.14, which are tight, less what an EC2NodeClass with an instance profile of ours does not
need: making, tagging and deleting instance profiles (pkg/controllers/nodeclass/instanceprofile.go).
https://karpenter.sh/v1.14/reference/cloudformation
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from addons.karpenter.node_class import NodeClass
from blueprint.encryption import volume_key
from blueprint.facts import ClusterFacts
from blueprint.iam import Conditions, Statement
from blueprint.references import PARTITION, queue_arn, role_arn

_PASSED_TO = ("ec2.amazonaws.com", "ec2.amazonaws.com.cn")


def statements(facts: ClusterFacts, *, nodes: str, queue: str) -> tuple[Statement, ...]:
    """The permissions; `nodes` and `queue` are the names of the node role and of the interruption queue."""
    return (*_launch(facts), *_reads(facts, queue), _pass_role(role_arn(nodes)))


def for_classes(classes: Sequence[NodeClass], facts: ClusterFacts) -> Iterator[Statement]:
    """What node classes name of the account beside: keys of volumes, and parameters that hold images."""
    for key in sorted({each.kms_key_arn for each in classes if each.kms_key_arn}):
        yield from volume_key(key, facts.region)
    names = sorted({each.image for each in classes if each.image and not each.image.startswith("ami-")})
    if names:
        yield Statement(("ssm:GetParameter",), tuple(facts.arn("ssm", f"parameter{name}") for name in names))


def _launch(facts: ClusterFacts) -> tuple[Statement, ...]:
    cluster = f"kubernetes.io/cluster/{facts.name}"
    ours: Conditions = {
        "StringEquals": {f"aws:ResourceTag/{cluster}": "owned"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    tagged = {f"aws:RequestTag/{cluster}": "owned", "aws:RequestTag/eks:eks-cluster-name": facts.name}
    of_a_pool = {"StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"}}
    creating = {"ec2:CreateAction": ("RunInstances", "CreateFleet", "CreateLaunchTemplate")}
    renaming = ("eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name")
    launch = ("ec2:RunInstances", "ec2:CreateFleet")

    def arns(*kinds: str) -> tuple[str, ...]:
        # Images, snapshots and some subnets belong to other accounts.
        return tuple(f"arn:{PARTITION}:ec2:{facts.region}:*:{kind}/*" for kind in kinds)

    made = arns("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
    public = tuple(f"arn:{PARTITION}:ec2:{facts.region}::{kind}/*" for kind in ("image", "snapshot"))
    given = arns("security-group", "subnet", "capacity-reservation", "placement-group")
    return (
        Statement(launch, (*public, *given), reason="what a launch uses; what it makes must carry the cluster's tags"),
        Statement(launch, arns("launch-template"), ours),
        Statement((*launch, "ec2:CreateLaunchTemplate"), made, {"StringEquals": tagged, **of_a_pool}),
        Statement(("ec2:CreateTags",), made, {"StringEquals": {**tagged, **creating}, **of_a_pool}),
        Statement(
            ("ec2:CreateTags",),
            arns("instance"),
            {
                **ours,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": facts.name},
                "ForAllValues:StringEquals": {"aws:TagKeys": renaming},
            },
        ),
        Statement(("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"), arns("instance", "launch-template"), ours),
    )


def _reads(facts: ClusterFacts, queue: str) -> tuple[Statement, ...]:
    ec2 = (
        *("CapacityReservations", "Images", "Instances", "InstanceStatus", "InstanceTypeOfferings", "InstanceTypes"),
        *("LaunchTemplates", "PlacementGroups", "SecurityGroups", "SpotPriceHistory", "Subnets"),
    )
    nowhere_narrower = ("pricing:GetProducts", "iam:ListInstanceProfiles")
    # Asked for under the name that early versions gave it, when an EC2NodeClass is deleted.
    profiles = f"arn:{PARTITION}:iam::{facts.account}:instance-profile/{facts.name}_*"
    here: Conditions = {"StringEquals": {"aws:RequestedRegion": facts.region}}
    why = "reads only; AWS offers no narrower resource for it"
    return (
        Statement(tuple(f"ec2:Describe{kind}" for kind in ec2), ("*",), here, reason=why),
        Statement(nowhere_narrower, ("*",), reason=why),
        Statement(("iam:GetInstanceProfile",), (profiles,), reason="this cluster's only; reads only"),
        Statement(
            ("ssm:GetParameter",),
            (f"arn:{PARTITION}:ssm:{facts.region}::parameter/aws/service/*",),
            reason="AWS's public parameters; reads only",
        ),
        Statement(("eks:DescribeCluster",), (facts.cluster_arn,)),
        Statement(("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"), (queue_arn(queue),)),
    )


def _pass_role(nodes: str) -> Statement:
    return Statement(("iam:PassRole",), (nodes,), {"StringEquals": {"iam:PassedToService": _PASSED_TO}})
