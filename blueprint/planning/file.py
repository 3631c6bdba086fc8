"""Plans as JSON files, so that tools read what was planned in another process, or at another revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, get_origin

from blueprint.contribution import AwsResource
from blueprint.planning.document import FargateNodes, NodeGroup, Plan
from blueprint.planning.frozen import frozen
from blueprint.value import Value

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

SCHEMA = 2
"""Of the documents. It grows when a field goes, comes without a default, or changes its meaning."""
SUFFIX = ".plan.json"


class DocumentError(Exception):
    """A text that is no plan, or one of another schema."""


def dumped(plan: Plan) -> str:
    """The plan as a document; the same plan gives the same text."""
    document = {"schema": SCHEMA, **_converter().unstructure(plan)}
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


@cache
def _converter() -> JsonConverter:
    from cattrs import override
    from cattrs.gen import make_dict_unstructure_fn
    from cattrs.preconf.json import make_converter
    from cattrs.strategies import configure_tagged_union

    converter = make_converter(forbid_extra_keys=True)
    # What was wrong with a value is told before there is a plan.
    converter.register_unstructure_hook_factory(
        _is_value, lambda cls: make_dict_unstructure_fn(cls, converter, _mistakes=override(omit=True))
    )
    converter.register_unstructure_hook_func(_is_frozenset, sorted)
    # Last, since this asks for the hooks of all that is in them.
    for union in (AwsResource, NodeGroup | FargateNodes):
        configure_tagged_union(union, converter, tag_name="type")
    return converter


def _is_value(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Value)


def _is_frozenset(hint: object) -> bool:
    """Sets have another order in each process."""
    return get_origin(hint) is frozenset
