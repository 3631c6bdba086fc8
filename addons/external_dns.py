"""Keeps Route 53 records in step with Services and Ingresses. https://kubernetes-sigs.github.io/external-dns"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint import hosts
from blueprint.access import Role
from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, HostedZone, ImageSource, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources, workload
from blueprint.fields import NOT_EMPTY, DnsName, HostedZoneId
from blueprint.references import PARTITION

_CHANGE = ("route53:ChangeResourceRecordSets",)
_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
# --managed-record-types is left at its default: pkg/apis/externaldns/types.go:323 of v0.21.0.
_MANAGED = ("A", "AAAA", "CNAME")
Source = Literal["service", "ingress", "gateway-httproute", "gateway-grpcroute", "gateway-tlsroute", "crd"]


class ExternalDns(CallsAws, HelmAddon):
    """Writes A, AAAA and CNAME records, and a TXT record beside each that names this cluster as its owner.

    It never touches a record that another owner made. Where teams say which `hosts` are theirs, it may write these and
    no others: those of the platform stand in PlatformTeam.hosts. The chart runs one pod and offers no more.
    """

    name = "external-dns"
    lost = "records stay as they are, whatever becomes of the load balancers that they name"
    namespace = "external-dns"
    service_account = "external-dns"
    pod_security = "restricted"
    api_groups = ("externaldns.k8s.io",)
    chart = locked_chart(
        name,
        definitions_stay=True,
        notes="https://github.com/kubernetes-sigs/external-dns/releases/tag/external-dns-helm-chart-{version}",
        compatibility="https://github.com/kubernetes-sigs/external-dns#kubernetes-version-compatibility",
    )
    workloads = (workload(name, service_account=service_account, replicas="", ports=(7979,)),)
    environment = ("env",)
    images = (ImageSource("registry.k8s.io/external-dns/external-dns", ("image.repository",)),)
    typical = {"zones": ("Z0123456789ABC",)}

    zones: Annotated[tuple[HostedZoneId, ...], NOT_EMPTY]
    """Hosted zones, public or private, that it may write to; it sees no other."""
    domains: tuple[DnsName, ...] = ()
    """Only names in these domains; give it where several clusters share a zone."""
    policy: Literal["upsert-only", "sync", "create-only"] = "upsert-only"
    """`sync` also removes the records of what is gone."""
    sources: Annotated[tuple[Source, ...], NOT_EMPTY] = ("service", "ingress")
    """Kinds of objects that get records, as upstream's --source names them."""
    assume_role: Role | None = None
    """A role of the account that has the zones, such as Role("ExternalDns", "333333333333"), as which it writes: it
    trusts sts:AssumeRole and sts:TagSession, has the permissions of this class without it, and keeps to `domains`."""

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        if self.assume_role:
            # The tags of an EKS Pod Identity session are transitive: they go along, and that is a right of its own.
            # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
            return (Statement(("sts:AssumeRole", "sts:TagSession"), (self.assume_role.arn(facts.account),)),)
        zones = tuple(f"arn:{PARTITION}:route53:::hostedzone/{zone}" for zone in self.zones)
        # NS, SOA and MX records stay out of reach: with them a cluster could take over the domain or its mail.
        allowed: dict[str, dict[str, tuple[str, ...]]] = {
            "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": (*_MANAGED, "TXT")}
        }
        if names := tuple(self._names(facts)):
            allowed["ForAllValues:StringLike"] = {_NAMES: names}
        why = "it finds zones by name, and AWS offers no narrower resource"
        return (
            Statement(("route53:ListHostedZones",), ("*",), reason=why),
            Statement(("route53:ListResourceRecordSets",), zones),
            Statement(_CHANGE, zones, allowed),
            # By such a record somebody else gets certificates for the domain.
            Statement(_CHANGE, zones, {"ForAnyValue:StringLike": {_NAMES: "_acme-challenge.*"}}, effect="Deny"),
        )

    def _names(self, facts: ClusterFacts) -> Iterator[str]:
        """What it may write. Its TXT record for a host has the type in front: registry/mapper/mapper.go (ToTXTName)."""
        for host in hosts.within(facts.hosts, self.domains):
            yield from (host, *(f"{kind.lower()}-{host}" for kind in _MANAGED if not host.startswith("*.")))

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
            "txtOwnerId": facts.name,
            "domainFilters": list(self.domains),
            "extraArgs": {"zone-id-filter": list(self.zones), **role},
            # Route 53 takes 5 requests a second for a whole account, so it looks on events, and seldom otherwise.
            # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
            "triggerLoopOnEvent": True,
            "interval": "5m",
            "resources": resources("50m", "128Mi"),
        }
