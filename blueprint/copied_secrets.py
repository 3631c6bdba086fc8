"""Service accounts that External Secrets takes, and no pod. https://external-secrets.io/latest/provider/aws-access"""

from __future__ import annotations

from typing import Any

from blueprint.addons.offers import COPIED_SECRETS
from blueprint.kubernetes import RBAC, Manifest
from blueprint.references import role_arn


def reader(namespace: str, service_account: str) -> tuple[Manifest, ...]:
    """One with the AWS role of its grant, and leave for the controller to ask for its tokens."""
    annotations = {"eks.amazonaws.com/role-arn": role_arn(f"{namespace}/{service_account}")}
    token = {"resources": ["serviceaccounts/token"], "resourceNames": [service_account], "verbs": ["create"]}
    role = f"{service_account}-token"
    controller = {"kind": "ServiceAccount", "name": COPIED_SECRETS.controller, "namespace": COPIED_SECRETS.namespace}
    ref = {"apiGroup": RBAC, "kind": "Role", "name": role}
    return (
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": service_account, "namespace": namespace, "annotations": annotations},
            "automountServiceAccountToken": False,
        },
        _named(namespace, "Role", role, rules=[{"apiGroups": [""], **token}]),
        _named(namespace, "RoleBinding", role, roleRef=ref, subjects=[controller]),
    )


def _named(namespace: str, kind: str, name: str, **rest: Any) -> Manifest:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}
