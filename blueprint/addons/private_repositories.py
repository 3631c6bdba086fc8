"""Private repositories, which Argo CD and Flux read by their roles or by Secrets that External Secrets keeps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any, ClassVar

from blueprint.addons.contract import Addon
from blueprint.addons.offers import COPIED_SECRETS
from blueprint.contribution import Grant
from blueprint.copied_secrets import GROUP, reader, reading, service_of, store, stores
from blueprint.errors import FieldPath, Problem, Quoted, duplicates
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest
from blueprint.repositories import SECRET, AwsRole, KeptInAws, PrivateRepository, role_statements
from blueprint.secrets import TeamSecret

_READER = "repositories-reader"
"""Service account by which External Secrets reads what they are read by."""


class ReadsRepositories(Addon):
    """An engine that applies what is in Git."""

    by_role: ClassVar[frozenset[str]] = frozenset()
    """Services of AWS that it reads by a role of its own."""
    by_token: ClassVar[frozenset[str]] = frozenset()
    """Those for which it needs a token, which External Secrets asks for."""

    private_repositories: tuple[PrivateRepository, ...] = field(default=(), kw_only=True)
    """What not everybody may read, and by what it reads that. With anything but AwsRole it needs ExternalSecrets."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        named: dict[FieldPath, PrivateRepository] = {
            ("private_repositories", i, "address"): each for i, each in enumerate(self.private_repositories)
        }
        again = duplicates(((path, each.name) for path, each in named.items()), "repository", "name it once")
        yield from (replace(problem, value=named[problem.path].address) for problem in again)
        for index, each in enumerate(self.private_repositories):
            if isinstance(each.credentials, AwsRole) and each.service not in {"", *self.by_role, *self.by_token}:
                rule = f"{type(self).__name__} has no way to read {each.service} by a role"
                path = ("private_repositories", index, "credentials")
                yield Problem(path, Quoted("AwsRole"), rule, "write a Password, or an SshKey with an ssh address")

    @property
    def reads(self) -> tuple[PrivateRepository, ...]:
        return self.private_repositories

    @property
    def copied(self) -> tuple[PrivateRepository, ...]:
        """Those with a Secret in the cluster."""
        return tuple(
            each
            for each in self.private_repositories
            if isinstance(each.credentials, KeptInAws) or each.service in self.by_token
        )

    @property
    def needs_api_groups(self) -> Mapping[str, str]:
        return {**super().needs_api_groups, **({GROUP: COPIED_SECRETS.write} if self.copied else {})}

    @property
    def of_secrets(self) -> tuple[str, ...]:
        """The services that External Secrets calls for it, by the names of VPC endpoints."""
        return tuple(sorted({secret.service for secret in self._secrets()}))

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        read = {each.service for each in self.private_repositories if isinstance(each.credentials, AwsRole)}
        pulls = ("ecr.api", "ecr.dkr", "s3") if "ecr" in read else ()
        return (*super().services(facts), *self.of_secrets, *pulls)

    def own_statements(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """What its own role may read."""
        return role_statements((each for each in self.private_repositories if each not in self.copied), facts.account)

    def reading_secrets(self, facts: ClusterFacts, namespace: str) -> tuple[Grant, ...]:
        """The role by which External Secrets reads for it."""
        if not self.copied:
            return ()
        more = role_statements(self.copied, facts.account)
        return (reading(facts, namespace, _READER, self._secrets(), more),)

    def _secrets(self) -> list[TeamSecret]:
        return [each.credentials.secret for each in self.copied if isinstance(each.credentials, KeptInAws)]

    def secrets(self, facts: ClusterFacts, namespace: str) -> tuple[Manifest, ...]:
        """What makes the Secrets, beside it."""
        if not self.copied:
            return ()
        return (
            *reader(namespace, _READER),
            *stores(facts, namespace, _READER, self._secrets()),
            *(one for each in self.copied for one in _copied(namespace, each, self.template(each))),
        )

    @abstractmethod
    def template(self, repository: PrivateRepository) -> dict[str, Any]:
        """Of the Secret, as the engine wants it."""


def _copied(namespace: str, repository: PrivateRepository, template: Mapping[str, Any]) -> Iterator[Manifest]:
    """https://external-secrets.io/latest/guides/templating/ and /api/generator/ecr/"""
    metadata = {"name": repository.name, "namespace": namespace}
    spec: dict[str, Any] = {
        "refreshInterval": "1h0m0s",
        "target": {"name": repository.name, "template": {"engineVersion": "v2", **template}},
    }
    credentials = repository.credentials
    if isinstance(credentials, KeptInAws):
        name = store(_READER, service_of(credentials.secret))
        spec["secretStoreRef"] = {"kind": "SecretStore", "name": name}
        spec["data"] = [{"secretKey": SECRET, "remoteRef": credentials.remote}]
    else:
        auth = {"jwt": {"serviceAccountRef": {"name": _READER}}}
        generator = {"apiVersion": f"generators.{GROUP}/v1alpha1", "kind": "ECRAuthorizationToken"}
        yield {**generator, "metadata": metadata, "spec": {"region": repository.region, "auth": auth}}
        # The token ends after twelve hours.
        spec["dataFrom"] = [{"sourceRef": {"generatorRef": {**generator, "name": repository.name}}}]
    yield {"apiVersion": f"{GROUP}/v1", "kind": "ExternalSecret", "metadata": metadata, "spec": spec}
