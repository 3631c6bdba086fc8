"""Kubernetes objects that switch on what EKS Auto Mode brings."""

from __future__ import annotations

from blueprint.contribution import Contribution
from blueprint.kubernetes import storage_class

NAME = "auto-mode"


def contribution() -> Contribution:
    """A default StorageClass and IngressClass on Auto Mode's controllers, and network policies enforced.

    https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
    https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
    https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html
    """
    network_policies = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"},
        "data": {"enable-network-policy-controller": "true"},
    }
    ingress_class = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "alb", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
        "spec": {"controller": "eks.amazonaws.com/alb"},
    }
    return Contribution(objects=(network_policies, storage_class("ebs.csi.eks.amazonaws.com"), ingress_class))
