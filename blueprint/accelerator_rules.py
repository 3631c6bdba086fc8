"""Rules about GPUs, Neuron chips and Elastic Fabric Adapters: Kubernetes knows of none unless a plugin tells it.

Images of Amazon Linux have the drivers alone, Bottlerocket's for GPUs have the plugin as well, those for Neuron do not;
Auto Mode brings all. https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-k8s-device-plugin.html,
https://bottlerocket.dev/en/os/latest/concepts/variants, https://awsdocs-neuron.readthedocs-hosted.com/en/latest/containers/kubernetes-getting-started.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from blueprint.errors import FieldPath, Key, Problem
from blueprint.images import Family
from blueprint.instances import Accelerator, accelerator
from blueprint.node_pool import NodePool
from blueprint.nodes import Nodes

if TYPE_CHECKING:
    from blueprint.checked import Checked

_FIXES: Mapping[Accelerator, str] = {
    "nvidia": "add *gpu() to addons, from addons.accelerators",
    "neuron": 'add HelmRelease("neuron", chart="neuron-helm-chart", repository="oci://public.ecr.aws/neuron/…", …)',
}


class _Devices(NamedTuple):
    """Nodes with accelerators, and where the blueprint states them."""

    path: FieldPath
    field: str
    """That gives them these."""
    value: object
    kind: Accelerator
    os: Family
    labels: Mapping[str, str]


def problems(view: Checked) -> Iterator[Problem]:
    """Every node with accelerators has somebody who tells Kubernetes of them."""
    if not view.knows_all("addons"):
        return
    telling = [(kind, addon) for addon in view.addons.values() for kind in addon.devices]
    yield from _adapters(view)
    for each in _devices(view):
        those = [addon for kind, addon in telling if kind == each.kind]
        labelled = next((addon for addon in those if addon.devices_label), None)
        label = labelled.devices_label if labelled else ""
        built_in = each.kind == "nvidia" and each.os == "BOTTLEROCKET"
        if built_in and labelled and label in each.labels:
            rule = f"Bottlerocket has a plugin of its own, and {labelled.name} would run there too"
            yield Problem((*each.path, "labels", Key(label)), each.labels[label], rule, "leave the label out")
        elif not built_in and not those:
            chips = "GPUs" if each.kind == "nvidia" else "Neuron chips"
            rule = f"nobody tells Kubernetes of the {chips} of these nodes, so no pod gets one"
            fix = f'{_FIXES[each.kind]}, or write device_plugin="elsewhere"'
            yield Problem((*each.path, each.field), each.value, rule, fix)
        elif not built_in and labelled and len(those) == 1 and each.labels.get(label) != "true":
            rule = f"{labelled.name} runs on nodes with the label {label} only"
            yield Problem((*each.path, "labels"), dict(each.labels), rule, f'write labels={{"{label}": "true"}}')


def _adapters(view: Checked) -> Iterator[Problem]:
    if any(addon.tells_of_efa for addon in view.addons.values()):
        return
    for path, nodes in view.compute.items():
        if isinstance(nodes, Nodes) and nodes.efa and nodes.device_plugin == "add-on":
            rule = "nobody tells Kubernetes of the Elastic Fabric Adapters of these nodes, so no pod gets one"
            charts = "https://aws.github.io/eks-charts"
            fix = f'add HelmRelease("efa", chart="aws-efa-k8s-device-plugin", repository="{charts}", …)'
            fix += ', or write device_plugin="elsewhere"'
            yield Problem((*path, "efa"), nodes.efa, rule, fix)


def _devices(view: Checked) -> Iterator[_Devices]:
    for path, nodes in view.compute.items():
        if isinstance(nodes, Nodes) and nodes.device_plugin == "add-on" and nodes.accelerator in ("nvidia", "neuron"):
            name = nodes.instance_types[0]
            yield _Devices(path, "instance_types", name, nodes.accelerator, nodes.family, nodes.labels)
    systems: dict[str, Family] = {}
    for addon in view.addons.values():
        if addon.launches_nodes:
            systems |= {each.name: each.os for each in getattr(addon, "node_classes", ())}
    for path, addon in view.addons.items():
        for index, pool in enumerate(getattr(addon, "node_pools", ()) if addon.launches_nodes else ()):
            yield from _of_pool((*path, "node_pools", index), pool, systems)
    for path, team in view.teams.items():
        pool = getattr(team, "node_pool", None)
        if isinstance(pool, NodePool) and systems:
            yield from _of_pool((*path, "node_pool"), pool, systems)


def _of_pool(path: FieldPath, pool: NodePool, systems: Mapping[str, Family]) -> Iterator[_Devices]:
    os = systems.get(pool.node_class, "AL2023")
    kinds = {accelerator(f"{category}1.large"): category for category in pool.categories}
    for kind, category in kinds.items() if pool.device_plugin == "add-on" else ():
        if kind in ("nvidia", "neuron"):
            yield _Devices(path, "categories", category, kind, os, pool.labels)
