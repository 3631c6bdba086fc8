"""What GitHub and GitLab make of the jobs of a pipeline, as far as tests ask: which run when some fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tools.environment import inherited

Jobs = Mapping[str, Mapping[str, Any]]
ACTIONS = (
    *("actions/checkout", "actions/setup-python", "actions/upload-artifact", "actions/download-artifact"),
    "aws-actions/configure-aws-credentials",
)


def pins(root: Path) -> Path:
    """A project with a workflow that pins all that is used, whatever workflows this one has."""
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True)
    lines = "".join(f"- uses: {name}@{'a' * 40} # v1.2.3\n" for name in ACTIONS)
    (folder / "pins.yml").write_text(lines, encoding="utf-8")
    return folder


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


def run(words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As GitHub runs a step of the shell `bash`, with programs of ours before all others.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
    """
    command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", words)
    given = {**inherited(), "PATH": f"{folder}/bin:{os.environ['PATH']}", **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def program(path: Path, words: str) -> None:
    """Writes a program in the place of another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
