"""Nodes as a cluster has them: objects whose kubelets kwok plays.

https://kubernetes.io/docs/reference/labels-annotations-taints/ , and what EKS and Karpenter add.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2

from blueprint.instances import Architecture, allocatable_millicpus, architecture, pods_with_prefixes, vcpus
from tools.kubernetes.client import Object
from tools.local.emulator import fargate, nodes
from tools.local.emulator.nodes import Machines
from tools.local.emulator.user_data import KubernetesTaint

# By the first letter of a family: compute, memory, and what is in between. A rough size is enough to place pods.
# https://aws.amazon.com/ec2/instance-types/
_GIB_FOR_A_CPU = {"c": 2, "r": 8, "x": 16}
# The volume of a node that names none: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
_DISK = "20Gi"
_COMPUTE = "eks.amazonaws.com/compute-type"
_PROFILE = "eks.amazonaws.com/fargate-profile"
_ARCHITECTURE, _CAPACITY = "kubernetes.io/arch", "karpenter.sh/capacity-type"
_ZONE = "topology.kubernetes.io/zone"
_OF_AUTO_MODE = "eks.amazonaws.com/instance-category"
_CATEGORY, _GENERATION = "karpenter.k8s.aws/instance-category", "karpenter.k8s.aws/instance-generation"


Classes = Mapping[tuple[str, str], Object]
"""Node classes by kind and name."""


def node_objects(cluster: str, pools: Iterable[Object], classes: Classes) -> Iterator[Object]:
    """All nodes of a cluster; `pools` are its objects of kind NodePool."""
    for each in (*nodes.machines(cluster), *_launched(pools, classes)):
        for number in range(each.count):
            digest = hashlib.sha256(f"{each.name}/{number}".encode()).hexdigest()
            name = f"i-{digest[:17]}.{get_region()}.compute.internal"
            yield _node(each, name, each.subnets[number % len(each.subnets)])
    for profile in fargate.all_of(cluster):
        for subnet in profile["Subnets"] if nodes.runs_pods(cluster, profile) else ():
            yield _fargate_node(fargate.name_of(profile), subnet)


def _node(machines: Machines, name: str, subnet: str) -> Object:
    kind = machines.instance_type
    count = vcpus(kind) or 2
    room = {
        "memory": f"{count * _GIB_FOR_A_CPU.get(kind[0], 4)}Gi",
        "pods": str(pods_with_prefixes([kind])),
        "ephemeral-storage": _DISK,
    }
    status = {
        "capacity": {"cpu": str(count), **room},
        "allocatable": {"cpu": f"{allocatable_millicpus(kind) or 1000 * count}m", **room},
    }
    labels = {"node.kubernetes.io/instance-type": kind, _ARCHITECTURE: architecture(kind), **machines.labels}
    return _object(name, subnet, labels, machines.taints, status)


def _object(
    name: str, subnet: str, labels: Mapping[str, str], taints: Iterable[KubernetesTaint], status: Object
) -> Object:
    of_place = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": get_region(),
        _ZONE: ec2._subnets[subnet]["AvailabilityZone"],
        "topology.k8s.aws/zone-id": ec2._subnets[subnet]["AvailabilityZoneId"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**of_place, **labels}},
        "spec": {"taints": [taint._asdict() for taint in taints]},
        "status": status,
    }


# --- What Karpenter launches, and Auto Mode by own pools ---

_SIZES = ("16xlarge", "8xlarge", "4xlarge", "2xlarge", "xlarge", "large")
# Families that there are of the newest generations.
_FAMILY: Mapping[Architecture, str] = {"arm64": "g", "amd64": "i"}
_RECENT = 7


def _launched(pools: Iterable[Object], classes: Classes) -> Iterator[Machines]:
    """One node of each kind that a pool may have in each zone, as if pods waited for it.

    They are as large as the limits of the pool let all of them be. A pool whose class finds no subnets has none.
    """
    for pool in pools:
        template = pool["spec"]["template"]
        wanted = {each["key"]: each for each in template["spec"].get("requirements", ()) if each.get("values")}
        by = template["spec"]["nodeClassRef"]
        of_auto_mode = {_COMPUTE: "auto"} if by["kind"] == "NodeClass" else {}
        subnets = _subnets(classes.get((by["kind"], by["name"]), {}), _values(wanted, _ZONE))
        kinds = list(product(_values(wanted, _ARCHITECTURE) or ["amd64"], _values(wanted, _CAPACITY) or ["on-demand"]))
        size = _size(pool, len(kinds) * len(subnets))
        if not size:
            continue
        category = next((value for key in (_CATEGORY, _OF_AUTO_MODE) for value in _values(wanted, key)), "m")
        taints = [
            KubernetesTaint(each["key"], each["effect"], each.get("value", ""))
            for each in template["spec"].get("taints", ())
        ]
        for cpu, capacity in kinds:
            kind = f"{category}{_RECENT}{_FAMILY['arm64' if cpu == 'arm64' else 'amd64']}.{size}"
            labels = {key: each["values"][0] for key, each in wanted.items() if each["operator"] == "In"} | {
                **template.get("metadata", {}).get("labels", {}),
                **of_auto_mode,
                "karpenter.sh/nodepool": pool["metadata"]["name"],
                _CAPACITY: capacity,
                _CATEGORY: category,
                _GENERATION: str(_RECENT),
                _ARCHITECTURE: cpu,
            }
            labels.pop(_ZONE, None)
            name = f"{pool['metadata']['name']}/{cpu}/{capacity}"
            yield Machines(name, kind, tuple(subnets), len(subnets), tuple(taints), labels)


def _values(wanted: Mapping[str, Object], key: str) -> list[str]:
    found = wanted.get(key)
    return list(found["values"]) if found and found["operator"] == "In" else []


def _size(pool: Object, count: int) -> str | None:
    """The largest that all of them may have; None for pools that may have none."""
    limit = _cpus(str((pool["spec"].get("limits") or {}).get("cpu", "1000")))
    return next((size for size in _SIZES if count and count * (vcpus(f"m7i.{size}") or 0) <= limit), None)


def _cpus(quantity: str) -> float:
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def _subnets(node_class: Object, zones: Sequence[str]) -> list[str]:
    """One in each zone of those that a class selects. https://karpenter.sh/docs/concepts/nodeclasses"""
    found: dict[str, str] = {}
    for term in node_class.get("spec", {}).get("subnetSelectorTerms", ()):
        for id, subnet in ec2._subnets.items():
            zone = subnet["AvailabilityZone"]
            tags = {tag["Key"]: tag["Value"] for tag in ec2._tags.get(id, ())}
            selected = term.get("id") in (None, id) and all(
                key in tags and value in ("*", tags[key]) for key, value in (term.get("tags") or {}).items()
            )
            if selected and (not zones or zone in zones):
                found.setdefault(zone, id)
    return [found[zone] for zone in sorted(found)]


# --- Fargate ---

# On Fargate each pod has a node of its own. Here one for each subnet stands for all of them.
_MANY = {"cpu": "1000", "memory": "8000Gi", "pods": "1000", "ephemeral-storage": "20000Gi"}


def _fargate_node(profile: str, subnet: str) -> Object:
    digest = hashlib.sha256(f"{profile}/{subnet}".encode()).hexdigest()
    labels = {_COMPUTE: "fargate", _PROFILE: profile, _ARCHITECTURE: "amd64"}
    taints = [KubernetesTaint(_COMPUTE, "NoSchedule", "fargate")]
    status = {"capacity": _MANY, "allocatable": _MANY}
    return _object(f"fargate-{digest[:17]}.{get_region()}.compute.internal", subnet, labels, taints, status)


def fargate_policies(cluster: str, api_version: str) -> Iterator[Object]:
    """What EKS does with the pods of each profile as they are made: only Fargate takes them then.

    On EKS a webhook of its own names its scheduler in them; here they select the nodes that stand for Fargate. Pods of
    DaemonSets stay where they are. https://docs.aws.amazon.com/eks/latest/userguide/fargate.html
    """
    for profile in fargate.all_of(cluster):
        name = f"eks-fargate-{fargate.name_of(profile).lower()}"
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        patches = [_patch("metadata", "labels", _PROFILE, fargate.name_of(profile))]
        patches += [_patch("spec", "nodeSelector", _PROFILE, fargate.name_of(profile)), _TOLERATE]
        conditions = {
            "is-selected": " || ".join(f"({_selects(each)})" for each in profile["Selectors"]),
            "is-nobody-s-yet": f"!has(object.metadata.labels) || !({_text(_PROFILE)} in object.metadata.labels)",
            "is-of-no-daemon-set": "!has(object.metadata.ownerReferences) || "
            "!object.metadata.ownerReferences.exists(owner, owner.kind == 'DaemonSet')",
        }
        yield {
            "apiVersion": api_version,
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "matchConstraints": {"resourceRules": [rule]},
                "matchConditions": [{"name": key, "expression": text} for key, text in conditions.items()],
                "reinvocationPolicy": "Never",
                "failurePolicy": "Fail",
                "mutations": [
                    {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}} for expression in patches
                ],
            },
        }
        kind = "MutatingAdmissionPolicyBinding"
        yield {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": {"policyName": name}}


_TOLERATION = f'Object.spec.tolerations{{key: "{_COMPUTE}", operator: "Exists"}}'
_TOLERATE = (
    f'has(object.spec.tolerations) ? [JSONPatch{{op: "add", path: "/spec/tolerations/-", value: {_TOLERATION}}}] : '
    f'[JSONPatch{{op: "add", path: "/spec/tolerations", value: [{_TOLERATION}]}}]'
)


def _patch(part: str, field: str, key: str, value: str) -> str:
    """Adds a key to a map, which may not be there."""
    where, name = f"/{part}/{field}", key.replace("/", "~1")
    added = f"""[JSONPatch{{op: "add", path: {_text(f"{where}/{name}")}, value: {_text(value)}}}]"""
    made = f"""[JSONPatch{{op: "add", path: {_text(where)}, value: {{{_text(key)}: {_text(value)}}}}}]"""
    return f"has(object.{part}.{field}) ? {added} : {made}"


def _selects(selector: Mapping[str, Any]) -> str:
    """An expression: `*` stands for any characters, `?` for one."""
    said = [f"request.namespace.matches({_pattern(selector['Namespace'])})"]
    for label in selector.get("Labels") or ():
        key, value = _pattern(label["Key"]), _pattern(label["Value"])
        matching = f"name.matches({key}) && object.metadata.labels[name].matches({value})"
        said.append(f"has(object.metadata.labels) && object.metadata.labels.exists(name, {matching})")
    return " && ".join(said)


def _pattern(glob: str) -> str:
    return _text("^" + re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") + "$")


def _text(value: str) -> str:
    """A string of CEL, which has the escapes of JSON."""
    return json.dumps(value)
