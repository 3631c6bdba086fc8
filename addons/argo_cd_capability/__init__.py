"""Argo CD, run by AWS. https://docs.aws.amazon.com/eks/latest/userguide/argocd.html"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from addons.argo_cd import ArgoCd
from addons.argo_cd.bootstrap import NAME, Bootstrap
from addons.argo_cd.hub import KnownByRoles
from addons.argo_cd.repositories import template
from addons.argo_cd_capability.access import (
    POLICIES,
    EndpointId,
    EndpointPrefix,
    IdentityCenterArn,
    IdentityCenterGroup,
    IdentityCenterPrincipal,
    with_one_role,
)
from addons.argo_cd_capability.settings import settings, without_host_keys
from blueprint.access import AccessPolicy
from blueprint.addons import EksCapability
from blueprint.addons.offers import FROM_GIT
from blueprint.addons.private_repositories import ReadsRepositories
from blueprint.contribution import Contribution, Values
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, Region
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest
from blueprint.registration import registration

_FOR_GOOD = "AWS makes another Argo CD, and what was set up in this one is gone"


class ArgoCdCapability(KnownByRoles, ReadsRepositories, EksCapability):
    """Argo CD outside of the cluster's nodes, where people sign in by IAM Identity Center.

    Its role administers the cluster: Argo CD reads every kind that there is before it applies anything, and one that it
    may not read stops it. Whoever may write to a repository that it follows may do what it may.
    """

    offers = (FROM_GIT,)
    name = "argo-cd-capability"
    kind = "ARGOCD"
    conflicts = (ArgoCd,)
    lost = "nothing from Git is applied any more; what was stays, as nobody keeps it"
    api_groups = ("argoproj.io",)
    namespaces_of_eks = (FROM_GIT.namespace,)
    knows_cluster_by_arn = True
    by_role = frozenset({"codecommit", "codeconnections", "ecr"})
    template = staticmethod(template)
    create_only = dict.fromkeys(("identity_center", "identity_center_region", "endpoint_prefix"), _FOR_GOOD) | {
        "role_name": "the role is replaced, and no access entry of a spoke knows the new one"
    }

    typical = {
        "identity_center": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
        "admins": (IdentityCenterGroup("0123456789-01234567-89ab-cdef-0123-456789abcdef"),),
    }

    identity_center: IdentityCenterArn
    """The instance of IAM Identity Center."""
    admins: Annotated[tuple[IdentityCenterPrincipal, ...], NOT_EMPTY]
    """Who administers Argo CD, and by it the cluster."""
    editors: tuple[IdentityCenterPrincipal, ...] = ()
    """Who changes Applications."""
    viewers: tuple[IdentityCenterPrincipal, ...] = ()
    """Who looks."""
    identity_center_region: Region | None = None
    """Where the instance is; the cluster's region when None."""
    endpoint_prefix: EndpointPrefix | None = None
    """How the address of its server begins; AWS makes one up when None."""
    bootstrap: Bootstrap | None = None
    """What it keeps applied from the first deploy on."""
    vpc_endpoints: tuple[EndpointId, ...] = ()
    """VPC endpoints by which alone it is reached; from the internet when there is none."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        yield from without_host_keys(self.private_repositories)
        yield from with_one_role({role: getattr(self, role) for role in ("admins", "editors", "viewers")})

    def configuration(self, facts: ClusterFacts) -> Values:
        center = {"idcInstanceArn": self.identity_center, "idcRegion": self.identity_center_region or facts.region}
        roles = {"ADMIN": self.admins, "EDITOR": self.editors, "VIEWER": self.viewers}
        found: dict[str, Any] = {
            "awsIdc": center,
            "namespace": FROM_GIT.namespace,
            "rbacRoleMappings": [
                {"role": role, "identities": [{"id": each.id, "type": each.type} for each in principals]}
                for role, principals in roles.items()
                if principals
            ],
        }
        if self.endpoint_prefix:
            found["endpointPrefix"] = self.endpoint_prefix
        if self.vpc_endpoints:
            found["networkAccess"] = {"vpceIds": list(self.vpc_endpoints)}
        return {"argoCd": found}

    def statements(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return (*super().statements(facts), *self.own_statements(facts))

    def access_policies(self) -> tuple[AccessPolicy, ...]:
        return POLICIES

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """The cluster's own registration, and how Argo CD tells that an Application is ready.

        https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html
        """
        registered = () if facts.by_argo_cd else (registration(facts),)
        first = self.bootstrap.manifests(FROM_GIT.namespace, facts.argo_cd_server) if self.bootstrap else ()
        reads = (*self.secrets(facts, FROM_GIT.namespace), *self.reader())
        return (settings(), *registered, *reads, *first)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        grants = (*self.reading(), *self.reading_secrets(facts, FROM_GIT.namespace))
        from_git = (NAME,) if self.bootstrap else ()
        return replace(super().contribute(facts), grants=grants, aws_services=self.of_secrets, from_git=from_git)
