"""Whether an object has the fields that its Kubernetes version knows, by the schemas of kubernetes-validate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from kubernetes_validate import utils

from blueprint.kubernetes import BUILT_IN
from blueprint.manifests.documents import Way
from blueprint.versions import minor


def knows(kind: str, api: str, version: str) -> bool:
    """Whether it has a schema: of what Kubernetes brings itself, and not of custom resources."""
    if api.rpartition("/")[0] not in BUILT_IN:
        return False
    try:
        _validator(kind, api, version)
    except FileNotFoundError:
        return False
    return True


def errors(data: Mapping[str, Any], version: str) -> Iterator[tuple[Way, object, str, str]]:
    """Where, what, rule and fix of every mistake in an object of one of our kinds."""
    kind = data["kind"]
    for error in _validator(kind, data["apiVersion"], version).iter_errors(data):
        way: Way = tuple(error.absolute_path)
        field = ".".join([kind, *map(str, way)])
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            for key in sorted(set(error.instance) - set(known)):
                near = get_close_matches(key, known, n=1, cutoff=0.7)
                fix = f"write {near[0]}" if near else "remove it, or move it to where it belongs"
                yield (*way, key), key, f"{field} has no field {key} in Kubernetes {version}", fix
        elif error.validator == "required":
            for key in sorted(set(error.validator_value) - set(error.instance)):
                yield way, data["metadata"]["name"], f"{field} must have the field {key}", f"add {key}"
        else:
            wanted = error.validator_value if error.validator in ("type", "enum") else _options(error.validator_value)
            words = [str(word) for word in (wanted if isinstance(wanted, list) else [wanted]) if word != "null"]
            rule = f"{field} must be {' or '.join(words)} in Kubernetes {version}"
            yield way, error.instance, rule, f"write {words[0]}" if error.validator == "enum" else "correct the value"


def _options(of: Any) -> Any:
    """The types of a field that has several, as quantities and ports have."""
    return [option.get("type", "of another form") for option in of] if isinstance(of, list) else of


@cache
def _validator(kind: str, api: str, version: str) -> Any:
    known = [each for each in utils.all_versions() if minor(utils.major_minor(each)) <= minor(version)]
    folder = f"kubernetes-json-schema/v{known[-1]}-local-strict"
    group, slash, number = api.rpartition("/")  # the files have the first word of a group
    file = f"{kind.lower()}-{group.partition('.')[0]}{slash and '-'}{number}.json"
    schema = utils.schema_contents(f"{folder}/{file}", version)
    # As its own `validate`, which raises the first mistake and reads all definitions for each object.
    return utils.jsonschema.Draft202012Validator(schema, registry=_definitions(folder, version))


@cache
def _definitions(folder: str, version: str) -> Any:
    definitions: Any = utils.Resource.from_contents(utils.schema_contents(f"{folder}/_definitions.json", version))
    return definitions @ utils.Registry()
