"""What a team needs in its namespace to have secrets copied there. https://external-secrets.io/latest/provider/aws-access"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

from blueprint.contribution import Grant
from blueprint.copied_secrets import reader
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, DnsLabel
from blueprint.kubernetes import Manifest
from blueprint.secrets import Parameter, TeamSecret, TeamSecrets, permissions
from blueprint.value import Value

READER = "secrets-reader"
"""Service account in a team's namespace with which the controller reads the team's secrets."""


class CopiedSecrets(Value):
    """Secrets that External Secrets keeps copied into Kubernetes Secrets of a namespace, each of its name there."""

    namespace: DnsLabel
    """One of the team's."""
    secrets: Annotated[TeamSecrets, NOT_EMPTY]
    """What is copied there."""

    def grant(self, facts: ClusterFacts, boundary: str | None) -> Grant:
        """Reading these."""
        return replace(grant(facts, self.namespace, READER, self.secrets), boundary=boundary)

    def manifests(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """The stores and secrets."""
        return objects(facts, self.namespace, READER, self.secrets)


def grant(facts: ClusterFacts, namespace: str, service_account: str, secrets: Sequence[TeamSecret]) -> Grant:
    """By IRSA everywhere: for a service account of another pod, the controller cannot use EKS Pod Identity.

    https://external-secrets.io/latest/provider/aws-access/#eks-pod-identity-setup
    """
    return Grant(namespace, service_account, permissions(facts, secrets), irsa=True)


def objects(
    facts: ClusterFacts, namespace: str, service_account: str, secrets: Sequence[TeamSecret]
) -> tuple[Manifest, ...]:
    """The service account, which is for the controller and no pod, a store for each service, and the secrets.

    Each becomes a Kubernetes Secret of its `name_in_cluster`. `grant` goes with it.
    """
    return tuple(_objects(facts, namespace, service_account, secrets))


def _objects(
    facts: ClusterFacts, namespace: str, service_account: str, secrets: Sequence[TeamSecret]
) -> Iterator[Manifest]:
    def named(version: str, kind: str, name: str, **rest: Any) -> Manifest:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}

    yield from reader(namespace, service_account)
    auth = {"jwt": {"serviceAccountRef": {"name": service_account}}}
    for service in sorted({_service(secret) for secret in secrets}):
        aws = {"service": service, "region": facts.region, "auth": auth}
        store = f"{service_account}-{service.lower()}"
        yield named("external-secrets.io/v1", "SecretStore", store, spec={"provider": {"aws": aws}})
    for secret in sorted(secrets, key=lambda secret: secret.name_in_cluster):
        store = f"{service_account}-{_service(secret).lower()}"
        key = {"key": secret.aws_name}
        whole = isinstance(secret, Parameter) or not secret.json
        spec = {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "SecretStore", "name": store},
            "target": {"name": secret.name_in_cluster},
            **({"data": [{"secretKey": "value", "remoteRef": key}]} if whole else {"dataFrom": [{"extract": key}]}),
        }
        yield named("external-secrets.io/v1", "ExternalSecret", secret.name_in_cluster, spec=spec)


def _service(secret: TeamSecret) -> str:
    return "ParameterStore" if isinstance(secret, Parameter) else "SecretsManager"


_GROUP = "external-secrets.io/"


def of_aws(objects: Iterable[Manifest]) -> Iterator[Manifest]:
    """Those of the objects that are of no use without AWS: stores of its services, and what is copied from them."""
    ours = [one for one in objects if one["apiVersion"].startswith(_GROUP)]
    stores = [one for one in ours if one["kind"].endswith("SecretStore") and "aws" in one["spec"]["provider"]]
    yield from stores
    names = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in stores}
    for one in ours:
        if one["kind"] == "ExternalSecret":
            store = one["spec"].get("secretStoreRef", {})
            kind = store.get("kind", "SecretStore")
            space = one["metadata"]["namespace"] if kind == "SecretStore" else ""
            if (kind, space, store.get("name")) in names:
                yield one


def secret_of(one: Manifest) -> str:
    """Name of the Secret that comes of an ExternalSecret."""
    name: str = one["spec"].get("target", {}).get("name") or one["metadata"]["name"]
    return name
