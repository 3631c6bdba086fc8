"""The workflows in .github: what must hold of them beyond what zizmor finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.kubernetes.programs import pinned_versions
from tools.pipelines.text import HEADER

WORKFLOWS = Path(__file__).parents[1] / ".github" / "workflows"
NAMES = tuple(sorted(path.stem for path in WORKFLOWS.iterdir()))
GENERATED = tuple(name for name in NAMES if (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8").startswith(HEADER))
"""Those that `make pipelines` writes, where the fleet has any; what must hold of them: tests/tools/pipelines."""
PRIVILEGED = "verdict"

Workflow = dict[Any, Any]


def text(name: str) -> str:
    """The file of a workflow."""
    return (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8")


def load(name: str) -> Workflow:
    """A workflow."""
    found = yaml.safe_load(text(name))
    assert isinstance(found, dict)
    return found


def events(workflow: Workflow) -> dict[str, Any]:
    """What starts it; to YAML 1.1, `on` is a truth value."""
    found = workflow[True]
    assert isinstance(found, dict)
    return found


def steps(workflow: Workflow) -> Iterator[dict[str, Any]]:
    """The steps of all jobs."""
    for job in workflow["jobs"].values():
        yield from job["steps"]


def uses(workflow: Workflow, action: str) -> list[dict[str, Any]]:
    """The inputs of each step that uses an action."""
    return [step.get("with", {}) for step in steps(workflow) if step.get("uses", "").startswith(f"{action}@")]


def test_these_are_all() -> None:
    assert {*NAMES} - {*GENERATED} == {"check", "every-value", "review", "verdict"}
    assert {path.suffix for path in WORKFLOWS.iterdir()} == {".yml"}


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_actions_are_pinned_to_a_commit_whose_version_is_named(self, name: str) -> None:
        lines = [line.strip() for line in text(name).splitlines() if re.match(r"\s*(- )?uses:", line)]
        assert len(lines) == len([step for step in steps(load(name)) if "uses" in step]) > 0
        for line in lines:
            assert re.fullmatch(r"(- )?uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line

    def test_the_token_may_only_read_unless_a_job_says_more(self, name: str) -> None:
        workflow = load(name)
        assert workflow["permissions"] in ({"contents": "read"}, {})
        writing = {
            (permission, job)
            for job, content in workflow["jobs"].items()
            for permission, level in content.get("permissions", {}).items()
            if level == "write"
        }
        kinds = {(permission, job.split("-")[0]) for permission, job in writing}
        allowed = {
            "verdict": {("pull-requests", "verdict"), ("statuses", "verdict")},
            "deploy": {("id-token", "ready"), ("id-token", "deploy"), ("id-token", "watch")},
            "drift": {("id-token", "detect"), ("issues", "report")},
        }
        assert kinds == allowed.get(name, set())

    def test_every_job_ends(self, name: str) -> None:
        for job in load(name)["jobs"].values():
            assert 0 < job["timeout-minutes"] <= (360 if name in GENERATED else 60)

    def test_no_shell_sees_an_expression(self, name: str) -> None:
        for step in steps(load(name)):
            assert "${{" not in step.get("run", ""), step
        assert "github.head_ref" not in text(name)
        assert "actions/github-script" not in text(name)

    def test_no_credentials_stay_in_a_checkout(self, name: str) -> None:
        checkouts = uses(load(name), "actions/checkout")
        assert checkouts
        assert all(inputs["persist-credentials"] is False for inputs in checkouts)

    def test_no_secret_is_named_and_no_stranger_gets_one(self, name: str) -> None:
        assert "secrets" not in re.sub(r"#.*", "", text(name))
        assert not {"pull_request_target", "issue_comment"} & set(events(load(name)))

    def test_runs_of_one_thing_do_not_overlap(self, name: str) -> None:
        workflow = load(name)
        assert "concurrency" in workflow or all("concurrency" in job for job in workflow["jobs"].values())


def test_only_one_workflow_has_a_token_that_writes_comments() -> None:
    assert [name for name in NAMES if "workflow_run" in events(load(name))] == [PRIVILEGED]


def test_the_privileged_workflow_runs_nothing_of_the_pull_request() -> None:
    workflow = load(PRIVILEGED)
    (checkout,) = uses(workflow, "actions/checkout")
    assert checkout["ref"] == "${{ github.event.repository.default_branch }}"
    assert set(checkout) == {"ref", "persist-credentials"}
    (download,) = uses(workflow, "actions/download-artifact")
    assert download["path"].startswith("${{ runner.temp }}/"), "outside of the checkout"
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    assert commands == ['python -m tools.forge.github --run "$RUN" --review "$RUNNER_TEMP/review"']
    # Its head's name is a stranger's choice; a concurrency group is the only place where it does no harm.
    without = re.sub(r"(?m)^ *group:.*$", "", text(PRIVILEGED))
    assert re.findall(r"workflow_run\.(\w+)", without) == ["conclusion", "conclusion", "id", "id"]


def test_the_privileged_workflow_follows_the_review() -> None:
    assert events(load(PRIVILEGED))["workflow_run"]["workflows"] == [load("review")["name"]]
    (upload,) = uses(load("review"), "actions/upload-artifact")
    (download,) = uses(load(PRIVILEGED), "actions/download-artifact")
    assert download["name"] == upload["name"]


def test_the_gate_needs_no_packages() -> None:
    assert not [step for step in steps(load(PRIVILEGED)) if "make" in step.get("run", "")]


def test_what_a_ruleset_requires_also_runs_in_a_merge_queue() -> None:
    for name in ("check", "review"):
        assert {"pull_request", "merge_group"} <= set(events(load(name)))


def test_a_label_and_a_review_are_judged_when_they_come() -> None:
    found = events(load("review"))
    assert {"labeled", "unlabeled", "synchronize", "opened", "reopened"} == set(found["pull_request"]["types"])
    assert {"submitted", "dismissed"} == set(found["pull_request_review"]["types"])


def test_one_check_stands_for_all_jobs() -> None:
    jobs = load("check")["jobs"]
    assert set(jobs["check"]["needs"]) == set(jobs) - {"check"}
    assert jobs["check"]["if"] == "always()"
    results = set(jobs["check"]["steps"][0]["env"].values())
    assert results == {f"${{{{ needs.{job}.result }}}}" for job in jobs["check"]["needs"]}


def test_what_takes_long_runs_by_the_clock() -> None:
    workflow = load("every-value")
    assert set(events(workflow)) == {"schedule", "workflow_dispatch"}
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    assert commands == [
        "make every-value",
        f'for version in {" ".join(pinned_versions()[-2:])}; do make kubernetes VERSION="$version" || exit; done',
        "make kubernetes-test ARGS=--hypothesis-profile=many",
        'make mutants ARGS="--seed=$GITHUB_RUN_NUMBER"',
    ]


def test_gitlab_runs_the_same() -> None:
    pipeline = yaml.safe_load((WORKFLOWS.parents[1] / "docs" / "gitlab-ci.yml").read_text(encoding="utf-8"))
    assert pipeline["check"]["script"] == ".ci/run"
    assert pipeline["review"]["script"].startswith("make review BASE=")
    fetch, worktree, gate = pipeline["verdict"]["script"]
    assert fetch.endswith('"$CI_DEFAULT_BRANCH"')
    folder = worktree.split()[4]
    assert gate.endswith(f'cd {folder} && python -m tools.forge.gitlab --review "$review"'), "the default branch's code"
