"""What production refuses: CloudFormation its stacks, EKS its cluster, and nothing is half gone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.lifecycle.lab import Lab, World, stacks


def _protected(lab: Lab) -> World:
    """Deployed, with the termination protection that the CLI sets from the assembly."""
    world = lab.world()
    world.put_all("protected")
    client = world.account.client("cloudformation")
    for stack in lab.assemblies["protected"]:
        if stack.termination_protection:
            client.update_termination_protection(StackName=stack.stack_name, EnableTerminationProtection=True)
    return world


def test_cloudformation_refuses_to_delete_the_stacks_that_hold_state(lab: Lab) -> None:
    world = _protected(lab)
    for stack in ("cluster", "network"):
        with pytest.raises(ClientError, match="TerminationProtection is enabled"):
            world.delete(stack)
    assert {world.status(stack) for stack in stacks()} == {"CREATE_COMPLETE"}


def test_eks_refuses_to_delete_the_cluster_though_its_stack_may_go(lab: Lab) -> None:
    world = lab.world()
    world.put_all("protected")
    world.delete("teams")
    world.delete("addons")
    assert world.delete("cluster") == "DELETE_FAILED"
    assert any("deletion protection" in reason for reason in world.reasons("cluster"))
    assert world.account.client("eks").list_clusters()["clusters"] == ["lab"]


def test_a_stack_that_others_use_cannot_go(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    with pytest.raises(ClientError, match=r"Export lab-network:\S+ is imported by stack lab-cluster"):
        world.delete("network")


def test_unprotected_in_a_deploy_of_its_own_it_can_be_deleted(lab: Lab) -> None:
    world = lab.world()
    world.put_all("protected")
    before = world.resources("cluster")
    assert world.put("cluster", "upgraded") == "UPDATE_COMPLETE"
    assert world.resources("cluster") == before
    world.delete_all()
