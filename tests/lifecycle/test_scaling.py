"""Sizes of node groups, which autoscalers change as well.

https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.lab import Lab, World
from tests.lifecycle.templates import NODE_GROUP, SCALING_GROUP, of_type


def sized(world: World, **sizes: int | None) -> dict[str, Any]:
    """The cluster's template with other sizes of its node group; None leaves one out."""
    template = world.template("cluster")
    for group in of_type(template["Resources"], NODE_GROUP):
        merged = {**group["ScalingConfig"], **sizes}
        group["ScalingConfig"] = {name: size for name, size in merged.items() if size is not None}
    return template


def scale_out(world: World, nodes: int) -> None:
    """What the Cluster Autoscaler, or a person, does."""
    world.account.client("eks").update_nodegroup_config(
        clusterName="lab", nodegroupName=world.group()["nodegroupName"], scalingConfig={"desiredSize": nodes}
    )
    assert world.group()["scalingConfig"]["desiredSize"] == nodes


def test_a_size_that_the_template_states_sets_a_group_back(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    scale_out(world, 4)
    assert world.put("cluster", template=sized(world, DesiredSize=2, MaxSize=9)) == "UPDATE_COMPLETE"
    assert world.group()["scalingConfig"] == {"minSize": 2, "maxSize": 9, "desiredSize": 2}


def test_a_size_that_the_template_leaves_out_stays(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    scale_out(world, 4)
    assert world.put("cluster", template=sized(world, DesiredSize=None, MaxSize=9)) == "UPDATE_COMPLETE"
    assert world.group()["scalingConfig"] == {"minSize": 2, "maxSize": 9, "desiredSize": 4}


def test_a_group_that_something_else_scales_keeps_its_size(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    scale_out(world, 4)
    world.put_all("unmanaged")
    assert world.group()["scalingConfig"] == {"minSize": 2, "maxSize": 6, "desiredSize": 4}


def test_other_changes_leave_the_sizes_alone(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    scale_out(world, 3)
    template = world.template("cluster")
    for group in of_type(template["Resources"], NODE_GROUP):
        group["Labels"] = {"example.com/pool": "other"}
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"
    assert world.group()["scalingConfig"]["desiredSize"] == 3


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ({"DesiredSize": None}, "must have all of its properties, or none"),
        ({"MinSize": 3, "DesiredSize": 2}, "Minimum capacity 3 can't be greater than desired size 2"),
        ({"DesiredSize": 5}, "desired capacity 5 can't be greater than max size 4"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(lab: Lab, sizes: dict[str, int | None], why: str) -> None:
    world = lab.world()
    world.put_all(until="network")
    assert world.put("cluster", template=sized(world, **sizes)) == "ROLLBACK_COMPLETE"
    assert any(why in reason for reason in world.reasons("cluster")), world.reasons("cluster")


def test_a_group_that_has_scaled_out_is_no_smaller_after_its_limits_change(lab: Lab) -> None:
    """Of self-managed nodes, too."""
    world = lab.world()
    world.put_all("self-managed", until="cluster")
    scaling = world.account.client("autoscaling")
    name = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupName"]
    scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    template = world.template("cluster", "self-managed")
    for group in of_type(template["Resources"], SCALING_GROUP):
        group["MaxSize"] = "7"
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"
    (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    assert (found["MaxSize"], found["DesiredCapacity"]) == (7, 2)
