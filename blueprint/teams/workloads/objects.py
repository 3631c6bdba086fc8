"""Whether a document is an object that a team may bring, and one that Kubernetes would take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.errors import Problem, Quoted
from blueprint.manifests.clear_text import secrets_told
from blueprint.manifests.documents import ManifestDocument
from blueprint.manifests.pod_security import template, violations, volumes
from blueprint.manifests.schema import errors
from blueprint.teams.admission import LONGEST_GRACE
from blueprint.teams.exposure import Exposure
from blueprint.teams.namespaces import TeamNamespace
from blueprint.teams.workloads.exposed import refused_in_object
from blueprint.teams.workloads.kinds import INSTEAD, KINDS

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def mistakes(document: ManifestDocument, version: str, space: TeamNamespace, exposure: Exposure) -> list[Problem]:
    """Everything wrong with a document; what is no object of ours is not judged any further."""
    return list(_of_object(document, space.name)) or list(_of_content(document, version, space, exposure))


def _of_object(document: ManifestDocument, namespace: str) -> Iterator[Problem]:
    """Whether it is an object that the team may have; nothing is shown of one that may hold a secret."""
    data, problem = document.data, document.problem
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str):
        yield problem((), Quoted("<no kind>"), "must be a Kubernetes object", "write apiVersion, kind and metadata")
        return
    if kind not in KINDS:
        fix = INSTEAD.get(kind, f"write one of {', '.join(KINDS)}, or leave it to the platform team")
        yield problem(("kind",), kind, "a team brings no object of this kind", fix)
        return
    if data.get("apiVersion") != KINDS[kind]:
        fix = f"write {KINDS[kind]}"
        yield problem(("apiVersion",), data.get("apiVersion"), f"{kind} is written in one version here", fix)
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        yield problem(("metadata",), Quoted("<no name>"), "an object has metadata with a name", "add metadata.name")
        return
    name = metadata.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        rule = "an object has a name of lowercase letters, digits, - and ., of which the next deploy finds it again"
        yield problem(("metadata", "name"), name, rule, "write metadata.name, no generateName")
    if metadata.get("finalizers"):
        rule = "a finalizer would keep the object, and its namespace, from being deleted"
        yield problem(
            ("metadata", "finalizers"), metadata["finalizers"], rule, "leave it out: controllers add their own"
        )
    if metadata.get("namespace") not in (None, namespace):
        rule, fix = f"must be in the namespace {namespace}", "leave it out"
        yield problem(("metadata", "namespace"), metadata["namespace"], rule, fix)


def _of_content(
    document: ManifestDocument, version: str, space: TeamNamespace, exposure: Exposure
) -> Iterator[Problem]:
    """Whether Kubernetes would take it. What looks like a secret is told alone: a schema's mistake shows values."""
    if secrets := list(secrets_told(document)):
        yield from secrets
        return
    wrong = [document.problem(*error) for error in errors(document.data, version)]
    yield from wrong
    if not wrong:
        yield from _of_service(document)
        for way, refusal in refused_in_object(document.data, exposure):
            yield document.problem(way, *refusal)
        yield from _of_pods(document, space)


def _of_service(document: ManifestDocument) -> Iterator[Problem]:
    spec = document.data.get("spec") or {}
    if document.data["kind"] != "Service":
        return
    if spec.get("type") in ("LoadBalancer", "NodePort"):
        rule = "the quota of a team's namespace has no Service of this type: traffic enters by an Ingress"
        yield document.problem(("spec", "type"), spec["type"], rule, "leave it out, and add an Ingress")
    if spec.get("externalIPs"):
        rule = "an external address takes over other's traffic"
        yield document.problem(("spec", "externalIPs"), spec["externalIPs"], rule, "remove it")


def _of_pods(document: ManifestDocument, space: TeamNamespace) -> Iterator[Problem]:
    data = document.data
    way, pods = template(data)
    if not pods:
        return
    for below, must in violations(pods, space.pod_security):
        field = ".".join(map(str, below))
        rule = f"{field} {must}: pods in {space.name} keep to the {space.pod_security} standard"
        fix = "correct it; examples/workloads/shop shows how"
        yield document.problem((*way, *below), data["metadata"]["name"], rule, fix)
    if space.pod_security != "restricted":  # which has these kinds only anyway
        for below, must in volumes(pods["spec"]):
            rule = f"{'.'.join(map(str, below))} {must}: no other is of the namespace"
            yield document.problem((*way, *below), data["metadata"]["name"], rule, "claim it, or leave it out")
    grace = pods["spec"].get("terminationGracePeriodSeconds") or 0
    if grace > LONGEST_GRACE:
        rule = f"a pod ends within {LONGEST_GRACE} seconds: its namespace and its node cannot go before"
        yield document.problem((*way, "spec", "terminationGracePeriodSeconds"), grace, rule, "lower it")
