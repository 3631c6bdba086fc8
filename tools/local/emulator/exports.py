"""Exports in use: CloudFormation changes and deletes none that another stack imports.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html ; the emulator itself asks
only when a stack is deleted. Its words: https://github.com/linz/geostore/issues/630 and rlister/stax/issues/40
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import _exports, _stacks, handlers

Outputs = tuple[list[Any], dict[str, Any]]
_WITHOUT_IMPORTS = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"})


def kept(resolve: Callable[..., Outputs]) -> Callable[..., Outputs]:
    """The outputs of a stack that was made or updated, unless others import what it no longer exports."""

    def resolved(*arguments: Any) -> Outputs:
        outputs, exports = resolve(*arguments)
        stack_name, stack_id = arguments[-2:]
        held = {name: export for name, export in _exports.items() if export["StackId"] == stack_id}
        for name, export in held.items():
            if name in exports and exports[name]["Value"] == export["Value"]:
                continue
            if users := _importers(name, stack_name):
                done = "updated" if name in exports else "deleted"
                raise ValueError(f"Export {name} cannot be {done} as it is in use by {', '.join(users)}")
        for name in held.keys() - exports.keys():
            del _exports[name]
        return outputs, exports

    return resolved


def _importers(export: str, exporter: str) -> list[str]:
    stacks = [(name, stack) for name, stack in _stacks.items() if name != exporter]
    alive = [(name, stack) for name, stack in stacks if stack["StackStatus"] not in _WITHOUT_IMPORTS]
    return [name for name, stack in alive if export in handlers._imported_export_names(stack, name)]
