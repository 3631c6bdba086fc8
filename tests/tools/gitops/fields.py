"""Whether an engine knows the fields that are written for it: fields.json has those of its definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_KINDS: Mapping[str, Any] = json.loads(Path(__file__).with_name("fields.json").read_text(encoding="utf-8"))
_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "any": object,
}


def unknown(one: Mapping[str, Any]) -> list[str]:
    """What is wrong with an object."""
    kind = _KINDS[one["kind"]]
    if one["apiVersion"] != kind["api"]:
        return [f"{one['apiVersion']} of {one['kind']}"]
    return [
        f"{one['kind']} {one['metadata']['name']}: {wrong}" for wrong in _wrong(kind["fields"], "spec", one["spec"])
    ]


def _wrong(fields: Mapping[str, Any], path: str, value: Any) -> Iterator[str]:
    if path not in fields:
        yield f"{path} is no field"
        return
    field = fields[path]
    if not isinstance(value, _TYPES[field["type"]]) or (isinstance(value, bool) and field["type"] != "boolean"):
        yield f"{path} is no {field['type']}"
        return
    if "enum" in field and value not in field["enum"]:
        yield f"{path} is none of {field['enum']}"
    if "pattern" in field and not re.search(field["pattern"], value):
        yield f"{path} does not match {field['pattern']}"
    yield from (f"{path} lacks {name}" for name in field.get("required", ()) if name not in value)
    if field.get("free"):
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _wrong(fields, f"{path}.{name}", item)
    if isinstance(value, list):
        for item in value:
            yield from _wrong(fields, f"{path}.[]", item)
