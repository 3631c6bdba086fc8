"""Gateways of the mesh: https://istio.io/latest/docs/setup/additional-setup/gateway"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from blueprint.addons import Chart, ClusterFacts, Contribution, Values, Workload
from blueprint.addons.load_balancers import Scheme, problems, service
from blueprint.addons.pods import resources
from blueprint.contribution import Release
from blueprint.errors import Problem, duplicates
from blueprint.fields import ReleaseName, between
from blueprint.kubernetes import Namespace
from blueprint.value import Value


class IstioGateway(Value):
    """Proxies through which traffic comes into the mesh, in a namespace of their own. An object Gateway of Istio's
    chooses them by the label `app` with the name. Gateways of the Gateway API, which make proxies of their own where
    they stand, need none.
    """

    name: ReleaseName = "istio-ingress"
    """Of the release, and of the namespace."""
    scheme: Scheme | None = "internal"
    """Of the Network Load Balancer before it. None: there is none, and a Service of the cluster alone."""
    replicas: Annotated[int, between(2, 30, "pods")] = 2
    """How many proxies there are."""

    def values(self, facts: ClusterFacts) -> Values:
        """Of its chart."""
        unprivileged = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
        spread = {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app": self.name}},
        }
        return {
            "autoscaling": {"enabled": False},
            "replicaCount": self.replicas,
            "podDisruptionBudget": {"maxUnavailable": 1},
            "topologySpreadConstraints": [spread],
            # The sysctl is the chart's own; with the profile the pods keep to the restricted Pod Security Standard.
            "securityContext": {"sysctls": [unprivileged], "seccompProfile": {"type": "RuntimeDefault"}},
            "resources": resources("100m", "512Mi"),
            "service": service(facts, self.scheme),
        }

    @property
    def workload(self) -> Workload:
        """Its pods, whose image istiod puts in."""
        return Workload(
            self.name,
            namespace=self.name,
            labels={"app": self.name, "istio": self.name.removeprefix("istio-")},
            service_account=self.name,
            ports=(15090,),
            replicas_at=("replicaCount",),
            cpu_at=("resources.requests.cpu",),
            tolerations_at=("tolerations",),
            node_selector_at=("nodeSelector",),
        )


def of_one_name(gateways: Sequence[IstioGateway]) -> Iterator[Problem]:
    """Paths are from the mesh."""
    names = ((("gateways", index, "name"), each.name) for index, each in enumerate(gateways))
    yield from duplicates(names, "gateway", "give each a name of its own")


def without_load_balancers(gateways: Sequence[IstioGateway], facts: ClusterFacts) -> Iterator[Problem]:
    """Paths are from the mesh."""
    for index, each in enumerate(gateways):
        yield from (problem.below(("gateways", index)) for problem in problems(facts, each.scheme))


def with_gateways(
    made: Contribution, facts: ClusterFacts, gateways: Sequence[IstioGateway], chart: Chart
) -> Contribution:
    """The mesh with its gateways, behind istiod, which puts the proxy into their pods."""
    found = [(each, each.values(facts)) for each in gateways]
    return replace(
        made,
        namespaces=(*made.namespaces, *(Namespace(each.name, "restricted") for each, _ in found)),
        releases=(*made.releases, *(Release(each.name, chart, each.name, values) for each, values in found)),
        workloads=(*made.workloads, *(each.workload.read(values, each.name) for each, values in found)),
    )
