"""The workflows of GitHub that deliver a fleet: order, what becomes of a failure, rights, and what the steps do."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import ROOT
from blueprint import GitHubActions
from blueprint.inventory import planned_fleet
from blueprint.planning.fleet import FleetPlan
from tests.tools.pipelines.jobs import pins, program, ran, run
from tools.pipelines.github import PinnedActions, texts
from tools.status import CannotError

WAVES = ("dev", "stage", "prod-canary", "prod-first", "prod-rest")
PIPELINE = GitHubActions("example/clusters", branch="release", drift_schedule="5 1 * * 0")


@pytest.fixture(scope="module")
def fleet() -> FleetPlan:
    return planned_fleet(ROOT / "examples" / "fleet")


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> PinnedActions:
    return PinnedActions(pins(tmp_path_factory.mktemp("project")))


@pytest.fixture(scope="module")
def workflows(fleet: FleetPlan, actions: PinnedActions) -> dict[str, Any]:
    found = texts(fleet, PIPELINE, actions)
    return {Path(name).stem: yaml.safe_load(text) for name, text in found.items()}


@pytest.fixture(scope="module")
def deploy(workflows: Mapping[str, Any]) -> dict[str, Any]:
    jobs = workflows["deploy"]["jobs"]
    assert isinstance(jobs, dict)
    return jobs


def jobs_of(kind: str, jobs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: job for name, job in jobs.items() if name.startswith(f"{kind}-")}


def rows(job: Mapping[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = job["strategy"]["matrix"]["include"]
    return found


class TestOrder:
    def test_all_of_it_runs_when_nothing_fails(self, deploy: dict[str, Any]) -> None:
        assert ran(deploy, ()) == {*deploy}
        assert {*deploy} == {"synth", *(f"{kind}-{wave}" for kind in ("ready", "deploy", "watch") for wave in WAVES)}

    @pytest.mark.parametrize("wave", WAVES)
    @pytest.mark.parametrize("kind", ["ready", "deploy", "watch"])
    def test_a_failure_leaves_later_waves_untouched(self, kind: str, wave: str, deploy: dict[str, Any]) -> None:
        begun = ran(deploy, {f"{kind}-{wave}"})
        at = WAVES.index(wave)
        assert not begun & {f"{each}-{later}" for each in ("ready", "deploy", "watch") for later in WAVES[at + 1 :]}
        assert {f"deploy-{earlier}" for earlier in WAVES[:at]} <= begun
        assert (f"deploy-{wave}" in begun) == (kind != "ready")

    def test_nothing_is_deployed_before_it_is_synthesized_and_judged(self, deploy: dict[str, Any]) -> None:
        assert ran(deploy, {"synth"}) == {"synth"}
        scripts = [step.get("run", "") for step in deploy["synth"]["steps"]]
        (guard,) = (at for at, script in enumerate(scripts) if "tools guard" in script)
        (pack,) = (at for at, script in enumerate(scripts) if "assembly.tar" in script)
        assert guard < pack

    def test_each_cluster_is_in_one_job_of_its_own(self, deploy: dict[str, Any], fleet: FleetPlan) -> None:
        for kind in ("ready", "deploy", "watch"):
            found = [row["cluster"] for job in jobs_of(kind, deploy).values() for row in rows(job)]
            assert found == [plan.facts.name for plan in fleet.clusters]

    def test_a_cluster_that_fails_stops_none_that_has_begun(self, deploy: dict[str, Any]) -> None:
        assert {job["strategy"]["fail-fast"] for job in jobs_of("deploy", deploy).values()} == {False}

    def test_changes_come_one_after_another(self, workflows: dict[str, Any], deploy: dict[str, Any]) -> None:
        assert workflows["deploy"]["concurrency"] == {"group": "deploy", "cancel-in-progress": False}
        groups = {job["concurrency"]["group"] for job in jobs_of("deploy", deploy).values()}
        assert groups == {"deploy-${{ matrix.cluster }}"}
        (detect,) = jobs_of("detect", workflows["drift"]["jobs"]).values()
        assert {detect["concurrency"]["group"]} == groups, "a deploy that goes on would look like drift"

    def test_a_wave_is_watched_for_as_long_as_it_says(self, deploy: dict[str, Any], fleet: FleetPlan) -> None:
        for wave in fleet.waves:
            job = deploy[f"watch-{wave.name}"]
            assert job["timeout-minutes"] == 30 + wave.promotion.soak_minutes <= 360, "GitHub's own runners end then"
            (login,) = [step["with"] for step in job["steps"] if "configure-aws" in step.get("uses", "")]
            assert login.get("role-duration-seconds", 3600) >= 60 * wave.promotion.soak_minutes


class TestRights:
    def test_only_the_branch_of_the_repository_delivers(self, workflows: dict[str, Any]) -> None:
        assert workflows["deploy"][True]["push"] == {"branches": ["release"]}
        for workflow in workflows.values():
            condition = workflow["jobs"]["synth"]["if"]
            assert condition == "github.repository == 'example/clusters' && github.ref == 'refs/heads/release'"
            first = ran(workflow["jobs"], {"synth"})
            assert first == {"synth"}, "all else needs it"

    def test_what_each_job_may_do(self, workflows: dict[str, Any]) -> None:
        granted = {
            (kind, permission)
            for workflow in workflows.values()
            for name, job in workflow["jobs"].items()
            for kind in [name.split("-")[0]]
            for permission, level in job.get("permissions", {}).items()
            if (permission, level) != ("contents", "read")
        }
        assert granted == {
            ("synth", "actions"),
            ("ready", "actions"),
            ("ready", "id-token"),
            ("deploy", "id-token"),
            ("watch", "id-token"),
            ("detect", "id-token"),
            ("report", "issues"),
        }
        assert {workflow["permissions"]["contents"] for workflow in workflows.values()} == {"read"}

    def test_only_the_deploy_of_a_cluster_has_its_role(self, workflows: dict[str, Any]) -> None:
        for workflow in workflows.values():
            for name, job in workflow["jobs"].items():
                for row in rows(job) if "strategy" in job else ():
                    deploying = [value for value in row.values() if ":role/blueprints-deploy-" in value]
                    own = f"role/blueprints-deploy-{row['cluster']}"
                    assert [each.rpartition(":")[2] for each in deploying] == ([own] if name[:6] == "deploy" else [])

    def test_no_python_of_the_project_runs_with_credentials_that_deploy(self, deploy: dict[str, Any]) -> None:
        for job in jobs_of("deploy", deploy).values():
            assert job["environment"] == "${{ matrix.cluster }}"
            names = [step.get("uses", "").partition("@")[0] or step["run"].split()[0] for step in job["steps"]]
            assert names[-2:] == ["aws-actions/configure-aws-credentials", ".venv/bin/cdk"], "the credentials come last"
            assert not [step for step in job["steps"] if "bin/python" in step.get("run", "")]
            assert " --app cdk.out " in job["steps"][-1]["run"]

    def test_roles_are_those_of_the_cluster_s_account(self, deploy: dict[str, Any], fleet: FleetPlan) -> None:
        accounts = {plan.facts.name: plan.facts.account for plan in fleet.clusters}
        for job in [job for job in deploy.values() if "strategy" in job]:
            for row in rows(job):
                (arn,) = [value for value in row.values() if value.startswith("arn:")]
                assert arn.split(":")[4] == accounts[row["cluster"]]

    def test_it_is_seen_whether_somebody_is_asked(self, deploy: dict[str, Any]) -> None:
        asking = {
            name: any("required_reviewers" in step.get("run", "") for step in job["steps"])
            for name, job in jobs_of("ready", deploy).items()
        }
        assert asking == {f"ready-{wave}": wave == "prod-canary" for wave in WAVES}


def test_partitions(fleet: FleetPlan, actions: PinnedActions) -> None:
    (wave, *_) = fleet.waves
    plan = wave.clusters[0]
    china = replace(plan, facts=replace(plan.facts, region="cn-north-1"))
    one = replace(fleet, waves=(replace(wave, clusters=(china,)),))
    text = texts(one, PIPELINE, actions)[".github/workflows/deploy.yml"]
    (row,) = rows(yaml.safe_load(text)["jobs"]["deploy-dev"])
    assert row["deploy"].startswith("arn:aws-cn:iam::")
    # https://github.com/aws-actions/configure-aws-credentials (README, "OIDC audience")
    assert row["audience"] == "sts.amazonaws.com.cn"


def test_more_clusters_than_a_matrix_has_jobs(fleet: FleetPlan, actions: PinnedActions) -> None:
    (wave, *_) = fleet.waves
    many = replace(wave, clusters=wave.clusters * 129)
    with pytest.raises(CannotError, match="Divide it"):
        texts(replace(fleet, waves=(many,)), PIPELINE, actions)
    # Of waves that GitHub takes, drift is looked for in several matrices.
    halves = tuple(replace(wave, name=name, clusters=wave.clusters * 100) for name in ("a", "b"))
    text = texts(replace(fleet, waves=halves), PIPELINE, actions)
    jobs = yaml.safe_load(text[".github/workflows/drift.yml"])["jobs"]
    assert [len(rows(job)) for job in jobs_of("detect", jobs).values()] == [256, 144]
    assert jobs["report"]["needs"] == ["detect-1", "detect-2"]


class TestPins:
    def test_those_of_the_workflows_that_are_there(self, tmp_path: Path) -> None:
        (tmp_path / "a.yml").write_text(f"- uses: actions/checkout@{'a' * 40} # v7.9.1\n")
        (tmp_path / "b.yml").write_text(f"- uses: actions/checkout@{'b' * 40} # v7.10.0\n")
        actions = PinnedActions(tmp_path)
        assert actions["actions/checkout"] == f"actions/checkout@{'b' * 40}", "the newest"
        assert actions.versions == {f"actions/checkout@{'b' * 40}": "v7.10.0"}

    def test_none(self, tmp_path: Path) -> None:
        with pytest.raises(CannotError, match=r"no workflow in .* pins actions/checkout"):
            PinnedActions(tmp_path)["actions/checkout"]


def script(jobs: Mapping[str, Any], job: str, word: str) -> str:
    """The one of a job's steps that has a word in it."""
    (found,) = [step["run"] for step in jobs[job]["steps"] if word in step.get("run", "")]
    return str(found)


class TestSteps:
    def test_they_run_with_pipefail(self, workflows: dict[str, Any]) -> None:
        """Which GitHub gives to a step only when it names the shell."""
        assert {workflow["defaults"]["run"]["shell"] for workflow in workflows.values()} == {"bash"}

    @pytest.mark.skipif(sys.platform != "linux", reason="the jobs run on Linux, with GNU tar")
    def test_what_is_deployed_is_what_was_synthesized(self, tmp_path: Path, deploy: dict[str, Any]) -> None:
        there, here = tmp_path / "synth", tmp_path / "deploy"
        for folder in (there / "cdk.out" / "assembly-dev", here):
            folder.mkdir(parents=True)
        (there / "cdk.out" / "assembly-dev" / "dev.template.json").write_text("{}")
        output = tmp_path / "output"
        digests = set()
        for age in (0, 1_000_000_000):
            os.utime(there / "cdk.out", (age, age))
            done = run(script(deploy, "synth", "assembly.tar"), there, GITHUB_OUTPUT=str(output))
            assert done.returncode == 0
            digests.add(output.read_text().splitlines()[-1].removeprefix("digest="))
        (digest,) = digests
        assert f"has the SHA-256 digest {digest}." in done.stdout
        packed = (there / "assembly.tar").read_bytes()
        unpack = script(deploy, "deploy-dev", "assembly.tar")
        for content, given in ((packed.replace(b"{}", b"[]"), digest), (packed, ""), (packed, "0" * 64)):
            (here / "assembly.tar").write_bytes(content)
            assert run(unpack, here, DIGEST=given).returncode != 0
            assert not (here / "cdk.out").exists()
        (here / "assembly.tar").write_bytes(packed)
        assert run(unpack, here, DIGEST=digest).returncode == 0
        assert (here / "cdk.out" / "assembly-dev" / "dev.template.json").read_text() == "{}"

    @pytest.mark.skipif(sys.platform != "linux", reason="the jobs run on Linux, with GNU tar")
    def test_nothing_comes_with_it(self, tmp_path: Path, deploy: dict[str, Any]) -> None:
        """The archive was made by a job that runs what people wrote; what deploys is the program of this one."""
        program(tmp_path / ".venv/bin/cdk", "own")
        own = (tmp_path / ".venv/bin/cdk").read_bytes()
        with tarfile.open(tmp_path / "assembly.tar", "w") as archive:
            for name, target in (("cdk.out/link", "../.venv/bin"), ("cdk.out/manifest.json", "")):
                member = tarfile.TarInfo(name)
                member.type, member.linkname = (tarfile.SYMTYPE, target) if target else (tarfile.REGTYPE, "")
                archive.addfile(member)
            for name in (".venv/bin/cdk", "cdk.out/../.venv/bin/cdk", "cdk.out/link/cdk", "Makefile"):
                member = tarfile.TarInfo(name)
                member.size = 5
                archive.addfile(member, io.BytesIO(b"other"))
        digest = hashlib.sha256((tmp_path / "assembly.tar").read_bytes()).hexdigest()
        run(script(deploy, "deploy-dev", "assembly.tar"), tmp_path, DIGEST=digest)
        assert (tmp_path / ".venv/bin/cdk").read_bytes() == own
        assert not (tmp_path / "Makefile").exists()

    @pytest.mark.parametrize(("newest", "status"), [("a" * 40, 0), ("b" * 40, 1), ("", 1)])
    def test_another_try_takes_back_nothing_newer(
        self, newest: str, status: int, tmp_path: Path, deploy: dict[str, Any]
    ) -> None:
        program(tmp_path / "bin" / "gh", f'echo "$@" >asked; echo {newest}')
        (step,) = [step for step in deploy["deploy-prod-rest"]["steps"] if "is newer" in step.get("run", "")]
        assert step["if"] == "github.run_attempt > 1"
        done = run(step["run"], tmp_path, GITHUB_SHA="a" * 40, GITHUB_REPOSITORY="o/r", BRANCH=step["env"]["BRANCH"])
        assert done.returncode == status
        assert (tmp_path / "asked").read_text() == "api repos/o/r/commits/release --jq .sha\n"

    def test_and_none_where_github_does_not_answer(self, tmp_path: Path, deploy: dict[str, Any]) -> None:
        program(tmp_path / "bin" / "gh", "exit 1")
        words = script(deploy, "deploy-dev", "is newer")
        assert run(words, tmp_path, GITHUB_SHA="a" * 40, GITHUB_REPOSITORY="o/r", BRANCH="release").returncode != 0

    @pytest.mark.parametrize(
        ("answer", "status"), [("echo 2", 0), ("echo 0", 1), ("echo", 1), ("echo 'HTTP 404'; exit 1", 1)]
    )
    def test_nothing_goes_on_where_nobody_is_asked(
        self, answer: str, status: int, tmp_path: Path, deploy: dict[str, Any]
    ) -> None:
        program(tmp_path / "bin" / "gh", answer)
        words = script(deploy, "ready-prod-canary", "required_reviewers")
        done = run(words, tmp_path, GITHUB_REPOSITORY="o/r", CLUSTER="prod-eu-green")
        assert done.returncode == status
        assert ("prod-eu-green has no required reviewers" in done.stderr) == bool(status)

    def test_drift_is_a_failure_and_is_kept(self, tmp_path: Path, workflows: dict[str, Any]) -> None:
        program(tmp_path / ".venv" / "bin" / "cdk", 'echo "$@"; exit "$STATUS"')
        words = script(workflows["drift"]["jobs"], "detect-1", "cdk drift")
        for status in (0, 1):
            assert run(words, tmp_path, CLUSTER="dev", STATUS=str(status)).returncode == status
        assert (tmp_path / "drift.txt").read_text() == "drift --app cdk.out --no-color --fail dev/*\n"

    @pytest.mark.parametrize(
        ("base", "allow", "asked"),
        [
            ("", "", ["review --base HEAD^1", "guard --base HEAD^1"]),
            ("a" * 40, "dev/Key", [f"review --base {'a' * 40}", f"guard --base {'a' * 40} --allow=dev/Key"]),
            ("", "$(touch x) y", ["review --base HEAD^1", "guard --base HEAD^1 --allow=$(touch x) y"]),
        ],
    )
    def test_what_is_reviewed(
        self, base: str, allow: str, asked: list[str], tmp_path: Path, deploy: dict[str, Any]
    ) -> None:
        program(tmp_path / ".venv" / "bin" / "python", 'shift 2; echo "$@" >>asked')
        words = script(deploy, "synth", "tools guard")
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(tmp_path)]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "1"], check=True)
        if not base:
            assert "no earlier commit" in run(words, tmp_path, BASE=base, ALLOW=allow).stdout
            assert not (tmp_path / "asked").exists()
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "2"], check=True)
        assert run(words, tmp_path, BASE=base, ALLOW=allow).returncode == 0
        assert (tmp_path / "asked").read_text().splitlines() == asked
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize(
        ("given", "answer", "status", "base"),
        [
            ("", "echo " + "c" * 40, 0, "c" * 40),
            ("", "echo", 0, ""),
            ("", "exit 1", 1, None),
            ("d" * 40, "exit 1", 0, "d" * 40),
        ],
    )
    def test_what_the_guard_refused_does_not_go_by_with_the_next_commit(
        self, given: str, answer: str, status: int, base: str | None, tmp_path: Path, deploy: dict[str, Any]
    ) -> None:
        """It compares with the last commit of which a run has succeeded."""
        program(tmp_path / "bin" / "gh", f'echo "$2" >asked; {answer}')
        (step,) = [step for step in deploy["synth"]["steps"] if step.get("id") == "since"]
        environment = {"GITHUB_REPOSITORY": "o/r", "BRANCH": step["env"]["BRANCH"], "GITHUB_OUTPUT": "output"}
        done = run(step["run"], tmp_path, BASE=given, **environment)
        assert done.returncode == status
        if base is not None:
            assert (tmp_path / "output").read_text() == f"base={base}\n"
        if not given:
            asked = "repos/o/r/actions/workflows/deploy.yml/runs?branch=release&status=success&per_page=1\n"
            assert (tmp_path / "asked").read_text() == asked
        (review,) = [step for step in deploy["synth"]["steps"] if "tools guard" in step.get("run", "")]
        assert review["env"]["BASE"] == "${{ steps.since.outputs.base }}"

    def test_a_refusal_of_the_guard_ends_it(self, tmp_path: Path, deploy: dict[str, Any]) -> None:
        program(tmp_path / ".venv" / "bin" / "python", '[ "$3" != guard ]')
        program(tmp_path / "bin" / "git", "exit 0")
        assert run(script(deploy, "synth", "tools guard"), tmp_path, BASE="x", ALLOW="").returncode == 1
