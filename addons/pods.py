"""Parts of Helm values that most charts take in the same form."""

from __future__ import annotations

from typing import Any

# Charts that set none leave their pods in the class BestEffort, the first to be evicted from a full node.
CRITICAL = "system-cluster-critical"
"""Priority of what the cluster cannot do without. https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods"""


def resources(cpu: str, memory: str) -> dict[str, Any]:
    """Requests, and a memory limit of the same size; no CPU limit, which would only slow a controller down."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def across_zones(**labels: str) -> list[dict[str, Any]]:
    """Replicas in different zones where there are several. `labels` only for charts that do not add a selector.

    Names are those of the recommended labels: `name`, `instance`, `component` of app.kubernetes.io.
    """
    constraint: dict[str, Any] = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
    }
    if labels:
        constraint["labelSelector"] = {
            "matchLabels": {f"app.kubernetes.io/{key}": value for key, value in labels.items()}
        }
    return [constraint]
