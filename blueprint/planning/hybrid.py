"""The planned role and access entry of hybrid nodes.

https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
"""

from __future__ import annotations

from blueprint.access import AccessEntry
from blueprint.facts import ClusterFacts
from blueprint.hybrid_nodes import HybridNodes
from blueprint.iam import Statement
from blueprint.planning.document import RemoteNodes, ServiceRole, ServiceTrust
from blueprint.references import portable, role_arn

_PULL = "AmazonEC2ContainerRegistryPullOnly"
_OWN_NAME = "${aws:PrincipalTag/x509Subject/CN}"
"""Of a certificate: a machine joins under no other's name."""


def planned(nodes: HybridNodes, facts: ClusterFacts) -> RemoteNodes:
    """What lets them join, and what their agents may do."""
    role = _anywhere(nodes.trust_anchor_arn, facts) if nodes.trust_anchor_arn else _by_activations(facts)
    access = AccessEntry(role_arn(nodes.name), kind="HYBRID_LINUX")
    return RemoteNodes(nodes.name, nodes.node_ranges, nodes.pod_ranges, role, access)


def _of_all(facts: ClusterFacts) -> tuple[Statement, ...]:
    """For nodeadm, and for the agent of EKS Pod Identity."""
    return (Statement(("eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"), (facts.cluster_arn,)),)


def _by_activations(facts: ClusterFacts) -> ServiceRole:
    activations = {
        "StringEquals": {"aws:SourceAccount": facts.account},
        "ArnEquals": {"aws:SourceArn": facts.arn("ssm", "*")},
    }
    mine = {"StringEquals": {"aws:ResourceTag/EKSClusterARN": facts.cluster_arn}}
    why = "AWS's policy lets a node read every parameter of the account"
    parameters = (facts.arn("ssm", "parameter/*"),)
    return ServiceRole(
        "ssm.amazonaws.com",
        (_PULL, "AmazonSSMManagedInstanceCore"),
        (
            *_of_all(facts),
            Statement(("ssm:GetParameter", "ssm:GetParameters"), parameters, effect="Deny", reason=why),
            Statement(("ssm:DeregisterManagedInstance",), (facts.arn("ssm", "managed-instance/*"),), mine),
            Statement(("ssm:DescribeInstanceInformation",), ("*",), reason="describing takes no resource"),
        ),
        conditions=activations,
    )


def _anywhere(anchor: str, facts: ClusterFacts) -> ServiceRole:
    of_anchor = {"ArnEquals": {"aws:SourceArn": portable(anchor)}}
    return ServiceRole(
        "rolesanywhere.amazonaws.com",
        (_PULL,),
        _of_all(facts),
        conditions={"StringEquals": {"sts:RoleSessionName": _OWN_NAME}, **of_anchor},
        also=(ServiceTrust(("sts:TagSession", "sts:SetSourceIdentity"), of_anchor),),
    )
