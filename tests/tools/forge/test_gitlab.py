"""The gate against a GitLab on loopback."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.tools.forge.forge import TOKEN, Answer, Asked, Forge
from tests.tools.forge.reviews import written
from tools.forge.comment import MARKER
from tools.forge.gitlab import main

HEAD = "a" * 40
PATH = "/projects/5/merge_requests/12"


class Project:
    """One merge request, !12."""

    def __init__(self, server: Forge) -> None:
        self.server = server
        self.merge_request: dict[str, Any] = {
            "sha": HEAD,
            "labels": [],
            "author": {"username": "mallory"},
            "changes_count": "1",
        }
        self.commits = [{"author_name": "Mallory M.", "committer_name": "GitLab"}]
        self.notes: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.diffs = [{"new_path": "examples/prod.py", "old_path": "clusters/prod.py", "deleted_file": False}]
        server.routes |= {
            f"GET {PATH}": lambda _: self.merge_request,
            "GET /user": {"id": 99},
            f"GET {PATH}/notes": lambda _: self.notes,
            f"GET {PATH}/diffs": lambda _: self.diffs,
            f"GET {PATH}/commits": lambda _: self.commits,
            f"GET {PATH}/resource_label_events": lambda _: self.events,
            f"POST {PATH}/notes": self.created,
            f"PUT {PATH}/notes/50": self.changed,
            "GET /projects/5/members/all/1": {"access_level": 30},
            "GET /projects/5/members/all/2": {"access_level": 20},
        }

    def created(self, asked: Asked) -> dict[str, Any]:
        """A new note."""
        self.notes.append({"id": 50, "author": {"id": 99}, "body": asked.body["body"], "system": False})
        return {}

    def changed(self, asked: Asked) -> dict[str, Any]:
        """A note with another text."""
        self.notes[-1]["body"] = asked.body["body"]
        return {}

    def labelled(self, user: int, name: str) -> None:
        """Somebody puts the label."""
        self.merge_request["labels"] = ["approved: dangers"]
        event = {
            "action": "add",
            "label": {"name": "approved: dangers"},
            "user": {"id": user, "username": name, "name": f"{name} b."},
        }
        self.events.extend(
            [{**event, "created_at": self.server.later().replace("Z", ".077Z")}, {**event, "action": "remove"}]
        )


@pytest.fixture
def gitlab(server: Forge) -> Project:
    """A project with one merge request."""
    return Project(server)


def judge(gitlab: Project, folder: Path, **more: str) -> int:
    """The exit status."""
    environment = {
        "GITLAB_TOKEN": TOKEN,
        "CI_API_V4_URL": gitlab.server.url,
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_COMMIT_SHA": HEAD,
        "CI_JOB_URL": "https://gitlab.com/example/clusters/-/jobs/7",
        **more,
    }
    return main(("--review", str(folder)), environment, folder)


def test_one_note_is_written_and_changed_in_place(gitlab: Project, tmp_path: Path) -> None:
    others = [
        {"id": 1, "author": {"id": 4}, "body": MARKER, "system": False},
        {"id": 2, "author": {"id": 99}, "body": "another", "system": False},
    ]
    gitlab.notes.extend(others)
    assert judge(gitlab, written(tmp_path, "/merge\n@all")) == 1
    assert judge(gitlab, written(tmp_path, "/merge\n@all")) == 1
    assert gitlab.notes[:2] == others
    assert len(gitlab.notes) == 3
    assert "\n\u200b/merge\n@\u200ball" in gitlab.notes[-1]["body"]
    assert "jobs/7/artifacts/browse" in gitlab.notes[-1]["body"]
    assert all(asked.headers["Private-Token"] == TOKEN for asked in gitlab.server.asked)


def test_nothing_changed_needs_no_note(gitlab: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(gitlab, written(tmp_path, dangers=[], touched=[])) == 0
    assert gitlab.notes == []
    assert capsys.readouterr().out == "No danger blocks.\n"


@pytest.mark.parametrize(("user", "name", "status"), [(1, "bob", 0), (2, "eve", 1), (1, "mallory", 1), (3, "gone", 1)])
def test_a_label_of_the_right_person_unblocks(
    gitlab: Project, tmp_path: Path, user: int, name: str, status: int
) -> None:
    judge(gitlab, written(tmp_path))
    gitlab.labelled(user, name)
    assert judge(gitlab, written(tmp_path)) == status


def test_a_label_from_before_the_note_does_not(gitlab: Project, tmp_path: Path) -> None:
    gitlab.labelled(1, "bob")
    gitlab.server.later()
    assert judge(gitlab, written(tmp_path)) == 1
    assert judge(gitlab, written(tmp_path)) == 1
    assert "older than the dangers" in gitlab.notes[-1]["body"]
    assert "in a review" not in gitlab.notes[-1]["body"], "no review approves here"


def test_a_change_of_the_pipeline_must_be_approved(gitlab: Project, tmp_path: Path) -> None:
    gitlab.diffs.append({"new_path": "docs/x", "old_path": ".gitlab-ci.yml", "deleted_file": False})
    assert judge(gitlab, written(tmp_path, dangers=[], touched=[])) == 1


@pytest.mark.parametrize("part", ["author_name", "committer_name", "pusher"])
def test_who_wrote_or_pushed_some_of_it_is_not_somebody_else(gitlab: Project, tmp_path: Path, part: str) -> None:
    if part == "pusher":
        note = {"id": 3, "author": {"id": 1, "username": "bob"}, "body": "added 2 commits\n\n<ul>", "system": True}
        gitlab.notes.append({**note, "system": False, "body": "added 1 commit, @bob", "author": {"id": 4}})
        gitlab.notes.append(note)
    else:
        gitlab.commits.append({**gitlab.commits[0], part: "Bob B."})
    judge(gitlab, written(tmp_path))
    gitlab.labelled(1, "bob")
    assert judge(gitlab, written(tmp_path)) == 1
    assert "of bob does not count: it is of somebody who" in gitlab.notes[-1]["body"]


@pytest.mark.parametrize("count", ["1000+", "2", None])
def test_more_files_than_gitlab_lists_may_be_any(gitlab: Project, tmp_path: Path, count: str | None) -> None:
    gitlab.merge_request["changes_count"] = count
    assert judge(gitlab, written(tmp_path, dangers=[], touched=[])) == 1
    assert "more files than are listed" in gitlab.notes[-1]["body"]


def test_a_team_s_file_is_read_and_never_executed(gitlab: Project, tmp_path: Path) -> None:
    text = {"content": base64.b64encode(b"import os").decode()}
    gitlab.server.routes["GET /projects/5/repository/files/teams%2Fa.py"] = text
    gitlab.diffs.append({"new_path": "teams/gone.py", "old_path": "teams/gone.py", "deleted_file": True})
    assert judge(gitlab, written(tmp_path, dangers=[], touched=[])) == 0
    gitlab.diffs.append({"new_path": "teams/a.py", "old_path": "teams/a.py", "deleted_file": False})
    assert judge(gitlab, written(tmp_path, dangers=[], touched=[])) == 1
    assert "teams/a.py:1 is not data" in gitlab.notes[-1]["body"]
    assert any(asked.path.endswith(f"?ref={HEAD}") for asked in gitlab.server.asked)


def test_a_pipeline_of_the_merged_result_is_of_the_branchs_head(gitlab: Project, tmp_path: Path) -> None:
    written(tmp_path, dangers=[])
    assert judge(gitlab, tmp_path, CI_COMMIT_SHA="9" * 40, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=HEAD) == 0


def test_an_old_pipeline_says_nothing(gitlab: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gitlab.merge_request["sha"] = "c" * 40
    assert judge(gitlab, written(tmp_path)) == 2
    assert "aaaaaaa is no longer the head" in capsys.readouterr().err
    assert gitlab.notes == []


def test_mistakes_are_reports(gitlab: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(gitlab, written(tmp_path), GITLAB_TOKEN="") == 2
    assert capsys.readouterr().err == "GITLAB_TOKEN must be set: see docs/review-in-pull-requests.md\n"
    assert judge(gitlab, written(tmp_path, base="?")) == 2
    assert "base is no commit" in capsys.readouterr().err
    (tmp_path / "review-policy.toml").write_text("x = 1\n")
    assert judge(gitlab, written(tmp_path)) == 1
    assert "review-policy.toml: x" in capsys.readouterr().err
    (tmp_path / "review-policy.toml").unlink()
    for path, answer in (("GET /user", {}), (f"GET {PATH}/notes", [{}]), (f"GET {PATH}", Answer(status=401))):
        gitlab.server.routes[path] = answer
        assert judge(gitlab, written(tmp_path)) == 2
        error = capsys.readouterr().err
        assert error
        assert "Traceback" not in error
        assert TOKEN not in error
