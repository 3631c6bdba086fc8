"""Plans as JSON files, so that tools read what was planned in another process, or at another revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from json.encoder import encode_basestring
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from blueprint.contribution import AwsResource
from blueprint.planning.document import FargateNodes, NodeGroup, Plan
from blueprint.planning.frozen import frozen

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

SCHEMA = 2
"""Of the documents. It grows when a field goes, comes without a default, or changes its meaning."""
SUFFIX = ".plan.json"
_UNIONS = (AwsResource, NodeGroup | FargateNodes)
_TAGGED = tuple(cls for union in _UNIONS for cls in get_args(union))
_TAG = "type"
"""Tells which class of a union it is."""


class DocumentError(Exception):
    """A text that is no plan, or one of another schema."""


def dumped(plan: Plan) -> str:
    """The plan as a document; the same plan gives the same text."""
    members = _text(plan, "\n").removeprefix("{")
    return f'{{\n "schema": {SCHEMA},{members}\n'


def loaded(text: str) -> Plan:
    """The plan of a document. Raises DocumentError."""
    try:
        document = json.loads(text)
        schema = document.pop("schema")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise DocumentError("it is no document of a plan") from None
    if schema != SCHEMA:
        raise DocumentError(f"it is of schema {schema}, and this version reads {SCHEMA}")
    from cattrs import BaseValidationError, transform_error

    try:
        plan: Plan = frozen(_converter().structure(document, Plan))
    except BaseValidationError as error:
        raise DocumentError("; ".join(transform_error(error))) from None
    return plan


def get_ready() -> None:
    """Does what `loaded` would do when it is first called: a tenth of a second, for who has to wait anyway."""
    _converter().get_structure_hook(Plan)


def write(plan: Plan, folder: Path) -> Path:
    """Writes `<cluster>.plan.json`."""
    path = folder / f"{plan.facts.name}{SUFFIX}"
    path.write_text(dumped(plan), encoding="utf-8")
    return path


def documents(folder: Path) -> Mapping[str, str]:
    """The texts of the documents in a folder, by cluster."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    return {path.name.removesuffix(SUFFIX): path.read_text(encoding="utf-8") for path in paths}


def _text(value: Any, line: str) -> str:
    """As `json.dumps` with an indent, which has no quick way for that: three times as fast.

    What values have, but for what was wrong with them, which is told before there is a plan. `line` begins each line.
    """
    if type(value) is str:
        return encode_basestring(value)
    inner = f"{line} "
    if isinstance(value, tuple | list | frozenset):
        items = sorted(value) if isinstance(value, frozenset) else value  # else in another order in each process
        return f"[{inner}{f',{inner}'.join([_text(item, inner) for item in items])}{line}]" if value else "[]"
    if isinstance(value, MappingProxyType | Mapping):  # the first is what there is most of
        members = [f"{encode_basestring(key)}: {_text(item, inner)}" for key, item in value.items()]
    elif is_dataclass(value):
        cls: Any = type(value)  # mypy takes a class whose instances define __hash__ for unhashable
        members = [f'"{name}": {_text(getattr(value, name), inner)}' for name in _names(cls)]
        if isinstance(value, _TAGGED):
            members.append(f'"{_TAG}": "{cls.__name__}"')
    else:
        return json.dumps(value)
    return f"{{{inner}{f',{inner}'.join(members)}{line}}}" if members else "{}"


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.name != "_mistakes")


@cache
def _converter() -> JsonConverter:
    from cattrs.preconf.json import make_converter
    from cattrs.strategies import configure_tagged_union

    converter = make_converter(forbid_extra_keys=True)
    for union in _UNIONS:
        configure_tagged_union(union, converter, tag_name=_TAG)
    return converter
