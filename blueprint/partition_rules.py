"""What partitions lack: features of EKS, and services of AWS that add-ons call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from blueprint.addons import Addon, EksCapability
from blueprint.compute import Compute
from blueprint.endpoints import called
from blueprint.errors import Problem
from blueprint.fargate import FargateProfile
from blueprint.hybrid_nodes import HybridNodes
from blueprint.mirrors import cache_problems
from blueprint.regions import REGIONS, partition_of

if TYPE_CHECKING:
    from blueprint.checked import Checked
    from blueprint.planning.draft import Draft

# Of the services that add-ons call: botocore 1.44.5, data/endpoints.json, those that a partition has no endpoint of.
LACKING: Mapping[str, frozenset[str]] = {
    "aws-cn": frozenset({"aps-workspaces", "shield", "vpc-lattice"}),
    "aws-us-gov": frozenset({"shield", "vpc-lattice"}),
}


class _LackingKind(NamedTuple):
    """Values that some partitions have no use for."""

    kind: type[Addon | Compute]
    partitions: frozenset[str]
    rule: str
    """Before the region."""
    fix: str


_PUBLIC = frozenset({"aws-cn", "aws-us-gov"})
_KINDS = (
    _LackingKind(  # https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-eks.html
        FargateProfile, frozenset({"aws-us-gov"}), "EKS runs no pods on Fargate in", "run its pods on nodes"
    ),
    _LackingKind(  # https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-overview.html (considerations)
        HybridNodes, _PUBLIC, "EKS takes no nodes outside of AWS in", "leave them out"
    ),
    _LackingKind(  # https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html: in all commercial regions
        EksCapability,
        frozenset(map(partition_of, REGIONS)) - {"aws"},
        "EKS has no capabilities in",
        "leave it out, and run the controllers by their charts",
    ),
)


def features(view: Checked) -> Iterator[Problem]:
    """Of EKS and of Amazon ECR."""
    blueprint = view.blueprint
    partition = partition_of(blueprint.region)
    for path, each in (*view.compute.items(), *view.addons.items()):
        for lacking in _KINDS:
            if isinstance(each, lacking.kind) and partition in lacking.partitions:
                yield Problem(path, each.name, f"{lacking.rule} {blueprint.region}", lacking.fix)
    authorities = blueprint.cluster.certificate_authorities
    if authorities and partition in _PUBLIC and view.knows("cluster", "certificate_authorities"):
        # aws-cdk-lib 2.275.0 knows no AWS::EKS::CertificateAuthority in these regions (CloudFormation Validate, F3006).
        rule = f"CloudFormation makes no certificate authorities of a cluster in {blueprint.region}"
        yield Problem(("cluster", "certificate_authorities"), authorities, rule, "leave them out")
    if partition == "aws-cn" and blueprint.cluster.ip_family == "ipv6":
        # https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
        rule = f"EKS makes no cluster of IPv6 in {blueprint.region}"
        fix = 'leave it out; load balancers answer both families with ip_address_type="dualstack"'
        yield Problem(("cluster", "ip_family"), blueprint.cluster.ip_family, rule, fix)
    if view.knows_all("mirrors") and view.knows("region") and view.knows("account"):
        yield from cache_problems(blueprint.mirrors, blueprint.account, blueprint.region)


def problems(view: Checked, parts: Sequence[Draft]) -> Iterator[Problem]:
    """Of services that parts call."""
    region = view.blueprint.region
    lacking = LACKING.get(partition_of(region), frozenset()) if view.knows("region") else frozenset()
    for part in parts:
        for service in sorted(lacking & {*called([part])}):
            rule = f"{part.name} calls {service}, which {region} does not have"
            yield Problem(part.path, service, rule, "leave out the option that asks for it, or remove it")
