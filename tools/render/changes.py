"""What becomes of objects and Helm values outside of AWS: what names its nodes, load balancers and mirrors goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.references import references_in
from tools.render.machine import INGRESS, PROVISIONER

_OF_EVERY_NODE = "kubernetes.io/os"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_ROLE = "eks.amazonaws.com/role-arn"
_FROM_INGRESS = {
    "namespaceSelector": {
        # Where Rancher Desktop has it, and where its chart is installed otherwise.
        "matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["kube-system", INGRESS["chart"]]}
        ]
    },
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": INGRESS["chart"]}},
}


_OF_LOAD_BALANCERS = {"allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"}
"""Fields that a Service of another type must not have. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1"""


def _asks_for_labels(required: Any) -> bool:
    """Whether no node without labels of AWS will do: each of the terms, of which one must hold, asks for some.

    https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
    """
    terms = required.get("nodeSelectorTerms", ()) if isinstance(required, Mapping) else ()
    return bool(terms) and all(
        any(
            each.get("operator") not in ("NotIn", "DoesNotExist") and each.get("key") != _OF_EVERY_NODE
            for each in term.get("matchExpressions", ())
        )
        for term in terms
    )


def _known_peer(peer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a rule of a network policy."""
    block = peer.get("ipBlock", {})
    if "except" not in block:
        return peer
    return {**peer, "ipBlock": {**block, "except": [each for each in block["except"] if not [*references_in(each)]]}}


@dataclass
class LaptopChange:
    """Of one object or release."""

    facts: ClusterFacts
    told: set[str] = field(default_factory=set)
    """What was changed, for people."""

    def of_object(self, one: Manifest) -> Mapping[str, Any]:
        """The object as it is there."""
        kind = one["kind"]
        if kind == "StorageClass":
            return self._storage_class(one)
        if kind == "IngressClass":
            self.told.add(f"answered by {INGRESS['chart'].capitalize()}")
            return {**one, "spec": {"controller": INGRESS["controller"]}}
        if kind == "CustomResourceDefinition":
            return one
        if kind == "NetworkPolicy":
            one = self._network_policy(one)
        changed: Mapping[str, Any] = self.of_values(one)
        return changed

    def _storage_class(self, one: Manifest) -> Mapping[str, Any]:
        """Under the same name, so that claims find it."""
        self.told.add(f"volumes of the node, by {PROVISIONER}")
        kept = {key: one[key] for key in ("apiVersion", "kind", "metadata")}
        return {
            **kept,
            "provisioner": PROVISIONER,
            "volumeBindingMode": "WaitForFirstConsumer",
            "reclaimPolicy": one.get("reclaimPolicy", "Delete"),
        }

    def _network_policy(self, one: Manifest) -> Mapping[str, Any]:
        """Whoever lets load balancers in lets in what answers Ingresses."""
        ranges = {*self.facts.load_balancer_ranges, *self.facts.internal_load_balancer_ranges}
        spec = dict(one["spec"])
        for way, peers in (("ingress", "from"), ("egress", "to")):
            if way in spec:
                rules = [self._rule(rule, ranges) if way == "ingress" else rule for rule in spec[way]]
                spec[way] = [each for rule in rules if (each := self._known(rule, peers)) is not None]
        return {**one, "spec": spec}

    def _known(self, rule: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
        """Without addresses that AWS chooses, which nobody has there; nothing where it names no others.

        A rule whose list is empty would let everybody through.
        """
        if key not in rule or not [*references_in(rule)]:
            return rule
        self.told.add("names no address that AWS chooses")
        ours = [each for each in rule[key] if not [*references_in(each.get("ipBlock", {}).get("cidr"))]]
        peers = [_known_peer(each) for each in ours]
        return {**rule, key: peers} if peers else None

    def _rule(self, rule: Mapping[str, Any], ranges: set[str]) -> Mapping[str, Any]:
        peers: Sequence[Any] = rule.get("from") or ()
        others = [each for each in peers if each.get("ipBlock", {}).get("cidr") not in ranges]
        if len(others) == len(peers):
            return rule
        self.told.add(f"lets in {INGRESS['chart'].capitalize()}, and no load balancer")
        return {**rule, "from": [*others, _FROM_INGRESS]}

    def of_values(self, data: Any) -> Any:
        """The values, or any part of an object, as they are there."""
        if isinstance(data, str):
            return self._published(data)
        if isinstance(data, Mapping):
            found = {key: self.of_values(item) for key, item in self._placed(data).items()}
            # What holds nothing any more would be a selector of everything, or an error.
            return {key: item for key, item in found.items() if item or not data.get(key)}
        if isinstance(data, list | tuple):
            return [self.of_values(item) for item in data]
        return data

    def _placed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without what no node, load balancer or role there is."""
        found = dict(data)
        if isinstance(selector := found.get("nodeSelector"), Mapping) and {*selector} - {_OF_EVERY_NODE}:
            found["nodeSelector"] = {key: selector[key] for key in selector if key == _OF_EVERY_NODE}
            self.told.add("runs on any node")
        if isinstance(affinity := found.get("nodeAffinity"), Mapping) and _asks_for_labels(affinity.get(_REQUIRED)):
            found["nodeAffinity"] = {key: item for key, item in affinity.items() if key != _REQUIRED}
            self.told.add("runs on any node")
        if found.get("whenUnsatisfiable") == "DoNotSchedule":
            found["whenUnsatisfiable"] = "ScheduleAnyway"
            found.pop("minDomains", None)  # which goes with the other word alone
            self.told.add("is spread where there is room")
        for key in _OF_LOAD_BALANCERS & found.keys():
            del found[key]
        if found.get("type") == "LoadBalancer":  # for which Helm would wait in vain
            found["type"] = "NodePort"
            self.told.add("is reached by a port of each node, and no load balancer")
        if found.pop(_ROLE, None):
            self.told.add("has no role of AWS")
        return found

    def _published(self, text: str) -> str:
        """An image, or the host of one, from where its publisher has it."""
        for host, mirror in self.facts.image_mirrors:
            if text == mirror or text.startswith(f"{mirror}/"):
                self.told.add(f"images from {host}")
                return host + text.removeprefix(mirror)
        return text
