"""What every cluster with nodes of its own runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.core_dns import CoreDns
from addons.eks_node_monitoring_agent import EksNodeMonitoringAgent
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.kube_proxy import KubeProxy
from addons.metrics_server import MetricsServer
from addons.vpc_cni import VpcCni
from blueprint.addons import Addon
from blueprint.errors import Problem

CORE = (
    VpcCni(),
    KubeProxy(),
    EksPodIdentityAgent(),
    CoreDns(),
    AwsEbsCsiDriver(),
    MetricsServer(),
    EksNodeMonitoringAgent(),
)
"""Networking, DNS, credentials, disks, metrics and health of nodes, installed by EKS. Auto Mode brings most of it."""


def core(*members: Addon) -> tuple[Addon, ...]:
    """The core set with these in the place of its own: `core(VpcCni(prefix_delegation=True))`.

    What has no place in it stands behind the set, where the report of the blueprint's mistakes finds it.
    """
    rest = list(members)
    return (*(_taken(rest, type(own)) or own for own in CORE), *_refused(rest))


def _taken(members: list[Addon], kind: type[Addon]) -> Addon | None:
    found = next((index for index, each in enumerate(members) if isinstance(each, kind)), None)
    return None if found is None else members.pop(found)


def _refused(members: list[Addon]) -> Iterator[Addon]:
    """Another one of a kind is a duplicate, and what is no add-on is told anyway: both are rules of the blueprint."""
    kinds = tuple(type(own) for own in CORE)
    for each in members:
        if isinstance(each, Addon) and not isinstance(each, kinds):
            rule = f"not in the core set: {', '.join(own.name for own in CORE)}"
            problem = Problem((), each.name, rule, f"write addons=(*core(…), {type(each).__name__}(…))")
            yield replace(each, _mistakes=(*each._mistakes, problem))  # noqa: SLF001  # told with its other mistakes
        else:
            yield each
