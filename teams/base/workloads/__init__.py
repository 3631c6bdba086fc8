"""What a team brings into its namespaces: manifests of this project, a Helm chart, or a Git repository."""

from teams.base.workloads.git import GitWorkload
from teams.base.workloads.helm import HelmWorkload
from teams.base.workloads.manifests import Manifests
from teams.base.workloads.workload import TeamWorkload

__all__ = ["GitWorkload", "HelmWorkload", "Manifests", "TeamWorkload"]
