"""Parts of Helm values that most charts take in the same form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.facts import ClusterFacts
from blueprint.workload import EVERYTHING, Toleration, Workload

# Charts that set none leave their pods in the class BestEffort, the first to be evicted from a full node.
CRITICAL = "system-cluster-critical"
"""Priority of what the cluster cannot do without. https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods"""


HARDENED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""What the restricted Pod Security Standard asks of each container, for charts that leave it out."""


NOT_ON_FARGATE: Mapping[str, Any] = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {
                    "matchExpressions": [
                        {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate"]}
                    ]
                }
            ]
        }
    }
}
"""Affinity of DaemonSets that tolerate everything: a node of Fargate takes the pod that it was made for, no other."""


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


def on_linux(facts: ClusterFacts) -> Mapping[str, Any]:
    """Values of a chart whose daemon tolerates everything and says no system, where some nodes run Windows."""
    return {"nodeSelector": {"kubernetes.io/os": "linux"}} if facts.windows else {}


def apart(**labels: str) -> dict[str, Any]:
    """Affinity by which replicas stand in different zones where there are several, for charts without constraints that
    spread them; `labels` are named as those of `across_zones`.
    """
    (constraint,) = across_zones(**labels)
    term = {key: constraint[key] for key in ("topologyKey", "labelSelector")}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


TOLERATES_CRITICAL: tuple[Toleration, ...] = ({"key": "CriticalAddonsOnly", "operator": "Exists"},)
"""Of pods that may run on nodes which are kept for what the cluster cannot do without."""


def workload(
    name: str, *, under: str = "", for_all: str = "", instance: str = "", replicas: str = "replicas", **more: Any
) -> Workload:
    """A workload of a chart whose values have the usual keys, at their top or `under` one of them.

    Without `replicas` there is always one. `for_all` is where the chart takes tolerations and node selectors of all its
    pods. `more` are fields of the workload; `app` among them is the pods' label app.kubernetes.io/name, its name when
    left out.
    """
    at, all_at = f"{under}." if under else "", (f"{for_all}.{{}}",) if for_all else ()
    labels = {"app.kubernetes.io/name": more.pop("app", name), "app.kubernetes.io/instance": instance or name}
    return Workload(
        name,
        labels=labels | dict(more.pop("labels", {})),
        replicas_at=(f"{at}{replicas}",) if replicas else (),
        cpu_at=(f"{at}resources.requests.cpu",),
        tolerations_at=(f"{at}tolerations", *(path.format("tolerations") for path in all_at)),
        node_selector_at=(f"{at}nodeSelector", *(path.format("nodeSelector") for path in all_at)),
        **more,
    )


def daemon(name: str, **more: Any) -> Workload:
    """A workload of which one pod runs on each node, whatever the node is kept for, and none on Fargate."""
    return workload(name, kind="DaemonSet", replicas="", tolerations=EVERYTHING, on_fargate=False, **more)
