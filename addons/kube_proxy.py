"""Routes Service addresses on each node. https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, EksAddon, Workload
from blueprint.addons.lock import locked_versions
from blueprint.versions import RELEASE_NOTES


class KubeProxy(EksAddon):
    """Its version goes with the minor of the cluster."""

    name = "kube-proxy"
    lost = "new nodes do not become ready, and connections to Services go where their pods no longer are"
    versions = locked_versions(name)
    notes = RELEASE_NOTES
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
    readies_nodes = "network of Services"
    built_into_auto_mode = "skip"
    replaced_by = "service networking"
