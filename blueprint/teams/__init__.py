"""The kinds of teams, and what they consist of. A file in `teams/` holds one team, as a value."""

from __future__ import annotations

from blueprint.secrets import Parameter, SecretsManagerSecret
from blueprint.teams.admission import PriorityClass
from blueprint.teams.application import ApplicationTeam, Share
from blueprint.teams.contract import Team
from blueprint.teams.external_secrets import CopiedSecrets
from blueprint.teams.identity import ServiceAccount
from blueprint.teams.namespaces import ContainerDefaults, Quota, TeamNamespace
from blueprint.teams.network import (
    Edge,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    FromTeam,
    ToAwsServices,
    ToInternet,
    ToRange,
    ToTeam,
)
from blueprint.teams.platform import PlatformTeam
from blueprint.teams.roles import Permission
from blueprint.teams.workloads import GitWorkload, HelmWorkload, Manifests, TeamWorkload

__all__ = [
    "ApplicationTeam",
    "ContainerDefaults",
    "CopiedSecrets",
    "Edge",
    "FromInternalLoadBalancer",
    "FromLoadBalancer",
    "FromTeam",
    "GitWorkload",
    "HelmWorkload",
    "Manifests",
    "Parameter",
    "Permission",
    "PlatformTeam",
    "PriorityClass",
    "Quota",
    "SecretsManagerSecret",
    "ServiceAccount",
    "Share",
    "Team",
    "TeamNamespace",
    "TeamWorkload",
    "ToAwsServices",
    "ToInternet",
    "ToRange",
    "ToTeam",
]
