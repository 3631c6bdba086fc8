"""Node groups that EKS manages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint import images
from blueprint.errors import Problem
from blueprint.fields import between
from blueprint.group_settings import NodeRepair, WarmPool
from blueprint.images import AmiType
from blueprint.nodes import Nodes


class ManagedNodes(Nodes):
    """An EKS managed node group. https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html

    It has no fixed name, so that a change which replaces it (instance types, AMI type) does not collide.
    """

    create_only = {
        **dict.fromkeys(
            ("name", "instance_types", "capacity", "capacity_block", "ami_type", "zones"), "the node group is replaced"
        ),
        "image": "the node group is replaced when it goes to an image of your own, or back",
    }

    ami_type: AmiType | None = None
    """Amazon Linux 2023 for the architecture of the instance types, with drivers for their GPUs or Neuron chips, when
    None."""
    os: images.LinuxFamily | None = None
    """What an image of your own was made from; Amazon Linux 2023 when None."""
    desired: Annotated[int, between(0, 5000, "nodes")] | Literal["unmanaged"] | None = None
    """Nodes that a deploy starts, and goes back to whenever `min`, `max` or this changes; `min` when None. A new group
    needs it. Write "unmanaged" once something else scales the group: then no deploy touches it.
    https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html"""
    max_unavailable_percent: Annotated[int, between(1, 100, "percent")] | None = None
    """How many nodes an update may take down at a time, 33 when None; pod disruption budgets are always respected."""
    max_unavailable: Annotated[int, between(1, 100, "nodes")] | None = None
    """The same as a number."""
    update_strategy: Literal["DEFAULT", "MINIMAL"] = "DEFAULT"
    """DEFAULT starts new nodes before old ones go; MINIMAL ends old ones first, where capacity is scarce.
    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html"""
    node_repair: bool | NodeRepair = True
    """Replace nodes that EKS finds unhealthy; what it looks at beside readiness, the node monitoring agent finds."""
    warm_pool: WarmPool | Literal["off"] | None = None
    """Instances that wait. EKS keeps what is left out, so "off" takes a pool away that is there."""
    capacity_block: bool = False
    """The `capacity_reservation` is a capacity block: GPUs for some days, of one type and in one zone.
    https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html"""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        windows = self.family == "WINDOWS"  # told already
        if self.ami_type and not windows and (other := images.ami_architecture(self.ami_type)) != self.architecture:
            rule = f"{self.instance_types[0]} is {self.architecture}, the image is {other}"
            yield Problem(
                ("ami_type",), self.ami_type, rule, "leave ami_type out, or take instance types of its architecture"
            )
        if self.image and self.ami_type:
            rule = f"image names one of your own ({self.image})"
            yield Problem(("ami_type",), self.ami_type, rule, "leave it out, and write os where it is Bottlerocket")
        if self.os and not self.image:
            yield Problem(("os",), self.os, "the AMI type says it of EKS's images", "write ami_type, or image as well")
        if self.ami_type is None and not self.image and self.accelerator == "other":
            rule = f"EKS has no image with drivers for the accelerators of {self.instance_types[0]}"
            fix = "name the image to which you add them, for example AL2023_x86_64_STANDARD"
            yield Problem(("ami_type",), self.ami_type, rule, fix)
        if isinstance(self.desired, int) and not self.min <= self.desired <= self.max:
            rule = f"desired must be from min ({self.min}) to max ({self.max})"
            yield Problem(("desired",), self.desired, rule, "leave it out to start with min")
        if self.max_unavailable is not None and self.max_unavailable_percent is not None:
            rule = f"max_unavailable and max_unavailable_percent ({self.max_unavailable_percent}) exclude each other"
            yield Problem(("max_unavailable",), self.max_unavailable, rule, "keep one of them")
        yield from self._warm_pool()
        yield from self._capacity()

    def _warm_pool(self) -> Iterator[Problem]:
        if isinstance(self.warm_pool, WarmPool) and self.family == "BOTTLEROCKET":
            for name, value in (("state", "HIBERNATED"), ("reuse", True)):
                if getattr(self.warm_pool, name) == value:
                    rule, fix = "EKS does not do so with Bottlerocket", f"leave {name} out, or take an image of AL2023"
                    yield Problem(("warm_pool", name), value, rule, fix)

    def _capacity(self) -> Iterator[Problem]:
        if self.capacity_reservation not in (None, "none") and self.capacity == "SPOT":
            yield Problem(("capacity",), "SPOT", "Spot is taken from no reservation", "leave one of them out")
        if not self.capacity_block:
            return
        for name, values in (("instance_types", self.instance_types), ("zones", self.zones)):
            if len(values) != 1:
                yield Problem((name,), values, "a capacity block is of one type, in one zone", f"write one in {name}")
        if not (self.capacity_reservation or "").startswith("cr-"):
            rule = "a capacity block has an id, as reservations have"
            yield Problem(("capacity_reservation",), self.capacity_reservation, rule, "write the id of the block")

    @property
    def family(self) -> images.Family:
        return (self.os or "AL2023") if self.image else images.family(self.type_of_image)

    @property
    def type_of_image(self) -> AmiType:
        """The AMI type that EKS is given, unless the image is one of your own."""
        return self.ami_type or images.ami_type(self.architecture, self.accelerator)
