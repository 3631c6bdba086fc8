"""What a node pool asks of the nodes that it launches. https://karpenter.sh/docs/concepts/nodepools/#spectemplatespecrequirements

Rules are those of the definition and of the controller: karpenter-provider-aws v1.14.1
pkg/apis/crds/karpenter.sh_nodepools.yaml, karpenter v1.14.1 pkg/apis/v1/nodeclaim_validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from blueprint.errors import Problem
from blueprint.fields import UNIQUE, LabelKey, LabelValue, at_most, between
from blueprint.instances import FAMILIES, TYPES
from blueprint.value import Value

ZONE = "topology.kubernetes.io/zone"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_NUMERIC = ("Gt", "Gte", "Lt", "Lte")
_OF_NODES = ("karpenter.k8s.aws", "eks.amazonaws.com")
"""Domains of what Karpenter, and Auto Mode, know of an instance type."""
_FAMILY = frozenset(f"{domain}/instance-family" for domain in _OF_NODES)
_BY_FIELD: Mapping[str, str] = {
    "kubernetes.io/os": "leave it out: nodes run Linux",
    "kubernetes.io/arch": "write architectures",
    "karpenter.sh/capacity-type": "write capacity",
    **{f"{domain}/instance-category": "write categories" for domain in _OF_NODES},
}
"""What a pool says by a field, and would say twice."""
_KUBERNETES = frozenset({ZONE, INSTANCE_TYPE, "topology.kubernetes.io/region"})
"""Of the labels of Kubernetes those that are known before a node is there."""
_INSTANCE = (
    *("family", "generation", "size", "cpu", "cpu-manufacturer", "memory", "hypervisor", "local-nvme"),
    *("ebs-bandwidth", "network-bandwidth", "encryption-in-transit-supported"),
    *("gpu-name", "gpu-manufacturer", "gpu-count", "gpu-memory"),
)
_KARPENTER_ONLY = (
    *("tenancy", "cpu-sustained-clock-speed-mhz", "capability-flex"),
    *("accelerator-name", "accelerator-manufacturer", "accelerator-count"),
)
WELL_KNOWN: Mapping[str, frozenset[str]] = {
    "karpenter.k8s.aws": frozenset(
        {
            *(
                f"instance-{name}"
                for name in (*_INSTANCE, "tenancy", "cpu-sustained-clock-speed-mhz", "capability-flex")
            ),
            *(f"instance-accelerator-{name}" for name in ("name", "manufacturer", "count")),
            *(f"capacity-reservation-{name}" for name in ("type", "id", "interruptible")),
            *("placement-group-id", "placement-group-partition"),
        }
    ),
    # https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html (supported labels)
    "eks.amazonaws.com": frozenset(f"instance-{name}" for name in _INSTANCE),
}
"""Labels of instance types, and whose they are."""


class NodeRequirement(Value):
    """A label that nodes must, or must not, have. All requirements of a pool hold together."""

    key: LabelKey
    """Of the label, for example "karpenter.k8s.aws/instance-family"; one of your own becomes a label of the nodes."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Gte", "Lt", "Lte"] = "In"
    """What `values` are for; Exists and DoesNotExist take none, comparisons one whole number."""
    values: Annotated[tuple[LabelValue, ...], at_most(100, "values"), UNIQUE] = ()
    """That it may have, or may not."""
    min_values: Annotated[int, between(1, 50, "values")] | None = None
    """Karpenter keeps at least so many of them to choose from, so that spot capacity can be found elsewhere too."""

    def problems(self) -> Iterator[Problem]:
        yield from self._key()
        if self.operator in ("Exists", "DoesNotExist"):
            if self.values:
                yield Problem(("values",), self.values, f"{self.operator} compares with no values", "leave them out")
        elif self.operator in _NUMERIC:
            if len(self.values) != 1 or not (self.values[0].isdecimal() and len(self.values[0]) < 10):
                rule = f"{self.operator} compares with one whole number"
                yield Problem(("values",), self.values, rule, 'write for example values=("4",)')
        elif not self.values:
            rule, fix = f"{self.operator} compares with at least one value", 'write for example values=("m7g",)'
            yield Problem(("values",), self.values, rule, fix)
        if self.min_values and self.operator == "In" and self.min_values > len(self.values):
            rule = f"there are {len(self.values)} values to choose from"
            yield Problem(("min_values",), self.min_values, rule, "lower it, or add values")
        if self.min_values and self.operator == "DoesNotExist":
            yield Problem(("min_values",), self.min_values, "the label has no values", "leave it out")
        known = TYPES if self.key == INSTANCE_TYPE else FAMILIES if self.key in _FAMILY else None
        if known is not None and (strange := [value for value in self.values if value not in known]):
            rule = "EC2 has none of that name"
            yield Problem(("values",), strange[0], rule, "correct it; new ones go into facts/instance_types.toml")

    def _key(self) -> Iterator[Problem]:
        domain, _, name = self.key.rpartition("/")
        if self.key in _BY_FIELD:
            yield Problem(("key",), self.key, "the pool says that by a field of its own", _BY_FIELD[self.key])
        elif domain in WELL_KNOWN and name not in WELL_KNOWN[domain]:
            rule = f"{domain} has no such label of instance types"
            names = ", ".join(sorted(WELL_KNOWN[domain]))
            yield Problem(("key",), self.key, rule, f"write one of {names}")
        elif domain not in WELL_KNOWN and is_reserved(domain) and self.key not in _KUBERNETES:
            rule = "labels in this domain belong to Kubernetes and Karpenter"
            yield Problem(("key",), self.key, rule, f"write {ZONE}, {INSTANCE_TYPE} or a label of your own")

    @property
    def is_of_instances(self) -> bool:
        """Whether it is about what Karpenter or Auto Mode knows of instance types."""
        return self.key.rpartition("/")[0] in WELL_KNOWN

    def document(self) -> dict[str, Any]:
        """An entry of a NodePool's `requirements`."""
        return requirement(self.key, self.operator, self.values, self.min_values)


def requirement(key: str, operator: str, values: Sequence[str], min_values: int | None = None) -> dict[str, Any]:
    """The same as data."""
    found: dict[str, Any] = {"key": key, "operator": operator}
    if values:
        found["values"] = list(values)
    if min_values is not None:
        found["minValues"] = min_values
    return found


def is_reserved(domain: str) -> bool:
    """Whether labels of a domain belong to Kubernetes, Karpenter or EKS."""
    return f".{domain}".endswith((".karpenter.sh", ".kubernetes.io", ".k8s.io", *(f".{each}" for each in _OF_NODES)))
