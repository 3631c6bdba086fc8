"""What nodes are told when they start; those to which EKS tells nothing also cluster, labels, taints and how many pods
they take.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from blueprint.facts import ClusterFacts
from blueprint.instances import pods_with_prefixes
from blueprint.managed_nodes import ManagedNodes
from blueprint.nodes import Nodes
from blueprint.references import CLUSTER_CERTIFICATE, CLUSTER_DNS, CLUSTER_ENDPOINT
from blueprint.user_data import environment, multipart, node_config, powershell, settings, with_proxy
from blueprint.workload import WINDOWS, NodeTaint


def user_data(group: Nodes, facts: ClusterFacts) -> str:
    """All that nodes must know which EKS tells nothing: the text of the launch template, before it is encoded."""
    makers = {"AL2023": _al2023, "BOTTLEROCKET": _bottlerocket, "WINDOWS": _windows}
    return makers[group.family](group, facts)


def more_user_data(group: ManagedNodes, facts: ClusterFacts) -> str:
    """What a managed group says beside what EKS does, which joins the two; nothing where it says nothing.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html (Amazon EC2 user data)
    """
    if group.family == "WINDOWS":
        return powershell(group.script) if group.script else ""
    if group.family == "BOTTLEROCKET":
        told = with_proxy(group.bottlerocket, facts)
        return settings(told) if told else ""
    options = _options(group, facts)
    return multipart(group.script, node_config(options) if options else "") if options or group.script else ""


def _bottlerocket(group: Nodes, facts: ClusterFacts) -> str:
    """https://bottlerocket.dev/en/os/latest/api/settings/kubernetes

    Without the DNS address a node asks EKS for five minutes and then guesses, from the range of the VPC:
    bottlerocket-core-kit v3.1.1 sources/api/pluto/src/main.rs:189-300.
    """
    taints: dict[str, list[str]] = {}
    for taint in group.taints:
        taints.setdefault(taint.key, []).append(f"{taint.value}:{taint.planned.effect}")
    kubernetes: dict[str, Any] = {
        "cluster-name": facts.name,
        "api-server": CLUSTER_ENDPOINT,
        "cluster-certificate": CLUSTER_CERTIFICATE,
        "cluster-dns-ip": _dns(facts),
    }
    if facts.prefix_delegation:
        kubernetes["max-pods"] = pods_with_prefixes(group.instance_types, reserved=bool(facts.pod_subnets))
    if group.labels:
        kubernetes["node-labels"] = dict(sorted(group.labels.items()))
    if taints:
        kubernetes["node-taints"] = taints
    more = with_proxy(group.bottlerocket, facts)
    return settings({**more, "kubernetes": {**kubernetes, **more.get("kubernetes", {})}})


def _dns(facts: ClusterFacts) -> str:
    """By its family Bottlerocket chooses the node's own address as well (pluto, generate_node_ip)."""
    return CLUSTER_DNS if facts.ip_family == "ipv6" else str(ipaddress.ip_network(facts.service_cidr)[10])


def _al2023(group: Nodes, facts: ClusterFacts) -> str:
    """https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api and …/examples

    Labels are a flag since the kubelet's configuration has none. The number of pods is an expression, from which
    nodeadm also works out what memory to keep: nodeadm/internal/kubelet/config.go:275-287 and 442.
    """
    options = _options(group, facts)
    kubelet: dict[str, Any] = options.pop("kubelet", {})
    if group.labels:
        labels = ",".join(f"{key}={value}" for key, value in sorted(group.labels.items()))
        kubelet["flags"] = [f"--node-labels={labels}"]
    if group.taints:
        taints = [taint.planned.manifest() for taint in group.taints]
        kubelet["config"] = {**kubelet.get("config", {}), "registerWithTaints": taints}
    interfaces = "(default_enis - 1)" if facts.pod_subnets else "default_enis"
    addresses = f"{interfaces} * (ips_per_eni - 1)"
    if facts.prefix_delegation:
        most = pods_with_prefixes(group.instance_types, reserved=bool(facts.pod_subnets))
        kubelet["maxPodsExpression"] = f"{addresses} * 16 + 2 > {most} ? {most} : {addresses} * 16 + 2"
    elif facts.pod_subnets:
        kubelet["maxPodsExpression"] = f"{addresses} + 2"
    cluster = {
        "name": facts.name,
        "apiServerEndpoint": CLUSTER_ENDPOINT,
        "certificateAuthority": CLUSTER_CERTIFICATE,
        "cidr": facts.service_cidr,
    }
    spec = {"cluster": cluster, **({"kubelet": kubelet} if kubelet else {}), **options}
    return multipart(group.script, node_config(spec))


def _windows(group: Nodes, facts: ClusterFacts) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html (bootstrap script)

    As eksctl writes it: v0.230.0 pkg/nodebootstrap/windows.go:30-122. Without the range of Services, DNS of pods fails.
    """
    taints = dict.fromkeys([*(taint.planned for taint in group.taints), WINDOWS])
    flags = [f"--register-with-taints={','.join(map(_flag, taints))}"]
    if group.labels:
        flags.insert(0, f"--node-labels={','.join(f'{key}={value}' for key, value in sorted(group.labels.items()))}")
    given = {
        "EKSClusterName": facts.name,
        "APIServerEndpoint": CLUSTER_ENDPOINT,
        "Base64ClusterCA": CLUSTER_CERTIFICATE,
        "ServiceCIDR": facts.service_cidr,
        "DNSClusterIP": _dns(facts),
        "KubeletExtraArgs": " ".join(flags),
    }
    told = " ".join(f'-{name} "{value}"' for name, value in given.items())
    return powershell(
        group.script, rf'& "$env:ProgramFiles\Amazon\EKS\Start-EKSBootstrap.ps1" {told} 3>&1 4>&1 5>&1 6>&1'
    )


def _flag(taint: NodeTaint) -> str:
    return f"{taint.key}={taint.value}:{taint.effect}"


def _options(group: Nodes, facts: ClusterFacts) -> dict[str, Any]:
    """What a group says of itself: amazon-eks-ami nodeadm/api/v1alpha1/nodeconfig_types.go:32-151."""
    spec: dict[str, Any] = {}
    if group.kubelet:
        spec["kubelet"] = {"config": dict(group.kubelet)}
    instance: dict[str, Any] = environment(facts)
    if group.instance_store:
        instance = {"localStorage": {"strategy": group.instance_store}, **instance}
    return {**spec, "instance": instance} if instance else spec
