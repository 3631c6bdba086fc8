"""What stands below a field in its class: Python keeps no docstrings of fields, so they are read from the source."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from itertools import pairwise
from typing import Any


def docstrings(cls: Any) -> Mapping[str, str]:
    """Of all fields of a class; one that it declares again without a docstring keeps that of the base."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found |= _own(base)
    return {field.name: found[field.name] for field in fields(cls) if field.name in found}


@cache
def _own(cls: Any) -> Mapping[str, str]:
    node = _classes(cls.__module__).get(cls.__qualname__)
    body = node.body if node else []
    return {
        field.target.id: inspect.cleandoc(text)
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(text := below.value.value, str)
    }


def line(cls: Any) -> int:
    """In which line of its module the class begins."""
    return _classes(cls.__module__)[cls.__qualname__].lineno


@cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    """Those at the top of a module; of a module without source, as of `builtins`, none."""
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError):
        return {}
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
