"""Which admission policies judge a namespace, whatever they are called.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blueprint.kubernetes import ObjectKey
from tools.assembly import Stack, text
from tools.review.dangers.admission import is_about, weaker_policy
from tools.review.dangers.danger import at

_Object = Mapping[str, Any]
_Labels = Mapping[str, str]
_GROUP = "admissionregistration.k8s.io"
_POLICY, _BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"


@dataclass(frozen=True)
class Guards:
    """Of one side of a change."""

    objects: Mapping[ObjectKey, _Object]
    """All that manifests hold."""
    stacks: Sequence[Stack] = ()

    @property
    def taints(self) -> frozenset[str]:
        """Values of those of nodes, which policies keep others from tolerating."""
        pools = (each.get("spec", {}) for (_, kind, _, _), each in self.objects.items() if kind == "NodePool")
        launched = (each.get("template", {}).get("spec", {}).get("taints", ()) for each in pools)
        groups = (group for stack in self.stacks for group in stack.of_type("AWS::EKS::Nodegroup").values())
        stated = (at(group, "Taints") or () for group in groups)
        found = (taint.get("value") or taint.get("Value") for taints in (*launched, *stated) for taint in taints)
        return frozenset(text(value) for value in found if value)

    @property
    def spaces(self) -> Mapping[str, _Labels]:
        """Labels of the namespaces that manifests make."""
        return {
            name: {**(each["metadata"].get("labels") or {}), "kubernetes.io/metadata.name": name}
            for (_, kind, _, name), each in self.objects.items()
            if kind == "Namespace"
        }

    def judging(self, labels: _Labels) -> Iterator[_Object]:
        """Policies that refuse something in a namespace with these labels."""
        for (_, kind, _, name), each in self.objects.items():
            if kind == _POLICY and selects(each, labels) and self._is_bound(name, labels):
                yield each

    def policy(self, name: str) -> _Object | None:
        """By its name."""
        return self.objects.get((_GROUP, _POLICY, "", name))

    def _is_bound(self, name: str, labels: _Labels) -> bool:
        return any(
            kind == _BINDING
            and each.get("spec", {}).get("policyName") == name
            and "Deny" in each["spec"].get("validationActions", ())
            and _chosen(each["spec"].get("matchResources"), labels)
            for (_, kind, _, _), each in self.objects.items()
        )


@dataclass(frozen=True)
class Successors:
    """What judges in the place of policies that go, in namespaces that stay."""

    before: Guards
    after: Guards
    known: Collection[str] = ()
    """As `weaker_policy` has it."""

    @cached_property
    def gone(self) -> frozenset[str]:
        """Nodes that there are no longer, by their taints."""
        return self.before.taints - self.after.taints

    def weaker_than(self, key: ObjectKey, thing: _Object) -> tuple[tuple[str, str], ...] | None:
        """Of a policy that goes, or a binding, what nobody refuses in its place; None when that is all it refused."""
        kind, policy = key[1], thing
        if kind == _BINDING:
            name = str(thing.get("spec", {}).get("policyName"))
            policy = self.before.policy(name) or {}
            kind = _BINDING if policy and not self.after.policy(name) else ""
        if kind not in (_POLICY, _BINDING):
            return None
        rules = policy.get("spec", {}).get("validations", ())
        judged = [space for space, labels in self.before.spaces.items() if selects(policy, labels)]
        if not judged or not policy.get("spec", {}).get("matchConstraints", {}).get("namespaceSelector"):
            return None
        found: dict[tuple[str, str], None] = {}
        for space in judged:
            if space in self.after.spaces and not all(is_about(rule["expression"], self.gone) for rule in rules):
                others = self.after.judging(self.after.spaces[space])
                weaker = [
                    tuple(weaker_policy(_anywhere(policy), _anywhere(each), self.known, self.gone)) for each in others
                ]
                best = min(weaker, key=len, default=None)
                if best is None or len(best) >= len(rules):
                    return None
                found |= dict.fromkeys(best)
        # At the policy, and not once more at its binding.
        return () if kind == _BINDING else tuple(found)


def selects(policy: _Object, labels: _Labels) -> bool:
    """Whether it judges what is in a namespace with these labels."""
    return _chosen(policy.get("spec", {}).get("matchConstraints"), labels)


def _chosen(constraints: Any, labels: _Labels) -> bool:
    selector = (constraints or {}).get("namespaceSelector") or {}
    same = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return same and all(_meets(each, labels) for each in selector.get("matchExpressions") or ())


def _meets(requirement: _Object, labels: _Labels) -> bool:
    value, values = labels.get(requirement["key"]), requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _anywhere(policy: _Object) -> _Object:
    """The same without its choice of namespaces."""
    spec = policy["spec"]
    rest = {name: each for name, each in (spec.get("matchConstraints") or {}).items() if name != "namespaceSelector"}
    return {**policy, "spec": {**spec, "matchConstraints": rest}}
