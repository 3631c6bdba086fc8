"""A cluster that leaves the project with all that it has: docs/leaving.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it has no types
import pytest
from botocore.exceptions import ClientError

from tests.lifecycle.cluster import LEAVING, STAYING
from tests.lifecycle.lab import NOTHING, Lab, World, stacks
from tools.local.cdk import Cdk
from tools.local.leftovers import leftovers
from tools.local.people import welcome


def standing(world: World) -> dict[str, Any]:
    """What the APIs show of the cluster and what is in it, without its stacks."""
    eks, of = world.account.client("eks"), {"clusterName": "lab"}
    found = leftovers(world.account, "lab")
    lists = {
        "groups": eks.list_nodegroups(**of)["nodegroups"],
        "add-ons": eks.list_addons(**of)["addons"],
        "entries": eks.list_access_entries(**of)["accessEntries"],
        "pods' roles": [each["associationId"] for each in eks.list_pod_identity_associations(**of)["associations"]],
        "parameters": [each["Name"] for each in world.account.client("ssm").describe_parameters()["Parameters"]],
        "others": [*found.kept, *(each for each in found.forgotten if not each.startswith("lab-"))],
    }
    cluster = eks.describe_cluster(name="lab")["cluster"]
    return {**{name: sorted(each) for name, each in lists.items()}, "cluster": cluster, "contents": world.contents()}


def resources(world: World) -> dict[str, dict[str, tuple[str, str]]]:
    return {stack: world.resources(stack) for stack in stacks() if world.status(stack)}


def touched(world: World, stack: str, since: int = 0) -> set[str]:
    """What CloudFormation did with resources of a stack, since a number of events."""
    found = world.events(stack)[since:]
    return {each["ResourceStatus"] for each in found if each["ResourceType"] != "AWS::CloudFormation::Stack"}


def asked(world: World, root: Path, stack: str) -> dict[str, Any]:
    """What the guide's commands answer of a stack, by their names: `aws` runs a query on what botocore reads."""
    commands = re.findall(r"^  aws cloudformation (.+)$", (root / "docs" / "leaving.md").read_text(), re.MULTILINE)
    found = {}
    for operation, *words in map(shlex.split, commands):
        options = dict(zip(words[::2], words[1::2], strict=False))
        name = options["--stack-name"].replace("prod-$stack", f"lab-{stack}")
        call = getattr(world.account.client("cloudformation"), operation.replace("-", "_"))
        found[operation] = jmespath.search(options["--query"], call(StackName=name))
    return found


@pytest.mark.parametrize("kind", LEAVING)
def test_deleted_stacks_leave_all_that_they_made(lab: Lab, kind: str) -> None:
    world = lab.world()
    world.put_all(kind)
    before, made = standing(world), resources(world)
    # Those of a spoke come from its hub.
    assert (before["contents"] == NOTHING) == (kind == "argo-spoke")
    world.put_all(f"{kind} leaving")
    assert (standing(world), resources(world)) == (before, made)
    since = {stack: len(world.events(stack)) for stack in made}
    world.delete_all()
    done = {stack: touched(world, stack, number) for stack, number in since.items()}
    assert done == {stack: {"DELETE_SKIPPED"} if found else set() for stack, found in made.items()}
    assert standing(world) == before
    assert not any(world.status(stack) not in ("", "DELETE_COMPLETE") for stack in stacks())


def test_by_the_cli_and_with_protection(lab: Lab, root: Path) -> None:
    """In an account of its own, since the cluster stays there."""
    account = lab.account(STAYING.account)
    welcome(account, lab.people)
    world = World(lab, account)
    staying, leaving = (Cdk(account, lab.folder / "home", lab.folder / name) for name in ("staying", "leaving"))
    for done in (staying.bootstrap(), staying.deploy("lab/*")):
        assert done.status == 0, done.output[-3000:]
    before = standing(world)
    deleted = {stack: asked(world, root, stack)["get-template"] for stack in stacks()}
    assert {"AWS::EC2::VPC", "Custom::VpcRestrictDefaultSG"} <= {*deleted["network"]}
    assert "AWS::EKS::Cluster" in deleted["cluster"]
    assert "AWS::KMS::Key" not in deleted["cluster"]
    assert "Custom::AWSCDK-EKS-HelmChart" in deleted["addons"]
    done = leaving.deploy("lab/*")
    assert done.status == 0, done.output[-3000:]
    assert "(no changes)" not in done.output
    assert standing(world) == before
    for stack in stacks():
        answers = asked(world, root, stack)
        assert answers["get-template"] == []
        listed = {id: (of, physical) for of, id, physical in answers["list-stack-resources"]}
        assert listed == world.resources(stack) != {}
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        world.delete("network")
    for stack in ("cluster", "network"):
        account.client("cloudformation").update_termination_protection(
            StackName=f"lab-{stack}", EnableTerminationProtection=False
        )
    done = leaving.destroy("lab/*")
    assert done.status == 0, done.output[-3000:]
    assert {world.status(stack) for stack in stacks()} == {"DELETE_COMPLETE"}
    assert standing(world) == before
    assert before["cluster"]["deletionProtection"]
