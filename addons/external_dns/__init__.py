"""Keeps Route 53 records in step with Services and Ingresses. https://kubernetes-sigs.github.io/external-dns"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from addons.envoy_gateway import GATEWAY_API
from addons.external_dns.policy import records_in
from blueprint import hosts
from blueprint.access import Role
from blueprint.addons import CallsAws, ClusterFacts, HostedZone, ImageSource, RepeatableAddon, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources, workload
from blueprint.fields import NOT_EMPTY, DnsName, HostedZoneId, ReleaseName

Source = Literal["service", "ingress", "gateway-httproute", "gateway-grpcroute", "gateway-tlsroute", "crd"]


class ExternalDns(CallsAws, RepeatableAddon):
    """Writes A, AAAA and CNAME records, and a TXT record beside each that names this cluster as its owner.

    It never touches a record that another owner made. Where teams say which `hosts` are theirs, it may write these and
    no others: those of the platform stand in PlatformTeam.hosts. The chart runs one pod and offers no more.
    """

    lost = "records stay as they are, whatever becomes of the load balancers that they name"
    namespace = "external-dns"
    service_account = "external-dns"
    pod_security = "restricted"
    api_groups = ("externaldns.k8s.io",)
    chart = locked_chart(
        "external-dns",
        definitions_stay=True,
        notes="https://github.com/kubernetes-sigs/external-dns/releases/tag/external-dns-helm-chart-{version}",
        compatibility="https://github.com/kubernetes-sigs/external-dns#kubernetes-version-compatibility",
    )
    workloads = (workload("external-dns", service_account=service_account, replicas="", ports=(7979,)),)
    environment = ("env",)
    images = (ImageSource("registry.k8s.io/external-dns/external-dns", ("image.repository",)),)
    typical = {"zones": ("Z0123456789ABC",)}

    name: ReleaseName = field(default="external-dns", kw_only=True)  # type: ignore[misc]  # of each, not of the class
    """Of another one in the cluster, for example for a private zone: "external-dns-private"."""
    zones: Annotated[tuple[HostedZoneId, ...], NOT_EMPTY]
    """Hosted zones, public or private, that it may write to; it sees no other."""
    domains: tuple[DnsName, ...] = ()
    """Only names in these domains; give it where several clusters share a zone."""
    policy: Literal["upsert-only", "sync", "create-only"] = "upsert-only"
    """`sync` also removes the records of what is gone."""
    sources: Annotated[tuple[Source, ...], NOT_EMPTY] = ("service", "ingress")
    """Kinds of objects that get records, as upstream's --source names them."""
    annotation_domain: DnsName | None = None
    """Of the annotations that it reads, external-dns.alpha.kubernetes.io when None: with one of its own, a Service has
    one name in a public zone and another in a private one."""
    assume_role: Role | None = None
    """A role of the account that has the zones, such as Role("ExternalDns", "333333333333"), as which it writes: it
    trusts sts:AssumeRole and sts:TagSession, has the permissions of this class without it, and keeps to `domains`."""

    @property
    def needs_api_groups(self) -> Mapping[str, str]:
        return GATEWAY_API if any(source.startswith("gateway-") for source in self.sources) else {}

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        if self.assume_role:
            # The tags of an EKS Pod Identity session are transitive: they go along, and that is a right of its own.
            # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
            return (Statement(("sts:AssumeRole", "sts:TagSession"), (self.assume_role.arn(facts.account),)),)
        return records_in(self.zones, hosts.within(facts.hosts, self.domains))

    def hosted_zones(self) -> tuple[HostedZone, ...]:
        account = (self.assume_role and self.assume_role.account) or ""
        owner = str(self.extra_values.get("txtOwnerId", ""))
        return tuple(HostedZone(zone, self.domains, account, owner=owner) for zone in self.zones)

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("route53", *(("sts",) if self.assume_role else ()))

    def values(self, facts: ClusterFacts) -> Values:
        role = {"aws-assume-role": self.assume_role.arn(facts.account)} if self.assume_role else {}
        return {
            "provider": {"name": "aws"},
            "serviceAccount": {"name": self.service_account},
            "env": [{"name": "AWS_REGION", "value": facts.region}],  # it picks the partition's Route 53
            "sources": list(self.sources),
            "policy": self.policy,
            "registry": "txt",
            # Each leaves records of the other alone.
            "txtOwnerId": facts.name if self.name == type(self).name else f"{facts.name}-{self.name}",
            "domainFilters": list(self.domains),
            **({"annotationPrefix": f"{self.annotation_domain}/"} if self.annotation_domain else {}),
            "extraArgs": {"zone-id-filter": list(self.zones), **role},
            # Route 53 takes 5 requests a second for a whole account, so it looks on events, and seldom otherwise.
            # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
            "triggerLoopOnEvent": True,
            "interval": "5m",
            "resources": resources("50m", "128Mi"),
        }
