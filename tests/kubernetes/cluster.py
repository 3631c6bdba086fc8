"""A cluster of a real control plane, and what a plan puts into it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blueprint.planning.document import Plan
from blueprint.references import resolved
from tools.kubernetes.client import ApiAnswer, Client, Object
from tools.kubernetes.control_plane import RunningControlPlane
from tools.kubernetes.definitions import definitions
from tools.kubernetes.objects import ApiObjects
from tools.kubernetes.programs import MissingPrograms, pinned_versions, programs_for

_SECONDS = 30


def versions() -> list[str]:
    """Those whose programs are at hand."""
    return [version for version in pinned_versions() if not isinstance(programs_for(version), MissingPrograms)]


NEWEST = versions()[-1] if versions() else ""
"""The newest of them."""


class _Deployed(dict[str, str]):
    """What AWS puts behind references, in its own form."""

    def __missing__(self, name: str) -> str:
        kind, _, rest = name.partition(":")
        if kind == "role-arn":
            return f"arn:aws:iam::111111111111:role/{rest.replace('/', '-')}"
        if kind == "subnet-id":
            return f"subnet-{hashlib.sha256(rest.encode()).hexdigest()[:17]}"
        if kind == "subnet-ipv6-range":
            return f"2600:1f14:abc:de{hashlib.sha256(rest.encode()).hexdigest()[:2]}::/64"
        return _KNOWN.get(name, rest or kind)


_KNOWN = {
    "partition": "aws",
    "vpc-id": "vpc-0a1b2c3d4e5f60718",
    # Of a VPC a /56: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#vpc-sizing-ipv6
    "vpc-ipv6-range": "2600:1f14:abc:de00::/56",
    # Of Services a /108: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
    "service-range": "fd30:1c53:5f8a::/108",
}


def objects_of(plan: Plan) -> Iterator[dict[str, Any]]:
    """Every object that the stacks send, in their order: parts one after the other, namespaces first."""
    for part in plan.parts:
        brought = part.contribution
        spaces = (space.manifest() for space in brought.namespaces)
        for one in (*brought.first_objects, *spaces, *brought.objects):
            yield resolved(one, _Deployed())


@dataclass(frozen=True)
class Cluster:
    """One that runs."""

    plane: RunningControlPlane

    @cached_property
    def client(self) -> Client:
        return self.plane.client()

    @cached_property
    def objects(self) -> ApiObjects:
        return ApiObjects(self.client)

    def stop(self) -> None:
        self.client.close()
        self.plane.stop()

    def define(self, found: Sequence[Object] | None = None) -> None:
        """Brings custom resource definitions, those of the add-ons, and waits until their kinds are served."""
        found = definitions() if found is None else found
        for one in found:
            answer = self.objects.create(one)
            assert not answer.refused, answer.refused
        for one in found:
            path = self.objects.path(one)
            assert path
            wait(lambda path=path: _is_established(self.client.ask("GET", path)), one["metadata"]["name"])

    def apply(self, one: Object) -> ApiAnswer:
        return self.objects.apply(one)

    def clear(self, objects: Sequence[Object]) -> None:
        """Takes away what was applied, the last first; of namespaces, which take seconds to go, what they say."""
        for one in reversed(objects):
            if one["kind"] == "Namespace":
                bare = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": one["metadata"]["name"]}}
                answer = self.apply(bare)
            else:
                answer = self.objects.delete(one)
            assert not answer.refused or answer.status == 404, answer.refused

    def exists(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        path = self.objects.path({"apiVersion": api_version, "kind": kind, "metadata": metadata})
        return path is not None and self.client.ask("GET", path).status == 200


def _is_established(answer: ApiAnswer) -> bool:
    conditions: list[Mapping[str, str]] = answer.body.get("status", {}).get("conditions") or []
    return any((one["type"], one["status"]) == ("Established", "True") for one in conditions)


def wait(holds: Any, what: str, seconds: float = _SECONDS) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} seconds"
        time.sleep(0.05)
