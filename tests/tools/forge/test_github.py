"""The gate against a GitHub on loopback: whose review it is, one comment, and who may unblock."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.forge.forge import TOKEN, Answer, Asked, Forge
from tests.tools.forge.reviews import DANGER, written
from tools.forge.comment import MARKER
from tools.forge.github.__main__ import main
from tools.forge.rest import Rest

HEAD = "a" * 40
FORK = "mallory/clusters"
REPOSITORY = "/repos/example/clusters"
BOT = {"login": "github-actions[bot]"}


def commit(author: str | None, committer: str | None = "web-flow", sha: str = HEAD) -> dict[str, Any]:
    """One of a pull request; None is somebody whom GitHub does not know."""
    people = [login and {"login": login} for login in (author, committer)]
    return {"sha": sha, "author": people[0], "committer": people[1]}


class Repository:
    """One pull request, #12 of a fork, and what happens to it."""

    def __init__(self, server: Forge) -> None:
        self.server = server
        self.run: dict[str, Any] = {
            "event": "pull_request",
            "conclusion": "success",
            "head_sha": HEAD,
            "head_branch": "topic",
            "head_repository": {"full_name": FORK},
            "html_url": "https://github.com/example/clusters/actions/runs/7",
        }
        self.pull: dict[str, Any] = {
            "number": 12,
            "state": "open",
            "user": {"login": "mallory"},
            "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": FORK}},
            "base": {"ref": "main"},
            "labels": [],
        }
        self.pulls = [self.pull]
        self.comments: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = [{"filename": "examples/prod.py", "status": "modified"}]
        self.unlisted = 0
        self.commits: list[dict[str, Any]] = [commit("mallory"), commit("mallory", sha="b" * 40)]
        self.pushes: list[dict[str, Any]] = [{"after": HEAD, "actor": {"login": "mallory"}}]
        self.decision: str | None = "APPROVED"
        self.permissions = {"bob": ["pull", "triage", "push"], "eve": ["pull", "triage"], "mallory": ["push"]}
        server.routes |= {
            f"GET {REPOSITORY}": {"default_branch": "main"},
            f"GET {REPOSITORY}/actions/runs/7": lambda _: self.run,
            f"GET {REPOSITORY}/pulls": lambda _: self.pulls,
            f"GET {REPOSITORY}/pulls/12": lambda _: {**self.pull, "changed_files": len(self.files) + self.unlisted},
            f"GET {REPOSITORY}/pulls/12/commits": lambda _: self.commits,
            f"GET /repos/{FORK}/activity": lambda _: self.pushes,
            f"GET {REPOSITORY}/pulls/12/files": lambda _: self.files,
            f"GET {REPOSITORY}/pulls/12/reviews": lambda _: self.reviews,
            f"GET {REPOSITORY}/issues/12/comments": lambda _: self.comments,
            f"GET {REPOSITORY}/issues/12/events": lambda _: self.events,
            f"POST {REPOSITORY}/issues/12/comments": self.created,
            f"PATCH {REPOSITORY}/issues/comments/50": self.changed,
            f"POST {REPOSITORY}/statuses/{HEAD}": {},
            "POST /graphql": lambda _: {"data": {"repository": {"pullRequest": {"reviewDecision": self.decision}}}},
        }
        for login, allowed in self.permissions.items():
            permissions = {name: name in allowed for name in ("admin", "maintain", "push", "triage", "pull")}
            path = f"GET {REPOSITORY}/collaborators/{login}/permission"
            server.routes[path] = {"permission": "read", "role_name": "x", "user": {"permissions": permissions}}

    def created(self, asked: Asked) -> dict[str, Any]:
        """A new comment."""
        self.comments.append({"id": 50, "user": BOT, "body": asked.body["body"]})
        return {"html_url": "https://github.com/c/50"}

    def changed(self, asked: Asked) -> dict[str, Any]:
        """A comment with another text."""
        found = next(comment for comment in self.comments if comment["id"] == 50)
        found["body"] = asked.body["body"]
        return {"html_url": "https://github.com/c/50"}

    def labelled(self, login: str, label: str = "approved: dangers") -> None:
        """Somebody puts a label."""
        self.pull["labels"] = [{"name": label}]
        event = {
            "event": "labeled",
            "label": {"name": label},
            "actor": {"login": login},
            "created_at": self.server.later(),
        }
        self.events.append(event)

    def reviewed(self, login: str, state: str = "APPROVED", commit: str = HEAD) -> None:
        """Somebody reviews."""
        found = {"user": {"login": login}, "state": state, "commit_id": commit, "submitted_at": self.server.later()}
        self.reviews.append(found)

    @property
    def status(self) -> tuple[str, str]:
        """The last commit status."""
        sent = [asked.body for asked in self.server.sent("POST") if "/statuses/" in asked.path]
        assert sent[-1]["context"] == "dangers"
        return sent[-1]["state"], sent[-1]["description"]

    @property
    def body(self) -> str:
        """The comment."""
        return str(self.comments[-1]["body"])


@pytest.fixture
def github(server: Forge) -> Repository:
    """A repository with one pull request."""
    return Repository(server)


@pytest.fixture(autouse=True)
def _no_token_in_the_output(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert TOKEN not in "".join(capsys.readouterr())


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rest.__init__, "__defaults__", (lambda _: None,))


def environment(github: Repository, **more: str) -> dict[str, str]:
    """What GitHub sets."""
    url = github.server.url
    return {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": "example/clusters",
        "GITHUB_API_URL": url,
        "GITHUB_GRAPHQL_URL": f"{url}/graphql",
        **more,
    }


def judge(github: Repository, folder: Path, root: Path | None = None) -> int:
    """The exit status."""
    arguments = ("--run", "7", "--review", str(folder))
    return main(arguments, environment(github), root or folder)


def test_a_danger_blocks_and_is_shown(github: Repository, tmp_path: Path) -> None:
    assert judge(github, written(tmp_path, "# Review of @everyone\n")) == 0
    assert github.status == ("failure", "Blocked: 1 danger must be approved.")
    assert len(github.comments) == 1
    assert github.body.startswith(f"{MARKER} head={HEAD}")
    assert "# Review of @\u200beveryone" in github.body
    assert "actions/runs/7#artifacts" in github.body
    assert github.server.sent("POST")[-1].body["target_url"] == "https://github.com/c/50"


def test_one_comment_is_changed_in_place(github: Repository, tmp_path: Path) -> None:
    others: list[dict[str, Any]] = [
        {"id": 1, "user": {"login": "mallory"}, "body": f"{MARKER} -->"},
        {"id": 2, "user": BOT, "body": "another workflow's"},
        {"id": 3, "user": None, "body": "a ghost's"},
    ]
    github.comments.extend(others)
    for text in ("one", "two", "three"):
        assert judge(github, written(tmp_path, text)) == 0
    assert github.comments[:3] == others
    assert len(github.comments) == 4
    assert "three" in github.body
    assert len(github.server.sent("PATCH")) == 2
    assert not github.server.sent("DELETE")


def test_nothing_changed_needs_no_comment(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path, dangers=[], touched=[]))
    assert github.comments == []
    assert github.status == ("success", "No danger blocks.")


def test_an_earlier_comment_says_that_nothing_changes_any_more(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    judge(github, written(tmp_path, dangers=[], touched=[]))
    assert len(github.comments) == 1
    assert "No template of any cluster differs." in github.body
    assert github.status[0] == "success"


@pytest.mark.parametrize("how", ["labelled", "reviewed"])
def test_an_approval_after_the_comment_unblocks(github: Repository, tmp_path: Path, how: str) -> None:
    judge(github, written(tmp_path))
    getattr(github, how)("bob")
    judge(github, written(tmp_path))
    assert github.status == ("success", "1 danger approved by bob.")
    judge(github, written(tmp_path))
    assert github.status[0] == "success", "and stays so"


@pytest.mark.parametrize("how", ["labelled", "reviewed"])
def test_an_approval_before_the_comment_does_not(github: Repository, tmp_path: Path, how: str) -> None:
    getattr(github, how)("bob")
    judge(github, written(tmp_path))
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"
    assert "of bob does not count: it is older" in github.body
    getattr(github, how)("bob")
    judge(github, written(tmp_path))
    assert github.status[0] == "success", "put again, it counts"


def test_a_push_makes_a_label_stale(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    github.labelled("bob")
    judge(github, written(tmp_path))
    pushed = "c" * 40
    github.run["head_sha"] = github.pull["head"]["sha"] = pushed
    github.server.routes[f"POST {REPOSITORY}/statuses/{pushed}"] = {}
    github.server.later()
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"
    # Back to the commit that was approved, which the comment has not been showing since.
    github.run["head_sha"] = github.pull["head"]["sha"] = HEAD
    github.server.later()
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"


def test_new_dangers_of_the_same_commit_make_an_approval_stale(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    github.reviewed("bob")
    github.server.later()
    judge(github, written(tmp_path, dangers=[DANGER, {**DANGER, "id": "Other"}]))
    assert github.status == ("failure", "Blocked: 2 dangers must be approved.")


def test_a_comment_that_somebody_deleted_makes_an_approval_stale(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    github.labelled("bob")
    github.comments.clear()
    github.server.later()
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"


@pytest.mark.parametrize(
    ("login", "reason"),
    [("eve", "theirs is triage"), ("mallory", "somebody who opened the pull request"), ("gone", "theirs is none")],
)
@pytest.mark.parametrize("how", ["labelled", "reviewed"])
def test_not_everybody_may_approve(github: Repository, tmp_path: Path, how: str, login: str, reason: str) -> None:
    judge(github, written(tmp_path))
    getattr(github, how)(login)
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"
    assert reason in github.body


def test_the_last_who_put_the_label_counts(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    github.labelled("bob")
    github.labelled("eve")
    github.labelled("bob", "another")
    github.pull["labels"] = [{"name": "another"}, {"name": "Approved: Dangers"}]
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"


def test_a_label_that_was_taken_off_does_not_count(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    github.labelled("bob")
    github.pull["labels"] = []
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"


@pytest.mark.parametrize("state", ["CHANGES_REQUESTED", "DISMISSED"])
def test_the_last_word_of_a_reviewer_counts(github: Repository, tmp_path: Path, state: str) -> None:
    judge(github, written(tmp_path))
    github.reviewed("bob")
    github.reviewed("bob", "COMMENTED")
    judge(github, written(tmp_path))
    assert github.status[0] == "success"
    github.reviewed("bob", state)
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"


@pytest.mark.parametrize("decision", ["REVIEW_REQUIRED", "CHANGES_REQUESTED", None])
def test_code_owners_have_their_say(github: Repository, tmp_path: Path, decision: str | None) -> None:
    judge(github, written(tmp_path))
    github.reviewed("bob")
    github.decision = decision
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"
    (tmp_path / "review-policy.toml").write_text("[approvals]\ncode_owners = false\n")
    judge(github, written(tmp_path))
    assert github.status[0] == "success"


def test_a_change_of_the_judge_must_be_approved(github: Repository, tmp_path: Path) -> None:
    github.files += [{"filename": "docs/x.md"}, {"filename": "docs/x.py", "previous_filename": "tools/forge/policy.py"}]
    judge(github, written(tmp_path, dangers=[], touched=[]))
    assert github.status[0] == "failure"
    assert "`edits-review`: it changes what the review comes from: tools/forge/policy.py" in github.body


@pytest.mark.parametrize("how", ["labelled", "reviewed"])
@pytest.mark.parametrize("part", ["author", "committer", "pusher"])
def test_who_wrote_or_pushed_some_of_it_is_not_somebody_else(
    github: Repository, tmp_path: Path, how: str, part: str
) -> None:
    """On a pull request that another opened."""
    match part:
        case "author":
            github.commits.append(commit("Bob"))
        case "committer":
            github.commits.append(commit(None, "bob"))
        case _:
            github.pushes += [{"after": "b" * 40, "actor": {"login": "bob"}}, {"after": HEAD, "actor": None}]
    judge(github, written(tmp_path))
    getattr(github, how)("bob")
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"
    assert "of bob does not count: it is of somebody who" in github.body
    asked = [asked.path for asked in github.server.asked if "/activity" in asked.path]
    assert asked[0].startswith(f"/repos/{FORK}/activity?ref=refs%2Fheads%2Ftopic")


def test_pushes_of_other_commits_and_of_forks_that_nobody_sees_are_no_one_s(github: Repository, tmp_path: Path) -> None:
    github.pushes.append({"after": "9" * 40, "actor": {"login": "bob"}})
    judge(github, written(tmp_path))
    github.labelled("bob")
    judge(github, written(tmp_path))
    assert github.status[0] == "success"
    for gone in (Answer({"message": "Not Found"}, 404), Answer({"message": "Forbidden"}, 403)):
        github.server.routes[f"GET /repos/{FORK}/activity"] = gone
        judge(github, written(tmp_path))
        assert github.status[0] == "success"
    github.server.routes[f"GET /repos/{FORK}/activity"] = Answer({}, 500)
    assert judge(github, written(tmp_path)) == 2


def test_more_commits_than_github_lists_are_approved_by_nobody(github: Repository, tmp_path: Path) -> None:
    github.server.routes[f"GET {REPOSITORY}/pulls/12/commits"] = Answer([commit("mallory") for _ in range(250)])
    judge(github, written(tmp_path))
    github.labelled("bob")
    judge(github, written(tmp_path))
    assert github.status[0] == "failure"
    assert "squash some" in github.body


def test_more_files_than_github_lists_may_be_any(github: Repository, tmp_path: Path) -> None:
    github.unlisted = 1
    judge(github, written(tmp_path, dangers=[], touched=[]))
    assert github.status[0] == "failure"
    assert "more files than are listed" in github.body


def test_a_head_that_moves_on_is_not_judged_by_what_came_after(github: Repository, tmp_path: Path) -> None:
    moved = {**github.pull, "head": {**github.pull["head"], "sha": "c" * 40}, "changed_files": 1}
    github.server.routes[f"GET {REPOSITORY}/pulls/12"] = moved
    assert judge(github, written(tmp_path, dangers=[], touched=[])) == 2
    assert not github.server.sent("POST")


def test_a_team_s_file_is_read_and_never_executed(github: Repository, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    blobs = {"1": b"X = 1\n", "2": f"X = 1\nopen({str(ran)!r}, 'w')\n".encode()}
    for sha, text in blobs.items():
        blob = {"content": base64.encodebytes(text).decode(), "encoding": "base64"}
        github.server.routes[f"GET {REPOSITORY}/git/blobs/{sha}"] = blob
    github.files += [
        {"filename": "teams/gone.py", "status": "removed", "sha": "0"},
        {"filename": "teams/notes.md", "status": "added", "sha": "0"},
        {"filename": "teams/a.py", "status": "added", "sha": "1"},
    ]
    judge(github, written(tmp_path, dangers=[], touched=[]))
    assert github.status[0] == "success"
    github.files.append({"filename": "teams/b.py", "status": "renamed", "sha": "2", "previous_filename": "teams/c.py"})
    judge(github, written(tmp_path, dangers=[], touched=[]))
    github.labelled("bob")
    github.reviewed("bob")
    judge(github, written(tmp_path, dangers=[], touched=[]))
    assert github.status == ("failure", "Blocked: a file in teams/ is not data.")
    assert "teams/b.py:2 is not data" in github.body
    assert not ran.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"state": "closed"},
        {"base": {"ref": "release"}},
        {"head": {"sha": "d" * 40, "repo": {"full_name": FORK}}},
        {"head": {"sha": HEAD, "repo": {"full_name": "mallory/other"}}},
        {"head": {"sha": HEAD, "ref": "topic", "repo": None}},
    ],
)
def test_a_run_speaks_only_for_the_pull_request_whose_head_it_is(
    github: Repository, tmp_path: Path, change: dict[str, Any]
) -> None:
    github.pulls.append({**github.pull, "number": 13, "head": {"sha": "e" * 40, "repo": {"full_name": FORK}}})
    github.pull |= change
    (written(tmp_path) / "number").write_text("13")
    assert judge(github, tmp_path) == 0
    assert not github.server.sent("POST")
    asked = next(asked.path for asked in github.server.asked if asked.path.startswith(f"{REPOSITORY}/pulls?"))
    assert "state=open&base=main&head=mallory%3Atopic" in asked


def test_runs_of_other_events_are_nobodys(github: Repository, tmp_path: Path) -> None:
    github.run["event"] = "push"
    assert judge(github, written(tmp_path)) == 0
    assert not github.server.sent("POST")


def queued(github: Repository) -> str:
    """The pull request in a merge queue; returns the merged result's commit."""
    merged = "9" * 40
    github.run |= {
        "event": "merge_group",
        "head_sha": merged,
        "head_branch": f"gh-readonly-queue/main/pr-12-{'b' * 40}",
        "head_repository": {"full_name": "example/clusters"},
    }
    github.server.routes[f"POST {REPOSITORY}/statuses/{merged}"] = {}
    return merged


def test_in_a_merge_queue_the_merged_result_is_judged_by_what_was_approved(github: Repository, tmp_path: Path) -> None:
    judge(github, written(tmp_path))
    github.labelled("bob")
    judge(github, written(tmp_path))
    before = github.body
    merged = queued(github)
    github.server.later()
    judge(github, written(tmp_path, "merged"))
    assert github.status[0] == "success"
    assert github.server.sent("POST")[-1].path.endswith(merged)
    judge(github, written(tmp_path, dangers=[DANGER, {**DANGER, "cluster": "prod-eu"}]))
    assert github.status == ("failure", "Blocked: 2 dangers must be approved.")
    assert github.body == before, "the comment is of the branch"


def test_a_branch_that_only_looks_like_a_queue_is_nobodys(github: Repository, tmp_path: Path) -> None:
    queued(github)
    github.run["head_branch"] = "gh-readonly-queue/main/pr-12-x"
    assert judge(github, written(tmp_path)) == 0
    assert not github.server.sent("POST")


def test_a_review_that_failed_is_an_error_of_the_status(github: Repository, tmp_path: Path) -> None:
    github.run["conclusion"] = "failure"
    assert judge(github, tmp_path) == 0
    assert github.status == ("error", "make review did not succeed: failure")
    assert github.comments == []


def test_an_unexpected_review_is_an_error_of_the_status_only(
    github: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(github, written(tmp_path, dangers="none")) == 0
    assert github.status == ("error", "Not judged: the review is not what make review writes")
    assert "review.json: dangers is no list" in capsys.readouterr().out
    assert github.comments == []


def test_a_broken_policy_is_a_report(github: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "review-policy.toml").write_text('[dangers]\nmove = "block"\n')
    assert judge(github, written(tmp_path)) == 1
    assert github.status[0] == "error"
    assert "review-policy.toml: dangers.move" in capsys.readouterr().err


def test_the_jobs_summary_is_the_comment(github: Repository, tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    written(tmp_path)
    more = environment(github, GITHUB_STEP_SUMMARY=str(summary))
    assert main(("--run", "7", "--review", str(tmp_path)), more, tmp_path) == 0
    assert summary.read_text(encoding="utf-8") == github.body


def test_github_may_refuse(github: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refusal = Answer({"message": "Resource not accessible by integration"}, 403)
    github.server.routes[f"POST {REPOSITORY}/issues/12/comments"] = refusal
    assert judge(github, written(tmp_path)) == 2
    assert capsys.readouterr().err == (
        "POST /repos/example/clusters/issues/12/comments: 403 Resource not accessible by integration "
        "(the token may not do this: see the job's permissions)\n"
    )
    assert not [asked for asked in github.server.sent("POST") if "/statuses/" in asked.path]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (f"GET {REPOSITORY}/actions/runs/7", {}),
        (f"GET {REPOSITORY}/actions/runs/7", []),
        (f"GET {REPOSITORY}/pulls/12/files", {}),
        ("POST /graphql", {"errors": [{"message": "x"}]}),
        ("POST /graphql", {"data": None}),
    ],
)
def test_an_unexpected_answer_is_a_report(
    github: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, answer: Any
) -> None:
    github.reviewed("bob")
    github.server.routes[path] = answer
    assert judge(github, written(tmp_path)) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_environment_must_be_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--run", "7", "--review", str(tmp_path)), {"GITHUB_REPOSITORY": "a/b"}) == 2
    assert capsys.readouterr().err == "GITHUB_TOKEN must be set: see .github/workflows/verdict.yml\n"


@pytest.mark.parametrize("module", ["tools.forge.github", "tools.forge.gitlab"])
def test_it_runs_without_any_package(module: str, root: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-S", "-E", "-m", module, "--help"), cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
