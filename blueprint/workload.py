"""The pods that an add-on brings, and what says where they may run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeGuard

from blueprint.quantity import amount

Toleration = Mapping[str, Any]
"""As a pod has it: key, operator, value, effect. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration"""

EVERYTHING: tuple[Toleration, ...] = ({"operator": "Exists"},)
"""What pods have that must run on each node."""


EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
"""What Kubernetes calls the effects that EKS calls so."""


@dataclass(frozen=True)
class NodeTaint:
    """Keeps pods without a matching toleration off nodes. `effect` is Kubernetes' word: NoSchedule."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"

    def __str__(self) -> str:
        """As kubectl writes it: key=value:NoSchedule."""
        return f"{self.key}{'=' if self.value else ''}{self.value}:{self.effect}"

    def manifest(self) -> dict[str, str]:
        """As Kubernetes has it; the API server refuses an empty value."""
        value = {"value": self.value} if self.value else {}
        return {"key": self.key, **value, "effect": self.effect}

    def tolerated_by(self, toleration: Toleration) -> bool:
        """As the scheduler has it: staging/src/k8s.io/component-helpers, scheduling/corev1/helpers.go (ToleratesTaint).

        Without a key and with the operator Exists it tolerates all taints, without an effect those of all effects.
        """
        if (effect := toleration.get("effect")) and effect != self.effect:
            return False
        key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
        if key and key != self.key:
            return False
        if operator == "Exists":
            return True
        return bool(key) and (toleration.get("value") or "") == self.value


WINDOWS = NodeTaint("os", "windows")
"""Of all Windows nodes, so that nothing comes there that does not ask for it.
https://docs.aws.amazon.com/eks/latest/best-practices/windows-scheduling.html"""


@dataclass(frozen=True)
class PodSelector:
    """Pods of the namespace that carry all of the labels; `*` stands for any characters, `?` for one."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def selects(self, namespace: str, labels: Mapping[str, str] | None) -> bool:
        """Whether it may choose a pod; labels of None are not known, so they may be any."""
        if not fnmatchcase(namespace, self.namespace):
            return False
        return labels is None or all(
            any(fnmatchcase(name, key) and fnmatchcase(text, value) for name, text in labels.items())
            for key, value in self.labels.items()
        )


@dataclass(frozen=True)
class Workload:
    """Pods that are alike: those of one Deployment, StatefulSet, DaemonSet or Job.

    What values of the chart or add-on can change stands in it twice: as it is by default, and at which paths values
    say otherwise, the first that is there.
    """

    name: str
    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Job"] = "Deployment"
    namespace: str = ""
    """The add-on's own when empty."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the pods; a Fargate profile chooses by them."""
    service_account: str = ""
    replicas: int = 1
    cpu: str = "0"
    """Requests of all containers of a pod; a Kubernetes quantity."""
    tolerations: tuple[Toleration, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    """On which its containers listen."""
    on_fargate: bool = True
    """Whether it can: not if it is privileged or in the host's network."""
    on_auto_mode: bool = True
    """Whether it runs on Auto Mode's nodes: not what these bring themselves."""
    on_launched_nodes: bool = True
    """Whether it runs on nodes that an add-on launches: not what launches them."""
    replicas_at: tuple[str, ...] = ()
    cpu_at: tuple[str, ...] = ()
    tolerations_at: tuple[str, ...] = ()
    node_selector_at: tuple[str, ...] = ()
    ports_at: tuple[str, ...] = ()
    """Each a port beside `ports`."""

    def read(self, values: Mapping[str, Any], namespace: str) -> Workload:
        """The same with what the values say."""
        cpu, replicas = first(values, self.cpu_at), first(values, self.replicas_at)
        tolerations, selector = first(values, self.tolerations_at), first(values, self.node_selector_at)
        ports = [port for path in self.ports_at if _is_number(port := first(values, (path,)))]
        return replace(
            self,
            namespace=self.namespace or namespace,
            cpu=str(cpu) if isinstance(cpu, str | int | float) else self.cpu,
            replicas=replicas if _is_number(replicas) else self.replicas,
            tolerations=_mappings(tolerations) if isinstance(tolerations, list | tuple) else self.tolerations,
            node_selector=selector if isinstance(selector, Mapping) else self.node_selector,
            ports=(*self.ports, *ports),
        )

    @property
    def millicpus(self) -> int:
        """What one of its pods requests; nothing where that is no quantity, which is a problem of its own."""
        return int((amount(self.cpu) or 0) * 1000)


def first(values: Mapping[str, Any], paths: Iterable[str]) -> Any:
    """What stands at the first of the paths, such as `webhook.replicaCount`, that leads to something."""
    for path in paths:
        found: Any = values
        for key in path.split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        if found not in (None, {}, [], ()):
            return found
    return None


def _is_number(value: object) -> TypeGuard[int]:
    """To Python, true is one."""
    return isinstance(value, int) and not isinstance(value, bool)


def _mappings(items: Iterable[Any]) -> tuple[Toleration, ...]:
    return tuple(item for item in items if isinstance(item, Mapping))
