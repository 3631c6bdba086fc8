"""Routes Service addresses on each node. https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html"""

from __future__ import annotations

from addons.base import EVERYTHING, EksAddon, Workload


class KubeProxy(EksAddon):
    """Versions: `aws eks describe-addon-versions`, default for each minor in September 2026."""

    name = "kube-proxy"
    versions = {
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.33","addonName":"kube-proxy","default":true}
        "1.33": "v1.33.10-eksbuild.29",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.34","addonName":"kube-proxy","default":true}
        "1.34": "v1.34.6-eksbuild.29",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"kube-proxy","default":true}
        "1.35": "v1.35.3-eksbuild.29",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"kube-proxy","default":true}
        "1.36": "v1.36.0-eksbuild.25",
    }
    workloads = (
        Workload(
            "kube-proxy",
            kind="DaemonSet",
            labels={"k8s-app": "kube-proxy"},
            cpu="100m",
            tolerations=EVERYTHING,
            on_fargate=False,
            on_auto_mode=False,
        ),
    )
    before_nodes = True
    built_into_auto_mode = "skip"
    replaced_by = "service networking"
