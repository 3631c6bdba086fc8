"""A cluster with forty add-ons: those of several examples together."""

from __future__ import annotations

from dataclasses import replace

from blueprint import Blueprint, ManagedNodes
from blueprint.addons import Addon
from examples.native import NATIVE
from examples.open_source import OPEN_SOURCE
from examples.operations import OPERATIONS
from examples.self_service import SELF_SERVICE

COUNT = 40


def forty() -> Blueprint:
    """One of each name, as the first of the examples has it, without those that work against one that is there."""
    taken: dict[str, Addon] = {}
    for addon in (each for example in (OPEN_SOURCE, SELF_SERVICE, NATIVE, OPERATIONS) for each in example.addons):
        at_odds = any(isinstance(each, addon.conflicts) or isinstance(addon, each.conflicts) for each in taken.values())
        if addon.name not in taken and not at_odds and len(taken) < COUNT:
            taken[addon.name] = addon
    roomy = ManagedNodes("system", instance_types=("m7g.4xlarge",), min=5, max=8)
    return replace(OPEN_SOURCE, name="forty", compute=(roomy, *OPEN_SOURCE.compute[1:]), addons=tuple(taken.values()))
