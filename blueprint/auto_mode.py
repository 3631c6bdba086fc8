"""Kubernetes objects that switch on what EKS Auto Mode brings."""

from __future__ import annotations

from blueprint.contribution import Contribution
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import storage_class

NAME = "auto-mode"


def contribution(facts: ClusterFacts) -> Contribution:
    """A StorageClass and an IngressClass on Auto Mode's controllers, and network policies enforced.

    Both are the defaults, unless nodes of other kinds keep those for the add-ons that run on them.
    https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
    https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
    https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html
    """
    suffix = f"-{NAME}" if facts.has_nodes else ""
    default = not facts.has_nodes
    network_policies = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"},
        "data": {"enable-network-policy-controller": "true"},
    }
    ingress_class = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": f"alb{suffix}",
            "annotations": {"ingressclass.kubernetes.io/is-default-class": str(default).lower()},
        },
        "spec": {"controller": "eks.amazonaws.com/alb"},
    }
    disks = storage_class("ebs.csi.eks.amazonaws.com", f"gp3{suffix}", default=default)
    # Beside nodes the add-on vpc-cni makes it: amazon-vpc-cni-k8s charts/aws-vpc-cni/templates/configmap.yaml
    switch = () if facts.has_nodes else (network_policies,)
    return Contribution(objects=(*switch, disks, ingress_class))
