"""The texts of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def texts_in(data: Any) -> list[str]:
    """Of text, lists and mappings with their keys, in their order; other objects are left out."""
    found: list[str] = []
    _gather(data, found)
    return found


def texts_below(data: Any) -> list[str]:
    """The same of all that dataclasses hold as well."""
    found: list[str] = []
    _gather_below(data, found)
    return found


def _gather(data: Any, found: list[str]) -> None:
    # A plan has thousands of texts, most of them in dicts: those are told apart first, and without a call for each.
    # Whether something else is a Mapping takes longest to tell, so that comes last.
    if isinstance(data, str):
        found.append(data)
    elif isinstance(data, (list, tuple)):
        for item in data:
            if type(item) is str:
                found.append(item)
            else:
                _gather(item, found)
    elif isinstance(data, dict) or (data is not None and not isinstance(data, _NUMBERS) and isinstance(data, Mapping)):
        for key, item in data.items():
            if type(key) is str:
                found.append(key)
            else:
                _gather(key, found)
            if type(item) is str:
                found.append(item)
            else:
                _gather(item, found)


_NUMBERS = (int, float)


def _gather_below(data: Any, found: list[str]) -> None:
    if is_dataclass(data) and not isinstance(data, type):
        for each in fields(data):
            _gather_below(getattr(data, each.name), found)
    elif isinstance(data, (list, tuple)):
        for item in data:
            _gather_below(item, found)
    else:
        _gather(data, found)
