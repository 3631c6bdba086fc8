"""Routes Service addresses on each node. https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html"""

from __future__ import annotations

from addons.base import EksAddon


class KubeProxy(EksAddon):
    """Versions: `aws eks describe-addon-versions`, default for each minor in September 2026."""

    name = "kube-proxy"
    # renovate: eks-addon=kube-proxy
    versions = {
        "1.33": "v1.33.10-eksbuild.29",
        "1.34": "v1.34.6-eksbuild.29",
        "1.35": "v1.35.3-eksbuild.29",
        "1.36": "v1.36.0-eksbuild.25",
    }
    before_nodes = True
    built_into_auto_mode = "skip"
    replaced_by = "service networking"
