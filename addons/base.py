"""Bases of add-ons. An add-on file states facts and choices; it never makes a resource.

    class MetricsServer(EksAddon): ...      installed and patched by EKS
    class ExternalDns(HelmAddon): ...       a chart, installed by Helm

Class facts (name, chart, namespace, requires, …) say what the add-on is, typed fields are the user's choices, and two
or three small pure methods say what follows from them. `ClusterFacts` is all they may look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated, Any, ClassVar

from blueprint.addon import Addon, UpgradeSteps
from blueprint.contribution import (
    Chart,
    Contribution,
    Grant,
    HostedZone,
    ImageSource,
    ManagedAddon,
    Release,
    ServiceLinkedRole,
    Values,
    merged,
    release_notes,
)
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, ChartRepository, ChartVersion, matches
from blueprint.iam import Statement
from blueprint.kubernetes import RESERVED_NAMESPACES, Manifest, Namespace, PodSecurity
from blueprint.references import role_arn
from blueprint.value import Value
from blueprint.workload import EVERYTHING, Workload

__all__ = [
    "EVERYTHING",
    "CallsAws",
    "Chart",
    "ClusterFacts",
    "Contribution",
    "EksAddon",
    "HelmAddon",
    "HostedZone",
    "ImageSource",
    "ServiceLinkedRole",
    "Statement",
    "UpgradeSteps",
    "Values",
    "Workload",
    "merged",
]

AddonVersion = Annotated[
    str,
    matches(
        r"v\d+(\.\d+)+(-eksbuild\.\d+)?",
        "must be a version of an EKS add-on",
        'write for example "v1.21.1-eksbuild.1"',
        longest=64,
    ),
]


def chosen(chart: Chart, version: str | None, repository: str | None) -> Chart:
    """The chart in the version and from the mirror that the user names; on what another version runs nobody knows."""
    named = chart if version is None else replace(chart, version=version, kubernetes="", digest="")
    return named if repository is None else replace(named, repository=repository)


class CallsAws(Value):
    """What an add-on says whose pods have AWS permissions: `class ExternalDns(CallsAws, HelmAddon)`."""

    service_account: ClassVar[str]
    """The one with the permissions; a chart's values must use it."""
    managed_policies: ClassVar[tuple[str, ...]] = ()
    """Of AWS; EKS add-ons only."""

    extra_permissions: tuple[Statement, ...] = field(default=(), kw_only=True)
    """AWS permissions of its service account beside its own, for what values turn on that it has no field for."""

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """AWS permissions of the service account, beside managed policies; none when empty."""
        return ()

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.extra_permissions and not self.service_account:
            rule = "the add-on has no service account with AWS permissions"
            fix = "name one in a class of your own: service_account"
            yield Problem(("extra_permissions",), self.extra_permissions, rule, fix)


class EksAddon(Addon):
    """An add-on that EKS installs: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html"""

    versions: ClassVar[Mapping[str, str]]
    """The add-on version for each Kubernetes minor."""
    notes: ClassVar[str] = ""
    """Form of the address of upstream's release notes, from which EKS builds it: {version} in it is the version's
    number, {minor} the first two parts. Looked up with a version that exists; empty where none follows from it."""
    before_nodes: ClassVar[bool] = False
    workloads: ClassVar[tuple[Workload, ...]] = ()
    """Its pods, all in kube-system."""

    version: AddonVersion | None = field(default=None, kw_only=True)
    """An add-on version such as "v1.21.1-eksbuild.1"; the one of `versions` for the cluster's minor when None."""
    configuration: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Values of the add-on's configuration schema that it has no field for, for example tolerations; they win over its
    own. `aws eks describe-addon-configuration` prints the schema; EKS refuses keys that are not in it."""

    def values(self, facts: ClusterFacts) -> Values:
        """Values of the add-on's configuration schema."""
        return {}

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        """AWS services that its pods call, by the names of VPC endpoints."""
        return ()

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """Kubernetes objects that go with it."""
        return ()

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        if self.version is None and facts.version not in self.versions:
            rule = f"no version of {self.name} is known for Kubernetes {facts.version}"
            yield Problem(("version",), None, rule, 'name one: version="v1.…-eksbuild.…"')

    def contribute(self, facts: ClusterFacts) -> Contribution:
        values = merged(self.values(facts), self.configuration)
        workloads = tuple(workload.read(values, "kube-system") for workload in self.workloads)
        grant = None
        if isinstance(self, CallsAws) and self.service_account:
            # An EKS add-on keeps its own association, made and removed together with it.
            statements = (*self.permissions(facts), *self.extra_permissions)
            grant = facts.grant("kube-system", self.service_account, *statements, workloads=workloads)
            grant = replace(grant, managed_policies=self.managed_policies)
        version = self.version or self.versions[facts.version]
        notes = release_notes(self.notes, version)
        addon = ManagedAddon(self.name, version, values, grant, self.before_nodes, notes)
        return Contribution(
            managed_addons=(addon,),
            objects=self.objects(facts),
            workloads=workloads,
            aws_services=self.services(facts),
            hosted_zones=self.hosted_zones(),
            service_linked_roles=self.service_linked_roles(),
        )


class HelmAddon(Addon):
    """A chart, installed by Helm in a namespace of its own unless it says kube-system."""

    chart: ClassVar[Chart]
    namespace: ClassVar[str]
    pod_security: ClassVar[PodSecurity] = "baseline"
    """Level of the namespace: the strictest under which the chart's pods run."""
    service_account_annotations: ClassVar[tuple[str, ...]] = ("serviceAccount", "annotations")
    """Where the chart takes annotations of a service account with AWS permissions; needed for IRSA only."""
    timeout_minutes: ClassVar[int] = 6
    """How long Helm waits for the release; at most 6, so that it can undo it as well while its function lives."""
    workloads: ClassVar[tuple[Workload, ...]] = ()
    """The chart's pods; one Deployment without labels and tolerations where a class does not say."""
    images: ClassVar[tuple[ImageSource, ...]] = ()
    """What the chart's pods run."""

    chart_version: ChartVersion | None = field(default=None, kw_only=True)
    """Another version of the chart than the one the add-on was tested with."""
    chart_repository: ChartRepository | None = field(default=None, kw_only=True)
    """A mirror of the chart, for example "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/external-dns"."""
    extra_values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Values of the chart that the add-on has no field for; they win over its own."""

    def values(self, facts: ClusterFacts) -> Values:
        """Values of the chart; every key stands in the chart's own values.yaml."""
        return {}

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        """AWS services that its pods call, by the names of VPC endpoints."""
        return ()

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """Kubernetes objects applied after the release, for example of kinds that the chart defines."""
        return ()

    def contribute(self, facts: ClusterFacts) -> Contribution:
        values = merged(self.values(facts), self.extra_values)
        chart = chosen(self.chart, self.chart_version, self.chart_repository)
        workloads = tuple(
            workload.read(values, self.namespace) for workload in self.workloads or (Workload(self.name),)
        )
        grants: tuple[Grant, ...] = ()
        if isinstance(self, CallsAws) and (statements := (*self.permissions(facts), *self.extra_permissions)):
            grant = facts.grant(self.namespace, self.service_account, *statements, workloads=workloads)
            if grant.irsa:
                annotation: Any = {"eks.amazonaws.com/role-arn": role_arn(grant.name)}
                for key in reversed(self.service_account_annotations):
                    annotation = {key: annotation}
                values = merged(values, annotation)
            grants = (grant,)
        owned = self.namespace not in RESERVED_NAMESPACES
        return Contribution(
            grants=grants,
            namespaces=(Namespace(self.namespace, self.pod_security),) if owned else (),
            releases=(Release(self.name, chart, self.namespace, values, self.timeout_minutes),),
            objects=self.objects(facts),
            workloads=workloads,
            aws_services=self.services(facts),
            hosted_zones=self.hosted_zones(),
            service_linked_roles=self.service_linked_roles(),
            images=tuple(image.read(values) for image in self.images),
        )
