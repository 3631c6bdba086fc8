"""Where release notes are. Each form of address was looked up with versions that exist, in November 2026.

An add-on that is missing here has no release notes whose address follows from its version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_GITHUB = "https://github.com"
_KUBERNETES = f"{_GITHUB}/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-{{minor}}.md"
_BY_NAME: Mapping[str, str] = {
    "Kubernetes": _KUBERNETES,
    # EKS builds these from what is released upstream.
    "EKS add-on kube-proxy": _KUBERNETES,
    "EKS add-on vpc-cni": f"{_GITHUB}/aws/amazon-vpc-cni-k8s/releases/tag/{{v}}",
    "EKS add-on coredns": f"{_GITHUB}/coredns/coredns/releases/tag/{{v}}",
    "EKS add-on aws-ebs-csi-driver": f"{_GITHUB}/kubernetes-sigs/aws-ebs-csi-driver/releases/tag/{{v}}",
    "EKS add-on metrics-server": f"{_GITHUB}/kubernetes-sigs/metrics-server/releases/tag/{{v}}",
    "chart argo-cd": f"{_GITHUB}/argoproj/argo-helm/releases/tag/argo-cd-{{version}}",
    # The chart has the version of the controller since 3.0.0.
    "chart aws-load-balancer-controller": f"{_GITHUB}/kubernetes-sigs/aws-load-balancer-controller/releases/tag/{{v}}",
    "chart cert-manager": f"{_GITHUB}/cert-manager/cert-manager/releases/tag/{{v}}",
    "chart external-dns": f"{_GITHUB}/kubernetes-sigs/external-dns/releases/tag/external-dns-helm-chart-{{version}}",
    "chart external-secrets": f"{_GITHUB}/external-secrets/external-secrets/releases/tag/helm-chart-{{version}}",
    "chart karpenter": f"{_GITHUB}/aws/karpenter-provider-aws/releases/tag/{{v}}",
    "chart karpenter-crd": f"{_GITHUB}/aws/karpenter-provider-aws/releases/tag/{{v}}",
    "chart secrets-store-csi-driver": f"{_GITHUB}/kubernetes-sigs/secrets-store-csi-driver/releases/tag/{{v}}",
    "chart secrets-store-csi-driver-provider-aws": (
        f"{_GITHUB}/aws/secrets-store-csi-driver-provider-aws/releases/tag/{{version}}"
    ),
}


def notes(what: str, version: str) -> str:
    """The address of the release notes of a version, or nothing."""
    if what.startswith("chart "):
        what = what.partition(" as ")[0]
    form = _BY_NAME.get(what, "")
    number = re.match(r"v?((\d+\.\d+)(\.\d+)*)", version)
    if not form or not number:
        return ""
    return form.format(version=number[1], v=f"v{number[1]}", minor=number[2])
