"""Auto Mode for the system, managed node groups for the rest; two add-ons that have no class."""

from __future__ import annotations

from dataclasses import replace

from blueprint import AutoMode
from blueprint.addons import EksAddonByName, HelmRelease
from examples.managed import MANAGED

MIXED = replace(
    MANAGED,
    name="mixed",
    compute=(AutoMode(node_pools=("system",)), *MANAGED.compute),
    addons=(
        *MANAGED.addons,
        EksAddonByName("snapshot-controller", version="v8.3.0-eksbuild.1", after=("vpc-cni",)),
        EksAddonByName("kube-state-metrics", version="v2.17.0-eksbuild.1", after=("coredns", "vpc-cni")),
        HelmRelease(
            "podinfo",
            chart="podinfo",
            repository="oci://ghcr.io/stefanprodan/charts/podinfo",
            version="6.9.2",
            namespace="podinfo",
            pod_security="restricted",
            values={"replicaCount": 2},
            after=("snapshot-controller",),
        ),
        HelmRelease(
            "podinfo-canary",
            chart="podinfo",
            repository="oci://ghcr.io/stefanprodan/charts/podinfo",
            version="6.9.2",
            namespace="podinfo-canary",
            after=("kube-state-metrics", "podinfo"),
        ),
    ),
)
