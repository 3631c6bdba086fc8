"""Auto Mode for the system, managed node groups for the rest."""

from __future__ import annotations

from dataclasses import replace

from blueprint import AutoMode
from examples.managed import MANAGED

MIXED = replace(MANAGED, name="mixed", compute=(AutoMode(node_pools=("system",)), *MANAGED.compute))
