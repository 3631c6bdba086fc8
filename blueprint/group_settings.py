"""How a managed node group repairs its nodes, and keeps some ready."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint.errors import Problem
from blueprint.fields import UNIQUE, at_most, between, matches
from blueprint.value import Value

_Percent = Annotated[int, between(1, 100, "percent")]
_Count = Annotated[int, between(1, 5000, "nodes")]
_Word = Annotated[str, matches(r"[A-Za-z]\w{0,127}", "must be one word", 'write for example "NetworkingReady"')]


class RepairOverride(Value):
    """What to do about one finding of the node monitoring agent, instead of what EKS does.

    https://docs.aws.amazon.com/eks/latest/userguide/node-health.html
    """

    condition: _Word
    """The condition that the agent sets, for example "AcceleratedHardwareReady"."""
    reason: _Word
    """The reason that it gives, for example "NvidiaXID13Error"."""
    action: Literal["Replace", "Reboot", "NoAction"]
    """NoAction leaves the node to a person."""
    wait_minutes: Annotated[int, between(1, 1440, "minutes")]
    """How long it must last before that."""


class NodeRepair(Value):
    """How far EKS goes by itself. https://docs.aws.amazon.com/eks/latest/APIReference/API_NodeRepairConfig.html

    Counts and percentages exclude each other; what is None is EKS's own choice.
    """

    parallel: _Count | None = None
    """Nodes that are repaired at a time."""
    parallel_percent: _Percent | None = None
    """The same, of those that are unhealthy."""
    stop_above: _Count | None = None
    """Unhealthy nodes from which on EKS repairs none: then the cause is elsewhere."""
    stop_above_percent: _Percent | None = None
    """The same, of all nodes of the group."""
    overrides: Annotated[tuple[RepairOverride, ...], at_most(50, "overrides"), UNIQUE] = ()
    """For single findings."""

    def problems(self) -> Iterator[Problem]:
        for name in ("parallel", "stop_above"):
            count, percent = getattr(self, name), getattr(self, f"{name}_percent")
            if count is not None and percent is not None:
                rule = f"{name} ({count}) and {name}_percent exclude each other"
                yield Problem((f"{name}_percent",), percent, rule, "keep one of them")


class WarmPool(Value):
    """Instances that have started once and wait, so that a group grows within seconds.

    https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html
    """

    min: Annotated[int, between(0, 5000, "instances")] = 0
    """Fewest instances that wait."""
    max_prepared: Annotated[int, between(1, 5000, "instances")] | None = None
    """Most instances that wait and work, together; as many as the group's `max` when None."""
    state: Literal["STOPPED", "RUNNING", "HIBERNATED"] = "STOPPED"
    """How they wait: STOPPED costs their disks, RUNNING all of them, HIBERNATED disks and memory on disk."""
    reuse: bool = False
    """A node that the group no longer needs goes back and waits, instead of being terminated."""

    def problems(self) -> Iterator[Problem]:
        if self.max_prepared is not None and self.max_prepared < self.min:
            rule = f"more instances wait ({self.min}) than there may be"
            yield Problem(("max_prepared",), self.max_prepared, rule, "raise it, or lower min")
