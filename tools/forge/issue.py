"""Says in one issue what has drifted and which versions lag; closes it when there is nothing to say.

    GITHUB_TOKEN=… python -m tools.forge.issue --drift FOLDER --fleet FILE --results RESULTS
    GITLAB_TOKEN=… python -m tools.forge.issue --drift FOLDER --fleet FILE

The folder holds what `cdk drift` printed of each cluster that has drifted, in drift-<cluster>/drift.txt; the file is
`make fleet ARGS=--json`; the results are those of the jobs that looked, for which GitLab is asked. Everything else
comes from the variables of a workflow of GitHub or of a pipeline of GitLab. Exit status: 0, or 2 when the forge fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tools.forge.rest import ForgeError, Rest
from tools.status import Status

MARKER = "<!-- eks-blueprints-drift -->"
TITLE = "The fleet is not as it is written down"
_LIMIT = 60_000
"""Characters; GitHub takes 65,536, and GitLab more."""
_MOST = 4_000
"""Of one cluster."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Exit status, as above."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.forge.issue", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--drift", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--fleet", type=Path, required=True, metavar="FILE")
    parser.add_argument("--results", default="")
    options = parser.parse_args(arguments)
    kind = GitLabIssues if environment.get("GITLAB_CI") else GitHubIssues
    if missing := [name for name in kind.variables if not environment.get(name)]:
        print(f"{' and '.join(missing)} must be set: see docs/fleet.md", file=sys.stderr)
        return Status.FAILED
    drifted = {
        path.parent.name.removeprefix("drift-"): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(options.drift.glob("drift-*/drift.txt"))
    }
    fleet = json.loads(options.fleet.read_text(encoding="utf-8"))
    try:
        issues = kind(environment)
        failed = {*options.results.split(), *issues.results()} - {"success"}
        print(publish(issues, body(drifted, fleet, issues.run, complete=not failed or bool(drifted))))
    except ForgeError as error:
        print(error, file=sys.stderr)
        return Status.FAILED
    return Status.DONE


def body(drifted: Mapping[str, str], fleet: Mapping[str, Any], run: str, *, complete: bool) -> str:
    """What the issue says; empty if there is nothing to say."""
    clusters = [cluster for wave in fleet["waves"] for cluster in wave["clusters"]]
    lags = [f"- `{each['name']}`: {lag}" for each in clusters for lag in each["lags"]]
    parts = [*_drifts(drifted)]
    if not complete:
        parts.append("Not all clusters could be looked at: the run says why.")
    if lags:
        parts.append("\n".join(["## Versions that lag", "", *lags]))
    if not parts:
        return ""
    return "\n\n".join([MARKER, f"Found by [this run]({run}).", *parts])[:_LIMIT] + "\n"


def _drifts(drifted: Mapping[str, str]) -> Iterator[str]:
    for name, said in drifted.items():
        shown = "".join(each if each.isprintable() or each == "\n" else " " for each in said.strip()[-_MOST:])
        # Longer than any in it, so that nothing in it ends the block.
        fence = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", shown) or [""]))
        yield f"## Drift of {name}\n\n{fence}text\n{shown}\n{fence}"


class Issues(ABC):
    """Issues of one project, of which those are ours that this program has opened."""

    variables: ClassVar[tuple[str, ...]]
    """That must be set."""

    def __init__(self, rest: Rest, path: str, run: str) -> None:
        self.rest, self.path = rest, path
        self.run = run
        """URL of the run that looked."""

    @abstractmethod
    def results(self) -> Iterator[str]:
        """Of the jobs that looked, as far as the forge has to be asked."""

    @abstractmethod
    def ours(self) -> Iterator[tuple[int, str]]:
        """Number and text of those that are open."""

    @abstractmethod
    def open(self, text: str) -> int:
        """The number of a new one."""

    @abstractmethod
    def write(self, number: int, text: str) -> None:
        """Gives it another text."""

    @abstractmethod
    def close(self, number: int) -> None:
        """Says that it is done."""


class GitHubIssues(Issues):
    """https://docs.github.com/en/rest/issues/issues"""

    variables = ("GITHUB_TOKEN", "GITHUB_REPOSITORY")

    def __init__(self, environment: Mapping[str, str]) -> None:
        repository = environment["GITHUB_REPOSITORY"]
        headers = {"Authorization": f"Bearer {environment['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
        super().__init__(
            Rest(environment.get("GITHUB_API_URL", "https://api.github.com"), headers),
            f"/repos/{repository}/issues",
            f"{environment.get('GITHUB_SERVER_URL')}/{repository}/actions/runs/{environment.get('GITHUB_RUN_ID')}",
        )

    def results(self) -> Iterator[str]:
        """The workflow has them."""
        return iter(())

    def ours(self) -> Iterator[tuple[int, str]]:
        """Whoever opens an issue could write the marker; only those of a bot count."""
        for issue in self.rest.pages(f"{self.path}?state=open"):
            text, user = str(issue.get("body") or ""), issue.get("user") or {}
            if "pull_request" not in issue and user.get("type") == "Bot" and text.startswith(MARKER):
                yield issue["number"], text

    def open(self, text: str) -> int:
        number: int = self.rest.send("POST", self.path, {"title": TITLE, "body": text})["number"]
        return number

    def write(self, number: int, text: str) -> None:
        self.rest.send("PATCH", f"{self.path}/{number}", {"body": text})

    def close(self, number: int) -> None:
        self.rest.send("PATCH", f"{self.path}/{number}", {"state": "closed", "state_reason": "completed"})


class GitLabIssues(Issues):
    """https://docs.gitlab.com/api/issues/"""

    variables = ("GITLAB_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID", "CI_PIPELINE_ID")

    def __init__(self, environment: Mapping[str, str]) -> None:
        project = f"/projects/{environment['CI_PROJECT_ID']}"
        super().__init__(
            Rest(environment["CI_API_V4_URL"], {"PRIVATE-TOKEN": environment["GITLAB_TOKEN"]}),
            f"{project}/issues",
            str(environment.get("CI_PIPELINE_URL")),
        )
        self._jobs = f"{project}/pipelines/{environment['CI_PIPELINE_ID']}/jobs"

    def results(self) -> Iterator[str]:
        """https://docs.gitlab.com/api/jobs/#list-pipeline-jobs; what has not begun ends otherwise than well."""
        jobs = self.rest.pages(self._jobs)
        return (str(job["status"]) for job in jobs if str(job["name"]).startswith("drift-"))

    def ours(self) -> Iterator[tuple[int, str]]:
        """Whoever opens an issue could write the marker; only those of the token's own user count."""
        me = self.rest.get("/user")["id"]
        for issue in self.rest.pages(f"{self.path}?state=opened"):
            text = str(issue["description"] or "")
            if issue["author"]["id"] == me and text.startswith(MARKER):
                yield issue["iid"], text

    def open(self, text: str) -> int:
        number: int = self.rest.send("POST", self.path, {"title": TITLE, "description": text})["iid"]
        return number

    def write(self, number: int, text: str) -> None:
        self.rest.send("PUT", f"{self.path}/{number}", {"description": text})

    def close(self, number: int) -> None:
        self.rest.send("PUT", f"{self.path}/{number}", {"state_event": "close"})


def publish(issues: Issues, text: str) -> str:
    """Opens the issue, writes it anew or closes it; what was done, in words."""
    ours = list(issues.ours())
    if not text:
        for number, _ in ours:
            issues.close(number)
        return "closed" if ours else "nothing to say"
    if not ours:
        return f"opened #{issues.open(text)}"
    number, said = ours[0]
    if said.replace("\r\n", "\n").strip() != text.strip():
        issues.write(number, text)
    return f"#{number} says it"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
