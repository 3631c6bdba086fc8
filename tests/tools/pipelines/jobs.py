"""What GitHub and GitLab make of the jobs of a pipeline, as far as tests ask: which run when some fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Jobs = Mapping[str, Mapping[str, Any]]


def ran(jobs: Jobs, failing: Collection[str]) -> set[str]:
    """Jobs that begin: those of which all needs have succeeded.

    https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-jobs#defining-prerequisite-jobs
    https://docs.gitlab.com/ci/yaml/#needs
    """
    begun: set[str] = set()
    while True:
        ready = {
            name
            for name, job in jobs.items()
            if all(need in begun and need not in failing for need in job.get("needs", ()))
        }
        if ready <= begun:
            return begun
        begun |= ready
