"""Hands AWS credentials to pods by their service account. https://github.com/aws/eks-pod-identity-agent"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, ClusterFacts, EksAddon, Values, Workload
from blueprint.addons.lock import locked_versions


class EksPodIdentityAgent(EksAddon):
    """On every node; pods on Fargate cannot reach it, and get their credentials by IRSA."""

    name = "eks-pod-identity-agent"
    lost = "pods with AWS permissions get no credentials"
    versions = locked_versions(name)
    workloads = (
        Workload(
            "eks-pod-identity-agent",
            kind="DaemonSet",
            tolerations=EVERYTHING,
            on_fargate=False,
            on_auto_mode=False,
        ),
    )
    before_nodes = True
    pod_identity = True
    built_into_auto_mode = "skip"
    replaced_by = "the Pod Identity agent"

    def values(self, facts: ClusterFacts) -> Values:
        # https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-add-ons.html (EKS Pod Identity Agent add-on)
        return {"daemonsets": {"hybrid": {"create": True}}} if facts.hybrid else {}
