"""The classes of which values stand in a blueprint, and what their fields take, in words."""

from __future__ import annotations

import importlib
import json
import pkgutil
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import addons
import blueprint
import blueprint.teams
from blueprint.blueprint import Blueprint
from blueprint.fleet import Fleet
from blueprint.hints import lacking_in
from blueprint.value import Rule, Value, field_types
from tools.reference.source import line

_PACKAGES = (blueprint, addons, blueprint.teams)

Class = Any
"""A subclass of `Value`: mypy takes those whose instances define __hash__ for unhashable."""


class FieldRule(NamedTuple):
    """A rule of a field, or of what stands in it."""

    of: str
    """`each` of its items, `each key`, `each value`; the field itself when empty."""
    rule: Rule
    is_range: bool
    """Of numbers, from the least to the highest."""


@cache
def classes() -> tuple[Class, ...]:
    """All that a user can write, each after those in which it stands."""
    for package in _PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: dict[Class, None] = {}

    def walk(cls: Class) -> None:
        if cls not in found:
            found[cls] = None
            for hint in field_types(cls).values():
                for each in classes_in(hint):
                    walk(each)

    walk(Blueprint)
    walk(Fleet)
    return tuple(found)


def classes_in(hint: Any) -> Iterator[Class]:
    """Those of which a value can stand in a field."""
    if isinstance(hint, type) and issubclass(hint, Value):
        yield from concrete(hint)
    else:
        for part in get_args(hint):
            yield from classes_in(part)


def concrete(cls: Class) -> list[Class]:
    """The class, if it is not only a base, and all below it; of the project's packages only."""
    names = tuple(f"{package.__name__}." for package in _PACKAGES)
    subclasses = [sub for sub in type.__subclasses__(cls) if f"{sub.__module__}.".startswith(names)]
    below = [each for sub in sorted(subclasses, key=place) for each in concrete(sub)]
    return below if lacking_in(cls) else [cls, *below]


def place(cls: Class) -> tuple[str, int]:
    """Where a class is written; that in which they were imported is another in each program."""
    return cls.__module__, line(cls)


def users() -> Mapping[Class, Sequence[tuple[Class, str]]]:
    """The fields in which a value of each class can stand."""
    found: dict[Class, list[tuple[Class, str]]] = {cls: [] for cls in classes()}
    for user in classes():
        for name, hint in field_types(user).items():
            for cls in dict.fromkeys(classes_in(hint)):
                found[cls].append((user, name))
    return found


def rules(hint: Any, of: str = "") -> Iterator[FieldRule]:
    """Those of an annotation, from the outside in."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        yield from (FieldRule(of, rule, args[0] is int and rule.low is not None) for rule in args[1:])
        yield from rules(args[0], of)
    elif origin in (Union, types.UnionType):
        for option in args:
            yield from rules(option, of)
    elif origin is tuple:
        yield from rules(args[0], _within(of, "each"))
    elif origin is not None and origin is not Literal:
        yield from rules(args[0], _within(of, "each key"))
        yield from rules(args[1], _within(of, "each value"))


def _within(of: str, part: str) -> str:
    return f"{part} of {of}" if of else part


def default(cls: Class, name: str) -> str | None:
    """As somebody would write it; None of a field that is required."""
    (found,) = (each for each in fields(cls) if each.name == name)
    value = _default(found)
    return None if value is MISSING else written(value)


def _default(found: Field[Any]) -> Any:
    return found.default if found.default_factory is MISSING else found.default_factory()


def written(value: Any) -> str:
    """A value as Python, without what it has by default."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(written, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Value):
        cls: Class = type(value)
        own = {name: written(getattr(value, name)) for name in field_types(cls)}
        chosen = [f"{name}={text}" for name, text in own.items() if text != default(cls, name)]
        return f"{cls.__name__}({', '.join(chosen)})"
    return repr(value)


def importable(cls: Class) -> str:
    """The module from which people import it: the nearest package that offers it, or its own."""
    packages = cls.__module__.split(".")
    for end in range(1, len(packages)):
        package = ".".join(packages[:end])
        if cls.__name__ in getattr(importlib.import_module(package), "__all__", ()):
            return package
    return str(cls.__module__)
