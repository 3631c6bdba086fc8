"""The issue about drift and versions that lag: opened once, written anew, closed; nothing in it is obeyed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.tools.forge.forge import TOKEN, Asked, Forge
from tools.forge.issue import MARKER, GitHubIssues, GitLabIssues, body, main, publish
from tools.status import Status

FLEET = {"waves": [{"clusters": [{"name": "dev", "lags": []}, {"name": "prod", "lags": ["Kubernetes 1.35 is old"]}]}]}
CURRENT = {"waves": [{"clusters": [{"name": "dev", "lags": []}]}]}


GITHUB, GITLAB = "github", "gitlab"
ME = 7
RUNS = {GITHUB: "https://forge/o/r/actions/runs/9", GITLAB: "https://forge/-/pipelines/9"}
BOARDS = {GITHUB: "/repos/o/r/issues", GITLAB: "/projects/7/issues"}


class Board:
    """The issues of one project of a forge, by the words of its interface.

    https://docs.github.com/en/rest/issues/issues, https://docs.gitlab.com/api/issues/
    """

    def __init__(self, server: Forge, kind: str, *issues: dict[str, Any]) -> None:
        self.kind, self.issues = kind, list(issues)
        self.number, self.text = ("number", "body") if kind == GITHUB else ("iid", "description")
        path = BOARDS[kind]
        server.routes = {f"GET {path}": self.open, f"POST {path}": self.made, "GET /user": {"id": ME}}
        for number in range(1, 4):
            server.routes[f"{'PATCH' if kind == GITHUB else 'PUT'} {path}/{number}"] = self.changed
        self.jobs: list[dict[str, str]] = []
        server.routes["GET /projects/7/pipelines/9/jobs"] = lambda _: self.jobs
        self.given = {
            GITHUB: {
                "GITHUB_TOKEN": TOKEN,
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_API_URL": server.url,
                "GITHUB_SERVER_URL": "https://forge",
                "GITHUB_RUN_ID": "9",
            },
            GITLAB: {
                "GITLAB_CI": "true",
                "GITLAB_TOKEN": TOKEN,
                "CI_API_V4_URL": server.url,
                "CI_PROJECT_ID": "7",
                "CI_PIPELINE_ID": "9",
                "CI_PIPELINE_URL": "https://forge/-/pipelines/9",
            },
        }[kind]

    def open(self, asked: Asked) -> list[dict[str, Any]]:
        assert ("state=open&" if self.kind == GITHUB else "state=opened&") in asked.path
        return [each for each in self.issues if each["state"] == "open"]

    def made(self, asked: Asked) -> dict[str, Any]:
        own = {"user": {"type": "Bot"}, "author": {"id": ME}, "state": "open", "title": "", **asked.body}
        self.issues.append({self.number: len(self.issues) + 1, **own})
        return self.issues[-1]

    def changed(self, asked: Asked) -> dict[str, Any]:
        (found,) = [each for each in self.issues if asked.path.endswith(f"/{each[self.number]}")]
        closing = {"state": "closed"} if asked.body.get("state_event") == "close" else {}
        found.update({**asked.body, **closing})
        return found

    def said(self, text: str) -> str:
        kind = GitHubIssues if self.kind == GITHUB else GitLabIssues
        return publish(kind(self.given), text)

    @property
    def texts(self) -> list[str]:
        return [each[self.text] for each in self.issues]


@pytest.fixture(params=[GITHUB, GITLAB])
def board(request: pytest.FixtureRequest, server: Forge) -> Board:
    return Board(server, request.param)


def test_an_issue_s_life(board: Board) -> None:
    assert board.said("") == "nothing to say"
    assert board.said(f"{MARKER}\n\none\n") == "opened #1"
    assert board.said(f"{MARKER}\n\ntwo\n") == "#1 says it"
    assert board.texts == [f"{MARKER}\n\ntwo\n"]
    assert board.said("") == "closed"
    assert board.issues[0]["state"] == "closed"
    assert board.said(f"{MARKER}\n\nthree\n") == "opened #2"


def test_what_it_says_already_is_not_written_again(board: Board, server: Forge) -> None:
    board.said(f"{MARKER}\n\none\n")
    board.issues[0][board.text] = f"{MARKER}\r\n\r\none"
    assert board.said(f"{MARKER}\n\none\n") == "#1 says it"
    assert [asked.method for asked in server.asked if asked.method != "GET"] == ["POST"]


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (GITHUB, {"user": {"type": "User"}, "body": f"{MARKER} of somebody"}),
        (GITHUB, {"user": {"type": "Bot"}, "body": f"about {MARKER}"}),
        (GITHUB, {"user": {"type": "Bot"}, "body": f"{MARKER}", "pull_request": {}}),
        (GITHUB, {"user": None, "body": None}),
        (GITLAB, {"author": {"id": ME + 1}, "description": f"{MARKER} of somebody"}),
        (GITLAB, {"author": {"id": ME}, "description": f"about {MARKER}"}),
        (GITLAB, {"author": {"id": ME}, "description": None}),
    ],
)
def test_an_issue_of_somebody_else_stays(kind: str, other: dict[str, Any], server: Forge) -> None:
    board = Board(server, kind, {"number": 1, "iid": 1, "state": "open", **other})
    assert board.said(f"{MARKER} mine") == "opened #2"
    assert board.said("") == "closed"
    assert board.issues[0]["state"] == "open"


def test_what_it_says() -> None:
    text = body({"prod": "Stack prod/cluster\n[-] gone"}, FLEET, "https://run", complete=True)
    assert text.startswith(f"{MARKER}\n")
    assert "## Drift of prod\n\n```text\nStack prod/cluster\n[-] gone\n```" in text
    assert "- `prod`: Kubernetes 1.35 is old" in text
    assert "https://run" in text
    assert body({}, CURRENT, "https://run", complete=True) == ""
    assert "Not all clusters could be looked at" in body({}, CURRENT, "https://run", complete=False)


def test_nothing_in_it_is_obeyed() -> None:
    """What a resource is called, others may choose."""
    hostile = "```\n@everyone <img src=x>\n````\n\x1b[31m"
    text = body({"dev": hostile}, CURRENT, "https://run", complete=True)
    fences = [line for line in text.splitlines() if re.fullmatch("`+(text)?", line)]
    assert fences[0] == "`````text"
    assert fences[-1] == "`````"
    assert "\x1b" not in text


def test_as_a_pipeline_runs_it(board: Board, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """GitHub's workflow knows what became of its jobs; GitLab is asked."""
    (tmp_path / "fleet.json").write_text(json.dumps(CURRENT))

    def ran(result: str) -> str:
        options = ["--drift", str(tmp_path / "drift"), "--fleet", str(tmp_path / "fleet.json")]
        if board.kind == GITHUB:
            options += ["--results", f"success {result}"]
        others = [{"name": "synth", "status": "failed"}, {"name": "deploy-dev", "status": "skipped"}]
        board.jobs = [{"name": "drift-prod", "status": "success"}, {"name": "drift-dev", "status": result}, *others]
        assert main(options, board.given) == Status.DONE
        return capsys.readouterr().out.strip()

    assert ran("success") == "nothing to say"
    assert ran("failed") == "opened #1", "a job that could not look is no good news"
    assert "Not all clusters could be looked at" in board.texts[0]
    assert f"]({RUNS[board.kind]})" in board.texts[0]
    (tmp_path / "drift" / "drift-dev").mkdir(parents=True)
    (tmp_path / "drift" / "drift-dev" / "drift.txt").write_text("gone")
    assert ran("failed") == "#1 says it"
    assert "## Drift of dev" in board.texts[0]


@pytest.mark.parametrize("kind", [GITHUB, GITLAB])
def test_what_is_missing_is_named(kind: str, server: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = Board(server, kind).given
    options = ["--drift", str(tmp_path), "--fleet", str(tmp_path / "fleet.json")]
    (tmp_path / "fleet.json").write_text(json.dumps(CURRENT))
    for name in (GitHubIssues if kind == GITHUB else GitLabIssues).variables:
        assert main(options, {**given, name: ""}) == Status.FAILED
        assert f"{name} must be set" in capsys.readouterr().err
    server.routes.clear()
    assert main(options, given) == Status.FAILED
    assert "404" in capsys.readouterr().err
