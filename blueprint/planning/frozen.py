"""Data that nobody can change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any


def frozen(data: Any) -> Any:
    """The same data, its mappings and lists as what nobody can change; `resolved` makes plain ones of them."""
    if isinstance(data, str):
        return data
    if isinstance(data, list | tuple):
        items = tuple(map(frozen, data))
        same = isinstance(data, tuple) and all(new is old for new, old in zip(items, data, strict=True))
        return data if same else items
    if isinstance(data, Mapping):
        return MappingProxyType({key: frozen(item) for key, item in data.items()})
    if is_dataclass(data) and not isinstance(data, type):
        given = {field.name: getattr(data, field.name) for field in fields(data)}
        changed = {name: new for name, old in given.items() if (new := frozen(old)) is not old}
        return replace(data, **changed) if changed else data
    return data
