"""Its pods: argo-helm argo-cd-10.1.1, charts/argo-cd/templates."""

from __future__ import annotations

from typing import Any

from blueprint.addons import Workload
from blueprint.addons.pods import workload


def _workload(name: str, **more: Any) -> Workload:
    labels = {"app.kubernetes.io/component": name}
    own = {"for_all": "global", "instance": "argo-cd", "service_account": f"argocd-{name}", "labels": labels}
    return workload(f"argocd-{name}", **{**own, **more})


WORKLOADS = (
    _workload("application-controller", under="controller", kind="StatefulSet", ports=(8082,)),
    _workload("server", under="server", ports=(8080, 8083)),
    _workload("repo-server", under="repoServer", ports=(8081, 8084)),
    _workload("applicationset-controller", under="applicationSet", ports=(7000, 8080, 8081)),
    _workload("notifications-controller", under="notifications", replicas="", ports=(9001,)),
    _workload("redis", under="redis", replicas="", service_account="", ports=(6379,)),
    _workload("redis-secret-init", under="redisSecretInit", replicas="", kind="Job"),
)
