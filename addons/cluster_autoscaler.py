"""Changes the size of node groups by the pods that wait, and by nodes that nobody needs.

https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler
"""

from __future__ import annotations

from typing import Literal

from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, across_zones, resources, workload

# One for each Kubernetes minor, of which it has the scheduler inside; the tags of its repository in August 2026.
IMAGES = {"1.33": "v1.33.6", "1.34": "v1.34.5", "1.35": "v1.35.2", "1.36": "v1.36.1"}
_READS = (
    *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeLaunchConfigurations"),
    *("autoscaling:DescribeScalingActivities", "ec2:DescribeImages", "ec2:DescribeInstanceTypes"),
    *("ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements"),
)


class ClusterAutoscaler(CallsAws, HelmAddon):
    """For managed node groups, within their `min` and `max`: EKS tags the Auto Scaling group of each for it.

    Karpenter is quicker and chooses among more instance types; this is for clusters that keep to their groups.
    """

    name = "cluster-autoscaler"
    lost = "node groups keep the size that they have, whatever waits"
    namespace = "cluster-autoscaler"
    service_account = "cluster-autoscaler"
    service_account_annotations = ("rbac", "serviceAccount", "annotations")
    pod_security = "restricted"
    built_into_auto_mode = "skip"
    replaced_by = "node pools of its own"
    chart = locked_chart(
        name,
        notes="https://github.com/kubernetes/autoscaler/releases/tag/cluster-autoscaler-chart-{version}",
        compatibility="https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler#releases",
    )
    workloads = (
        workload(
            name,
            app="aws-cluster-autoscaler",
            instance=name,
            replicas="replicaCount",
            service_account=name,
            ports=(8085,),
        ),
    )
    images = (ImageSource("registry.k8s.io/autoscaling/cluster-autoscaler", ("image.repository",)),)

    expander: Literal["least-waste", "most-pods", "random", "least-nodes"] = "least-waste"
    """Which group grows when several could, as upstream's --expander names it."""

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        groups = facts.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*")
        # EKS sets it: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
        own = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{facts.name}": "owned"}}
        node_groups = (facts.arn("eks", f"nodegroup/{facts.name}/*/*"),)
        return (
            Statement(_READS, ("*",), reason="reads only, for which AWS offers no narrower resource"),
            Statement(
                ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"), (groups,), own
            ),
            Statement(("eks:DescribeNodegroup",), node_groups, reason="all node groups of the cluster"),
        )

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("autoscaling", "ec2", "eks", "sts")

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "fullnameOverride": self.name,
            "autoDiscovery": {"clusterName": facts.name},
            "awsRegion": facts.region,
            "image": {"tag": IMAGES[facts.version]},
            "rbac": {"serviceAccount": {"name": self.service_account}},
            "replicaCount": 2,
            "extraArgs": {"expander": self.expander, "balance-similar-node-groups": True},
            "topologySpreadConstraints": across_zones(name="aws-cluster-autoscaler", instance=self.name),
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containerSecurityContext": {**HARDENED, "readOnlyRootFilesystem": True},
            "resources": resources("100m", "600Mi"),
        }
