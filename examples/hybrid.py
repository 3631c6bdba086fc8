"""Hybrid nodes of two sites beside nodes in AWS: one with activations of Systems Manager, one with certificates."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint import HybridNodes, ManagedNodes, PrivateEndpoint
from blueprint.addons import HelmRelease
from examples.managed import MANAGED
from examples.shared import PLATFORM

_PODS = "10.85.0.0/16"
_HYBRID = {"key": "eks.amazonaws.com/compute-type", "operator": "In", "values": ["hybrid"]}
_TERMS = {"nodeSelectorTerms": [{"matchExpressions": [_HYBRID]}]}

HYBRID = replace(
    MANAGED,
    name="hybrid",
    cluster=replace(MANAGED.cluster, endpoint=PrivateEndpoint()),
    compute=(
        ManagedNodes("system", instance_types=("m7g.large",), min=2, max=4),
        HybridNodes("factory", node_ranges=("10.80.0.0/16",), pod_ranges=(_PODS,)),
        HybridNodes(
            "laboratory",
            node_ranges=("10.81.0.0/16", "10.82.0.0/16"),
            trust_anchor_arn="arn:aws:rolesanywhere:us-west-2:111111111111:trust-anchor/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
            architecture="arm64",
        ),
    ),
    addons=(
        *CORE,
        HelmRelease(
            "cilium",
            chart="cilium",
            repository="https://helm.cilium.io",
            version="1.18.2",
            namespace="cilium",
            pod_security="privileged",
            values={
                # Its daemons are on hybrid nodes, its operator where nodes are from the first deploy on.
                "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _TERMS}},
                "envoy": {"enabled": False},
                "ipam": {
                    "mode": "cluster-pool",
                    "operator": {"clusterPoolIPv4MaskSize": 25, "clusterPoolIPv4PodCIDRList": [_PODS]},
                },
                "operator": {"replicas": 1, "unmanagedPodWatcher": {"restart": False}},
            },
        ),
    ),
    teams=(PLATFORM,),
)
