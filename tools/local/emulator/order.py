"""The order of resources that do not wait for each other: CloudFormation promises none, and the emulator has one.

It takes what is ready by the letters of its name, so a dependency that is missing may never be noticed: an account can
ask for the letters backwards. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ministack.core.responses import get_account_id
from ministack.services.cloudformation import engine

Sort: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]
_backwards: set[str] = set()
"""Accounts in which the last of what is ready comes first."""


def turn(account: str, *, backwards: bool) -> None:
    """Chooses the order of an account's deploys."""
    (_backwards.add if backwards else _backwards.discard)(account)


def either(forwards: Sort) -> Sort:
    """Resources in an order in which each comes after what it waits for."""

    def sort(resources: Mapping[str, Any], conditions: Mapping[str, Any]) -> list[str]:
        found = forwards(resources, conditions)
        return _turned(resources, found) if get_account_id() in _backwards else found

    return sort


def _turned(resources: Mapping[str, Any], names: list[str]) -> list[str]:
    waiting = {name: set(engine._extract_deps(resources[name], set(names))) - {name} for name in names}
    done: list[str] = []
    while waiting:
        done.append(max(name for name, needs in waiting.items() if not needs))
        del waiting[done[-1]]
        for needs in waiting.values():
            needs.discard(done[-1])
    return done
