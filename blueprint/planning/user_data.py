"""What self-managed nodes are told when they start: their cluster, labels, taints and how many pods they take."""

from __future__ import annotations

import ipaddress
import json
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from typing import Any

from blueprint.compute import SelfManagedNodes
from blueprint.facts import ClusterFacts
from blueprint.instances import pods_with_prefixes
from blueprint.references import CLUSTER_CERTIFICATE, CLUSTER_ENDPOINT


def user_data(group: SelfManagedNodes, facts: ClusterFacts) -> str:
    """The text of the launch template, before it is encoded."""
    return _bottlerocket(group, facts) if group.os == "BOTTLEROCKET" else _al2023(group, facts)


def _bottlerocket(group: SelfManagedNodes, facts: ClusterFacts) -> str:
    """https://bottlerocket.dev/en/os/latest/api/settings/kubernetes

    Without the DNS address a node asks EKS for five minutes and then guesses, from the range of the VPC:
    bottlerocket-core-kit v3.1.1 sources/api/pluto/src/main.rs:189-300.
    """
    import tomli_w  # here, since the gate of pull requests runs without any package

    taints: dict[str, list[str]] = {}
    for taint in group.taints:
        taints.setdefault(taint.key, []).append(f"{taint.value}:{taint.planned.effect}")
    kubernetes: dict[str, Any] = {
        "cluster-name": facts.name,
        "api-server": CLUSTER_ENDPOINT,
        "cluster-certificate": CLUSTER_CERTIFICATE,
        "cluster-dns-ip": str(ipaddress.ip_network(facts.service_cidr)[10]),
    }
    if facts.prefix_delegation:
        kubernetes["max-pods"] = pods_with_prefixes(group.instance_types, reserved=bool(facts.pod_subnets))
    if group.labels:
        kubernetes["node-labels"] = dict(sorted(group.labels.items()))
    if taints:
        kubernetes["node-taints"] = taints
    return tomli_w.dumps({"settings": {"kubernetes": kubernetes}})


def _al2023(group: SelfManagedNodes, facts: ClusterFacts) -> str:
    """https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api and …/examples

    Labels are a flag since the kubelet's configuration has none. The number of pods is an expression, from which
    nodeadm also works out what memory to keep: nodeadm/internal/kubelet/config.go:275-287 and 442.
    """
    kubelet: dict[str, Any] = {}
    if group.labels:
        labels = ",".join(f"{key}={value}" for key, value in sorted(group.labels.items()))
        kubelet["flags"] = [f"--node-labels={labels}"]
    if group.taints:
        kubelet["config"] = {"registerWithTaints": [taint.planned.manifest() for taint in group.taints]}
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
    spec = {"cluster": cluster, **({"kubelet": kubelet} if kubelet else {})}
    config = {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": spec}
    part = MIMENonMultipart("application", "node.eks.aws")
    part.set_payload(json.dumps(config, indent=2))  # YAML takes JSON
    parts = MIMEMultipart(boundary="NodeConfig")
    parts.attach(part)
    return parts.as_string()
