"""A proxy by which nodes and the function that installs charts reach the internet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from blueprint.fields import UNIQUE, at_most, matches
from blueprint.regions import dns_suffix
from blueprint.value import Value

ProxyAddress = Annotated[
    str,
    matches(
        r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?",
        "must be the address of a proxy, without credentials, which everybody on a node could read",
        'write for example "http://proxy.example.com:3128"',
        longest=250,
    ),
]
ProxiedHost = Annotated[
    str,
    matches(
        r"[\w.:\[\]/-]{1,255}",
        "must be a host name, a domain, an address or a range",
        'write for example ".example.com"',
    ),
]
# Of the node itself: IMDS (AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html) and the agent of EKS Pod
# Identity (eks/latest/userguide/pod-id-how-it-works.html); names of Kubernetes, of instances and of the API server.
_NEAR = ("localhost", "127.0.0.1", "169.254.169.254", "169.254.170.23", ".cluster.local", ".svc", ".internal")
# eks/latest/userguide/cluster-endpoint.html; the names resolve to addresses in the VPC there.
_API = (".eks.amazonaws.com", ".eks.amazonaws.com.cn", ".api.amazonwebservices.com.cn")

# Services of an IPv6 cluster have unique local addresses (eks/latest/userguide/cni-ipv6.html), and so have IMDS and the
# agent of Pod Identity; nothing of these is on the internet (RFC 4193). Go matches them by the range
# (golang.org/x/net/http/httpproxy/proxy.go), Python and others by what stands between the brackets of an address.
_NEAR_BY_IPV6 = ("::1", "fc00::/7", "[fd00:ec2::254]", "[fd00:ec2::23]")


class Proxy(Value):
    """What leads to the internet where no route does. Nodes pull images by it, and the function that installs charts
    pulls these; what is in the VPC and in the cluster is reached without it.

    Pods get it from nobody: of add-ons, those that call what has no endpoint are told (`ExternalDns`, `CertManager`);
    for others write it into their values. Fargate pulls images without a proxy.
    """

    address: ProxyAddress
    """For example "http://proxy.example.com:3128". Nodes find it by the VPC's DNS."""
    without: Annotated[tuple[ProxiedHost, ...], at_most(50, "hosts"), UNIQUE] = ()
    """What else is reached without it, for example (".example.com",)."""


def without_proxy(
    proxy: Proxy, *, cidrs: Sequence[str], services: str, region: str, endpoints: Sequence[str] | None
) -> Iterator[str]:
    """Ranges and names that are reached without it. `services` is the range of Services, empty in an IPv6 cluster,
    where EKS chooses it; `endpoints` are the AWS services that have one in the VPC, all of the region where None.
    """
    suffix = f"{region}.{dns_suffix(region)}"
    yield from (*_NEAR, *cidrs)
    if services:
        yield from (services, *_API)
    else:
        yield from (*_NEAR_BY_IPV6, *_API, f".eks-cluster.{region}.api.aws")
    if endpoints is None:
        yield f".{suffix}"
    else:
        # com.amazonaws.us-west-2.ecr.dkr answers as dkr.ecr.us-west-2.amazonaws.com, and below it.
        names = (".".join(reversed(service.split("."))) for service in ("s3", *endpoints))
        for name in sorted({*names}):
            yield from (f"{name}.{suffix}", f".{name}.{suffix}")
    yield from proxy.without
