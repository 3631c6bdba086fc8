"""Queues of jobs that share a quota, and start when there is room for them. https://kueue.sigs.k8s.io"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, Literal

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload
from blueprint.fields import NOT_EMPTY, UNIQUE

Framework = Literal[
    "batch/job",
    "jobset.x-k8s.io/jobset",
    "kubeflow.org/mpijob",
    "leaderworkerset.x-k8s.io/leaderworkerset",
    "pod",
    "ray.io/raycluster",
    "ray.io/rayjob",
    "sparkoperator.k8s.io/sparkapplication",
    "trainer.kubeflow.org/trainjob",
]
"""https://kueue.sigs.k8s.io/docs/tasks/run"""


class Kueue(HelmAddon):
    """For jobs with the label kueue.x-k8s.io/queue-name; others start as ever. Queues, quotas and kinds of nodes are
    objects of yours, by KubernetesManifests with `after=("kueue",)`. While it is down, no Job is made or changed.
    """

    name = "kueue"
    lost = "jobs in queues do not start any more, those that run go on"
    namespace = "kueue-system"
    pod_security = "restricted"
    api_groups = ("kueue.x-k8s.io",)
    chart = locked_chart(name, notes="https://github.com/kubernetes-sigs/kueue/releases/tag/v{version}")
    workloads = (
        replace(
            workload(
                "kueue-controller-manager",
                under="controllerManager",
                app=name,
                instance=name,
                service_account="kueue-controller-manager",
                ports=(8081, 8082, 8443, 9443),
            ),
            cpu_at=("controllerManager.manager.resources.requests.cpu",),
        ),
    )
    images = (ImageSource("registry.k8s.io/kueue/kueue", ("controllerManager.manager.image.repository",)),)

    frameworks: Annotated[tuple[Framework, ...], UNIQUE, NOT_EMPTY] = ("batch/job",)
    """Kinds of jobs that may stand in a queue. With `pod`, no pod starts while Kueue is down, but in kube-system."""
    only_queued: bool = False
    """Start no job without a queue either, so that nobody passes the quotas."""

    def values(self, facts: ClusterFacts) -> Values:
        manager: dict[str, Any] = {
            "apiVersion": "config.kueue.x-k8s.io/v1beta2",
            "kind": "Configuration",
            "health": {"healthProbeBindAddress": ":8081"},
            "metrics": {"bindAddress": ":8443"},
            "webhook": {"port": 9443},
            "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
            "manageJobsWithoutQueueName": self.only_queued,
            "integrations": {"frameworks": list(self.frameworks)},
        }
        return {
            "controllerManager": {
                "replicas": 2,
                "podDisruptionBudget": {"enabled": True},
                "topologySpreadConstraints": across_zones(name=self.name),
                "manager": {"resources": resources("200m", "512Mi")},
            },
            # JSON is YAML, and a plan has its keys in one order.
            "managerConfig": {"controllerManagerConfigYaml": json.dumps(manager, indent=2)},
        }
