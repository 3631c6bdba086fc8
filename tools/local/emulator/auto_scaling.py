"""Auto Scaling groups of self-managed nodes, where the emulator looks away."""

from __future__ import annotations

from ministack.services import autoscaling
from ministack.services.cloudformation import provisioners

from tools.local.emulator.ec2 import Made, Properties


def create_group(logical_id: str, properties: Properties, stack: str) -> Made:
    made: Made = provisioners._asg_create(logical_id, properties, stack)
    _launch(made[0], properties)
    return made


def update_group(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    """A capacity that the template leaves out stays, as far as the new limits let it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
    """
    capacity = autoscaling._asgs[name]["DesiredCapacity"]
    made: Made = provisioners._asg_update(name, old, new, stack, logical_id)
    group = autoscaling._asgs[made[0]]
    if made[0] == name and "DesiredCapacity" not in new:
        group["DesiredCapacity"] = min(max(capacity, group["MinSize"]), group["MaxSize"])
    _launch(made[0], new)
    return made


def _launch(name: str, properties: Properties) -> None:
    """The template and the types of a group with several instance types, which the emulator leaves out."""
    policy = properties.get("MixedInstancesPolicy")
    if policy:
        launched, group = policy["LaunchTemplate"], autoscaling._asgs[name]
        group["LaunchTemplate"] = provisioners._asg_launch_template(launched["LaunchTemplateSpecification"])
        group["_instance_types"] = [each["InstanceType"] for each in launched.get("Overrides", ())]
