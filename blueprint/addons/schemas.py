"""What EKS takes as configuration of its add-ons: JSON schemas, as `make versions` read them from EKS.

One file for each add-on of the lock, `addons/schemas/<name>.json`, has them by version. Of a version that is not in it
nobody knows, and EKS judges in the deploy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from blueprint.contribution import ManagedAddon
from blueprint.errors import Key, Problem, Quoted
from blueprint.references import references_in
from blueprint.secret_keys import is_secret
from blueprint.value import nearest

FOLDER = Path(__file__).parents[2] / "addons" / "schemas"
Schema = Mapping[str, Any]


def schemas(addon: str) -> Mapping[str, Schema]:
    """Those of an add-on by its versions; none where EKS was not asked."""
    return _read(FOLDER / f"{addon}.json")


def mistakes(addon: ManagedAddon) -> Iterator[Problem]:
    """What the schema of its version refuses of its configuration, with paths from that."""
    # Without values there is no configuration, and EKS judges none.
    if not addon.configuration or addon.version not in schemas(addon.name):
        return
    of = f"{addon.name} {addon.version}"
    seen = set()
    # As EKS gets it: JSON has neither tuples nor mappings that nobody can change.
    for error in _validator(FOLDER / f"{addon.name}.json", addon.version).iter_errors(
        json.loads(json.dumps(addon.configuration, default=dict))
    ):
        for problem in _told(error, of):
            if (told := (problem.path, problem.rule)) not in seen:
                seen.add(told)
                yield problem


def unusable(schema: object) -> str:
    """Why a configuration cannot be judged by this; empty when it can."""
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict):
        return "it is no object"
    kind = validator_for(schema)
    try:
        kind.check_schema(schema, format_checker=kind.FORMAT_CHECKER)  # which also knows what is no pattern
    except SchemaError as error:
        return f"it is no JSON schema: {error.message}"
    elsewhere = sorted(place for place in _places(schema) if not _stands(schema, place))
    return f"it refers to what it does not have: {', '.join(elsewhere)}" if elsewhere else ""


def _told(error: Any, of: str) -> Iterator[Problem]:
    from jsonschema.exceptions import best_match

    error = best_match([error])  # of alternatives the one that was meant
    path = tuple(part if isinstance(part, int) else Key(part) for part in error.absolute_path)
    field = ".".join(["configuration", *map(str, error.absolute_path)])
    value, wanted = error.instance, error.validator_value
    secret = isinstance(value, str) and path and is_secret(str(error.absolute_path[-1]), value)
    shown = Quoted("<not shown>") if secret else value
    if error.validator == "additionalProperties" and wanted is False:
        known = error.schema.get("properties", {})
        patterns = error.schema.get("patternProperties", {})
        for key in sorted(value.keys() - known.keys()):
            if not any(re.search(pattern, key) for pattern in patterns):
                near = nearest(key, known)
                fix = (
                    f"write {near}"
                    if near
                    else ", or write one of ".join(filter(None, ("remove it", ", ".join(known))))
                )
                yield Problem((*path, Key(key)), key, f"{field} of {of} has no key {key}", fix)
    elif error.validator == "required":
        for key in sorted(set(wanted) - value.keys()):
            rule = f"{field} of {of} must have the key {key}"
            yield Problem((*path, Key(key)), Quoted("<missing>"), rule, f"add {key}")
    elif error.validator == "type":
        kinds = " or ".join([wanted] if isinstance(wanted, str) else wanted)
        as_text = wanted == "string" and isinstance(value, bool | int | float)
        fix = f'write it as text: "{json.dumps(value)}"' if as_text else "correct the value"
        yield Problem(path, shown, f"{field} of {of} must be of type {kinds}", fix)
    elif isinstance(value, str) and any(references_in(value)):
        return  # what stands there in the end, the deploy decides
    elif error.validator == "enum":
        near = nearest(value, (each for each in wanted if isinstance(each, str))) if isinstance(value, str) else ""
        fix = f"write {near}" if near else "take one of these"
        yield Problem(path, shown, f"{field} of {of} must be one of {', '.join(map(json.dumps, wanted))}", fix)
    else:
        rule = f"{field} of {of} must keep to {error.validator} {json.dumps(wanted)}"
        yield Problem(path, shown, rule, "correct the value")


def _places(data: object) -> Iterator[str]:
    """To what a schema refers."""
    if isinstance(data, dict):
        if isinstance(place := data.get("$ref"), str):
            yield place
        for item in data.values():
            yield from _places(item)
    elif isinstance(data, list):
        for item in data:
            yield from _places(item)


def _stands(schema: Any, place: str) -> bool:
    """Whether it is in the schema itself, so that nothing is ever fetched."""
    root, *keys = place.split("/")
    for key in keys:
        name = key.replace("~1", "/").replace("~0", "~")
        if not isinstance(schema, dict) or name not in schema:
            return False
        schema = schema[name]
    return root == "#"


@cache
def _read(path: Path) -> Mapping[str, Schema]:
    found: Mapping[str, Schema] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


@cache
def _validator(path: Path, version: str) -> Any:
    from jsonschema.validators import validator_for  # of no use to who has no schemas

    schema = _read(path)[version]
    return validator_for(schema)(schema)
