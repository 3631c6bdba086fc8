"""Clusters, jobs and services of Ray, as objects of the cluster. https://docs.ray.io/en/latest/cluster/kubernetes"""

from __future__ import annotations

from typing import Literal

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import apart, resources, workload


class KubeRayOperator(HelmAddon):
    """For RayClusters, RayJobs and RayServices of all namespaces, whose images and service accounts are yours. It makes
    Roles and Secrets in every namespace, for clusters that scale by themselves. Nobody signs in to a dashboard of Ray.
    """

    name = "kuberay-operator"
    lost = "clusters of Ray run on as they are; no worker is replaced, and no job begins"
    namespace = "kuberay-operator"
    pod_security = "restricted"
    api_groups = ("ray.io",)
    chart = locked_chart(
        name, definitions_stay=True, notes="https://github.com/ray-project/kuberay/releases/tag/v{version}"
    )
    workloads = (
        workload(
            name,
            labels={"app.kubernetes.io/component": name},
            service_account=name,
            ports=(8080,),
        ),
    )
    images = (ImageSource("quay.io/kuberay/operator", ("image.repository",)),)

    scheduler: Literal["volcano", "yunikorn", "kai-scheduler", "scheduler-plugins"] | None = None
    """What starts all pods of a cluster or none: yours to install. Kueue needs none of them."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "replicas": 2,
            "resources": resources("100m", "512Mi"),
            "affinity": apart(name=self.name),
            **({"batchScheduler": {"name": self.scheduler}} if self.scheduler else {}),
        }
