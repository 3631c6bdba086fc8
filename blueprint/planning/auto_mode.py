"""Kubernetes objects that switch on what EKS Auto Mode brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from blueprint.auto_mode import AutoMode
from blueprint.contribution import Contribution
from blueprint.encryption import key_of, volume_key
from blueprint.errors import FieldPath, Problem
from blueprint.facts import ClusterFacts
from blueprint.iam import Conditions, Statement
from blueprint.kubernetes import Manifest, storage_classes
from blueprint.linked_roles import LOAD_BALANCING
from blueprint.references import PARTITION

NAME = "auto-mode"
LOST = "the nodes that it launched are terminated, and nobody makes volumes and load balancers for its classes"
"""https://docs.aws.amazon.com/eks/latest/userguide/auto-disable.html"""


def contribution(facts: ClusterFacts, compute: AutoMode) -> Contribution:
    """A StorageClass and an IngressClass on Auto Mode's controllers, and network policies enforced.

    Both are the defaults, unless nodes of other kinds keep those for the add-ons that run on them. What they make
    carries the blueprint's tags; for these controllers there is no place to say so for all classes.
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
    parameters = {f"tagSpecification_{place}": f"{key}={value}" for place, (key, value) in enumerate(facts.tags, 1)}
    if compute.kms_key_arn:
        parameters["kmsKeyId"] = key_of(compute.kms_key_arn)
    disks = storage_classes("ebs.csi.eks.amazonaws.com", f"gp3{suffix}", default=default, parameters=parameters)
    # Beside nodes the add-on vpc-cni makes it: amazon-vpc-cni-k8s charts/aws-vpc-cni/templates/configmap.yaml
    switch = () if facts.has_nodes else (network_policies,)
    here = replace(facts, pools="auto-mode")
    classes = sorted(compute.node_classes, key=lambda each: each.name)
    pools = sorted(compute.own_node_pools, key=lambda each: each.name)
    return Contribution(
        first_objects=(*(each.manifest(facts) for each in classes), *(pool.manifest(here) for pool in pools)),
        launched_nodes=tuple(pool.launched(here) for pool in pools),
        denies_unselected_pods=any(each.network_policy == "DefaultDeny" for each in classes),
        objects=(*switch, *disks, *_load_balancers(facts, f"alb{suffix}", default=default)),
        service_linked_roles=(LOAD_BALANCING,),
        default_volume_key=not compute.kms_key_arn,
    )


def _load_balancers(facts: ClusterFacts, name: str, *, default: bool) -> Iterator[Manifest]:
    spec: dict[str, Any] = {"controller": "eks.amazonaws.com/alb"}
    params: dict[str, Any] = {}
    if facts.tags:
        params["tags"] = [{"key": key, "value": value} for key, value in facts.tags]
    if facts.ip_family == "ipv6":
        params["ipAddressType"] = "dualstack"
    if params:
        group, kind = "eks.amazonaws.com", "IngressClassParams"
        yield {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": name}, "spec": params}
        spec["parameters"] = {"apiGroup": group, "kind": kind, "name": name}
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": name,
            "annotations": {"ingressclass.kubernetes.io/is-default-class": str(default).lower()},
        },
        "spec": spec,
    }


def cluster_permissions(facts: ClusterFacts, compute: AutoMode) -> tuple[Statement, ...]:
    """What the cluster's role needs beside the policies of AWS, which permit EKS's own tags and keys only."""
    keys = {key for key in (compute.kms_key_arn, *(each.kms_key_arn for each in compute.node_classes)) if key}
    found = chain.from_iterable(volume_key(key, facts.region) for key in sorted(keys))
    return (*(_custom_tags(facts) if facts.tags else ()), *found)


def problems(path: FieldPath, compute: AutoMode, facts: ClusterFacts) -> Iterator[Problem]:
    """Rules between its pools and classes and the cluster."""
    here = replace(facts, pools="auto-mode")
    for index, pool in enumerate(compute.own_node_pools):
        yield from (problem.below((*path, "own_node_pools", index)) for problem in pool.problems_on(here))
    for index, each in enumerate(compute.node_classes):
        yield from (problem.below((*path, "node_classes", index)) for problem in each.problems_on(facts))


def _custom_tags(facts: ClusterFacts) -> Iterator[Statement]:
    """The policy that AWS prints: https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html#tag-prop"""
    name = "eks:eks-cluster-name"
    ours = {f"aws:RequestTag/{name}": f"${{aws:PrincipalTag/{name}}}"}
    why = "AWS prints it so, for tags of one's own on what Auto Mode makes"

    def create(*actions: str, resources: tuple[str, ...] = ("*",), **named: str) -> Statement:
        tags = {f"aws:RequestTag/eks:kubernetes-{tag.replace('_', '-')}": value for tag, value in named.items()}
        like: Conditions = {"StringLike": tags} if tags else {}
        return Statement(actions, resources, {"StringEquals": ours, **like}, reason=why)

    compute = ("ec2:CreateFleet", "ec2:RunInstances", "ec2:CreateLaunchTemplate")
    yield create(*compute, node_class_name="*", node_pool_name="*")
    # Snapshots have no account in their ARN.
    ec2 = f"arn:{PARTITION}:ec2:{facts.region}:*:"
    yield create("ec2:CreateVolume", "ec2:CreateSnapshot", resources=(f"{ec2}volume/*", f"{ec2}snapshot/*"))
    yield create("ec2:CreateNetworkInterface", cni_node_name="*")
    kinds = ("LoadBalancer", "TargetGroup", "Listener", "Rule")
    yield create(*(f"elasticloadbalancing:Create{kind}" for kind in kinds), "ec2:CreateSecurityGroup")
    yield create("shield:CreateProtection")
    protections = (f"arn:{PARTITION}:shield::*:protection/*",)
    yield create("shield:TagResource", resources=protections)
