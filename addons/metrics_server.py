"""CPU and memory of pods, for autoscaling and `kubectl top`. https://github.com/kubernetes-sigs/metrics-server"""

from __future__ import annotations

from blueprint.addons import ClusterFacts, EksAddon, Values
from blueprint.addons.lock import locked_versions
from blueprint.addons.pods import TOLERATES_CRITICAL, workload


class MetricsServer(EksAddon):
    """The community add-on of EKS."""

    name = "metrics-server"
    lost = "nothing is scaled by what it uses"
    instead = "Rancher Desktop brings one, minikube has its add-on metrics-server, and for kind there is its chart"
    versions = locked_versions(name)
    notes = "https://github.com/kubernetes-sigs/metrics-server/releases/tag/v{version}"

    # Upstream listens on 10250, which is the kubelet's on Fargate; the add-on of EKS does not (terraform-aws-eks#3557).
    workloads = (workload("metrics-server", cpu="100m", tolerations=TOLERATES_CRITICAL, ports_at=("containerPort",)),)

    def values(self, facts: ClusterFacts) -> Values:
        return {"replicas": 2, "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1}}
