"""What a team brings into its namespaces: manifests of this project, a Helm chart, or a Git repository."""

from blueprint.teams.workloads.git import GitWorkload
from blueprint.teams.workloads.helm import HelmWorkload
from blueprint.teams.workloads.manifests import Manifests
from blueprint.teams.workloads.workload import TeamWorkload

__all__ = ["GitWorkload", "HelmWorkload", "Manifests", "TeamWorkload"]
