"""Add-ons that Helm installs from a chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Annotated, Any, ClassVar

from blueprint.addons.calls_aws import CallsAws
from blueprint.addons.contract import Addon
from blueprint.contribution import (
    Chart,
    Contribution,
    GeneratedFields,
    Grant,
    ImageSource,
    Release,
    Values,
    at_mirror,
    merged,
    nested,
)
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, ChartRepository, ChartVersion, DnsLabel, ReleaseName
from blueprint.kubernetes import RESERVED_NAMESPACES, Namespace, PodSecurity
from blueprint.references import role_arn
from blueprint.workload import Workload


def chosen(chart: Chart, version: str | None, repository: str | None, mirror: str | None) -> Chart:
    """The chart in the version and from the repository that the user names, or from the blueprint's mirror.

    On what another version runs nobody knows.
    """
    named = chart if version is None else replace(chart, version=version, kubernetes="", digest="")
    if repository is not None:
        return replace(named, repository=repository)
    return named if mirror is None else replace(named, repository=mirror, published=chart.repository)


def annotated(values: Values, grant: Grant, path: Sequence[str]) -> Values:
    """The values with the role of a service account that gets it by an annotation."""
    if not grant.irsa:
        return values
    return merged(values, nested((*path, "eks.amazonaws.com/role-arn"), role_arn(grant.name)))


def own_namespace(name: str, pod_security: PodSecurity) -> tuple[Namespace, ...]:
    """The namespace of a release, unless it belongs to Kubernetes."""
    return () if name in RESERVED_NAMESPACES else (Namespace(name, pod_security),)


def moved(
    sources: Sequence[ImageSource], images: Iterable[str], mirrors: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Of images that were read of these, those that come from mirrors, each behind where its publisher has it."""
    pairs = zip((source.repository for source in sources), images, strict=True)
    return tuple(dict.fromkeys(pair for pair in pairs if pair[1] == at_mirror(pair[0], mirrors) != pair[0]))


def variables(values: Values, path: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """The environment variables that stand there."""
    found: Any = values
    for key in path:
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list | tuple) else []


def with_variables(values: Values, path: Sequence[str], more: Mapping[str, str]) -> Values:
    """The values with more environment variables there, if the chart takes any."""
    if not (path and more):
        return values
    named = [{"name": name, "value": value} for name, value in more.items()]
    return merged(values, nested(path, [*variables(values, path), *named]))


class HelmAddon(Addon):
    """A chart, installed by Helm in a namespace of its own unless it says kube-system."""

    chart: ClassVar[Chart]
    namespace: ClassVar[DnsLabel]
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
    environment: ClassVar[tuple[str, ...]] = ()
    """Where the chart takes environment variables of the pods that call what is on the internet, as a list: there they
    are told of the cluster's proxy."""
    generated: ClassVar[tuple[GeneratedFields, ...]] = ()
    """What the chart makes up anew each time it is rendered."""

    chart_version: ChartVersion | None = field(default=None, kw_only=True)
    """Another version of the chart than the one the add-on was tested with."""
    chart_repository: ChartRepository | None = field(default=None, kw_only=True)
    """A mirror of the chart, for example "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/external-dns"."""
    extra_values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Values of the chart that the add-on has no field for; they win over its own."""

    @property
    def installed_in(self) -> str:
        """Name of the namespace of this one."""
        return self.namespace

    @property
    def pods(self) -> tuple[Workload, ...]:
        """The workloads of this one, before its values are read."""
        return self.workloads or (Workload(self.name),)

    @property
    def image_sources(self) -> tuple[ImageSource, ...]:
        """The images of this one."""
        return self.images

    def values(self, facts: ClusterFacts) -> Values:
        """Values of the chart; every key stands in the chart's own values.yaml."""
        return {}

    def contribute(self, facts: ClusterFacts) -> Contribution:
        mirrors = dict(facts.image_mirrors)
        own = with_variables(self.values(facts), self.environment, facts.proxy_environment)
        for source in self.image_sources:
            own = merged(own, source.values_at(mirrors))
        values = merged(own, self.extra_values)
        namespace = self.installed_in
        workloads = tuple(workload.read(values, namespace) for workload in self.pods)
        grant = None
        if isinstance(self, CallsAws) and (statements := (*self.permissions(facts), *self.extra_permissions)):
            grant = facts.grant(namespace, self.service_account, *statements, workloads=workloads)
            values = annotated(values, grant, self.service_account_annotations)
        mirror = facts.chart_repository(self.chart)
        chart = chosen(self.chart, self.chart_version, self.chart_repository, mirror)
        images = tuple(source.read(values, mirrors) for source in self.image_sources)
        return Contribution(
            grants=(grant,) if grant else (),
            namespaces=own_namespace(namespace, self.pod_security),
            releases=(Release(self.name, chart, namespace, values, self.timeout_minutes, self.generated),),
            objects=self.objects(facts),
            workloads=workloads,
            aws_services=self.services(facts),
            hosts=self.hosts(),
            hosted_zones=self.hosted_zones(),
            service_linked_roles=self.service_linked_roles(),
            images=images,
            mirrored=moved(self.image_sources, images, mirrors),
            by_proxy="HTTPS_PROXY" in {each.get("name") for each in variables(values, self.environment)},
        )


class RepeatableAddon(HelmAddon):
    """A chart that may stand in a cluster more than once, each time under a name of its own: that of the release, and
    of the namespace unless it is the one that the class has. `name` is a field there, whose default the class gives.
    """

    name: ReleaseName = field(kw_only=True)  # type: ignore[misc]  # of each, where that of others is of their class

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.name in RESERVED_NAMESPACES:
            rule = "its namespace would have this name, which is Kubernetes' own"
            yield Problem(("name",), self.name, rule, f'write for example "{type(self).name}-private"')

    @property
    def installed_in(self) -> str:
        return self.namespace if self.name == type(self).name else self.name

    @property
    def pods(self) -> tuple[Workload, ...]:
        return tuple(self._renamed(workload) for workload in self.workloads)

    def _renamed(self, workload: Workload) -> Workload:
        """As `helm create` names what it makes: https://helm.sh/docs/chart_template_guide/named_templates"""
        whole = self.name if self.chart.name in self.name else f"{self.name}-{self.chart.name}"
        name = workload.name.replace(self.chart.name, whole, 1)[:63].rstrip("-")
        return replace(workload, name=name, labels={**workload.labels, "app.kubernetes.io/instance": self.name})


def beside(addon: HelmAddon, chart: Chart, facts: ClusterFacts, version: str | None = None) -> Chart:
    """Another chart of the same publisher, from where the add-on's own comes."""
    repository = addon.chart_repository
    if repository and repository.startswith("oci://"):  # one chart for each address
        stem = repository.removesuffix(addon.chart.name)
        repository = stem + (chart.name if stem != repository else chart.name.removeprefix(addon.chart.name))
    return chosen(chart, version, repository, facts.chart_repository(chart))
