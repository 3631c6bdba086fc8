"""What a pool may ask of its nodes: karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.sh_nodepools.yaml,
lines 280-355.
"""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.node_pool import NodePool
from blueprint.node_requirement import WELL_KNOWN, NodeRequirement
from blueprint.taints import Taint
from blueprint.value import Value
from tests.addons.support import FACTS, problems_of

FAMILY = "karpenter.k8s.aws/instance-family"
CPU = "karpenter.k8s.aws/instance-cpu"
ZONE = "topology.kubernetes.io/zone"
KARPENTER = {
    *("instance-tenancy", "capacity-reservation-type", "capacity-reservation-id", "capacity-reservation-interruptible"),
    *("ec2nodeclass", "instance-encryption-in-transit-supported", "instance-category", "instance-hypervisor"),
    *("instance-family", "instance-generation", "instance-local-nvme", "instance-size", "instance-cpu"),
    *("instance-cpu-manufacturer", "instance-cpu-sustained-clock-speed-mhz", "instance-memory"),
    *("instance-ebs-bandwidth", "instance-network-bandwidth", "instance-gpu-name", "instance-gpu-manufacturer"),
    *("instance-gpu-count", "instance-gpu-memory", "instance-accelerator-name", "instance-accelerator-manufacturer"),
    *("instance-accelerator-count", "instance-capability-flex", "placement-group-id", "placement-group-partition"),
}
"""The definition's own list, line 300."""


def wrong(value: Value) -> list[tuple[str, str, str]]:
    return [(problem.place, problem.rule, problem.fix) for problem in problems_of(value)]


def test_labels_of_instances_are_those_of_the_definition() -> None:
    """Less the category, for which pools have a field, and the class, which a pool names."""
    assert WELL_KNOWN["karpenter.k8s.aws"] == KARPENTER - {"instance-category", "ec2nodeclass"}


@pytest.mark.parametrize(
    "each",
    [
        NodeRequirement(FAMILY, values=("m7g", "m8g"), min_values=2),
        NodeRequirement(FAMILY, "NotIn", ("m7g",), min_values=5),
        NodeRequirement(CPU, "Gt", ("3",)),
        NodeRequirement(CPU, "Lte", ("64",)),
        NodeRequirement("karpenter.k8s.aws/instance-local-nvme", "Exists"),
        NodeRequirement("karpenter.k8s.aws/instance-gpu-name", "DoesNotExist"),
        NodeRequirement("karpenter.k8s.aws/instance-generation", "Lt", ("8",)),
        NodeRequirement("eks.amazonaws.com/instance-family", values=("m7g",)),
        NodeRequirement("node.kubernetes.io/instance-type", values=("m7g.large",)),
        NodeRequirement(ZONE, values=("us-west-2a",)),
        NodeRequirement("example.com/disk", values=("fast",)),
    ],
    ids=lambda each: f"{each.key} {each.operator}",
)
def test_what_may_be_asked(each: NodeRequirement) -> None:
    assert wrong(each) == []


@pytest.mark.parametrize(
    ("each", "place", "rule", "fix"),
    [
        (NodeRequirement(FAMILY), "values", "compares with at least one value", "m7g"),
        (NodeRequirement(FAMILY, "NotIn"), "values", "compares with at least one value", "m7g"),
        (NodeRequirement(FAMILY, "Exists", ("m7g",)), "values", "compares with no values", "leave them out"),
        (NodeRequirement(CPU, "Gt", ()), "values", "compares with one whole number", '("4",)'),
        (NodeRequirement(CPU, "Gt", ("4", "8")), "values", "compares with one whole number", '("4",)'),
        (NodeRequirement(CPU, "Lt", ("four",)), "values", "compares with one whole number", '("4",)'),
        (
            NodeRequirement(FAMILY, values=("m7g",), min_values=2),
            "min_values",
            "there are 1 values to choose from",
            "lower it",
        ),
        (
            NodeRequirement(FAMILY, "DoesNotExist", min_values=2),
            "min_values",
            "the label has no values",
            "leave it out",
        ),
        (NodeRequirement(FAMILY, values=("m77",)), "values", "EC2 has none of that name", "instance_types.toml"),
        (
            NodeRequirement("node.kubernetes.io/instance-type", values=("m7g.huge",)),
            "values",
            "EC2 has none of that name",
            "instance_types.toml",
        ),
        (
            NodeRequirement("kubernetes.io/arch", values=("arm64",)),
            "key",
            "by a field of its own",
            "write architectures",
        ),
        (NodeRequirement("kubernetes.io/os", values=("windows",)), "key", "by a field of its own", "leave it out"),
        (
            NodeRequirement("karpenter.sh/capacity-type", values=("spot",)),
            "key",
            "by a field of its own",
            "write capacity",
        ),
        (
            NodeRequirement("karpenter.k8s.aws/instance-category", values=("g",)),
            "key",
            "by a field of its own",
            "write categories",
        ),
        (
            NodeRequirement("eks.amazonaws.com/instance-category", values=("g",)),
            "key",
            "by a field of its own",
            "write categories",
        ),
        (
            NodeRequirement("karpenter.k8s.aws/instance-colour", values=("red",)),
            "key",
            "has no such label of instance types",
            "instance-family",
        ),
        (
            NodeRequirement("eks.amazonaws.com/instance-tenancy", values=("x",)),
            "key",
            "has no such label of instance types",
            "instance-family",
        ),
        (NodeRequirement("karpenter.sh/nodepool", values=("x",)), "key", "belong to Kubernetes and Karpenter", ZONE),
        (NodeRequirement("kubernetes.io/hostname", values=("x",)), "key", "belong to Kubernetes and Karpenter", ZONE),
        (NodeRequirement("beta.kubernetes.io/arch", values=("x",)), "key", "belong to Kubernetes and Karpenter", ZONE),
    ],
    ids=lambda each: f"{each.key} {each.operator}" if isinstance(each, NodeRequirement) else None,
)
def test_what_may_not(each: NodeRequirement, place: str, rule: str, fix: str) -> None:
    ((found, said, corrected),) = wrong(each)
    assert found == place
    assert rule in said
    assert fix in corrected


@pytest.mark.parametrize(
    ("fields", "place", "rule", "fix"),
    [
        ({"static_nodes": 3, "max_cpu": 50}, "max_cpu", "a pool of 3 nodes has no max_cpu", "leave it out"),
        ({"static_nodes": 3, "weight": 10}, "weight", "a pool of 3 nodes has no weight", "leave it out"),
        ({"static_nodes": 3, "limits": {"nvidia.com/gpu": 8}}, "limits", "has no limits", "leave it out"),
        (
            {"static_nodes": 3, "consolidate_after": "Never"},
            "consolidate_after",
            "has no consolidate_after",
            "leave static_nodes out",
        ),
        ({"static_nodes": 3, "max_nodes": 2}, "max_nodes", "the pool has 3 nodes", "raise it, by one more"),
        ({"limits": {"cpu": 8}}, "limits['cpu']", "by a field of its own", "write max_cpu"),
        ({"limits": {"nodes": 8}}, "limits['nodes']", "by a field of its own", "write max_nodes"),
        (
            {"taints": (Taint("a"),), "startup_taints": (Taint("b"), Taint("a", "other"))},
            "startup_taints[1]",
            "the same key and effect",
            "keep one",
        ),
    ],
)
def test_what_a_pool_says_twice_or_for_nothing(fields: dict[str, Any], place: str, rule: str, fix: str) -> None:
    """karpenter.sh_nodepools.yaml (spec, rules); karpenter pkg/apis/v1/nodeclaim_validation.go (validateTaints)"""
    ((found, said, corrected),) = wrong(NodePool(**fields))
    assert found == place
    assert rule in said
    assert fix in corrected


def test_static_capacity() -> None:
    """No weight, and of limits that of nodes alone: karpenter.sh_nodepools.yaml, rules of `spec`."""
    assert wrong(NodePool(static_nodes=3, max_nodes=4)) == []
    spec = NodePool(static_nodes=3, max_nodes=4).manifest(FACTS)["spec"]
    assert (spec["replicas"], spec["limits"]) == (3, {"nodes": "4"})
    assert "weight" not in spec
    assert "limits" not in NodePool(static_nodes=0).manifest(FACTS)["spec"]
    assert "replicas" not in NodePool().manifest(FACTS)["spec"]


def test_requirements_follow_those_of_the_fields() -> None:
    asked = (NodeRequirement(FAMILY, values=("m7g", "m8g"), min_values=2), NodeRequirement(CPU, "Exists"))
    spec = NodePool(requirements=asked, startup_taints=(Taint("x"),), capacity=("RESERVED", "SPOT")).manifest(FACTS)
    template = spec["spec"]["template"]["spec"]
    assert template["requirements"][-2:] == [
        {"key": FAMILY, "operator": "In", "values": ["m7g", "m8g"], "minValues": 2},
        {"key": CPU, "operator": "Exists"},
    ]
    assert template["startupTaints"] == [{"key": "x", "effect": "NoSchedule"}]
    (capacity,) = (one for one in template["requirements"] if one["key"] == "karpenter.sh/capacity-type")
    assert capacity["values"] == ["reserved", "spot"]


def test_limits_of_other_resources() -> None:
    limits = NodePool(limits={"nvidia.com/gpu": 8}, max_nodes=5).manifest(FACTS)["spec"]["limits"]
    assert limits == {"cpu": "100", "memory": "400Gi", "nodes": "5", "nvidia.com/gpu": "8"}
