"""A fleet over two accounts and two regions: steps of the workflow that `make pipelines` writes, by the real CDK CLI.

Jobs run here as GitHub orders them; their steps are the file's own. What is left out is GitHub's: checkouts, artifacts
that travel, and credentials, for which the emulator takes the account.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint import Environment, Fleet, GitHubActions, NewNetwork, Wave
from blueprint.planning.fleet import fleet_plan
from blueprint.planning.planner import plans
from examples.bare import BARE
from tests.lifecycle.lab import Lab, World
from tests.tools.pipelines.jobs import pins
from tools.local.aws import Account
from tools.local.cdk import Cdk, find_cli
from tools.local.people import principals, welcome
from tools.pipelines.github import PinnedActions, texts
from tools.synthesis import synthesize

# A protected cluster that is new would not go in a rollback: docs/when-a-deploy-fails.md.
_SMALL = replace(BARE, cluster=replace(BARE.cluster, deletion_protection=False))
CLUSTERS = {
    name: replace(_SMALL, name=name, account=account, region=region, network=NewNetwork(cidr=cidr, nat="one"))
    for name, account, region, cidr in (
        ("first", "440000000001", "us-west-2", "10.1.0.0/16"),
        ("second", "440000000002", "eu-west-1", "10.2.0.0/16"),
    )
}
FLEET = Fleet(
    environments=(
        Environment("dev", waves=(Wave("dev", clusters=("first",)),)),
        Environment("prod", waves=(Wave("prod", clusters=("second",)),)),
    )
)


@dataclass
class Runner:
    """Runs the jobs of a workflow that deploy, each when those that it needs have succeeded."""

    lab: Lab
    jobs: dict[str, Any]
    folder: Path
    digest: str = ""
    done: set[str] = field(default_factory=set)

    def run(self) -> list[str]:
        """All that can run; those that have succeeded do not run again. The clusters that were deployed or tried."""
        tried = []
        failed: set[str] = set()
        while ready := [
            name
            for name, job in self.jobs.items()
            if name not in self.done | failed and {*job.get("needs", ())} <= self.done
        ]:
            for name in ready:
                if not name.startswith("deploy-"):
                    self.done.add(name)
                    continue
                (row,) = self.jobs[name]["strategy"]["matrix"]["include"]
                tried.append(row["cluster"])
                (self.done if self._deploy(name, row) else failed).add(name)
        return tried

    def step(self, job: str, word: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """One step of a job."""
        (words,) = [step["run"] for step in self.jobs[job]["steps"] if word in step.get("run", "")]
        command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", words)
        given = {"PATH": os.environ["PATH"], "CI": "true", **environment}
        return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)

    def _deploy(self, job: str, row: dict[str, str]) -> bool:
        """With nothing but the archive of the job before, and an account."""
        folder = self.folder / job
        shutil.rmtree(folder, ignore_errors=True)
        (folder / ".venv" / "bin").mkdir(parents=True)
        node, cli = find_cli()
        cdk = folder / ".venv" / "bin" / "cdk"
        cdk.write_text(f'#!/bin/sh\nexec "{node}" "{cli}" "$@" --no-notices --no-version-reporting\n')
        cdk.chmod(0o755)
        shutil.copy(self.folder / "assembly.tar", folder)
        assert self.step(job, "assembly.tar", folder, DIGEST=self.digest).returncode == 0
        account = Account(self.lab.emulator.endpoint, row["deploy"].split(":")[4], row["region"])
        environment = {**account.environment(folder / "home"), "CLUSTER": row["cluster"]}
        return self.step(job, "cdk deploy", folder, **environment).returncode == 0


@pytest.fixture(scope="module")
def worlds(lab: Lab) -> dict[str, World]:
    """The accounts, bootstrapped."""
    found = {}
    for name, plan in zip(CLUSTERS, plans(CLUSTERS), strict=True):
        account = Account(lab.emulator.endpoint, plan.facts.account, plan.facts.region)
        welcome(account, principals(plan))
        result = Cdk(account, lab.folder / "home", lab.folder / "base").bootstrap()
        assert result.status == 0, result.output[-3000:]
        found[name] = World(lab, account)
    return found


@pytest.fixture(scope="module")
def runner(lab: Lab, worlds: dict[str, World]) -> Runner:
    """With what the job without credentials leaves behind."""
    made = dict(zip(CLUSTERS, plans(CLUSTERS), strict=True))
    fleet = fleet_plan(FLEET, CLUSTERS, made)
    (text, _) = texts(fleet, GitHubActions("example/clusters"), PinnedActions(pins(lab.folder / "project"))).values()
    folder = lab.folder / "fleet"
    folder.mkdir()
    runner = Runner(lab, yaml.safe_load(text)["jobs"], folder)
    synthesize(list(made.values()), folder / "cdk.out", validate=False)
    packed = runner.step("synth", "assembly.tar", folder, GITHUB_OUTPUT=str(folder / "output"))
    assert packed.returncode == 0, packed.stderr
    runner.digest = (folder / "output").read_text().strip().removeprefix("digest=")
    return runner


def stacks(world: World) -> dict[str, str]:
    """Their states, by name, but that of `cdk bootstrap`."""
    pages = world.account.client("cloudformation").get_paginator("describe_stacks").paginate()
    found = {each["StackName"]: each["StackStatus"] for page in pages for each in page["Stacks"]}
    return {name: status for name, status in found.items() if name != "CDKToolkit"}


def test_a_wave_that_fails_leaves_the_next_one_untouched(runner: Runner, worlds: dict[str, World]) -> None:
    worlds["first"].fail_next("AWS::EKS::Addon", "create")
    assert runner.run() == ["first"]
    assert stacks(worlds["first"])["first-network"] == "CREATE_COMPLETE"
    assert "ROLLBACK_COMPLETE" in stacks(worlds["first"]).values()
    assert stacks(worlds["second"]) == {}


def test_another_try_goes_on_from_there(runner: Runner, worlds: dict[str, World]) -> None:
    network = worlds["first"].account.client("cloudformation").describe_stacks(StackName="first-network")["Stacks"]
    assert runner.run() == ["first", "second"]
    for name, world in worlds.items():
        found = stacks(world)
        assert {*found.values()} == {"CREATE_COMPLETE"}
        assert all(each.startswith(f"{name}-") for each in found)
        assert world.account.client("eks").list_clusters()["clusters"] == [name]
    again = worlds["first"].account.client("cloudformation").describe_stacks(StackName="first-network")["Stacks"]
    assert again[0]["StackId"] == network[0]["StackId"], "what had succeeded was left as it was"
