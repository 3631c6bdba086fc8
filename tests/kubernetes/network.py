"""Which pods reach each other: our evaluator on one side, that of kube-network-policies on the other.

https://kube-network-policies.sigs.k8s.io is a project of Kubernetes' own SIG Network. It reads policies as the API
server shows them, with what that fills in.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from tests.isolation.network import NAME_LABEL, End, Network, Pod, Protocol
from tools.kubernetes.objects import ApiObjects
from tools.kubernetes.programs import evaluator

Object = Mapping[str, Any]
Port = tuple[Protocol, int]
Answers = dict[tuple[int, int, Port], bool]
"""Whether a source reaches a destination on a port; both by their place in a list of ends."""

_PROTOCOLS: tuple[Protocol, ...] = ("TCP", "UDP", "SCTP")
_ANY_NAMESPACE = "default"


@dataclass
class Judge:
    """The other evaluator as a process, which gets policies that an API server has filled in."""

    objects: ApiObjects
    process: subprocess.Popen[str] = field(
        default_factory=lambda: subprocess.Popen(
            [evaluator()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    )

    def answers(self, objects: Iterable[Object], ends: Sequence[End], ports: Sequence[Port]) -> Answers:
        """All that there is to ask. No network can tell ends of one address apart."""
        assert self.process.stdin
        assert self.process.stdout
        listed = list(objects)
        addresses = [end if isinstance(end, str) else end.ip for end in ends]
        assert len(set(addresses)) == len(addresses)
        asked = {
            "Policies": [self._filled_in(one) for one in listed if one["kind"] == "NetworkPolicy"],
            "Namespaces": list(_namespaces(listed, ends)),
            "Pods": [_pod(end) for end in ends if isinstance(end, Pod)],
            "Addresses": addresses,
            "Ports": [{"Protocol": protocol, "Number": number} for protocol, number in ports],
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return {
            (source, destination, port): bit == "1"
            for (source, row) in enumerate(told)
            for (destination, bits) in enumerate(row)
            for (port, bit) in zip(ports, bits, strict=True)
            if source != destination  # a pod that calls itself sends no packet
        }

    def _filled_in(self, policy: Object) -> Object:
        """With defaults; it is not kept there, so its namespace need not be."""
        elsewhere = {**policy, "metadata": {**policy["metadata"], "namespace": _ANY_NAMESPACE}}
        answer = self.objects.create(elsewhere, dry_run=True)
        assert not answer.refused, answer.refused
        return {**answer.body, "metadata": policy["metadata"]}

    def stop(self) -> None:
        self.process.communicate()


def _namespaces(objects: Iterable[Object], ends: Iterable[End]) -> Iterator[Object]:
    """All that have pods, each with the label that the API server gives it."""
    labels = {one["metadata"]["name"]: one["metadata"].get("labels") for one in objects if one["kind"] == "Namespace"}
    for name in sorted({*labels, *(end.namespace for end in ends if isinstance(end, Pod))}):
        yield {"metadata": {"name": name, "labels": {**(labels.get(name) or {}), NAME_LABEL: name}}}


def _pod(pod: Pod) -> Object:
    ports = [
        {"name": name, "protocol": protocol, "containerPort": number}
        for (name, protocol), number in pod.named_ports.items()
    ]
    return {
        "metadata": {"name": pod.ip, "namespace": pod.namespace, "labels": dict(pod.labels)},
        "spec": {"hostNetwork": pod.host_network, "containers": [{"name": "app", "ports": ports}]},
        "status": {"phase": "Running", "podIPs": [{"ip": pod.ip}]},
    }


def ours(objects: Iterable[Object], ends: Sequence[End], ports: Sequence[Port]) -> Answers:
    """The same, as our evaluator has it."""
    network = Network(objects)
    found: Answers = {}
    for source, destination in permutations(range(len(ends)), 2):
        opened = network.open_ports(ends[source], ends[destination])
        for protocol, number in ports:
            is_open = any(name == protocol and low <= number <= high for name, low, high in opened)
            found[source, destination, (protocol, number)] = is_open
    return found


def ports_of(objects: Iterable[Object]) -> list[Port]:
    """Those on both sides of each number that any policy names, of every protocol."""
    numbers = {1, 65535, *(each for one in objects if one["kind"] == "NetworkPolicy" for each in _numbers(one["spec"]))}
    near = {number + step for number in numbers for step in (-1, 0, 1)}
    return [(protocol, number) for protocol in _PROTOCOLS for number in sorted(near) if 1 <= number <= 65535]


def _numbers(data: Any) -> Iterator[int]:
    if isinstance(data, Mapping):
        for key, item in data.items():
            if key in ("port", "endPort") and isinstance(item, int):
                yield item
            else:
                yield from _numbers(item)
    elif isinstance(data, list):
        for item in data:
            yield from _numbers(item)
