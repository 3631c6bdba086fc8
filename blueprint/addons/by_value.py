"""Add-ons that have no class: what EKS offers by its name, and any chart.

Any number of either, each under a name of its own. All that holds for the others holds for them: order, permissions,
review, access. What a class would know of its pods (where they run, on which port) nobody knows of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated, Any

from blueprint.addons.contract import Addon
from blueprint.addons.eks import AddonVersion, namespaces_of_eks
from blueprint.addons.helm import annotated, own_namespace
from blueprint.contribution import RELEASE_FIELDS, Chart, Contribution, ManagedAddon, Release, ReleaseFields
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import (
    JSON_LIKE,
    UNIQUE,
    ChartName,
    ChartRepository,
    ChartVersion,
    DnsLabel,
    DnsName,
    ReleaseName,
    between,
    matches,
)
from blueprint.iam import Statement
from blueprint.instances import NVIDIA_CLASSES, Accelerator
from blueprint.kubernetes import PodSecurity
from blueprint.statement_rules import mistakes_in
from blueprint.value import Rule
from blueprint.workload import Workload

EVERYTHING = (
    *("AIDevOpsAgentActionsPolicy", "AWSMcpServiceActionsFullAccess"),
    *("AdministratorAccess", "IAMFullAccess", "PowerUserAccess"),
)
"""Policies of AWS that give all services, some but for a few, or all of IAM."""
# Of AWS, with its path: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
AwsPolicy = Annotated[
    str,
    matches(
        r"([\w+=,.@-]+/)*[\w+=,.@-]{1,128}",
        "must be the name of a policy of AWS, with its path if it has one",
        'write for example "service-role/AmazonEFSCSIDriverPolicy"',
        longest=512,
    ),
    Rule(
        lambda name: name.rpartition("/")[2] not in EVERYTHING,
        "whoever has it may do anything in the account, or take the right to",
        'take the one that the documentation of the add-on names, for example "service-role/AmazonEFSCSIDriverPolicy"',
    ),
]

ImageRepository = Annotated[
    str,
    matches(
        r"[a-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+",
        "must be a repository of images, without a tag",
        'write for example "111111111111.dkr.ecr.us-west-2.amazonaws.com/podinfo"',
        longest=255,
    ),
]


class ByValue(Addon):
    """What both kinds say of themselves."""

    name: DnsLabel  # type: ignore[misc]  # each is an add-on of its own, while a class is one
    """Unique in the cluster; of an add-on of EKS what EKS calls it."""
    service_account: DnsLabel | None = field(default=None, kw_only=True)
    """Whose pods call AWS."""
    permissions: tuple[Statement, ...] = field(default=(), kw_only=True)
    """What these may do there."""
    after: Annotated[tuple[DnsLabel, ...], UNIQUE] = field(default=(), kw_only=True)
    """Names of add-ons of the cluster that are installed before it."""
    endpoints: Annotated[tuple[DnsLabel, ...], UNIQUE] = field(default=(), kw_only=True)
    """AWS services that its pods call, by the names of VPC endpoints, which a network without internet then needs."""
    api_groups: Annotated[tuple[DnsName, ...], UNIQUE] = field(default=(), kw_only=True)  # type: ignore[misc]  # of each
    """API groups of the custom resources that it defines: operators who only look see these, and add-ons that need them
    are installed after it."""

    @property
    def named_before(self) -> tuple[str, ...]:
        return self.after

    def follows(self, other: Addon) -> bool:
        return other is not self and other.name in self.after

    def problems(self) -> Iterator[Problem]:
        for index, statement in enumerate(self.permissions):
            yield from (problem.below(("permissions", index)) for problem in mistakes_in(statement))
        if self._may_call_aws and not self.service_account:
            rule = "AWS permissions are those of a service account"
            yield Problem(("service_account",), None, rule, "name the one that its pods use")

    @property
    def _may_call_aws(self) -> bool:
        return bool(self.permissions)


class EksAddonByName(ByValue):
    """Any add-on that EKS offers: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html"""

    release_fields = ReleaseFields(values="configuration")

    version: AddonVersion = field(kw_only=True)
    """`aws eks describe-addon-versions --addon-name …` prints those of a Kubernetes version."""
    configuration: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Values of its configuration schema; EKS refuses keys that are not in it, and so does a plan where the lock has
    this version of the add-on, and `make versions` read its schema into `addons/schemas`."""
    namespace: DnsLabel = field(default="kube-system", kw_only=True)
    """Where EKS installs its pods."""
    managed_policies: tuple[AwsPolicy, ...] = field(default=(), kw_only=True)
    """Policies of AWS for its service account, beside `permissions`."""
    before_nodes: bool = field(default=False, kw_only=True)
    """Whether nodes are not ready without it."""

    @property
    def _may_call_aws(self) -> bool:
        return bool(self.permissions or self.managed_policies)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        workloads = (Workload(self.name).read(self.configuration, self.namespace),)
        grant = None
        if self.service_account and self._may_call_aws:
            grant = facts.grant(self.namespace, self.service_account, *self.permissions, workloads=workloads)
            grant = replace(grant, managed_policies=self.managed_policies)
        addon = ManagedAddon(self.name, self.version, self.configuration, grant, self.before_nodes)
        return Contribution(
            managed_addons=(addon,),
            namespaces_of_eks=namespaces_of_eks(self.namespace),
            workloads=workloads,
            aws_services=self.endpoints,
        )


_DEVICES: Mapping[str, tuple[Accelerator, ...]] = {
    "gpu-operator": ("nvidia",),
    "dra-driver-nvidia-gpu": ("nvidia",),
    "nvidia-dra-driver-gpu": ("nvidia",),
    "neuron-helm-chart": ("neuron",),
}
"""Charts with a device plugin, or a driver for dynamic resource allocation."""
_DEVICE_CLASSES = dict.fromkeys(("dra-driver-nvidia-gpu", "nvidia-dra-driver-gpu"), NVIDIA_CLASSES)


_EFA_PLUGINS = ("aws-efa-k8s-device-plugin", "aws-dranet")
"""Charts of https://github.com/aws/eks-charts: a device plugin, and a driver for dynamic resource allocation."""
_HYBRID_NETWORKS = ("cilium", "tigera-operator")
"""Charts of the networks that AWS supports there, Cilium and Calico.
https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cni.html"""


class HelmRelease(ByValue):
    """Any chart, installed by Helm in a namespace of its own unless that belongs to Kubernetes."""

    release_fields = RELEASE_FIELDS

    name: ReleaseName  # type: ignore[misc]  # each is an add-on of its own, while a class is one
    """Of the release, unique in the cluster."""
    chart: ChartName = field(kw_only=True)
    """Its name in the repository."""
    repository: ChartRepository = field(kw_only=True)
    """Of an OCI chart its whole address, oci://…/name."""
    version: ChartVersion = field(kw_only=True)
    """Exactly this one."""
    namespace: DnsLabel = field(kw_only=True)
    """Its own: it is made before, and removed with the add-on."""
    pod_security: PodSecurity = field(default="baseline", kw_only=True)
    """Level of the namespace: the strictest under which the chart's pods run."""
    values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Values of the chart."""
    timeout_minutes: Annotated[int, between(1, 6, "minutes")] = field(default=6, kw_only=True)
    """How long Helm waits for the release; at most 6, so that it can undo it as well while its function lives."""
    images: tuple[ImageRepository, ...] = field(default=(), kw_only=True)
    """Repositories of what its pods run; asked for where nodes pull from Amazon ECR only."""
    service_account_annotations: tuple[str, ...] = field(default=("serviceAccount", "annotations"), kw_only=True)
    """Where the chart takes annotations of the service account, which pods on Fargate need for their permissions."""

    @property
    def devices(self) -> tuple[Accelerator, ...]:
        return _DEVICES.get(str(self.chart), ())

    @property
    def device_classes(self) -> tuple[str, ...]:
        return _DEVICE_CLASSES.get(str(self.chart), ())

    @property
    def tells_of_efa(self) -> bool:
        return str(self.chart) in _EFA_PLUGINS

    @property
    def gives_hybrid_nodes_a_network(self) -> bool:
        return str(self.chart) in _HYBRID_NETWORKS

    def contribute(self, facts: ClusterFacts) -> Contribution:
        workloads = (Workload(self.name).read(self.values, self.namespace),)
        values, grant = self.values, None
        if self.service_account and self._may_call_aws:
            grant = facts.grant(self.namespace, self.service_account, *self.permissions)
            values = annotated(values, grant, self.service_account_annotations)
        chart = Chart(self.chart, self.repository, self.version)
        return Contribution(
            grants=(grant,) if grant else (),
            namespaces=own_namespace(self.namespace, self.pod_security),
            releases=(Release(self.name, chart, self.namespace, values, self.timeout_minutes),),
            workloads=workloads,
            aws_services=self.endpoints,
            images=self.images,
        )

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        if not (facts.internet or facts.proxy or self.images):
            rule = "without internet nodes pull from Amazon ECR only, and nobody knows what the chart's pods run"
            fix = "write where its values let it pull from: images=(…,)"
            yield Problem(("images",), self.images, rule, fix)
