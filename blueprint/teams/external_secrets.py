"""What a team needs in its namespace to have secrets copied there. https://external-secrets.io/latest/provider/aws-access"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from blueprint.contribution import Grant
from blueprint.copied_secrets import GROUP, reader, reading, service_of, store, stores
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, DnsLabel
from blueprint.kubernetes import Manifest
from blueprint.secrets import TeamSecret, TeamSecrets
from blueprint.teams.namespaces import named
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
        return replace(reading(facts, self.namespace, READER, self.secrets), boundary=boundary)

    def manifests(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """The stores and secrets."""
        return objects(facts, self.namespace, READER, self.secrets)


def objects(
    facts: ClusterFacts, namespace: str, service_account: str, secrets: Sequence[TeamSecret]
) -> tuple[Manifest, ...]:
    """The service account, which is for the controller and no pod, a store for each service, and the secrets.

    Each becomes a Kubernetes Secret of its `name_in_cluster`. `reading` goes with it.
    """
    return tuple(_objects(facts, namespace, service_account, secrets))


def _objects(
    facts: ClusterFacts, namespace: str, service_account: str, secrets: Sequence[TeamSecret]
) -> Iterator[Manifest]:
    yield from reader(namespace, service_account)
    yield from stores(facts, namespace, service_account, secrets)
    for secret in sorted(secrets, key=lambda secret: secret.name_in_cluster):
        key = {"key": secret.aws_name}
        whole = {"data": [{"secretKey": "value", "remoteRef": key}]}
        spec = {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "SecretStore", "name": store(service_account, service_of(secret))},
            "target": {"name": secret.name_in_cluster},
            **({"dataFrom": [{"extract": key}]} if secret.is_object else whole),
        }
        yield named(f"{GROUP}/v1", "ExternalSecret", secret.name_in_cluster, namespace, spec=spec)


def of_aws(objects: Iterable[Manifest]) -> Iterator[Manifest]:
    """Those of the objects that are of no use without AWS: stores and tokens of its services, and what is copied from
    them.
    """
    ours = [one for one in objects if f"{GROUP}/" in one["apiVersion"]]
    sources = [one for one in ours if one["kind"] == "ECRAuthorizationToken" or "aws" in _providers(one)]
    yield from sources
    names = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in sources}
    for one in ours:
        if one["kind"] == "ExternalSecret" and not names.isdisjoint(_sources(one)):
            yield one


def _providers(one: Manifest) -> Mapping[str, Any]:
    found: Mapping[str, Any] = one["spec"]["provider"] if one["kind"].endswith("SecretStore") else {}
    return found


def _sources(one: Manifest) -> Iterator[tuple[str, str, str]]:
    """Of a secret: kinds, namespaces and names."""
    spec = one["spec"]
    generated = (each.get("sourceRef", {}).get("generatorRef", {}) for each in spec.get("dataFrom", ()))
    for ref in (spec.get("secretStoreRef", {}), *generated):
        kind = ref.get("kind", "SecretStore")
        yield kind, "" if kind.startswith("Cluster") else one["metadata"]["namespace"], ref.get("name", "")


def secret_of(one: Manifest) -> str:
    """Name of the Secret that comes of an ExternalSecret."""
    name: str = one["spec"].get("target", {}).get("name") or one["metadata"]["name"]
    return name
