"""The issue about drift and versions that lag: opened once, written anew, closed; nothing in it is obeyed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.forge import issue
from tools.forge.issue import MARKER, body, main, publish
from tools.status import Status

FLEET = {"waves": [{"clusters": [{"name": "dev", "lags": []}, {"name": "prod", "lags": ["Kubernetes 1.35 is old"]}]}]}
CURRENT = {"waves": [{"clusters": [{"name": "dev", "lags": []}]}]}


class Forge:
    """GitHub's issues of one repository."""

    def __init__(self, *issues: dict[str, Any]) -> None:
        self.issues = list(issues)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        assert path == "/repos/o/r/issues?state=open"
        return (each for each in self.issues if each.get("state", "open") == "open")

    def send(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        if method == "POST":
            assert path == "/repos/o/r/issues"
            self.issues.append({"number": len(self.issues) + 1, "user": {"type": "Bot"}, **content})
            return self.issues[-1]
        (found,) = [each for each in self.issues if path == f"/repos/o/r/issues/{each['number']}"]
        found.update(content)
        return found


def said(forge: Forge, text: str) -> str:
    return publish(forge, "o/r", text)  # type: ignore[arg-type]  # no connection


def test_an_issue_s_life() -> None:
    forge = Forge()
    assert said(forge, "") == "nothing to say"
    assert said(forge, f"{MARKER}\n\none\n") == "opened #1"
    assert said(forge, f"{MARKER}\n\ntwo\n") == "#1 says it"
    assert [each["body"] for each in forge.issues] == [f"{MARKER}\n\ntwo\n"]
    assert said(forge, "") == "closed"
    assert forge.issues[0]["state"] == "closed"
    assert said(forge, f"{MARKER}\n\nthree\n") == "opened #2"


@pytest.mark.parametrize(
    "other",
    [
        {"user": {"type": "User"}, "body": f"{MARKER} of somebody"},
        {"user": {"type": "Bot"}, "body": f"about {MARKER}"},
        {"user": {"type": "Bot"}, "body": f"{MARKER}", "pull_request": {}},
        {"user": None, "body": None},
    ],
)
def test_an_issue_of_somebody_else_stays(other: dict[str, Any]) -> None:
    forge = Forge({"number": 1, **other})
    assert said(forge, f"{MARKER} mine") == "opened #2"
    assert said(forge, "") == "closed"
    assert "state" not in forge.issues[0]


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


def test_as_the_workflow_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forge = Forge()
    monkeypatch.setattr(issue, "Rest", lambda *_: forge)
    (tmp_path / "fleet.json").write_text(json.dumps(CURRENT))
    given = {"GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "o/r"}

    def ran(results: str) -> str:
        options = ["--drift", str(tmp_path / "drift"), "--fleet", str(tmp_path / "fleet.json"), "--results", results]
        assert main(options, given) == Status.DONE
        return capsys.readouterr().out.strip()

    assert ran("success") == "nothing to say"
    assert ran("failure") == "opened #1", "a job that could not look is no good news"
    (tmp_path / "drift" / "drift-dev").mkdir(parents=True)
    (tmp_path / "drift" / "drift-dev" / "drift.txt").write_text("gone")
    assert ran("failure") == "#1 says it"
    assert "## Drift of dev" in forge.issues[0]["body"]


def test_without_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--drift", str(tmp_path), "--fleet", str(tmp_path), "--results", ""]
    assert main(options, {"GITHUB_REPOSITORY": "o/r"}) == Status.FAILED
    assert "GITHUB_TOKEN" in capsys.readouterr().err
