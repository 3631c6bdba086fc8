"""CPU and memory of pods, for autoscaling and `kubectl top`. https://github.com/kubernetes-sigs/metrics-server"""

from __future__ import annotations

from addons.base import ClusterFacts, EksAddon, Values
from addons.pods import TOLERATES_CRITICAL, workload


class MetricsServer(EksAddon):
    """The community add-on of EKS.

    Versions: `aws eks describe-addon-versions`, default for each minor in September 2026.
    """

    name = "metrics-server"
    versions = {
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.33","addonName":"metrics-server","default":true}
        "1.33": "v0.8.1-eksbuild.4",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.34","addonName":"metrics-server","default":true}
        "1.34": "v0.9.0-eksbuild.11",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"metrics-server","default":true}
        "1.35": "v0.9.0-eksbuild.11",
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"metrics-server","default":true}
        "1.36": "v0.9.0-eksbuild.11",
    }

    # Upstream listens on 10250, which is the kubelet's on Fargate; the add-on of EKS does not (terraform-aws-eks#3557).
    workloads = (workload("metrics-server", cpu="100m", tolerations=TOLERATES_CRITICAL, ports_at=("containerPort",)),)

    def values(self, facts: ClusterFacts) -> Values:
        return {"replicas": 2, "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1}}
