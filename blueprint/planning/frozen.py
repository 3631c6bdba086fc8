"""Data that nobody can change."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import is_dataclass
from operator import is_
from types import MappingProxyType
from typing import Any


def frozen(data: Any) -> Any:
    """The same data, its mappings and lists as what nobody can change; `resolved` makes plain ones of them."""
    # By what there is most of: the rest takes long to tell apart, and a plan has thousands of each.
    if isinstance(data, _ATOMS):
        return data
    if isinstance(data, dict):
        return MappingProxyType({key: item if type(item) is str else frozen(item) for key, item in data.items()})
    if isinstance(data, _SEQUENCES):
        items = tuple(map(frozen, data))
        same = isinstance(data, tuple) and all(map(is_, items, data))
        return data if same else items
    if is_dataclass(data) and not isinstance(data, type):
        changed = {name: new for name, old in vars(data).items() if (new := frozen(old)) is not old}
        if not changed:
            return data
        made = copy(data)
        vars(made).update(changed)
        return made
    if isinstance(data, Mapping):
        return MappingProxyType({key: frozen(item) for key, item in data.items()})
    return data


_ATOMS = (str, int, type(None))
_SEQUENCES = (list, tuple)
