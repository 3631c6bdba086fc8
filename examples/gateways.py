"""Ways in: load balancers of AWS for Ingresses and Gateways, Gateways that Envoy serves, and those of a mesh."""

from __future__ import annotations

from dataclasses import replace

from addons.aws_gateway_api_controller import AwsGatewayApiController
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.aws_load_balancer_controller.classes import AlbClass
from addons.core import CORE
from addons.envoy_gateway import EnvoyGateway
from addons.external_dns import ExternalDns
from addons.istio import Istio
from addons.istio.gateways import IstioGateway
from blueprint import ManagedNodes
from blueprint.addons import KubernetesManifests
from examples.managed import MANAGED
from examples.shared import PAYMENTS, PLATFORM

CERTIFICATES = tuple(
    f"arn:aws:acm:us-west-2:111111111111:certificate/{each}a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f" for each in (0, 1)
)

GATEWAYS = replace(
    MANAGED,
    name="gateways",
    compute=(ManagedNodes("system", instance_types=("m7g.xlarge",), min=3, max=4),),
    addons=(
        *CORE,
        AwsLoadBalancerController(
            gateways=True,
            classes=(
                AlbClass("alb-public", "internet-facing", teams=("payments",), allow=("203.0.113.0/24",)),
                AlbClass("alb-shared", "internal", group="shared", certificates=CERTIFICATES),
            ),
        ),
        EnvoyGateway(scheme="internet-facing", proxies=3),
        Istio(
            gateways=(
                IstioGateway(scheme="internet-facing", replicas=3),
                IstioGateway("istio-private"),
            ),
        ),
        AwsGatewayApiController(service_network="shared"),
        ExternalDns(zones=("Z0123456789",), domains=("example.com",), sources=("ingress", "gateway-httproute")),
        KubernetesManifests(
            "front",
            directory="examples/workloads/front",
            namespace="front",
            pod_security="restricted",
            after=("aws-load-balancer-controller",),
        ),
    ),
    teams=(PLATFORM, PAYMENTS),
)
