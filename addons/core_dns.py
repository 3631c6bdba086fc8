"""Answers DNS lookups in the cluster. https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html"""

from __future__ import annotations

from blueprint.addons import ClusterFacts, EksAddon, Values, Workload
from blueprint.addons.lock import locked_versions
from blueprint.addons.pods import TOLERATES_CRITICAL


class CoreDns(EksAddon):
    """Two replicas with a disruption budget, spread over zones: the add-on's own defaults."""

    name = "coredns"
    lost = "no pod finds another by its name, or anything outside of the cluster"
    instead = "each cluster brings its own"
    versions = locked_versions(name)
    notes = "https://github.com/coredns/coredns/releases/tag/v{version}"
    workloads = (
        Workload(
            "coredns",
            labels={"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"},
            replicas=2,
            cpu="100m",
            tolerations=(
                *TOLERATES_CRITICAL,
                {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
            ),
            ports=(53, 8080, 8181, 9153),
            replicas_at=("replicaCount",),
            cpu_at=("resources.requests.cpu",),
            tolerations_at=("tolerations",),
            node_selector_at=("nodeSelector",),
        ),
    )
    """eksctl pkg/addons/default/assets/coredns-1.36.json, what EKS puts into a new cluster."""
    built_into_auto_mode = "skip"
    replaced_by = "cluster DNS"

    def values(self, facts: ClusterFacts) -> Values:
        on_fargate = facts.on_fargate("kube-system", self.workloads[0].labels)
        return {"computeType": "Fargate"} if on_fargate else {}
