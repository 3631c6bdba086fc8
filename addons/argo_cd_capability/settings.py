"""How Argo CD tells that an Application is ready.

https://docs.aws.amazon.com/eks/latest/userguide/argocd-configure-settings.html
"""

from __future__ import annotations

from addons.argo_cd.health import APPLICATION_HEALTH, HEALTH
from blueprint.addons.offers import FROM_GIT
from blueprint.kubernetes import Manifest


def settings() -> Manifest:
    """Those that AWS lets one write."""
    labels = {"app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-cm", "namespace": FROM_GIT.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {HEALTH: APPLICATION_HEALTH}}
