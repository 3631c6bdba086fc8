"""Gateways by Amazon VPC Lattice. https://www.gateway-api-controller.eks.aws.dev"""

from __future__ import annotations

from collections.abc import Mapping

from addons.aws_gateway_api_controller.pods import ACCOUNT, CHART, GENERATED, IMAGE, POD
from addons.aws_gateway_api_controller.policy import statements
from addons.aws_gateway_api_controller.service_network import ServiceNetworkName
from addons.envoy_gateway import GATEWAY_API
from blueprint.addons import (
    CallsAws,
    ClusterFacts,
    HelmAddon,
    ServiceLinkedRole,
    Statement,
    Values,
)
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources
from blueprint.kubernetes import Manifest
from blueprint.linked_roles import LATTICE


class AwsGatewayApiController(CallsAws, HelmAddon):
    """Makes services of VPC Lattice of the routes of Gateways of the class `amazon-vpc-lattice`, which clients in other
    VPCs and accounts reach through a service network. A Gateway has the name of its network. Needs an add-on that
    defines the kinds of the Gateway API, such as EnvoyGateway().

    Lattice comes to pods from addresses of its own, those of the prefix list com.amazonaws.REGION.vpc-lattice: the
    cluster's security group and network policies have to let these in, and nothing here does, since each region has
    another list. Access logs need `extra_permissions`, and tags of what it makes an annotation of the Gateway or route,
    `application-networking.k8s.aws/tags`.
    https://www.gateway-api-controller.eks.aws.dev/latest/guides/deploy/
    """

    name = "aws-gateway-api-controller"
    lost = "services of Lattice go on with the targets that they have; no Gateway, route or pod is followed any more"
    namespace = "aws-application-networking-system"
    pod_security = "restricted"
    service_account = ACCOUNT
    api_groups = ("application-networking.k8s.aws",)
    chart = locked_chart(
        CHART,
        definitions_stay=True,
        notes="https://github.com/aws/aws-application-networking-k8s/releases/tag/v{version}",
    )
    workloads = (POD,)
    images = (IMAGE,)
    generated = GENERATED

    service_network: ServiceNetworkName | None = None
    """The network in which the cluster's VPC is, for Gateways of any name: it is made, and the VPC joins it, unless it
    is there. None: each Gateway joins the network of its name, which somebody makes and lets the VPC into."""

    @property
    def needs_api_groups(self) -> Mapping[str, str]:
        return GATEWAY_API

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("acm", "tagging", "vpc-lattice")

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (LATTICE,)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return statements(facts)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            # It asks the metadata of its node for what is not said here, which pods do not reach.
            "awsRegion": facts.region,
            "awsAccountId": facts.account,
            "clusterVpcId": facts.vpc_id,
            "clusterName": facts.name,
            **(
                {"defaultServiceNetwork": self.service_network, "enableServiceNetworkOverride": True}
                if self.service_network
                else {}
            ),
            "deployment": {
                "replicas": 2,
                "topologySpreadConstraints": across_zones(name=self.chart.name, instance=self.name),
            },
            "pdb": {"enabled": True, "maxUnavailable": 1},
            "resources": resources("50m", "128Mi"),
        }

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """files/controller-installation/gatewayclass.yaml of v2.1.3."""
        return (
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "GatewayClass",
                "metadata": {"name": "amazon-vpc-lattice"},
                "spec": {"controllerName": "application-networking.k8s.aws/gateway-api-controller"},
            },
        )
