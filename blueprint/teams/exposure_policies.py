"""What Kubernetes refuses of a team's Ingresses, Services, Gateways and routes.

Controllers do what these say with the platform's rights, so they are judged before they get into the cluster, whoever
brings them: people, Helm, Argo CD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.kubernetes import Manifest
from blueprint.teams.admission import PolicyRule, listed, policy
from blueprint.teams.annotations import CONTROLLED, HOSTNAMES
from blueprint.teams.exposure import Exposure

_GATEWAY_API = ("gateway.networking.k8s.io", "gateway.networking.x-k8s.io")
_ANNOTATIONS = "object.metadata.annotations"


def exposure_policies(exposure: Exposure, namespaces: Mapping[str, Any]) -> Iterator[Manifest]:
    """Policies for the team's namespaces, with their bindings."""
    resources: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "ingresses": (("networking.k8s.io",), ("ingresses",)),
        "published": (("",), ("services",)),
        "gateways": (_GATEWAY_API, ("gateways", "listenersets", "xlistenersets", "tcproutes", "udproutes")),
        "routes": (_GATEWAY_API, ("httproutes", "grpcroutes", "tlsroutes")),
    }
    rules = {
        "ingresses": _of_ingresses(exposure),
        "published": _of_services(),
        "gateways": _of_gateways(exposure),
        "routes": _of_routes(exposure),
    }
    for name, of_kind in rules.items():
        found = [*_of_annotations(exposure), *of_kind]
        yield from policy(f"team-{exposure.team}-{name}", resources[name], namespaces, found, only_if=_CHANGED)


# What takes a finalizer away changes neither: otherwise nothing that a later rule forbids could be deleted.
_NEW, _OLD = (
    f"(has({one}.metadata.annotations) ? {one}.metadata.annotations : {{}})" for one in ("object", "oldObject")
)
_CHANGED = {"changed": f"oldObject == null || object.spec != oldObject.spec || {_NEW} != {_OLD}"}


def _of_annotations(exposure: Exposure) -> Iterator[PolicyRule]:
    none = f"!has({_ANNOTATIONS})"
    known = f"{_ANNOTATIONS}.all(k, !k.matches('{CONTROLLED}') || k in {listed(exposure.writable)})"
    yield PolicyRule(f"{none} || {known}", "no team may write an annotation by which a controller would do this for it")
    for key, limit in exposure.limits.items():
        sound = f"{_ANNOTATIONS}['{key}'].matches('^({limit.pattern})$')"
        yield PolicyRule(f"{none} || !('{key}' in {_ANNOTATIONS}) || {sound}", f"{key} {limit.rule}")


def _of_ingresses(exposure: Exposure) -> Iterator[PolicyRule]:
    yield PolicyRule("!has(object.spec.defaultBackend)", "a default backend takes every host")
    own = f"has(r.host) && {_owned(exposure, 'r.host')}"
    yield _hosts(exposure, f"!has(object.spec.rules) || object.spec.rules.all(r, {own})")
    own = f"!has(t.hosts) || t.hosts.all(h, {_owned(exposure, 'h')})"
    yield _hosts(exposure, f"!has(object.spec.tls) || object.spec.tls.all(t, {own})")


def _of_services() -> Iterator[PolicyRule]:
    # Pods have names of their own under that of a headless Service: external-dns v0.21.0 source/service.go:365
    headless = "has(object.spec.clusterIP) && object.spec.clusterIP == 'None'"
    named = f"has({_ANNOTATIONS}) && {_ANNOTATIONS}.exists(k, k in {listed(HOSTNAMES)})"
    yield PolicyRule(f"!({headless} && {named})", "a headless Service would publish names under its host")
    # A CNAME record of the host, to wherever it says: external-dns v0.21.0 source/service.go:547
    elsewhere = "has(object.spec.type) && object.spec.type == 'ExternalName'"
    yield PolicyRule(f"!({elsewhere} && {named})", "a Service for a name elsewhere would publish that under its host")


def _of_gateways(exposure: Exposure) -> Iterator[PolicyRule]:
    own = f"!has(l.hostname) || {_owned(exposure, 'l.hostname')}"
    yield _hosts(exposure, f"!has(object.spec.listeners) || object.spec.listeners.all(l, {own})")
    handed = "has(object.spec.infrastructure) && has(object.spec.infrastructure.annotations)"
    yield PolicyRule(f"!({handed})", "a Gateway hands these annotations on to what is made for it")


def _of_routes(exposure: Exposure) -> Iterator[PolicyRule]:
    some = "has(object.spec.hostnames) && size(object.spec.hostnames) > 0"
    yield _hosts(exposure, f"{some} && object.spec.hostnames.all(h, {_owned(exposure, 'h')})")


def _owned(exposure: Exposure, host: str) -> str:
    return f"{host}.matches('^{exposure.host}$')"


def _hosts(exposure: Exposure, expression: str) -> PolicyRule:
    return PolicyRule(expression, f"the hosts of team {exposure.team} are {exposure.named_hosts}, and each is named")
