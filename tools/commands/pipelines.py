"""Writes the pipelines of the fleet: .github/workflows/deploy.yml and drift.yml, and .gitlab/deploy.yml.

Which of them, clusters/fleet.py says: pipelines=(GitHubActions(…), GitLabCi(…)). The files are committed, so that a
pull request shows what it makes of them. Actions stay at the commits to which the workflows that are there pin them.
With --check nothing is written; it ends with 1 if a file is not what would be written.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from app import CLUSTERS, ROOT
from blueprint.inventory import planned_fleet
from blueprint.pipelines import GitHubActions, GitLabCi
from tools.generated import Pages, add_check
from tools.pipelines import github, gitlab
from tools.pipelines.text import HEADER

add_options = add_check


def run(options: Namespace) -> int:
    """Writes the files, or says which are out of date."""
    return pages_of(CLUSTERS).publish(options)


def pages_of(clusters: Path, root: Path = ROOT) -> Pages:
    """Of the fleet of a folder."""
    fleet = planned_fleet(clusters)
    texts: dict[str, str] = {}
    for pipeline in fleet.pipelines:
        if isinstance(pipeline, GitHubActions):
            texts |= github.texts(fleet, pipeline, github.PinnedActions(root / github.FOLDER))
        elif isinstance(pipeline, GitLabCi):
            texts |= gitlab.texts(fleet, pipeline)
    return Pages("make pipelines", root, HEADER, texts, (f"{github.FOLDER}/*.yml", f"{gitlab.FOLDER}/*.yml"))
