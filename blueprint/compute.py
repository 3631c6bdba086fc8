"""What pods run on: managed node groups, self-managed nodes, Fargate and Auto Mode, in any mix."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from blueprint.fields import DnsLabel
from blueprint.instances import Architecture
from blueprint.value import Value

Capacity = Literal["ON_DEMAND", "SPOT"]


class Compute(Value):
    """One source of capacity; `name` is unique in a cluster."""

    name: DnsLabel
    """Unique in the cluster."""

    @property
    @abstractmethod
    def architecture(self) -> Architecture:
        """Of the processors that pods find there."""
