"""Hands AWS credentials to pods by their service account. https://github.com/aws/eks-pod-identity-agent"""

from __future__ import annotations

from addons.base import EVERYTHING, EksAddon, Workload


class EksPodIdentityAgent(EksAddon):
    """Versions: `aws eks describe-addon-versions`, default for each minor in September 2026."""

    name = "eks-pod-identity-agent"
    # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"eks-pod-identity-agent","default":true}
    versions = dict.fromkeys(("1.33", "1.34", "1.35", "1.36"), "v1.3.10-eksbuild.3")
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
    built_into_auto_mode = "skip"
    replaced_by = "the Pod Identity agent"
