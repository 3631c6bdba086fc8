"""What a world is asked: our evaluators on one side, a real cluster on the other."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.admission import Request, refusals
from tests.isolation.exposure import ALB, Sent, foreign_exposure, own_exposure
from tests.isolation.pod_security import violations
from tests.isolation.properties import (
    AFFINITIES,
    ALONE,
    BREAKOUTS,
    CLAIMED,
    GUARDS,
    HELD,
    OF_OWNERS,
    READS,
    WRITES,
    foreign,
    refused_for_affinity,
    running,
)
from tests.isolation.rbac import Rule, User, allowed, can, rules_for
from tests.isolation.test_pod_security import HARDENED, POD_CONTEXT
from tests.isolation.world import World
from tests.kubernetes.real import Real

Object = Mapping[str, Any]
Resource = tuple[str, str, str]
"""API group, resource, subresource."""


@dataclass(frozen=True)
class Asked:
    """One question, what our evaluators say, and what the cluster says."""

    question: str
    ours: object
    theirs: object

    @property
    def agreed(self) -> bool:
        """A cluster names the first thing that it refuses, our evaluators name all of them."""
        if isinstance(self.ours, frozenset):
            return self.theirs in self.ours if self.ours else self.theirs is None
        return self.ours == self.theirs


# Beside those that guard a namespace: what people work with, in all forms of a rule's resources.
_WORK: tuple[tuple[Resource, tuple[str, ...]], ...] = (
    *((("", name, ""), (*READS, *WRITES)) for name in ("pods", "configmaps", "services", "nodes", "events")),
    *((("apps", name, ""), ("get", *WRITES)) for name in ("deployments", "statefulsets", "daemonsets")),
    *((("apps", "deployments", name), ("get", "update", "patch")) for name in ("scale", "status")),
    (("batch", "jobs", ""), ("list", "create")),
    (("", "pods", "log"), ("get",)),
    (("", "pods", "eviction"), ("create",)),
    (("metrics.k8s.io", "pods", ""), ("list",)),
    (("kafka.strimzi.io", "kafkatopics", "status"), ("create", "delete")),
    (("argoproj.io", "rollouts", ""), ("patch", "deletecollection")),
    (("gateway.networking.k8s.io", "httproutes", ""), ("create", "patch")),
    (("networking.k8s.io", "ingresses", ""), ("create", "update")),
    (("scheduling.k8s.io", "priorityclasses", ""), ("create",)),
)
REQUESTS: tuple[tuple[str, Resource], ...] = tuple(
    (verb, resource)
    for resource, verbs in (
        *(((group, name, sub), verbs) for group, name, sub, verbs in GUARDS),
        *((("", name, sub), verbs) for name, sub, verbs in OF_OWNERS),
        *_WORK,
    )
    for verb in verbs
)


def access(world: World, real: Real, known: dict[str, bool]) -> Iterator[Asked]:
    """Every rule of everybody in every namespace, and what each set of rules allows.

    `known` are answers about sets of rules that an earlier world was asked for.
    """
    sets: dict[str, tuple[User, str]] = {}
    for actor in (*world.people, *world.pods_as_users):
        for namespace in world.namespaces:
            ours = rules_for(world.objects, actor.user, namespace)
            name = f"{actor.user.name} in {namespace}"
            yield Asked(f"rules of {name}", _plain(ours), _plain(real.rules(actor.user, namespace)))
            sets.setdefault(json.dumps(_plain(ours)), (actor.user, namespace))
        everywhere = rules_for(world.objects, actor.user)
        sets.setdefault("everywhere " + json.dumps(_plain(everywhere)), (actor.user, ""))
    for text, (who, namespace) in sets.items():
        for verb, (group, resource, sub) in REQUESTS:
            for name in ("", "x", namespace) if namespace else ("",):
                question = f"{verb} {group}/{resource}/{sub} {'x' if name == 'x' else bool(name)} by {text}"
                if question not in known:
                    known[question] = real.can(
                        who, verb, resource, group=group, subresource=sub, namespace=namespace, name=name
                    )
                rules = rules_for(world.objects, who, namespace)
                ours_too = allowed(rules, verb, resource, group=group, subresource=sub, name=name)
                yield Asked(question, ours_too, known[question])


def _plain(rules: list[Rule]) -> list[str]:
    """In one order, each once."""
    parts = ("verbs", "apiGroups", "resources", "resourceNames")
    return sorted({json.dumps([sorted(rule.get(part) or ()) for part in parts]) for rule in rules})


def admission(world: World, real: Real) -> Iterator[Asked]:
    """What each namespace of a team takes and refuses, from somebody of the team where one may ask for it."""
    spaces = {one["metadata"]["name"]: one for one in world.of_kind("Namespace")}
    for namespace, team in world.owner.items():
        own = world.teams[team].image_registries
        image = f"{own[0]}app" if own else "app"
        for what, one in _pods(world, team, image):
            sent = pod_of(namespace, one)
            who = _who(world, namespace, "pods")
            ours = _refused(world, spaces[namespace], "pods", sent)
            yield Asked(f"{what} in {namespace}", ours, real.create(sent, who))
        for what, spec in _services(world, team):
            service = _service(namespace, spec)
            ours = _refused(world, spaces[namespace], "services", service)
            yield Asked(f"{what} in {namespace}", ours, real.create(service, _who(world, namespace, "services")))
        yield from _changes(world, real, spaces[namespace], image)
        yield from _held(world, real, namespace)
        if namespace == world.teams[team].spaces[0].name:  # the same policies judge all of a team's
            yield from _shown(world, real, spaces[namespace], team)
            yield from _shown_otherwise(world, real, spaces[namespace], team)


def _pods(world: World, team: str, image: str) -> Iterator[tuple[str, Object]]:
    yield "a pod", running(image)
    yield "a pod of a node", running(image, nodeName="ip-10-0-0-1.ec2.internal")
    bare = {"spec": {"containers": [{"name": "app", "image": image}], "securityContext": {}}}
    yield "a pod as root", bare
    yield "a pod with a claim", _claiming(image)
    yield "a pod apart from its own", running(image, affinity=ALONE)
    yield from ((f"a pod by {what}", running(image, affinity=affinity)) for what, affinity in AFFINITIES.items())
    for what, resource, one in foreign(world, team):
        if resource == "pods":
            yield what, one
    for what, breakout in BREAKOUTS.items():
        if "ephemeralContainers" not in breakout["spec"]:
            yield what, breakout | {"spec": {**breakout["spec"], "containers": _imaged(breakout, image)}}


def _imaged(one: Object, image: str) -> list[Object]:
    return [{"image": image, **container} for container in one["spec"]["containers"]]


def _claiming(image: str) -> Object:
    claims = {"requests": {"cpu": "9999", "memory": "9999Gi"}, "limits": {"memory": "9999Gi"}}
    return {"spec": {"containers": [{"name": "app", "image": image, "resources": claims}]}}


def _services(world: World, team: str) -> Iterator[tuple[str, Object]]:
    yield "a Service", {"type": "ClusterIP"}
    yield "a load balancer", {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"}
    yield "a node port", {"type": "NodePort"}
    for what, resource, one in foreign(world, team):
        if resource == "services":
            yield what, one["spec"]


def _changes(world: World, real: Real, space: Object, image: str) -> Iterator[Asked]:
    """A pod that is there gets another image, and a container to debug it."""
    namespace = space["metadata"]["name"]
    before = real.there(pod_of(namespace, running(image), name="there"))
    if before is None:
        return
    for foreign_image in ("evil.example.com/app", image):
        after = copy.deepcopy(before)
        after["spec"]["containers"][0]["image"] = foreign_image
        ours = _refused(world, space, "pods", after, before)
        yield Asked(f"a change to {foreign_image} in {namespace}", ours, real.change(after))
        after = copy.deepcopy(before)
        after["spec"]["ephemeralContainers"] = [{"name": "debug", "image": foreign_image, "securityContext": HARDENED}]
        ours = _refused(world, space, "pods/ephemeralcontainers", after, before)
        theirs = real.change(after, "ephemeralcontainers")
        yield Asked(f"a debugger {foreign_image} in {namespace}", ours, theirs)


def _held(world: World, real: Real, namespace: str) -> Iterator[Asked]:
    """An object that nobody could delete, of somebody of the team and of an administrator; and a claim."""
    for who in (_who(world, namespace, "configmaps"), None):
        asking = f"{who.name if who else 'an administrator'} in {namespace}"
        groups = tuple(who.groups) if who else ()
        metadata = {**HELD["metadata"], "name": "held", "namespace": namespace}
        one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        ours = frozenset(refusals(world.admission, Request("configmaps", namespace, one, groups=groups)))
        yield Asked(f"a finalizer of {asking}", ours, real.create(one, who))
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {**metadata, "finalizers": []}}
        request = Request("persistentvolumeclaims", namespace, CLAIMED, groups=groups)
        theirs = real.create({**claim, "spec": spec}, who)
        yield Asked(f"a claim of {asking}", frozenset(refusals(world.admission, request)), theirs)


def _shown(world: World, real: Real, space: Object, team: str) -> Iterator[Asked]:
    """What a team shows to the outside, as something new."""
    for sent in (*foreign_exposure(world, team), *own_exposure(world, team)):
        if not sent.old and (one := _complete(sent, space["metadata"]["name"])):
            ours = _refused(world, space, sent.resource, one, group=sent.group)
            yield Asked(f"{sent.what} ({sent.resource}) in {one['metadata']['namespace']}", ours, real.create(one))


def _shown_otherwise(world: World, real: Real, space: Object, team: str) -> Iterator[Asked]:
    """What is there gets another host, another annotation, and a label."""
    namespace = space["metadata"]["name"]
    for sent in own_exposure(world, team):
        one = _complete(sent, namespace, "there") if sent.what.startswith("an Ingress for") else None
        before = real.there(one) if one else None
        if before is None:
            continue
        for what, change in (
            ("host", {"spec": json.loads(json.dumps(before["spec"]).replace('.example.com"', '.example.org"'))}),
            ("annotation", {"metadata": {**before["metadata"], "annotations": {f"{ALB}group.name": "shared"}}}),
            ("label", {"metadata": {**before["metadata"], "labels": {"example.com/changed": "yes"}}}),
        ):
            after = {**before, **change}
            ours = _refused(world, space, sent.resource, after, before, group=sent.group)
            yield Asked(f"another {what} of {sent.what} in {namespace}", ours, real.change(after))


_KINDS = {
    "services": "Service",
    "ingresses": "Ingress",
    "gateways": "Gateway",
    "listenersets": "ListenerSet",
    **{f"{name.lower()}s": name for name in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")},
}


def _complete(sent: Sent, namespace: str, name: str = "asked") -> dict[str, Any] | None:
    """With what Kubernetes asks for beside; None where it would refuse the name itself, or an Ingress without rules."""
    spec = copy.deepcopy({**sent.object["spec"]})
    if sent.resource == "ingresses":
        backend = {"service": {"name": "app", "port": {"number": 80}}}
        for rule in spec.get("rules", ()):
            rule["http"] = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
        spec |= {"defaultBackend": backend} if "defaultBackend" in spec else {}
        hosts = [rule.get("host", "") for rule in spec.get("rules", ())]
        hosts += [host for tls in spec.get("tls", ()) for host in tls["hosts"]]
        if not spec or "rules" not in spec or any(host.startswith("_") for host in hosts):
            return None
    if sent.resource == "services":
        spec = {"type": "ClusterIP", "ports": [{"port": 80}], **spec}
    metadata = {**sent.object["metadata"], "name": name, "namespace": namespace}
    version = f"{sent.group}/v1" if sent.group else "v1"
    return {"apiVersion": version, "kind": _KINDS[sent.resource], "metadata": metadata, "spec": spec}


def gateway_definitions() -> Iterator[dict[str, Any]]:
    """Kinds of the Gateway API, with any fields: what is asked is what admission says of them."""
    group = "gateway.networking.k8s.io"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    for plural, kind in _KINDS.items():
        if plural not in ("services", "ingresses"):
            names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
            approved = {"api-approved.kubernetes.io": "unapproved, a stand-in of these tests"}
            yield {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": f"{plural}.{group}", "annotations": approved},
                "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
            }


def pod_of(namespace: str, one: Object, name: str = "asked") -> dict[str, Any]:
    """Hardened where the pod does not say otherwise, so that only what is asked for can be refused."""
    spec = {"securityContext": POD_CONTEXT, **copy.deepcopy(one["spec"])}
    hardened = "securityContext" not in one["spec"]
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind, ()):
            if hardened:
                context = {**HARDENED, **container.get("securityContext", {})}
                if context.get("privileged"):
                    del context["allowPrivilegeEscalation"]  # it would be no pod otherwise
                container["securityContext"] = context
            container.setdefault("image", "app")
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _service(namespace: str, spec: Object) -> dict[str, Any]:
    metadata = {"name": "asked", "namespace": namespace}
    ports = [{"port": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


def _who(world: World, namespace: str, resource: str) -> User | None:
    """Somebody of the team who may create it; an administrator asks where nobody may."""
    allowed_to = (
        actor.user
        for actor in world.members
        if namespace in actor.roles and can(world.objects, actor.user, "create", resource, namespace=namespace)
    )
    return next(allowed_to, None)


def _refused(
    world: World, space: Object, resource: str, one: dict[str, Any], before: Object | None = None, group: str = ""
) -> frozenset[str]:
    """What our evaluators refuse it for."""
    namespace = space["metadata"]["name"]
    operation = "UPDATE" if before else "CREATE"
    request = Request(resource, namespace, one, group=group, operation=operation, old=before)
    found = set(refusals(world.admission, request))
    if resource.startswith("pods") and list(violations(space, one)):
        found.add("Pod Security")
    if before is None and one["kind"] in ("Pod", "Service") and _over_quota(world, namespace, one):
        found.add("quota")
    if before is None and _over_limit(world, namespace, one):
        found.add("limit")
    return frozenset(found)


def _over_limit(world: World, namespace: str, one: Object) -> bool:
    """As far as the questions go: a container that claims some memory claims more than any limit."""
    limits = [each["spec"] for each in world.of_kind("LimitRange") if each["metadata"]["namespace"] == namespace]
    most = any("memory" in limit.get("max", {}) for each in limits for limit in each["limits"])
    claims = one["kind"] == "Pod" and any("resources" in container for container in one["spec"]["containers"])
    return most and claims


def _over_quota(world: World, namespace: str, one: Object) -> bool:
    """As far as the questions go: kinds of Services that are not to be, pods that claim all or nothing."""
    quotas = [each["spec"] for each in world.of_kind("ResourceQuota") if each["metadata"]["namespace"] == namespace]
    # The only scope of any test has all pods that are asked for; Services are in none.
    assert all(quota.get("scopes") in (None, ["NotTerminating"]) for quota in quotas)
    if one["kind"] == "Pod" and refused_for_affinity(world, namespace, one):
        return True
    quotas = [quota for quota in quotas if not quota.get("scopeSelector")]
    hard = {name for quota in quotas for name in quota["hard"]}
    if one["kind"] == "Service":
        kinds = {"LoadBalancer": {"services.loadbalancers", "services.nodeports"}, "NodePort": {"services.nodeports"}}
        return bool(hard & kinds.get(one["spec"]["type"], set()))
    claims = {"requests.cpu", "requests.memory", "limits.memory"} & hard
    if any("resources" in container for container in one["spec"]["containers"]):
        return bool(claims)
    limits = [each["spec"] for each in world.of_kind("LimitRange") if each["metadata"]["namespace"] == namespace]
    defaults = any(limit.get("default") for each in limits for limit in each["limits"])
    return bool(claims) and not defaults
