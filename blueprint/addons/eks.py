"""Add-ons that EKS installs and patches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated, Any, ClassVar

from blueprint.addons.calls_aws import CallsAws
from blueprint.addons.contract import Addon
from blueprint.contribution import Chart, Contribution, ManagedAddon, ReleaseFields, Values, merged, release_notes
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, DnsLabel, matches
from blueprint.kubernetes import RESERVED_NAMESPACES
from blueprint.off_aws import OffAws
from blueprint.workload import Workload

AddonVersion = Annotated[
    str,
    matches(
        r"v\d+(\.\d+)+(-eksbuild\.\d+)?",
        "must be a version of an EKS add-on",
        'write for example "v1.21.1-eksbuild.1"',
        longest=64,
    ),
]


def namespaces_of_eks(*names: str) -> tuple[str, ...]:
    """Those that EKS makes with an add-on."""
    return tuple(name for name in names if name not in RESERVED_NAMESPACES)


class EksAddon(Addon):
    """An add-on that EKS installs: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html"""

    versions: ClassVar[Mapping[str, str]]
    """The add-on version for each Kubernetes minor."""
    notes: ClassVar[str] = ""
    """Form of the address of upstream's release notes, from which EKS builds it: {version} in it is the version's
    number, {minor} the first two parts. Looked up with a version that exists; empty where none follows from it."""
    before_nodes: ClassVar[bool] = False
    release_fields = ReleaseFields(values="configuration")
    namespace: ClassVar[DnsLabel] = "kube-system"
    """Where EKS installs its pods."""
    further_namespaces: ClassVar[tuple[DnsLabel, ...]] = ()
    """That it brings beside that."""
    workloads: ClassVar[tuple[Workload, ...]] = ()
    """Its pods."""
    instead: ClassVar[str] = ""
    """What there is in its place in a cluster outside of AWS, which is left to say; nothing when empty."""
    upstream: ClassVar[Chart | None] = None
    """The chart from which EKS builds it, in the version that it then has: what is said here of its pods is held
    against that. EKS pulls from a registry of its own, and takes the values alone that are in its configuration schema.
    """

    version: AddonVersion | None = field(default=None, kw_only=True)
    """An add-on version such as "v1.21.1-eksbuild.1"; the one of `versions` for the cluster's minor when None."""
    configuration: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Values of the add-on's configuration schema that it has no field for, for example tolerations; they win over its
    own. `aws eks describe-addon-configuration` prints the schema; EKS refuses keys that are not in it, and so does a
    plan where `make versions` read the schema of this version into `addons/schemas`."""

    def values(self, facts: ClusterFacts) -> Values:
        """Values of the add-on's configuration schema."""
        return {}

    def upstream_values(self, facts: ClusterFacts) -> Values:
        """Values of upstream's chart that EKS itself gives it, where it renders to nothing without."""
        return {}

    def off_aws(self, facts: ClusterFacts, brought: Contribution) -> OffAws:
        found = super().off_aws(facts, brought)
        instead = self.instead or ("each cluster brings its own" if self.readies_nodes else "")
        return replace(found, left_out=f"{found.left_out}; {instead}") if instead else found

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        if self.version is None and facts.version not in self.versions:
            rule = f"no version of {self.name} is known for Kubernetes {facts.version}"
            yield Problem(("version",), None, rule, 'name one: version="v1.…-eksbuild.…"')

        known = self.versions.get(facts.version, "")
        major = known.partition(".")[0]
        if self.version and known and self.version.partition(".")[0] != major:
            rule = f"{self.name} is written for {major}: another major version takes another configuration"
            yield Problem(("version",), self.version, rule, "leave it out; a newer one goes into addons/versions.toml")

    def contribute(self, facts: ClusterFacts) -> Contribution:
        values = merged(self.values(facts), self.configuration)
        workloads = tuple(workload.read(values, self.namespace) for workload in self.workloads)
        grant = None
        statements = (*self.permissions(facts), *self.extra_permissions) if isinstance(self, CallsAws) else ()
        if isinstance(self, CallsAws) and self.service_account and (statements or self.managed_policies):
            # An EKS add-on keeps its own association, made and removed together with it.
            grant = facts.grant(self.namespace, self.service_account, *statements, workloads=workloads)
            grant = replace(grant, managed_policies=self.managed_policies)
        version = self.version or self.versions[facts.version]
        notes = release_notes(self.notes, version)
        addon = ManagedAddon(self.name, version, values, grant, self.before_nodes, notes)
        return Contribution(
            managed_addons=(addon,),
            namespaces_of_eks=namespaces_of_eks(self.namespace, *self.further_namespaces),
            objects=self.objects(facts),
            workloads=workloads,
            aws_services=self.services(facts),
            hosts=self.hosts(),
            hosted_zones=self.hosted_zones(),
            service_linked_roles=self.service_linked_roles(),
        )
