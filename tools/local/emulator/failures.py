"""Failures on demand, for tests: the next create, update or delete of a resource type fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services.cloudformation import provisioners

from tools.local.kubernetes import InstalledRelease

_OPERATIONS = ("create", "update", "delete")
_next: dict[tuple[str, str, str], bool] = {}
"""Account, resource type and operation; whether it fails when all is done."""
_stuck: set[tuple[str, str, str]] = set()
"""Account, name and chart version of releases whose pods do not become ready."""


class InjectedError(Exception):
    """The failure that was asked for."""


def fail_next(account: str, resource_type: str, operation: str, *, late: bool = False) -> None:
    """Makes the next operation on a resource of this type fail, once: before it does anything, or after."""
    if operation not in _OPERATIONS or resource_type not in provisioners._RESOURCE_HANDLERS:
        raise ValueError(f"cannot fail {operation} of {resource_type}")
    _next[account, resource_type, operation] = late


def stick(account: str, release: str, version: str, *, stuck: bool) -> None:
    """Keeps the pods of a version of a release from becoming ready, or lets them."""
    (_stuck.add if stuck else _stuck.discard)((account, release, version))


def is_stuck(release: InstalledRelease) -> bool:
    return (get_account_id(), release.name, release.version or "") in _stuck


def install() -> None:
    """Puts a switch in front of every resource type that the emulator knows."""
    for name, handlers in provisioners._RESOURCE_HANDLERS.items():
        for operation in _OPERATIONS:
            if operation in handlers:
                handlers[operation] = _switch(name, operation, handlers[operation])


def _switch(resource_type: str, operation: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    def switched(*arguments: Any) -> Any:
        late = _next.pop((get_account_id(), resource_type, operation), None)
        answer = None if late is False else handler(*arguments)
        if late is not None:
            raise InjectedError(f"{operation} of {resource_type} fails because a test asked for it")
        return answer

    return switched
