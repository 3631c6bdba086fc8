"""Failures on demand, for tests: the next create, update or delete of a resource type fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services.cloudformation import provisioners

_OPERATIONS = ("create", "update", "delete")
_next: set[tuple[str, str, str]] = set()
"""Account, resource type and operation."""


class InjectedError(Exception):
    """The failure that was asked for."""


def fail_next(account: str, resource_type: str, operation: str) -> None:
    """Makes the next operation on a resource of this type fail, once."""
    if operation not in _OPERATIONS or resource_type not in provisioners._RESOURCE_HANDLERS:
        raise ValueError(f"cannot fail {operation} of {resource_type}")
    _next.add((account, resource_type, operation))


def install() -> None:
    """Puts a switch in front of every resource type that the emulator knows."""
    for name, handlers in provisioners._RESOURCE_HANDLERS.items():
        for operation in _OPERATIONS:
            if operation in handlers:
                handlers[operation] = _switch(name, operation, handlers[operation])


def _switch(resource_type: str, operation: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    def switched(*arguments: Any) -> Any:
        wanted = (get_account_id(), resource_type, operation)
        if wanted in _next:
            _next.discard(wanted)
            raise InjectedError(f"{operation} of {resource_type} fails because a test asked for it")
        return handler(*arguments)

    return switched
