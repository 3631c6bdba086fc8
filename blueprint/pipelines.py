"""What delivers a fleet: pipelines of GitHub and GitLab, which AWS trusts by their tokens (OIDC), without any key."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.errors import Problem
from blueprint.fields import DnsName, matches
from blueprint.value import Value

BRANCH = matches(
    # Git allows more: https://git-scm.com/docs/git-check-ref-format. In AWS's conditions a wildcard would be one.
    r"[A-Za-z0-9]([\w./-]{0,98}[A-Za-z0-9])?",
    "must be the name of a branch, in letters, digits, _ . / and -, without a wildcard",
    'write "main"',
)
_NAME = r"[A-Za-z0-9_]([\w.-]{0,98}[A-Za-z0-9_])?"
_ID = matches(r"[1-9]\d{0,19}", "must be the number that GitHub's API tells as the id", 'write it as text: "123456"')
_CRON = matches(
    r"[\d*/,-]+( [\d*/,-]+){4}",
    "must be five fields of cron, in UTC, separated by one space",
    'write for example "23 4 * * *"',
)


class OidcPipeline(Value):
    """Only a base."""

    branch: Annotated[str, BRANCH] = field(default="main", kw_only=True)
    """The protected branch that is deployed."""
    makes_provider: bool = field(default=True, kw_only=True)
    """Whether the stack of its roles makes the OIDC provider in each account. There is one of an issuer in an account:
    `False` where something else has made it."""

    @property
    @abstractmethod
    def issuer(self) -> str:
        """Whose tokens AWS trusts, without https://."""

    @abstractmethod
    def subject(self, cluster: str) -> str:
        """The subject (`sub`) of a token for the deploy of a cluster, or of a job that only reads where it is empty."""

    def claims(self, partition: str, cluster: str = "") -> Mapping[str, str]:
        """What a token must say, by the names of its claims."""
        return {"aud": audience(partition), "sub": self.subject(cluster)}


class GitHubActions(OidcPipeline):
    """Workflows of GitHub, which `make pipelines` writes.

    Each cluster has an environment of its name in the repository's settings: who has to approve it, and the branch that
    may be deployed to it, are said there.
    """

    repository: Annotated[
        str, matches(rf"{_NAME}/{_NAME}", "must be owner/name of a repository", 'write for example "example/clusters"')
    ]
    """For example "example/clusters"."""
    owner_id: Annotated[str, _ID] | None = None
    """The number of the owner, where subjects of tokens have it: in repositories made, renamed or transferred since
    15 July 2026, and those that have chosen it. `gh api repos/OWNER/NAME --jq '.owner.id, .id'` tells both.
    https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens"""
    repository_id: Annotated[str, _ID] | None = None
    """The number of the repository, with `owner_id`."""
    drift_schedule: Annotated[str, _CRON] = "23 4 * * *"
    """When it is looked whether AWS is still as deployed; five fields of cron, in UTC."""

    def problems(self) -> Iterator[Problem]:
        if (self.owner_id is None) != (self.repository_id is None):
            name = "owner_id" if self.owner_id is None else "repository_id"
            yield Problem((name,), None, "a subject has both numbers or neither", "write both, or neither")

    @property
    def issuer(self) -> str:
        """Of github.com."""
        return "token.actions.githubusercontent.com"

    def subject(self, cluster: str) -> str:
        """https://docs.github.com/en/actions/reference/security/oidc"""
        owner, name = self.repository.split("/")
        if self.owner_id:
            owner, name = f"{owner}@{self.owner_id}", f"{name}@{self.repository_id}"
        context = f"environment:{cluster}" if cluster else f"ref:refs/heads/{self.branch}"
        return f"repo:{owner}/{name}:{context}"

    def claims(self, partition: str, cluster: str = "") -> Mapping[str, str]:
        """The branch as well, which a subject with an environment does not name.

        https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/: in
        commercial regions.
        """
        branch = {"ref": f"refs/heads/{self.branch}"} if partition == "aws" else {}
        return {**super().claims(partition, cluster), **branch}


class GitLabCi(OidcPipeline):
    """A pipeline of GitLab, which `make pipelines` writes, to be included by `.gitlab-ci.yml`.

    AWS sees of GitLab's tokens the project and the branch, but no environment: the branch has to be a protected one.
    """

    project: Annotated[
        str,
        matches(rf"{_NAME}(/{_NAME})+", "must be the path of a project", 'write for example "example/clusters"'),
    ]
    """For example "example/platform/clusters"."""
    host: DnsName = field(default="gitlab.com", kw_only=True)
    """Of a GitLab of your own: "gitlab.example.com". AWS has to reach it from the internet, to ask for the keys with
    which it signs tokens: https://docs.gitlab.com/ci/cloud_services/aws/"""

    @property
    def issuer(self) -> str:
        """GitLab signs with the name under which it is reached."""
        return self.host

    def subject(self, cluster: str) -> str:
        """https://docs.gitlab.com/ci/secrets/id_token_authentication/"""
        return f"project_path:{self.project}:ref_type:branch:ref:{self.branch}"


def audience(partition: str) -> str:
    """What tokens for AWS are made for. https://github.com/aws-actions/configure-aws-credentials#oidc"""
    return "sts.amazonaws.com.cn" if partition == "aws-cn" else "sts.amazonaws.com"


def deploy_role(cluster: str) -> str:
    """Name of the role that deploys a cluster, in its account."""
    return f"blueprints-deploy-{cluster}"


CHECK_ROLE, DRIFT_ROLE = "blueprints-check", "blueprints-drift"
"""Names of the roles, one each in an account, that look at clusters before and after a deploy, and for drift."""
