"""Answers DNS lookups in the cluster. https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html"""

from __future__ import annotations

from addons.base import ClusterFacts, EksAddon, Values


class CoreDns(EksAddon):
    """Two replicas with a disruption budget, spread over zones: the add-on's own defaults.

    Versions: `aws eks describe-addon-versions`, default for each minor in September 2026.
    """

    name = "coredns"
    versions = {
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.33","addonName":"coredns","default":true}
        "1.33": "v1.12.4-eksbuild.38",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.34","addonName":"coredns","default":true}
        "1.34": "v1.12.4-eksbuild.38",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"coredns","default":true}
        "1.35": "v1.13.2-eksbuild.31",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"coredns","default":true}
        "1.36": "v1.14.6-eksbuild.4",
    }
    built_into_auto_mode = "skip"
    replaced_by = "cluster DNS"

    def configuration(self, facts: ClusterFacts) -> Values:
        on_fargate = "kube-system" in facts.fargate_namespaces and not facts.has_nodes
        return {"computeType": "Fargate"} if on_fargate else {}
