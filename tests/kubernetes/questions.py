"""What a world is asked: our evaluators on one side, a real cluster on the other."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.admission import Request, refusals
from tests.isolation.exposure import ALB, Sent, foreign_exposure, own_exposure
from tests.isolation.network import matches
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


def answers(asked: Iterable[Asked]) -> Mapping[str, list[object]]:
    """What the cluster says, by the question; some are asked of several objects."""
    found = defaultdict(list)
    for one in asked:
        found[one.question].append(one.theirs)
    return found


_RBAC = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
_BOUNDS = {"ResourceQuota", "LimitRange"}
_JUDGED = {"Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", *_BOUNDS}


def after(change: Collection[Object], world: World, real: Real, known: dict[str, bool]) -> Iterator[Asked]:
    """All whose answers a change of objects may decide: an authorizer reads roles, admission what it judges by."""
    kinds = {one["kind"] for one in change}
    unknown = kinds - _RBAC - _JUDGED
    assert not unknown, unknown
    places = [_places(one, change, world) for one in change]
    spaces = {name for each in places for name in each or ()} if change and None not in places else None
    if not kinds or kinds & _RBAC:  # in which groups somebody is stands in no object
        yield from access(world, real, known, spaces)
    if kinds & _JUDGED:
        yield from admission(world, real, spaces)
    if kinds & (_JUDGED - _BOUNDS):
        yield from exposure(world, real, spaces)
    if kinds & _BOUNDS:
        yield from bounds(world, real, spaces)


def _places(one: Object, change: Collection[Object], world: World) -> Collection[str] | None:
    """The namespaces in which an object counts; None for all, and what is in none."""
    if one["kind"] == "Namespace":
        return [one["metadata"]["name"]]
    if one["kind"] in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        name = one["metadata"]["name"] if one["kind"] == "ValidatingAdmissionPolicy" else one["spec"]["policyName"]
        bindings = [
            each
            for each in (*change, *world.objects)
            if each["kind"] == "ValidatingAdmissionPolicyBinding" and each["spec"]["policyName"] == name
        ]
        selectors = [each["spec"].get("matchResources", {}).get("namespaceSelector", {}) for each in bindings]
        spaces = {each["metadata"]["name"]: each["metadata"].get("labels", {}) for each in world.of_kind("Namespace")}
        return [space for space, labels in spaces.items() if any(matches(each, labels) for each in selectors)]
    return [one["metadata"]["namespace"]] if "namespace" in one["metadata"] else None


def everything(world: World, real: Real, known: dict[str, bool]) -> Iterator[Asked]:
    """All that there is to ask."""
    yield from access(world, real, known)
    yield from admission(world, real)
    yield from exposure(world, real)
    yield from bounds(world, real)


def access(world: World, real: Real, known: dict[str, bool], spaces: Collection[str] | None = None) -> Iterator[Asked]:
    """Every rule of everybody in every namespace, and what each set of rules allows.

    `known` are answers about sets of rules that an earlier world was asked for.
    """
    sets: dict[str, tuple[User, str, list[Rule]]] = {}
    for actor in (*world.people, *world.pods_as_users):
        for namespace in _among(world.namespaces, spaces):
            ours = rules_for(world.objects, actor.user, namespace)
            name = f"{actor.user.name} in {namespace}"
            yield Asked(f"rules of {name}", _plain(ours), _plain(real.rules(actor.user, namespace)))
            sets.setdefault(json.dumps(_plain(ours)), (actor.user, namespace, ours))
        if spaces is None:
            everywhere = rules_for(world.objects, actor.user)
            sets.setdefault("everywhere " + json.dumps(_plain(everywhere)), (actor.user, "", everywhere))
    for text, (who, namespace, rules) in sets.items():
        for verb, (group, resource, sub) in REQUESTS:
            for name in ("", "x", namespace) if namespace else ("",):
                question = f"{verb} {group}/{resource}/{sub} {'x' if name == 'x' else bool(name)} by {text}"
                if question not in known:
                    known[question] = real.can(
                        who, verb, resource, group=group, subresource=sub, namespace=namespace, name=name
                    )
                ours_too = allowed(rules, verb, resource, group=group, subresource=sub, name=name)
                yield Asked(question, ours_too, known[question])


def _plain(rules: list[Rule]) -> list[str]:
    """In one order, each once."""
    parts = ("verbs", "apiGroups", "resources", "resourceNames")
    return sorted({json.dumps([sorted(rule.get(part) or ()) for part in parts]) for rule in rules})


def _among(names: Iterable[str], spaces: Collection[str] | None) -> list[str]:
    return [name for name in names if spaces is None or name in spaces]


def admission(world: World, real: Real, spaces: Collection[str] | None = None) -> Iterator[Asked]:
    """What each namespace of a team takes and refuses, from somebody of the team where one may ask for it."""
    there = {one["metadata"]["name"]: one for one in world.of_kind("Namespace")}
    for namespace in _among(world.owner, spaces):
        team, space = world.owner[namespace], there[namespace]
        image = _image(world, team)
        who = _who(world, namespace, "pods")
        for what, one in _pods(world, team, image):
            sent = pod_of(namespace, one)
            yield Asked(f"{what} in {namespace}", _refused(world, space, "pods", sent), real.create(sent, who))
        who = _who(world, namespace, "services")
        for what, spec in _services(world, team):
            service = _service(namespace, spec)
            ours = _refused(world, space, "services", service)
            yield Asked(f"{what} in {namespace}", ours, real.create(service, who))
        yield from _changes(world, real, space, image)
        yield from _held(world, real, namespace)


def exposure(world: World, real: Real, spaces: Collection[str] | None = None) -> Iterator[Asked]:
    """What a team may show to the outside, in one of its namespaces: the same policies judge all of them."""
    there = {one["metadata"]["name"]: one for one in world.of_kind("Namespace")}
    for namespace in _among(world.owner, spaces):
        team = world.owner[namespace]
        if namespace == world.teams[team].spaces[0].name:
            yield from _shown(world, real, there[namespace], team)
            yield from _shown_otherwise(world, real, there[namespace], team)


def _image(world: World, team: str) -> str:
    own = world.teams[team].image_registries
    return f"{own[0]}app" if own else "app"


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
        yield from _held_otherwise(world, real, namespace, who)


_SCALERS = "horizontalpodautoscalers"
_SCALED = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"}, "maxReplicas": 2}


def _held_otherwise(world: World, real: Real, namespace: str, who: User | None) -> Iterator[Asked]:
    """One that is there already, and one in another API group."""
    groups = tuple(who.groups) if who else ()
    asking = f"{who.name if who else 'an administrator'} in {namespace}"
    metadata = {"name": "there", "namespace": namespace}
    before = real.there({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    assert before
    after = {**before, "metadata": {**before["metadata"], **HELD["metadata"]}}
    request = Request("configmaps", namespace, after, groups=groups, operation="UPDATE", old=before)
    theirs = real.change(after, who=who)
    yield Asked(f"a later finalizer of {asking}", frozenset(refusals(world.admission, request)), theirs)
    if who is None or can(world.objects, who, "create", _SCALERS, group="autoscaling", namespace=namespace):
        held = {**HELD["metadata"], "name": "held", "namespace": namespace}
        one = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": held, "spec": _SCALED}
        request = Request(_SCALERS, namespace, one, group="autoscaling", version="v2", groups=groups)
        found = frozenset(refusals(world.admission, request))
        yield Asked(f"a finalizer on another kind of {asking}", found, real.create(one, who))


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
    most = any("memory" in limit.get("max", {}) for limit in _limits(world, namespace))
    claims = one["kind"] == "Pod" and any("resources" in container for container in one["spec"]["containers"])
    return most and claims


def _over_quota(world: World, namespace: str, one: Object) -> bool:
    """As far as the questions go: kinds of Services that are not to be, pods that claim all or nothing."""
    quotas = [each["spec"] for each in world.of_kind("ResourceQuota") if each["metadata"]["namespace"] == namespace]
    # The only scope of any test has all pods that are asked for; Services are in none.
    assert all(quota.get("scopes") in (None, ["NotTerminating"]) for quota in quotas)
    if one["kind"] == "Pod" and refused_for_affinity(world, namespace, one):
        return True
    hard = _bounded(world, namespace)
    if one["kind"] == "Service":
        kinds = {"LoadBalancer": {"services.loadbalancers", "services.nodeports"}, "NodePort": {"services.nodeports"}}
        return bool(hard & kinds.get(one["spec"]["type"], set()))
    if any("resources" in container for container in one["spec"]["containers"]):
        return bool({"requests.cpu", "requests.memory", "limits.memory"} & hard)
    given = {f"{what}.{name}" for what, amounts in _given(world, namespace).items() for name in amounts}
    return bool({"requests.cpu", "requests.memory", "limits.memory"} & hard - given)


def _given(world: World, namespace: str) -> Mapping[str, Mapping[str, str]]:
    """What a container gets that claims nothing.

    Kubernetes v1.36.3 pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem),
    plugin/pkg/admission/limitranger/admission.go (defaultContainerResourceRequirements)
    """
    limits: dict[str, str] = {}
    requests: dict[str, str] = {}
    for limit in _limits(world, namespace):
        most = {**limit.get("max", {}), **limit.get("default", {})}
        limits = {**most, **limits}
        requests = {**most, **limit.get("defaultRequest", {}), **requests}
    return {what: amounts for what, amounts in (("limits", limits), ("requests", requests)) if amounts}


# --- What is bounded: each kind that a quota counts, and what of the quota one more of it needs ---

_POD = {"containers": [{"name": "app", "image": "app", "securityContext": HARDENED}], "securityContext": POD_CONTEXT}
_TEMPLATE = {"metadata": {"labels": {"app": "app"}}, "spec": _POD}
_OF_PODS = {"selector": {"matchLabels": {"app": "app"}}, "template": _TEMPLATE}
_JOB = {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}
_STORAGE = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_DEVICES = ("nvidia.com/gpu", "aws.amazon.com/neuron")
_CLAIMS = {"memory": "1Mi", "ephemeral-storage": "1Mi", **dict.fromkeys(_DEVICES, "1")}
# https://kubernetes.io/docs/concepts/policy/resource-quotas/
COUNTED: tuple[tuple[str, str, Object, set[str]], ...] = (
    ("v1", "ConfigMap", {}, {"configmaps"}),
    ("v1", "Secret", {}, {"secrets"}),
    ("v1", "Service", {"spec": {"ports": [{"port": 80}]}}, {"services"}),
    ("v1", "PersistentVolumeClaim", {"spec": _STORAGE}, {"persistentvolumeclaims", "requests.storage"}),
    ("apps/v1", "Deployment", {"spec": _OF_PODS}, {"count/deployments.apps"}),
    ("apps/v1", "ReplicaSet", {"spec": _OF_PODS}, {"count/replicasets.apps"}),
    ("apps/v1", "StatefulSet", {"spec": {**_OF_PODS, "serviceName": "app"}}, {"count/statefulsets.apps"}),
    ("apps/v1", "ControllerRevision", {"revision": 1, "data": {}}, {"count/controllerrevisions.apps"}),
    ("batch/v1", "Job", {"spec": _JOB}, {"count/jobs.batch"}),
    ("batch/v1", "CronJob", {"spec": {"schedule": "@daily", "jobTemplate": {"spec": _JOB}}}, {"count/cronjobs.batch"}),
    ("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": _SCALED}, {"count/horizontalpodautoscalers.autoscaling"}),
    ("policy/v1", "PodDisruptionBudget", {"spec": {"minAvailable": 1}}, {"count/poddisruptionbudgets.policy"}),
)
_OF_A_POD = {
    *("pods", "requests.cpu", "requests.memory", "limits.memory", "requests.ephemeral-storage"),
    *("limits.ephemeral-storage", *(f"requests.{name}" for name in _DEVICES)),
}


def bounds(world: World, real: Real, spaces: Collection[str] | None = None) -> Iterator[Asked]:
    """What limits give to a container and refuse it, and what a full quota refuses."""
    names = _among(world.owner, spaces)
    with real.quotas(names, full=False):
        for namespace in names:
            yield from _limited(world, real, namespace)
    with real.quotas(names, full=True):
        for namespace in names:
            for one, counted in _one_more(world, namespace):
                ours_too = sorted(counted & _bounded(world, namespace))
                yield Asked(f"one more {one['kind']} in {namespace}", ours_too, real.exceeded(one))


def _limited(world: World, real: Real, namespace: str) -> Iterator[Asked]:
    image = _image(world, world.owner[namespace])
    plain = pod_of(namespace, running(image))
    ours = "quota" if _over_quota(world, namespace, plain) else _given(world, namespace)
    yield Asked(f"what a container gets in {namespace}", ours, real.given(plain))
    most = {name for each in _limits(world, namespace) for name in each.get("max", {})}
    for name in ("memory", "ephemeral-storage"):
        claim = {"requests": {name: "1Mi"}, "limits": {name: "9999Gi"}}
        sent = pod_of(namespace, {"spec": {"containers": [{"name": "app", "image": image, "resources": claim}]}})
        yield Asked(f"the most {name} in {namespace}", name in most, real.create(sent) == "limit")


def _one_more(world: World, namespace: str) -> Iterator[tuple[dict[str, Any], set[str]]]:
    team = world.owner[namespace]
    metadata = {"name": "more", "namespace": namespace}
    for version, kind, rest, counted in COUNTED:
        yield {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}, counted
    claim = {"requests": {"cpu": "1m", **_CLAIMS}, "limits": _CLAIMS}
    container = {"name": "app", "image": _image(world, team), "resources": claim}
    yield pod_of(namespace, {"spec": {"containers": [container]}}), _OF_A_POD
    for host in [host for host in world.teams[team].hosts if "*" not in host][:1]:
        sent = Sent("", "networking.k8s.io", "ingresses", {"metadata": {}, "spec": {"rules": [{"host": host}]}})
        if ingress := _complete(sent, namespace):
            yield ingress, {"count/ingresses.networking.k8s.io"}


def _limits(world: World, namespace: str) -> list[Object]:
    found = (one["spec"] for one in world.of_kind("LimitRange") if one["metadata"]["namespace"] == namespace)
    return [limit for spec in found for limit in spec["limits"]]


def _bounded(world: World, namespace: str) -> set[str]:
    """What the quotas of most objects count."""
    quotas = [one["spec"] for one in world.of_kind("ResourceQuota") if one["metadata"]["namespace"] == namespace]
    return {name for quota in quotas if not quota.get("scopeSelector") for name in quota["hard"]}
