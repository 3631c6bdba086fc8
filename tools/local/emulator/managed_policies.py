"""What AWS managed policies of nodes and clusters allow, where the emulator does not know the policy.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ ; a test compares them with moto's copies.
"""

from __future__ import annotations

# All of them for every resource, without conditions.
ACTIONS = {
    "AmazonEKSWorkerNodeMinimalPolicy": ("eks-auth:AssumeRoleForPodIdentity",),
    "AmazonEC2ContainerRegistryPullOnly": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchImportUpstreamImage",
    ),
    # But for CreateNetworkInterfacePermission, which has a condition.
    "AmazonEKSVPCResourceController": (
        "ec2:CreateNetworkInterface",
        "ec2:DetachNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:DeleteNetworkInterface",
        "ec2:AttachNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
        "ec2:AssignPrivateIpAddresses",
    ),
    "AmazonEKSFargatePodExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
    ),
}
