"""Kubernetes objects that hold state or protect, and go or become weaker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from blueprint.kubernetes import ObjectKey
from blueprint.teams.exposure import host_pattern
from tools.assembly import MANIFEST, Stack, objects
from tools.review.dangers.addons import Plans
from tools.review.dangers.admission import as_listed, weaker_binding, weaker_policy
from tools.review.dangers.danger import Danger, DangerRule, Weaknesses, at, danger_of, is_retained, shown, step
from tools.review.dangers.guards import Guards, Successors
from tools.review.dangers.leftovers import is_removed
from tools.review.dangers.limits import weaker_limits, weaker_quota
from tools.review.dangers.names import key
from tools.review.dangers.networks import opened
from tools.review.dangers.renames import renamed
from tools.revision.differences import ClusterDifference

_LOST: Mapping[str, str] = {
    "CustomResourceDefinition": "all objects of its kind are deleted with it",
    "Namespace": "all that is in it is deleted with it: workloads, volumes, Secrets",
    "PersistentVolumeClaim": "its volume is deleted with it, unless its storage class retains volumes",
}
_PROTECTING: Mapping[str, str] = {
    "LimitRange": "pods there have no limits unless they state some",
    "MutatingAdmissionPolicy": "its admission rules hold no longer",
    "MutatingAdmissionPolicyBinding": "its admission rules hold no longer",
    "ResourceQuota": "pods there may claim all that the cluster has",
    "ValidatingAdmissionPolicy": "its admission rules hold no longer",
    "ValidatingAdmissionPolicyBinding": "its admission rules hold no longer",
    "ValidatingWebhookConfiguration": "its admission rules hold no longer",
}
# https://kubernetes.io/docs/concepts/security/pod-security-standards/
_LEVELS = ("privileged", "baseline", "restricted")
_ENFORCE = "pod-security.kubernetes.io/enforce"
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/ and …/service/…
SCHEMES = ("alb.ingress.kubernetes.io/scheme", "service.beta.kubernetes.io/aws-load-balancer-scheme")
INTERNET = "internet-facing"


class _Applied(NamedTuple):
    """An object, and the resource that applies it."""

    object: Mapping[str, Any]
    stack: Stack
    id: str


class _Objects(NamedTuple):
    before: Mapping[ObjectKey, _Applied]
    after: Mapping[ObjectKey, _Applied]


def deletes_objects(difference: ClusterDifference) -> Iterator[Danger]:
    """What goes with all that is in it."""
    them = _objects(difference)
    for name, old in them.before.items():
        if name not in them.after and name[1] in _LOST and _is_removed(difference, name, old):
            yield _danger("deletes-state", old, f"{_words(name)} is deleted: {_LOST[name[1]]}", _NO_MORE, _FIRST)


def changes_owner(difference: ClusterDifference) -> Iterator[Danger]:
    """What leaves one manifest for another: `kubectl` removes it for the old one, before or after the new one's apply.

    A manifest that stays prunes some kinds, one that goes deletes all that it had; the CDK's handler follows neither's
    owner. https://github.com/kubernetes/kubectl/blob/master/pkg/util/prune/prune.go
    """
    them = _objects(difference)
    # A manifest of another name is told as that.
    other_name = {(old.stack.name, old.id) for old, _ in renamed(difference)}
    for name, old in them.before.items():
        new = them.after.get(name)
        if new is None or (old.stack.name, old.id) in (other_name | {(new.stack.name, new.id)}):
            continue
        if _is_removed(difference, name, old):
            lost = _LOST.get(name[1], "it may be gone when the deploy is done")
            what = f"{_words(name)} goes from one manifest to another, and the first removes it: {lost}"
            why = f"it was in {_place(old)}, and is in {_place(new)}"
            yield _danger("changes-owner", old, what, why, "take it out in one deploy, and put it in in the next")


def _is_removed(difference: ClusterDifference, name: ObjectKey, old: _Applied) -> bool:
    """Whether the deploy removes what has left its manifest, unless that is gone and retained."""
    stacks = (stack for stack in difference.after if stack.name == old.stack.name)
    after = next((stack.resources[old.id] for stack in stacks if old.id in stack.resources), None)
    if after is None and is_retained(old.stack.resources[old.id]):
        return False
    return is_removed(name, old.id, after)


def _place(applied: _Applied) -> str:
    return f"{applied.stack.name}/{applied.stack.paths.get(applied.id, applied.id)}"


def removes_protection(difference: ClusterDifference, plans: Plans = (None, None)) -> Iterator[Danger]:
    """What protected a namespace or the cluster, of which something is left.

    A host that a policy takes more of is no weakness: whose it is, tells another rule, where there are plans.
    """
    them = _objects(difference)
    known = frozenset((*(name for *_, name in them.after), *_hosts(plans)))
    one, other = ({key: each.object for key, each in side.items()} for side in them)
    successors = Successors(Guards(one, difference.before), Guards(other, difference.after), known)
    weaker: dict[tuple[str, str, str, str], list[ObjectKey]] = {}
    gone: dict[tuple[str, str, str, bool], list[tuple[ObjectKey, _Applied]]] = {}
    for name, old in them.before.items():
        if name in them.after:
            for what, why in _weaker(old.object, them.after[name].object, known):
                weaker.setdefault((old.stack.name, old.id, what, why), []).append(name)
        elif name[1] in _PROTECTING and _guards(them, name, old):
            left = successors.weaker_than(name, old.object)
            if left is None:
                removed = _is_removed(difference, name, old)
                gone.setdefault((old.stack.name, old.id, _PROTECTING[name[1]], removed), []).append((name, old))
            for what, why in left or ():
                yield _danger("removes-protection", old, f"in the place of {_words(name)} {what}", why, "keep it")
    for (*_, lost, removed), protections in gone.items():
        yield _gone(protections, lost, removed=removed)
    for (*_, what, why), names in weaker.items():
        words = ", ".join(dict.fromkeys(map(_words, names)))
        yield _danger("removes-protection", them.before[names[0]], f"{words}: {what}", why, "leave it as it was")
    yield from _isolation(them)


def _gone(protections: Sequence[tuple[ObjectKey, _Applied]], lost: str, *, removed: bool) -> Danger:
    """One danger for what goes out of one manifest with the same effect: a team has a dozen admission policies."""
    (first, old), *more = protections
    if not more:
        becomes = "is deleted" if removed else "stays only until somebody deletes it"
        return _danger("removes-protection", old, f"{_words(first)} {becomes}: {lost}", _NO_MORE, "keep it")
    become = "are deleted" if removed else "stay only until somebody deletes them"
    what = f"{_words(first)} and {len(more)} more {become}: {lost.replace('its ', 'their ', 1)}"
    names = ", ".join(dict.fromkeys("/".join(filter(None, name[2:])) for name, _ in protections))
    return _danger("removes-protection", old, what, f"they are no longer in the manifest: {names}", "keep them")


def _hosts(plans: Plans) -> Iterator[str]:
    """Those that somebody has, as policies list them."""
    if plans[0] and plans[1]:
        yield from (as_listed(host_pattern(host)) for part in plans[1].parts for host in part.contribution.hosts)


def opens_network(difference: ClusterDifference, plans: Plans) -> Iterator[Danger]:
    """Pods that reach, or are reached by, the whole VPC, all pods or the world; of new teams as well."""
    them = _objects(difference)
    vpcs = [str(at(vpc, "CidrBlock")) for stack in difference.after for vpc in stack.of_type("AWS::EC2::VPC").values()]
    vpcs += (*plans[1].network.cidrs, *plans[1].facts.vpc_ipv6_ranges) if plans[1] else ()
    before, after = (_policies(side) for side in them)
    for namespace, policies in after.items():
        old = [each.object for each in before.get(namespace, ())]
        if not old and not any(_denies(each.object) for each in policies):
            continue  # without any policy, everybody was let through
        for what, why in opened(old, [each.object for each in policies], vpcs):
            words = f"namespace {namespace}: {what}"
            yield _danger("opens-endpoint", policies[0], words, why, "name the addresses, teams and ports that need it")


def _policies(side: Mapping[ObjectKey, _Applied]) -> Mapping[str, list[_Applied]]:
    found: dict[str, list[_Applied]] = {}
    for (_, kind, namespace, _), applied in side.items():
        if kind == "NetworkPolicy":
            found.setdefault(namespace, []).append(applied)
    return found


def changes_mode(difference: ClusterDifference) -> Iterator[Danger]:
    """A node pool that is to have a number of nodes, or no longer: its definition refuses that.

    karpenter v1.14.1 pkg/apis/crds/karpenter.sh_nodepools.yaml (spec, rule about `replicas`)
    """
    them = _objects(difference)
    for name, old in them.before.items():
        new = them.after.get(name)
        if name[1] == "NodePool" and new:
            one, other = (each.object.get("spec", {}).get("replicas") for each in (old, new))
            if (one is None) is not (other is None):
                what = f"{_words(name)}: the API server refuses this, and the deploy fails"
                why = step("replicas", one, other)
                yield _danger("create-only", new, what, why, "write it under another name, and take this one out")


def opens_load_balancer(difference: ClusterDifference) -> Iterator[Danger]:
    """A load balancer that was internal, or was not there."""
    them = _objects(difference)
    for name, new in them.after.items():
        old = them.before.get(name)
        before = scheme(old.object) if old else None
        if before != scheme(new.object) == INTERNET and (old or name[1] in ("Ingress", "Service")):
            what = f"{_words(name)}: its load balancer answers the internet"
            yield _danger("opens-endpoint", new, what, step("scheme", before, INTERNET), "keep it internal")


_NO_MORE = "it is no longer in the manifest"
_FIRST = "keep it, or move out what is still needed first"


def _isolation(them: _Objects) -> Iterator[Danger]:
    """A namespace whose pods anything reaches: policies only ever allow, so what counts is the one that denies.

    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    for name, old in them.before.items():
        if name[1] == "NetworkPolicy" and _denies(old.object) and _stays(them, name):
            denying = [each for each, new in them.after.items() if each[1:3] == name[1:3] and _denies(new.object)]
            if not denying:
                what = f"{_words(name)} denies no longer: pods of {name[2]} reach more, and are reached by more"
                yield _danger(
                    "removes-protection", old, what, "no policy of the namespace denies by default", "keep it"
                )


def _denies(policy: Mapping[str, Any]) -> bool:
    spec = policy.get("spec", {})
    selected = spec.get("podSelector") or {}
    return not selected and bool(spec.get("policyTypes")) and not spec.get("ingress") and not spec.get("egress")


def _guards(them: _Objects, name: ObjectKey, old: _Applied) -> bool:
    """Whether something is left to guard: a team that goes takes its rules along."""
    if name[2]:
        return _stays(them, name)
    others = [each for each, one in them.before.items() if (one.stack, one.id) == (old.stack, old.id)]
    gone = all(each not in them.after for each in others)
    return not (gone and any(each[2] for each in others) and not any(_stays(them, each) for each in others if each[2]))


def _stays(them: _Objects, name: ObjectKey) -> bool:
    """Whether the namespace of an object stays; one that no manifest makes is another's."""
    namespace = ("", "Namespace", "", name[2])
    return namespace in them.after or namespace not in them.before


def _weaker(before: Mapping[str, Any], after: Mapping[str, Any], known: Collection[str]) -> Weaknesses:
    if before.get("kind") == "ValidatingAdmissionPolicy":
        yield from weaker_policy(before, after, known)
    for check in _CHECKS.get(str(before.get("kind")), ()):
        yield from check(before, after)


_Check = Callable[[Mapping[str, Any], Mapping[str, Any]], Weaknesses]


def _level(before: Mapping[str, Any], after: Mapping[str, Any]) -> Weaknesses:
    one, other = ((each["metadata"].get("labels") or {}).get(_ENFORCE, "privileged") for each in (before, after))
    if one in _LEVELS and other in _LEVELS and _LEVELS.index(other) < _LEVELS.index(one):
        yield "its pods are confined less", step(_ENFORCE, one, other)


def _metadata(before: Mapping[str, Any], after: Mapping[str, Any]) -> Weaknesses:
    """Without options Karpenter asks for tokens, one hop away. https://karpenter.sh/docs/concepts/nodeclasses"""
    one, other = (each.get("spec", {}).get("metadataOptions", {}) for each in (before, after))
    if one.get("httpTokens", "required") == "required" != other.get("httpTokens", "required"):
        yield "IMDSv1 answers on the nodes", step("httpTokens", "required", other["httpTokens"])
    hops = [each.get("httpPutResponseHopLimit", 1) for each in (one, other)]
    if hops[1] > hops[0]:
        yield "pods reach the nodes' credentials by IMDS", step("httpPutResponseHopLimit", *hops)


_CHECKS: Mapping[str, tuple[_Check, ...]] = {
    "EC2NodeClass": (_metadata,),
    "LimitRange": (weaker_limits,),
    "Namespace": (_level,),
    "ResourceQuota": (weaker_quota,),
    "ValidatingAdmissionPolicyBinding": (weaker_binding,),
}


def scheme(thing: Mapping[str, Any]) -> str:
    """Of the load balancer that an object asks for: internal unless told otherwise, with AWS's own controller."""
    annotations = thing.get("metadata", {}).get("annotations") or {}
    stated = [annotations[name] for name in SCHEMES if name in annotations]
    if thing.get("kind") == "IngressClassParams":
        stated = [thing.get("spec", {}).get("scheme", "internal")]
    return str(stated[0]) if stated else "internal"


def _objects(difference: ClusterDifference) -> _Objects:
    """Of stacks that were and will be; none of those where no manifest differs."""
    if not any(change.type == MANIFEST for change in difference.changes):
        return _Objects({}, {})
    pairs = [(stack.before, stack.after) for stack in difference.stacks if stack.before and stack.after]
    before, after = zip(*pairs, strict=True) if pairs else ((), ())
    return _Objects(_applied(before), _applied(after))


def _applied(stacks: tuple[Stack, ...]) -> dict[ObjectKey, _Applied]:
    return {
        key(thing): _Applied(thing, stack, id)
        for stack in stacks
        for id, resource in stack.of_type(MANIFEST).items()
        for thing in objects(resource)
    }


def _words(name: ObjectKey) -> str:
    _, kind, namespace, own = name
    return f"{kind} {namespace}/{own}" if namespace else f"{kind} {own}"


def _danger(rule: str, old: _Applied, what: str, why: str, fix: str) -> Danger:
    return danger_of(rule, old.stack, old.id, MANIFEST, what, shown(why), fix)


RULES: tuple[DangerRule, ...] = (
    changes_mode,
    deletes_objects,
    changes_owner,
    opens_load_balancer,
)
