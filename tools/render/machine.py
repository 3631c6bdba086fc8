"""The Kubernetes on a laptop: kind, minikube or Rancher Desktop."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blueprint.planning.document import Plan

_FACTS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (Path(__file__).parents[2] / "facts" / "laptop.toml").read_text(encoding="utf-8")
)
INGRESS = _FACTS["ingress"]
"""The chart that answers Ingresses, and the controller of its classes."""
PROVISIONER = _FACTS["storage"]["provisioner"]
"""Of volumes."""
PORTS = {"http": (8080, 30080), "https": (8443, 30443)}
"""On which Ingresses are answered: of the laptop, by kind, and of each node."""
_WORKERS = 2


def kubernetes(plan: Plan) -> str:
    """The version: 1.36.1."""
    return _FACTS["kubernetes"][plan.control_plane.version]


def name(plan: Plan) -> str:
    """Of the cluster there; unlike that on AWS, which stands in the same kubeconfig."""
    return f"{plan.facts.name.lower()}-local"


def contexts(plan: Plan) -> tuple[str, ...]:
    """Of kubeconfig, as each tool calls its own."""
    return f"kind-{name(plan)}", name(plan), "rancher-desktop"


def kind(plan: Plan) -> Mapping[str, Any]:
    """A control plane and two workers, in zones of the cluster.

    kind v0.32.0 pkg/apis/config/v1alpha4/types.go:20 (Cluster), :99 (Node), :253 (PortMapping)
    """
    image = f"kindest/node:v{kubernetes(plan)}"
    ports = [
        {"containerPort": node, "hostPort": here, "listenAddress": "127.0.0.1", "protocol": "TCP"}
        for here, node in PORTS.values()
    ]
    workers = [{"role": "worker", "image": image, "labels": labels} for labels in _places(plan)]
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": name(plan),
        "networking": {"ipFamily": plan.facts.ip_family},
        "nodes": [{"role": "control-plane", "image": image, "extraPortMappings": ports}, *workers],
    }


def _places(plan: Plan) -> list[dict[str, str]]:
    zones = (plan.network.zones * _WORKERS)[:_WORKERS]
    region = {"topology.kubernetes.io/region": plan.facts.region}
    return [{**region, "topology.kubernetes.io/zone": zone} for zone in zones]


def start(plan: Plan) -> Mapping[str, Sequence[str]]:
    """The commands that start a cluster, by tool."""
    named, version = name(plan), kubernetes(plan)
    return {
        "kind": ("kind create cluster --config kind.yaml",),
        "minikube": (
            # Without this network, network policies have no effect there.
            f"minikube start --profile {named} --nodes {_WORKERS + 1} --kubernetes-version v{version} --cni calico",
            f"minikube --profile {named} addons enable storage-provisioner-rancher",
        ),
        "Rancher Desktop": (f"rdctl start --kubernetes.enabled --kubernetes.version {version}",),
    }


def ingress_values() -> Mapping[str, Any]:
    """By which the chart is reached on the ports of each node, in the place of a load balancer that nobody makes."""
    (_, http), (_, https) = PORTS.values()
    return {
        "ingressClass": {"enabled": True, "isDefaultClass": False},
        "service": {"spec": {"type": "NodePort"}},
        "ports": {"web": {"nodePort": http}, "websecure": {"nodePort": https}},
    }
