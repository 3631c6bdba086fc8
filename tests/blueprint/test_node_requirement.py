"""What a pool may ask of its nodes: karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.sh_nodepools.yaml,
lines 280-355.
"""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.node_pool import NodePool
from blueprint.node_requirement import WELL_KNOWN, NodeRequirement
from blueprint.taints import Taint
from blueprint.value import Value, problems_in
from tests.addons.support import FACTS

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


def wrong(value: Value) -> list[tuple[str, str]]:
    return [(".".join(map(str, problem.path)), problem.fix) for problem in problems_in(value)]


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
    ("each", "place", "fix"),
    [
        (NodeRequirement(FAMILY), "values", "m7g"),
        (NodeRequirement(FAMILY, "NotIn"), "values", "m7g"),
        (NodeRequirement(FAMILY, "Exists", ("m7g",)), "values", "leave them out"),
        (NodeRequirement(CPU, "Gt", ()), "values", '("4",)'),
        (NodeRequirement(CPU, "Gt", ("4", "8")), "values", '("4",)'),
        (NodeRequirement(CPU, "Lt", ("four",)), "values", '("4",)'),
        (NodeRequirement(FAMILY, values=("m7g",), min_values=2), "min_values", "lower it"),
        (NodeRequirement(FAMILY, "DoesNotExist", min_values=2), "min_values", "leave it out"),
        (NodeRequirement(FAMILY, values=("m77",)), "values", "instance_types.toml"),
        (NodeRequirement("node.kubernetes.io/instance-type", values=("m7g.huge",)), "values", "instance_types.toml"),
        (NodeRequirement("kubernetes.io/arch", values=("arm64",)), "key", "write architectures"),
        (NodeRequirement("kubernetes.io/os", values=("windows",)), "key", "leave it out"),
        (NodeRequirement("karpenter.sh/capacity-type", values=("spot",)), "key", "write capacity"),
        (NodeRequirement("karpenter.k8s.aws/instance-category", values=("g",)), "key", "write categories"),
        (NodeRequirement("eks.amazonaws.com/instance-category", values=("g",)), "key", "write categories"),
        (NodeRequirement("karpenter.k8s.aws/instance-colour", values=("red",)), "key", "instance-family"),
        (NodeRequirement("eks.amazonaws.com/instance-tenancy", values=("x",)), "key", "instance-family"),
        (NodeRequirement("karpenter.sh/nodepool", values=("x",)), "key", ZONE),
        (NodeRequirement("kubernetes.io/hostname", values=("x",)), "key", ZONE),
        (NodeRequirement("beta.kubernetes.io/arch", values=("x",)), "key", ZONE),
    ],
    ids=lambda each: f"{each.key} {each.operator}" if isinstance(each, NodeRequirement) else None,
)
def test_what_may_not(each: NodeRequirement, place: str, fix: str) -> None:
    ((found, says),) = wrong(each)
    assert found == place
    assert fix in says


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"static_nodes": 3, "max_cpu": 50}, "max_cpu"),
        ({"static_nodes": 3, "weight": 10}, "weight"),
        ({"static_nodes": 3, "limits": {"nvidia.com/gpu": 8}}, "limits"),
        ({"static_nodes": 3, "consolidate_after": "Never"}, "consolidate_after"),
        ({"static_nodes": 3, "max_nodes": 2}, "max_nodes"),
        ({"limits": {"cpu": 8}}, "limits.Key(key='cpu')"),
        ({"limits": {"nodes": 8}}, "limits.Key(key='nodes')"),
        ({"taints": (Taint("a"),), "startup_taints": (Taint("b"), Taint("a", "other"))}, "startup_taints.1"),
    ],
)
def test_what_a_pool_says_twice_or_for_nothing(fields: dict[str, Any], place: str) -> None:
    """karpenter.sh_nodepools.yaml (spec, rules); karpenter pkg/apis/v1/nodeclaim_validation.go (validateTaints)"""
    assert [found for found, _ in wrong(NodePool(**fields))] == [place]


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
