"""A fleet over two accounts and two regions: what `make pipelines` and `make code-pipeline` write, by the real CDK CLI.

Jobs of the workflow run here as GitHub orders them, and actions of the pipeline as AWS does; their steps, programs and
parameters are those of the files. What is left out is GitHub's and AWS's: checkouts, artifacts that travel, builds that
look at an account, and credentials, for which the emulator takes the account.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint import (
    Blueprint,
    CodeCommit,
    CodePipeline,
    Environment,
    Fleet,
    GitHubActions,
    NewNetwork,
    Wave,
)
from blueprint.planning.code_pipeline import pipeline_plan
from blueprint.planning.fleet import fleet_plan
from blueprint.planning.planner import plans
from examples.bare import BARE
from tests.lifecycle.lab import Lab, World
from tests.stacks.test_roles import filled
from tests.tools.pipelines.jobs import pins
from tools.local.aws import Account
from tools.local.cdk import Cdk, find_cli
from tools.local.people import principals, welcome
from tools.pipelines.aws import programs
from tools.pipelines.github import PinnedActions, texts
from tools.synthesis import synthesize, synthesize_pipeline

# A protected cluster that is new would not go in a rollback: docs/when-a-deploy-fails.md.
_SMALL = replace(BARE, cluster=replace(BARE.cluster, deletion_protection=False))


def clusters(*accounts: str) -> dict[str, Blueprint]:
    places = (("first", "us-west-2", "10.1.0.0/16"), ("second", "eu-west-1", "10.2.0.0/16"))
    return {
        name: replace(_SMALL, name=name, account=account, region=region, network=NewNetwork(cidr=cidr, nat="one"))
        for account, (name, region, cidr) in zip(accounts, places, strict=True)
    }


CLUSTERS = clusters("440000000001", "440000000002")
OF_AWS = clusters("440000000003", "440000000004")
TOOLS = "440000000005"
"""The account of the pipeline."""
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
    return bootstrapped(lab, CLUSTERS)


def bootstrapped(lab: Lab, blueprints: dict[str, Blueprint]) -> dict[str, World]:
    found = {}
    for name, plan in zip(blueprints, plans(blueprints), strict=True):
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


@dataclass
class Pipeline:
    """Runs the pipeline of AWS: stages one after the other, and in each all actions of a number at once.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
    """

    lab: Lab
    folder: Path
    """With the assembly, which is the artifact that its first build makes."""
    done: set[tuple[str, str]] = field(default_factory=set)
    """Stages and actions that have succeeded: a retry leaves them out."""

    def __post_init__(self) -> None:
        template = json.loads((self.folder / "Pipeline.template.json").read_text(encoding="utf-8"))
        self.resources = {
            name: filled(each["Properties"]) for name, each in template["Resources"].items() if "Properties" in each
        }
        (self.stages,) = (
            self.resources[name]["Stages"]
            for name, each in template["Resources"].items()
            if each["Type"] == "AWS::CodePipeline::Pipeline"
        )

    def run(self) -> list[str]:
        """What went on, as stage and action; it ends with what failed."""
        tried = []
        for stage in self.stages:
            actions = sorted(stage["Actions"], key=lambda each: each["RunOrder"])
            for _, at_once in groupby(actions, key=lambda each: each["RunOrder"]):
                left = [each for each in at_once if (stage["Name"], each["Name"]) not in self.done]
                for action in left:
                    if self._run(stage["Name"], action):
                        self.done.add((stage["Name"], action["Name"]))
                    tried.append(f"{stage['Name']}: {action['Name']}")
                if any((stage["Name"], each["Name"]) not in self.done for each in left):
                    return tried
        return tried

    def _run(self, stage: str, action: dict[str, Any]) -> bool:
        if action["ActionTypeId"]["Provider"] == "CloudFormation":
            return self._deploy(action)
        return stage != "Assets" or self._publish(action["Configuration"]["ProjectName"]["Ref"])

    def _publish(self, project: str) -> bool:
        """The command of its build, by the CLI of this project; for it the emulator takes the account of each role."""
        (command,) = json.loads(self.resources[project]["Source"]["BuildSpec"])["phases"]["build"]["commands"]
        node, cli = find_cli()
        cdk = self.folder.parent / "bin" / "cdk"
        cdk.parent.mkdir(exist_ok=True)
        cdk.write_text(f'#!/bin/sh\nexec "{node}" "{cli}" "$@" --no-notices --no-version-reporting\n')
        cdk.chmod(0o755)
        own = Account(self.lab.emulator.endpoint, TOOLS, "us-west-2").environment(self.folder.parent / "home")
        given = {**own, "PATH": f"{cdk.parent}:{own['PATH']}", "CI": "true"}
        words = ("bash", "-c", command)
        done = subprocess.run(words, cwd=self.folder, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return True

    def _deploy(self, action: dict[str, Any]) -> bool:
        """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"""
        said = action["Configuration"]
        assert said["ActionMode"] == "CREATE_UPDATE"
        account = Account(
            self.lab.emulator.endpoint, action["RoleArn"].split(":")[4], action.get("Region", "us-west-2")
        )
        client = account.client("cloudformation")
        tags = json.loads(self._artifact(said["TemplateConfiguration"])).get("Tags", {})
        parameters = {
            "StackName": said["StackName"],
            "TemplateBody": self._artifact(said["TemplatePath"]),
            "Capabilities": said["Capabilities"].split(","),
            "RoleARN": said["RoleArn"],
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        try:
            if said["StackName"] in stacks(World(self.lab, account)):
                client.update_stack(**parameters)
            else:
                client.create_stack(**parameters)
        except client.exceptions.ClientError as error:
            return "No updates are to be performed" in str(error)
        while (status := stacks(World(self.lab, account))[said["StackName"]]).endswith("_IN_PROGRESS"):
            time.sleep(0.05)
        return status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")

    def _artifact(self, place: str) -> str:
        return (self.folder / place.removeprefix("Synth_Output::")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def worlds_of_aws(lab: Lab) -> dict[str, World]:
    return bootstrapped(lab, OF_AWS)


@pytest.fixture(scope="module")
def pipeline(lab: Lab, worlds_of_aws: dict[str, World]) -> Pipeline:
    folder = lab.folder / "pipeline" / "cdk.out"
    delivery = CodePipeline(account=TOOLS, region="us-west-2", source=CodeCommit("clusters"))
    fleet = fleet_plan(replace(FLEET, pipelines=(delivery,)), OF_AWS, dict(zip(OF_AWS, plans(OF_AWS), strict=True)))
    synthesize_pipeline(pipeline_plan(fleet, programs()), folder)
    return Pipeline(lab, folder)


COMMON = ["Source: clusters", "Build: Synth", "UpdatePipeline: SelfMutate", "Assets: FileAssets"]


def test_a_stage_that_fails_stops_the_pipeline_of_aws(pipeline: Pipeline, worlds_of_aws: dict[str, World]) -> None:
    first = worlds_of_aws["first"]
    first.fail_next("AWS::EKS::Addon", "create")
    assert pipeline.run() == [*COMMON, "dev: Ready-first", "dev: network.Deploy", "dev: cluster.Deploy"]
    assert stacks(first) == {"first-network": "CREATE_COMPLETE", "first-cluster": "ROLLBACK_COMPLETE"}
    assert stacks(worlds_of_aws["second"]) == {}


def test_a_retry_goes_on_where_it_stopped(pipeline: Pipeline, worlds_of_aws: dict[str, World]) -> None:
    """When the stack is gone of which nothing is left but its name: docs/fleet.md says so."""
    assert pipeline.run() == ["dev: cluster.Deploy"]
    worlds_of_aws["first"].account.client("cloudformation").delete_stack(StackName="first-cluster")
    deploys = [f"{stack}.Deploy" for stack in ("network", "cluster", "addons", "teams")]
    assert pipeline.run() == [
        *(f"dev: {each}" for each in (*deploys[1:], "Watch-first")),
        *(f"prod: {each}" for each in ("Ready-second", *deploys, "Watch-second")),
    ]
    for name, world in worlds_of_aws.items():
        assert {*stacks(world).values()} == {"CREATE_COMPLETE"}
        assert world.account.client("eks").list_clusters()["clusters"] == [name]
    assert pipeline.run() == []
