"""Repositories that not everybody may read, and by what Argo CD and Flux do: never a secret, but its name in AWS.

https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories
https://fluxcd.io/flux/components/source/gitrepositories/#secret-reference
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Annotated, ClassVar

from blueprint.errors import Problem, Quoted
from blueprint.fields import between, matches
from blueprint.iam import Statement
from blueprint.references import PARTITION
from blueprint.secrets import TeamSecret
from blueprint.value import Value

_ADDRESS = matches(
    r"(https|oci)://[\w.:/~-]+|ssh://[\w.-]+@[\w.:/~-]+|git@[\w.-]+:[\w./~-]+",
    "must be the address of a repository, or how those of many begin, without credentials",
    'write for example "https://github.com/example/"',
)
_HOST_KEY = matches(
    r"[\x21-\x7e]+ (ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/=]+",
    "must be a line of known_hosts: host, type, key",
    "ask for it with: ssh-keyscan github.com",
)
_API = matches(
    r"https://[\w.-]+(:\d+)?(/[\w.-]+)*", "must be an https address", 'write "https://github.example.com/api/v3"'
)
SECRET = "secret"  # noqa: S105  # the name of a value
"""What templates call what stands in AWS."""
_FILLED = f"{{{{ .{SECRET} }}}}"


class KeptInAws(Value):
    """Credentials whose secret part stands in AWS alone: a text of its own, or one key of a JSON object."""

    key: ClassVar[str]
    """Of such an object."""
    schemes: ClassVar[tuple[str, ...]]
    """How addresses begin that are read so."""
    provider: ClassVar[str] = ""
    """As Flux calls the way; its usual one when empty."""

    secret: TeamSecret
    """Where it stands, in the cluster's account and region."""

    @property
    def remote(self) -> Mapping[str, str]:
        """As External Secrets asks for it."""
        return {"key": self.secret.aws_name, **({"property": self.key} if self.secret.is_object else {})}

    @abstractmethod
    def for_argo_cd(self) -> Mapping[str, str]:
        """Keys of its Secret."""

    @abstractmethod
    def for_flux(self) -> Mapping[str, str]:
        """Keys of its Secret."""


class GitHubApp(KeptInAws):
    """An app of GitHub that is installed in an organization: no person's, with rights that end at what it is let into.

    Its private key is the secret, or the key `privateKey` of it.
    https://docs.github.com/en/apps/creating-github-apps
    """

    key, schemes, provider = "privateKey", ("https://",), "github"

    app_id: Annotated[int, between(1, 2**53)]
    """Of the app, as its settings show it."""
    installation_id: Annotated[int, between(1, 2**53)]
    """Of its installation in the organization: the number at the end of the address of its settings."""
    api: Annotated[str, _API] | None = None
    """Of GitHub Enterprise Server, the address of its API, `https://github.example.com/api/v3`; of github.com when
    None."""

    def _ids(self) -> dict[str, str]:
        return {"githubAppID": str(self.app_id), "githubAppInstallationID": str(self.installation_id)}

    def for_argo_cd(self) -> Mapping[str, str]:
        api = {"githubAppEnterpriseBaseUrl": self.api} if self.api else {}
        return {**self._ids(), **api, "githubAppPrivateKey": _FILLED}

    def for_flux(self) -> Mapping[str, str]:
        """https://fluxcd.io/flux/components/source/gitrepositories/#github"""
        api = {"githubAppBaseURL": self.api} if self.api else {}
        return {**self._ids(), **api, "githubAppPrivateKey": _FILLED}


class SshKey(KeptInAws):
    """A deploy key. Its private half is the secret, or the key `privateKey` of it."""

    key, schemes = "privateKey", ("ssh://", "git@")

    known_hosts: tuple[Annotated[str, _HOST_KEY], ...] = ()
    """Public keys of the host, as `ssh-keyscan` prints them. Flux needs them of every host, Argo CD of those that are
    none of the well-known: github.com, gitlab.com, bitbucket.org, Azure."""

    def for_argo_cd(self) -> Mapping[str, str]:
        return {"sshPrivateKey": _FILLED}

    def for_flux(self) -> Mapping[str, str]:
        return {"identity": _FILLED, "known_hosts": "".join(f"{line}\n" for line in self.known_hosts)}


class Password(KeptInAws):
    """A user and a password or token, which is the secret, or the key `password` of it."""

    key, schemes = "password", ("https://", "oci://")

    username: Annotated[str, matches(r"[\w.@+-]{1,256}", "must be the name of a user", 'write for example "git"')]
    """Many hosts take any name with a token."""

    def for_argo_cd(self) -> Mapping[str, str]:
        return {"username": self.username, "password": _FILLED}

    def for_flux(self) -> Mapping[str, str]:
        return self.for_argo_cd()


class AwsRole(Value):
    """The role of what reads, without any secret: charts in Amazon ECR, repositories of CodeCommit, and those that a
    connection of CodeConnections reaches. The permission is made of the address.
    """


Credentials = GitHubApp | SshKey | Password | AwsRole

# https://docs.aws.amazon.com/codecommit/latest/userguide/regions.html, and service-authorization for the ARNs
_SERVICES: Mapping[str, re.Pattern[str]] = {
    "ecr": re.compile(
        r"oci://(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[\w./-]*)"
    ),
    "codecommit": re.compile(
        r"https://git-codecommit\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/v1/repos/(?P<name>[\w.-]*)"
    ),
    "codeconnections": re.compile(
        r"https://code(connections|star-connections)\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/git-http/"
        r"(?P<account>\d{12})/(?P=region)/(?P<name>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})/.*"
    ),
}


class PrivateRepository(Value):
    """A repository, or all whose addresses begin so, and what reads it."""

    address: Annotated[str, _ADDRESS]
    """Of one repository; with a / at its end how those of many begin: the longest that fits is taken."""
    credentials: Credentials
    """By which it is read."""
    charts: bool = field(default=False, kw_only=True)
    """Whether charts of Helm are there; they are wherever the address begins with oci:// as well."""

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.credentials, AwsRole):
            if not self.service:
                rule = "no role reads it: it is neither in Amazon ECR nor CodeCommit, nor does a connection reach it"
                yield Problem(("credentials",), Quoted("AwsRole"), rule, 'write for example Password("git", secret=…)')
        elif not self.address.startswith(self.credentials.schemes):
            name, schemes = type(self.credentials).__name__, " or ".join(self.credentials.schemes)
            rule = f"{name} reads what begins with {schemes}"
            yield Problem(("address",), self.address, rule, "write such an address, or other credentials")
        if self.address.startswith("oci://") and not self.address.endswith("/"):
            rule = "charts of a registry are read by how their addresses begin"
            yield Problem(("address",), self.address, rule, f'write "{self.address}/", or the folder that it is in')

    @property
    def name(self) -> str:
        """Of its objects in the cluster."""
        return re.sub(r"[^a-z0-9]+", "-", self.address.lower()).strip("-")

    @property
    def service(self) -> str:
        """Of AWS, that has it; none when empty."""
        return next((service for service, known in _SERVICES.items() if known.fullmatch(self.address)), "")

    @property
    def region(self) -> str:
        """Of that service."""
        found = _SERVICES[self.service].fullmatch(self.address)
        return found["region"] if found else ""

    def statements(self, account: str) -> tuple[Statement, ...]:
        """What a role needs that reads it; the account is that of what stands in CodeCommit, whose addresses have none.

        https://docs.aws.amazon.com/eks/latest/userguide/argocd-configure-repositories.html (Authentication methods)
        """
        found = _SERVICES[self.service].fullmatch(self.address) if self.service else None
        if not found or not isinstance(self.credentials, AwsRole):
            return ()
        of, name = found.groupdict().get("account") or account, found["name"]
        many = "*" if self.address.endswith("/") and self.service != "codeconnections" else ""
        resource = {"ecr": "repository/", "codecommit": "", "codeconnections": "connection/"}[self.service]
        arn = f"arn:{PARTITION}:{self.service}:{self.region}:{of}:{resource}{name}{many}"
        actions = {
            "ecr": ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            "codecommit": ("codecommit:GitPull",),
            "codeconnections": ("codeconnections:GetConnection", "codeconnections:UseConnection"),
        }[self.service]
        why = "all that private_repositories names so" if many else ""
        reads = Statement(actions, (arn,), reason=why) if why else Statement(actions, (arn,))
        if self.service == "ecr":
            return (Statement(("ecr:GetAuthorizationToken",), ("*",), reason="it takes no resource"), reads)
        return (reads,)


def in_ecr(address: str) -> bool:
    """Whether it is one of Amazon ECR."""
    return bool(_SERVICES["ecr"].fullmatch(address))


def role_statements(repositories: Iterable[PrivateRepository], account: str) -> tuple[Statement, ...]:
    """What a role needs that reads them all."""
    return distinct(statement for each in repositories for statement in each.statements(account))


def distinct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Each once."""
    found = [*statements]
    return tuple(each for index, each in enumerate(found) if each not in found[:index])
