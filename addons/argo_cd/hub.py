"""What an Argo CD needs in its own cluster to deliver to others: the roles by which these know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from blueprint.addons.offers import FROM_GIT, HubRoles
from blueprint.contribution import Grant
from blueprint.copied_secrets import reader
from blueprint.errors import Problem, duplicates
from blueprint.facts import ClusterFacts
from blueprint.fields import RoleName
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest
from blueprint.references import PARTITION
from blueprint.registration import FACTS_READER
from blueprint.value import Value
from blueprint.workload import Workload


class KnownByRoles(Value):
    """Of an Argo CD, the names of roles by which it delivers to other clusters."""

    role_name: RoleName | None = field(default=None, kw_only=True)
    """By which clusters know it whose delivery names this one as their hub; it is no hub when None."""
    facts_role_name: RoleName | None = field(default=None, kw_only=True)
    """Of a hub, the role that reads what AWS decides in deploys of those clusters; None where they need none of it."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.facts_role_name and not self.role_name:
            rule = "it reads for clusters that know this one by its role_name"
            yield Problem(("facts_role_name",), self.facts_role_name, rule, 'write role_name="ArgoCdHub" as well')
        fields = ("role_name", "server_role_name", "facts_role_name")
        names = (((name,), given) for name in fields if (given := getattr(self, name, None)))
        yield from duplicates(names, "role", "each is a role of its own: give it another name")

    @property
    def hub_roles(self) -> HubRoles | None:
        """By which roles it delivers; None where it does not."""
        return HubRoles(self.role_name, facts_role=self.facts_role_name or "") if self.role_name else None

    def reading(self) -> tuple[Grant, ...]:
        """Taking on the role of each cluster by which parameters are read.

        By IRSA: for a service account of another pod, External Secrets cannot use EKS Pod Identity.
        """
        if not (role := self.facts_role_name):
            return ()
        any_account = tuple(f"arn:{PARTITION}:iam::*:role/{path}{role}-*" for path in ("", "*/"))
        why = "of whatever account a cluster is: only a role of this beginning that trusts this one lets it in"
        statement = Statement(("sts:AssumeRole",), any_account, reason=why)
        return (Grant(FROM_GIT.namespace, FACTS_READER, (statement,), irsa=True, role_name=role),)

    def reader(self) -> tuple[Manifest, ...]:
        """The service account with that role, which External Secrets takes."""
        return reader(FROM_GIT.namespace, FACTS_READER) if self.facts_role_name else ()


class KnownByItsPods(KnownByRoles):
    """The same of one with pods, which have roles of their own."""

    server_role_name: RoleName | None = field(default=None, kw_only=True)
    """Of a hub, the role by which its server looks at those clusters."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.role_name and not (self.server_role_name and self.facts_role_name):
            missing = "facts_role_name" if self.server_role_name else "server_role_name"
            rule = "clusters know such a hub by three roles: its server's, and one that reads of their deploys, as well"
            yield Problem((missing,), getattr(self, missing), rule, f'write {missing}="ArgoCdHub…", or no role_name')

    @property
    def hub_roles(self) -> HubRoles | None:
        found = super().hub_roles
        return found._replace(server_role=self.server_role_name or "") if found else None

    def roles_of_pods(self, facts: ClusterFacts, workloads: Sequence[Workload]) -> tuple[Grant, ...]:
        """They may nothing in AWS: to other clusters they say who they are."""
        names = {"argocd-application-controller": self.role_name, "argocd-server": self.server_role_name}
        return tuple(
            Grant(FROM_GIT.namespace, account, irsa=facts.irsa(FROM_GIT.namespace, account, workloads), role_name=name)
            for account, name in names.items()
            if name
        )
