"""What External Secrets copies of AWS, and by which service accounts, that no pod has.

https://external-secrets.io/latest/provider/aws-access
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from blueprint.addons.offers import COPIED_SECRETS
from blueprint.contribution import Grant
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.kubernetes import RBAC, Manifest
from blueprint.references import role_arn
from blueprint.secrets import Parameter, TeamSecret, permissions

GROUP = "external-secrets.io"
"""Of its kinds."""


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
        _named(f"{RBAC}/v1", namespace, "Role", role, rules=[{"apiGroups": [""], **token}]),
        _named(f"{RBAC}/v1", namespace, "RoleBinding", role, roleRef=ref, subjects=[controller]),
    )


def reading(
    facts: ClusterFacts,
    namespace: str,
    service_account: str,
    secrets: Sequence[TeamSecret],
    more: Sequence[Statement] = (),
) -> Grant:
    """By IRSA everywhere: for a service account of another pod, the controller cannot use EKS Pod Identity.

    https://external-secrets.io/latest/provider/aws-access/#eks-pod-identity-setup
    """
    return Grant(namespace, service_account, (*permissions(facts, secrets), *more), irsa=True)


def stores(
    facts: ClusterFacts, namespace: str, service_account: str, secrets: Iterable[TeamSecret]
) -> tuple[Manifest, ...]:
    """One for each service of AWS that has some of them."""
    auth = {"jwt": {"serviceAccountRef": {"name": service_account}}}
    return tuple(
        _named(
            f"{GROUP}/v1",
            namespace,
            "SecretStore",
            store(service_account, service),
            spec={"provider": {"aws": {"service": service, "region": facts.region, "auth": auth}}},
        )
        for service in sorted(set(map(service_of, secrets)))
    )


def store(service_account: str, service: str) -> str:
    """The name of one of them."""
    return f"{service_account}-{service.lower()}"


def service_of(secret: TeamSecret) -> str:
    """As External Secrets calls it."""
    return "ParameterStore" if isinstance(secret, Parameter) else "SecretsManager"


def _named(version: str, namespace: str, kind: str, name: str, **rest: Any) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}
