"""Policies for pods of add-ons, where the network of pods cuts off each that no NetworkPolicy selects.

What an add-on calls is known by name and not by address, so its pods reach everybody. They are reached from their own
namespace, and by everybody on the ports that they listen on: the control plane calls webhooks, whoever measures reads
metrics. Pods in the network of their node need none, and probes of the kubelet pass.
https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from blueprint.kubernetes import Manifest
from blueprint.planning.draft import Draft
from blueprint.workload import Workload

_SYSTEM = "kube-system"
_DNS = 53


def with_policies(addons: Sequence[Draft]) -> list[Draft]:
    """The add-ons, with policies beside their namespaces.

    Those of kube-system, and of namespaces that EKS makes with an add-on, stand beside the network of pods: EKS waits
    for its add-ons to be ready, so the policies are there first, and the namespaces with them.
    """
    if not any(addon.contribution.denies_unselected_pods for addon in addons):
        return list(addons)
    workloads = [each for addon in addons for each in addon.contribution.workloads]
    of_eks = sorted({name for addon in addons for name in addon.contribution.namespaces_of_eks})
    return [_with_policies(addon, workloads, of_eks) for addon in addons]


def _with_policies(addon: Draft, workloads: Sequence[Workload], of_eks: Sequence[str]) -> Draft:
    brought = addon.contribution
    namespaces = tuple(
        replace(space, objects=(*space.objects, *_policies(space.name, workloads))) for space in brought.namespaces
    )
    managed = brought.managed_addons
    first = brought.first_objects
    if brought.denies_unselected_pods:
        spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in of_eks]
        policies = [policy for name in (_SYSTEM, *of_eks) for policy in _policies(name, workloads)]
        # Auto Mode's network is no add-on of EKS.
        if managed:
            network, *others = managed
            managed = (replace(network, objects=(*network.objects, *spaces, *policies)), *others)
        else:
            first = (*first, *spaces, *policies)
    brought = replace(brought, first_objects=first, namespaces=namespaces, managed_addons=managed)
    return replace(addon, contribution=brought)


def _policies(namespace: str, workloads: Sequence[Workload]) -> Iterator[Manifest]:
    here = [each for each in workloads if each.namespace == namespace]
    inside: list[dict[str, Any]] = [{"from": [{"podSelector": {}}]}]
    # Of those in the network of their node nobody knows labels, nor needs to.
    unlabelled = sorted({port for each in here if not each.labels for port in each.ports})
    yield _policy("platform", namespace, {}, inside + _listening(unlabelled))
    for each in here:
        serves = each.kind in ("Deployment", "StatefulSet")
        if each.labels and (each.ports or serves):
            # Of one that serves on ports that nobody knows, such as an image of EKS, all are open.
            yield _policy(f"platform-{each.name}", namespace, dict(each.labels), _listening(each.ports) or [{}])


def _policy(name: str, namespace: str, labels: dict[str, str], ingress: list[dict[str, Any]]) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": labels} if labels else {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": [{}],
        },
    }


def _listening(ports: Sequence[int]) -> list[dict[str, Any]]:
    """A rule without ports would let everybody in on all of them."""
    found = [{"port": port, "protocol": "TCP"} for port in ports]
    found += [{"port": _DNS, "protocol": "UDP"}] if _DNS in ports else []
    return [{"ports": found}] if found else []
