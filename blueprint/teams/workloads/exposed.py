"""Whether what a team brings shows more to the outside than the team may; the cluster itself would refuse it, later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from blueprint.errors import FieldPath, Key
from blueprint.teams.annotations import HOSTNAMES
from blueprint.teams.exposure import Exposure, Refusal

if TYPE_CHECKING:
    from blueprint.manifests.documents import Way  # which brings YAML along

_OUTSIDE = ("gateway", "grpcroute", "httproute", "ingress", "ingresses", "route", "tlsroute")
_HOST = ("host", "hostname", "hostnames", "hosts")


def refused_in_object(data: Mapping[str, Any], exposure: Exposure) -> Iterator[tuple[Way, Refusal]]:
    """What the admission policies refuse of an Ingress or a Service that is sound by its schema."""
    if data["kind"] not in ("Ingress", "Service"):
        return
    annotations = data["metadata"].get("annotations") or {}
    for key, refusal in exposure.refused_annotations(annotations):
        yield ("metadata", "annotations", key), refusal
    spec = data.get("spec") or {}
    if data["kind"] == "Ingress":
        yield from _in_ingress(spec, exposure)
    elif spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName":
        for key in HOSTNAMES:
            if key in annotations:
                rule = "a headless Service would publish names under its host"
                if spec.get("clusterIP") != "None":
                    rule = "a Service for a name elsewhere would publish that under its host"
                yield ("metadata", "annotations", key), Refusal(annotations[key], rule, "remove it")


def refused_in_values(values: Any, exposure: Exposure) -> Iterator[tuple[FieldPath, Refusal]]:
    """What they would refuse of what a chart makes of its values, as far as keys tell: annotations, and hosts."""
    yield from _in_values(values, exposure, (), outside=False)


def _in_ingress(spec: Mapping[str, Any], exposure: Exposure) -> Iterator[tuple[Way, Refusal]]:
    if "defaultBackend" in spec:
        rule, fix = "a default backend takes every host", "write a rule with a host"
        yield ("spec", "defaultBackend"), Refusal(spec["defaultBackend"], rule, fix)
    for index, each in enumerate(spec.get("rules") or ()):
        if refusal := exposure.refused_host(each.get("host")):
            yield ("spec", "rules", index, *(["host"] if "host" in each else [])), refusal
    for index, each in enumerate(spec.get("tls") or ()):
        for place, host in enumerate(each.get("hosts") or ()):
            if refusal := exposure.refused_host(host):
                yield ("spec", "tls", index, "hosts", place), refusal


def _in_values(data: Any, exposure: Exposure, path: FieldPath, *, outside: bool) -> Iterator[tuple[FieldPath, Refusal]]:
    if isinstance(data, Mapping):
        for key, refusal in exposure.refused_annotations(data):
            yield (*path, Key(key)), refusal
        for key, item in data.items():
            yield from _in_values(item, exposure, (*path, Key(key)), outside=outside or key.lower() in _OUTSIDE)
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from _in_values(item, exposure, (*path, index), outside=outside)
    elif outside and isinstance(data, str) and data and _is_host(path) and (found := exposure.refused_host(data)):
        yield path, found


def _is_host(path: FieldPath) -> bool:
    """Whether it stands at a key for hosts, or in the list there."""
    key = next(part for part in reversed(path) if isinstance(part, Key))
    return str(key.key).lower() in _HOST
