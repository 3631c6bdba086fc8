"""A team's service accounts with AWS permissions."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contribution import Grant
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest
from blueprint.powers import powers
from blueprint.references import role_arn
from blueprint.secrets import TeamSecrets
from blueprint.secrets import permissions as read_permissions
from blueprint.statement_rules import mistakes_in
from blueprint.teams.external_secrets import READER
from blueprint.teams.mounted_secrets import objects
from blueprint.teams.namespaces import named
from blueprint.value import Value


class ServiceAccount(Value):
    """A service account whose pods act as an AWS role of their own.

    Kubernetes lets whoever may create pods in a namespace use every service account of it. So its permissions are those
    of all owners, developers and deployers of the namespace, and the plan says so; give a namespace of its own to what
    few people may do.
    """

    name: DnsLabel
    """Pods name it as their serviceAccountName."""
    namespace: DnsLabel
    """One of the team's."""
    permissions: tuple[Statement, ...] = ()
    """What its pods may do in AWS, beside reading `secrets`."""
    secrets: TeamSecrets = ()
    """Secrets that its pods mount as files, by the Secrets Store CSI driver."""

    def problems(self) -> Iterator[Problem]:
        for index, statement in enumerate(self.permissions):
            path = ("permissions", index)
            yield from (problem.below(path) for problem in mistakes_in(statement))
            for what, why in powers(statement.actions, statement.resources) if statement.effect == "Allow" else ():
                field = "resources" if what in statement.resources else "actions"
                fix = "name what is the team's own, without a wildcard, or leave it to the platform team"
                yield Problem((*path, field), what, f"a team may not have what {why}", fix)
        if self.name in ("default", READER):
            rule = f"{self.name} is made with the namespace, for others than pods that call AWS"
            yield Problem(("name",), self.name, rule, "take another name, and write it in the pods' serviceAccountName")
        if not self.permissions and not self.secrets:
            rule = "a service account without AWS permissions is the workload's own business"
            yield Problem(("permissions",), self.permissions, rule, "give it permissions or secrets, or leave it out")

    def grant(self, facts: ClusterFacts, boundary: str | None) -> Grant:
        """The permissions; the trust names the cluster, the namespace and this service account."""
        reading = read_permissions(facts, self.secrets)
        return facts.grant(self.namespace, self.name, *self.permissions, *reading, boundary=boundary)

    def manifests(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """The service account, and what its pods mount secrets by."""
        grant = self.grant(facts, None)
        # Pods need no token for the Kubernetes API to get AWS credentials.
        account = named("v1", "ServiceAccount", self.name, self.namespace, automountServiceAccountToken=False)
        if grant.irsa:
            annotations = {"eks.amazonaws.com/role-arn": role_arn(grant.name)}
            account = {**account, "metadata": {**account["metadata"], "annotations": annotations}}
        return (account, *(objects(facts, self.namespace, self.name, self.secrets) if self.secrets else ()))
