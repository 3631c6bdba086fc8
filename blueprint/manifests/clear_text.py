"""What a manifest must not hold, since templates carry it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.errors import Problem, Quoted
from blueprint.manifests.documents import ManifestDocument, Way
from blueprint.secret_keys import is_secret_variable


def secrets_told(document: ManifestDocument) -> Iterator[Problem]:
    """Each place of a secret, and nothing of it."""
    for way in secrets_in(document.data, ()):
        rule = "it would stand in the template in clear text, so it never holds a secret"
        yield document.problem(way, Quoted("<not shown>"), rule, "refer to a Secret: valueFrom.secretKeyRef")


def secrets_in(data: Any, way: Way) -> Iterator[Way]:
    """Where an environment variable or an entry of a ConfigMap has a secret's name and a value."""
    if isinstance(data, dict):
        name = data.get("name")
        if isinstance(name, str) and is_secret_variable(name, data.get("value")):
            yield (*way, "value")
        config = data.get("kind") == "ConfigMap" and not way
        for key, item in data.items():
            if config and key in ("data", "binaryData") and isinstance(item, dict):
                yield from ((key, each) for each, value in item.items() if is_secret_variable(each, value))
            yield from secrets_in(item, (*way, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from secrets_in(item, (*way, index))
