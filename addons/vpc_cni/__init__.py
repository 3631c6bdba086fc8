"""Gives pods addresses of the VPC and enforces network policies. https://github.com/aws/amazon-vpc-cni-k8s"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from addons.vpc_cni import ipv6, windows
from addons.vpc_cni.pods import WORKLOADS
from blueprint.addons import CallsAws, ClusterFacts, Contribution, EksAddon, Statement, Values
from blueprint.addons.lock import locked_versions
from blueprint.errors import Problem
from blueprint.references import CLUSTER_SECURITY_GROUP
from blueprint.workload import first
from blueprint.zones import is_id

# amazon-vpc-cni-k8s v1.22.4 README.md (NETWORK_POLICY_ENFORCING_MODE), pkg/ipamd/ipamd.go
_MODE = "NETWORK_POLICY_ENFORCING_MODE"


class VpcCni(CallsAws, EksAddon):
    """Pods have addresses of their node's subnet, or of that which the network has for pods of its zone.

    ENIConfigs come with the add-on's own configuration, so that they are there before the first node:
    amazon-vpc-cni-k8s v1.22.4 charts/aws-vpc-cni/templates/eniconfig.yaml.
    """

    name = "vpc-cni"
    lost = "pods get no addresses, so none starts, and network policies have no effect on new ones"
    versions = locked_versions(name)
    notes = "https://github.com/aws/amazon-vpc-cni-k8s/releases/tag/v{version}"
    service_account = "aws-node"
    # AWS's own list of what the CNI needs; no per-cluster policy works with the managed add-on
    # (amazon-vpc-cni-k8s docs/iam-policy.md: it would need CLUSTER_NAME in the environment of aws-node).
    managed_policies = ("AmazonEKS_CNI_Policy",)
    workloads = WORKLOADS
    before_nodes = True
    readies_nodes = "network of pods"
    api_groups = ("crd.k8s.amazonaws.com",)
    built_into_auto_mode = "skip"
    replaced_by = "pod networking"

    network_policy: bool = True
    """Enforce NetworkPolicy objects; without it they are accepted and ignored."""
    enforcing_mode: Literal["standard", "strict"] = "standard"
    """In the standard mode a new pod talks to everybody until its policies have arrived, moments later; in the strict
    mode to nobody, and what no policy selects never does: pods of namespaces that neither a team nor an add-on has.
    Those of add-ons get policies by which they reach everybody, and are reached on the ports that they listen on.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html"""
    prefix_delegation: bool = False
    """Give nodes /28 prefixes instead of single addresses, as always with IPv6: more pods, larger holes in subnets."""
    ipv4_egress: bool | None = None
    """Whether pods of an IPv6 cluster reach IPv4 addresses, by that of their node. No network policy holds for these
    connections, so where teams are, say it: with False, what has no IPv6 address is out of reach for all pods, AWS
    services without a dual-stack endpoint among it. The CNI's own default is True."""

    @property
    def gives_prefixes(self) -> bool:
        given = first(self.configuration, ("env.ENABLE_PREFIX_DELEGATION",))
        return self.prefix_delegation if given is None else given == "true"

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.enforcing_mode == "strict" and not self.network_policy:
            rule = "pods would wait for policies that nobody enforces"
            yield Problem(("enforcing_mode",), self.enforcing_mode, rule, "leave it out, or write network_policy=True")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from ipv6.problems(facts, self.configuration, self.ipv4_egress)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return tuple(ipv6.permissions(facts)) if facts.ip_family == "ipv6" else ()

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ec2",)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        contribution = super().contribute(facts)
        (addon,) = contribution.managed_addons
        if facts.ip_family == "ipv6" and addon.grant:  # AWS's own policy is for IPv4
            addon = replace(addon, grant=replace(addon.grant, managed_policies=()))
            contribution = replace(contribution, managed_addons=(addon,))
        ignores = addon.configuration.get("enableNetworkPolicy") != "true"
        strict = first(addon.configuration, (f"env.{_MODE}",)) == "strict"
        return replace(
            contribution,
            ignores_network_policies=ignores,
            denies_unselected_pods=strict and not ignores,
            leaves_ipv4_open=self.ipv4_egress if facts.ip_family == "ipv6" else False,
        )

    def values(self, facts: ClusterFacts) -> Values:
        prefixes = self.prefix_delegation and facts.ip_family == "ipv4"
        policies = str(self.network_policy).lower()  # the add-on's schema takes text, not booleans
        values: Values = {"enableNetworkPolicy": policies, **windows.values(facts, prefixes=prefixes)}
        env = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"} if prefixes else {}
        if self.ipv4_egress is not None:
            env["ENABLE_V4_EGRESS"] = str(self.ipv4_egress).lower()
        if self.enforcing_mode == "strict":
            env[_MODE] = self.enforcing_mode
        if facts.tags:
            env["ADDITIONAL_ENI_TAGS"] = json.dumps(dict(facts.tags))
        if facts.pod_subnets:
            # Of nodes since Kubernetes 1.30: amazon-eks-user-guide, kubernetes-versions-standard.adoc.
            label = "topology.k8s.aws/zone-id" if is_id(facts.pod_subnets[0][0]) else "topology.kubernetes.io/zone"
            env |= {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": label}
            # Without groups, pods would have those of their node, which Karpenter and launch templates choose.
            subnets = {zone: {"id": id, "securityGroups": [CLUSTER_SECURITY_GROUP]} for zone, id in facts.pod_subnets}
            values = {**values, "eniConfig": {"create": True, "region": facts.region, "subnets": subnets}}
        return {**values, "env": env} if env else values
