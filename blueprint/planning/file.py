"""Plans as JSON files, so that tools read what was planned in another process, or at another revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
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
    document = {"schema": SCHEMA, **_written(plan)}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


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


def write(plan: Plan, folder: Path) -> Path:
    """Writes `<cluster>.plan.json`."""
    path = folder / f"{plan.facts.name}{SUFFIX}"
    path.write_text(dumped(plan), encoding="utf-8")
    return path


def documents(folder: Path) -> Mapping[str, str]:
    """The texts of the documents in a folder, by cluster."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    return {path.name.removesuffix(SUFFIX): path.read_text(encoding="utf-8") for path in paths}


def _written(value: Any) -> Any:
    """As JSON: what values have, but for what was wrong with them, which is told before there is a plan."""
    if is_dataclass(value):
        cls: Any = type(value)  # mypy takes a class whose instances define __hash__ for unhashable
        found = {name: _written(getattr(value, name)) for name in _names(cls)}
        return {**found, _TAG: type(value).__name__} if isinstance(value, _TAGGED) else found
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, frozenset):  # in another order in each process
        return sorted(value)
    return [_written(item) for item in value] if isinstance(value, list | tuple) else value


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
