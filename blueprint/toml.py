"""Values that are written down in TOML: a lock, a policy, a table of prices."""

from __future__ import annotations

import json
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from blueprint.errors import FieldPath, Key, Problem, Quoted, rendered
from blueprint.value import Value, problems_in

V = TypeVar("V", bound=Value)
_BARE = re.compile(r"[A-Za-z0-9_-]+")  # https://toml.io/en/v1.0.0#keys


def read(kind: type[V], text: str, file: str) -> tuple[V, list[Problem]]:
    """The value in a text, and all its mistakes with their places in the file. Nothing but Python is needed for it."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return kind(), [Problem((), Quoted(error), "must be a file in TOML", "correct the line", file)]
    value: V = _made(kind, data)
    return value, [replace(problem, file=place(file, problem.path)) for problem in problems_in(value)]


def place(file: str, path: FieldPath) -> str:
    """Where a person finds it: `review-policy.toml: clusters."prod*".moves`."""
    return f"{file}: {''.join(map(_part, path)).removeprefix('.')}" if path else file


def _part(part: str | int | Key) -> str:
    name = part.key if isinstance(part, Key) else part
    if isinstance(name, str):
        return f".{name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)}"
    return rendered((part,))


def _made(hint: Any, data: Any) -> Any:
    """Tables as values, arrays as tuples, where the hint asks for them; all else as it is, for the check."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Annotated, Union, types.UnionType):
        return _made(args[0], data)
    if origin is tuple and isinstance(data, list):
        return tuple(_made(args[0], item) for item in data)
    if isinstance(data, dict) and isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _made(args[1], item) for key, item in data.items()}
    if isinstance(data, dict) and isinstance(hint, type) and issubclass(hint, Value):
        hints = typing.get_type_hints(hint, include_extras=True)
        fields = {name: hints[name] for name in hints if not name.startswith("_")}
        return hint(**{key: _made(fields.get(key, Any), item) for key, item in data.items()})
    return data
