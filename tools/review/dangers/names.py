"""What a resource or an object is, whatever it is called: its name, its likeness, its key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blueprint.kubernetes import ObjectKey
from tools.assembly import MANIFEST, Template, objects, text
from tools.resource_types import resource_type
from tools.review.dangers.danger import at


def name_of(resource: Template | None) -> tuple[str, ...] | None:
    """The values of its identifying properties; None when CloudFormation makes up a name."""
    if resource is None:
        return None
    values = [at(resource, name) for name in resource_type(resource["Type"]).identity]
    return None if not values or None in values else tuple(map(text, values))


def likeness(resource: Template) -> str:
    """What a resource is, whatever it and those that it refers to are called."""
    properties = {name: value for name, value in resource.get("Properties", {}).items() if name != "Tags"}
    return json.dumps(without_references(properties), sort_keys=True)


def key(thing: Mapping[str, Any]) -> ObjectKey:
    """By which Kubernetes knows an object."""
    group, slash, _ = str(thing.get("apiVersion", "")).partition("/")
    metadata = thing.get("metadata", {})
    return group if slash else "", thing.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", "")


def keys(resource: Template | None) -> frozenset[ObjectKey]:
    """Of the Kubernetes objects that a resource applies."""
    return frozenset(map(key, objects(resource))) if resource and resource["Type"] == MANIFEST else frozenset()


def without_references(value: Any) -> Any:
    """The same for whatever logical ids it refers to."""
    if isinstance(value, Mapping):
        if set(value) & {"Ref", "Fn::GetAtt", "Fn::ImportValue"}:
            return "*"
        return {name: without_references(item) for name, item in value.items()}
    return [without_references(item) for item in value] if isinstance(value, list) else value
