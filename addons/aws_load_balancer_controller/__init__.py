"""Makes load balancers for Ingresses, Gateways and Services. https://kubernetes-sigs.github.io/aws-load-balancer-controller"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from addons.aws_load_balancer_controller import classes, gateways, ingress_class
from addons.aws_load_balancer_controller.certificate import GENERATED
from addons.aws_load_balancer_controller.classes import AlbClass
from addons.aws_load_balancer_controller.ingress_class import IpAddressType
from addons.aws_load_balancer_controller.policy import statements
from addons.aws_load_balancer_controller.service_classes import policies
from addons.aws_load_balancer_controller.values import FIXED
from addons.envoy_gateway import GATEWAY_API
from blueprint.addons import (
    CallsAws,
    ClusterFacts,
    Contribution,
    HelmAddon,
    ImageSource,
    OffAws,
    ServiceLinkedRole,
    Statement,
    Values,
)
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, workload
from blueprint.errors import Problem
from blueprint.kubernetes import Manifest
from blueprint.linked_roles import LOAD_BALANCING


class AwsLoadBalancerController(CallsAws, HelmAddon):
    """ALBs for Ingresses of class alb, NLBs for Services whose `loadBalancerClass` is service.k8s.aws/nlb. Each Local
    Zone of the network has a class of its own, `alb-<zone>`, whose ALBs stand there.

    It acts only on what carries the tag `elbv2.k8s.aws/cluster` with the cluster's name, and it puts that on all that
    it makes. Two things made elsewhere need a tag: a target group named in a TargetGroupBinding that same one, and a
    security group of your own nodes `kubernetes.io/cluster/<name>: owned`, which EKS puts on the cluster's.
    Certificates come from ACM. Helm never upgrades the chart's CRDs; the review of another version has the command.
    """

    name = "aws-load-balancer-controller"
    lost = "load balancers stay, in nobody's care: new pods get no traffic, and Ingresses with its finalizers cannot go"
    namespace = "kube-system"
    service_account = "aws-load-balancer-controller"
    built_into_auto_mode = "skip"
    replaced_by = "load balancing"
    api_groups = ("aga.k8s.aws", "elbv2.k8s.aws", "gateway.k8s.aws")
    chart = locked_chart(  # which has the version of the controller since 3.0.0
        name,
        definitions_stay=True,
        notes="https://github.com/kubernetes-sigs/aws-load-balancer-controller/releases/tag/v{version}",
    )
    workloads = (workload(name, service_account=service_account, replicas="replicaCount", ports=(8080, 9443, 61779)),)
    generated = GENERATED
    images = (ImageSource("public.ecr.aws/eks/aws-load-balancer-controller", ("image.repository",)),)

    default_class: bool = True
    """Whether Ingresses that name no class get an ALB."""
    wafv2: bool = False
    """Off: an Ingress that asks for a web ACL by annotation gets an ALB without one, and no error."""
    shield: bool = False
    """Needs a subscription to Shield Advanced."""
    require_class: bool = True
    """Refuse Services of type LoadBalancer that name no class: the provider that EKS runs makes Classic Load Balancers
    of them. What is one already stays."""
    classes: tuple[AlbClass, ...] = ()
    """More classes of Ingresses, beside `alb`: one for the internet and one that is internal, for example."""
    gateways: bool = False
    """Whether there are load balancers for Gateways too, of the classes `alb` and `nlb`: internal ones, unless their
    LoadBalancerConfiguration says otherwise. Needs an add-on that defines their kinds, such as EnvoyGateway()."""
    ip_address_type: IpAddressType | None = None
    """What the load balancers of Ingresses of its class, and of Gateways, answer; when None both families in an IPv6
    cluster, where nothing else reaches pods, else IPv4. Both need a network with IPv6. A Service says it by the
    annotation `service.beta.kubernetes.io/aws-load-balancer-ip-address-type`."""

    @property
    def needs_api_groups(self) -> Mapping[str, str]:
        return GATEWAY_API if self.gateways else {}

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        yield from classes.problems(self.classes)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from classes.problems_on(facts, self.classes)
        yield from ingress_class.problems(facts, self.ip_address_type)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return statements(facts, wafv2=self.wafv2, shield=self.shield)

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (LOAD_BALANCING,)

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        # It asks ACM for certificates of hosts where an Ingress names none by ARN.
        return ("ec2", "elasticloadbalancing", *(["wafv2"] * self.wafv2), *(["shield"] * self.shield))

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        found = list(policies(self.extra_values.get("loadBalancerClass"))) if self.require_class else []
        found += classes.objects(facts, self.classes, self.ip_address_type)
        found += gateways.classes(facts, self.namespace, self.ip_address_type) if self.gateways else ()
        return (*found, *ingress_class.local_classes(facts))

    def off_aws(self, facts: ClusterFacts, brought: Contribution) -> OffAws:
        own = ingress_class.of_chart(self.extra_values, default=self.default_class)
        return replace(super().off_aws(facts, brought), objects=(*brought.objects, own))

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "clusterName": facts.name,
            # Otherwise it asks the instance metadata service, which pods cannot reach (hop limit 1).
            "region": facts.region,
            "vpcId": facts.vpc_id,
            "serviceAccount": {"name": self.service_account},
            **FIXED,
            "topologySpreadConstraints": across_zones(name=self.chart.name, instance=self.name),
            "ingressClassConfig": {"default": self.default_class},
            **ingress_class.params(facts, self.ip_address_type),
            **({"controllerConfig": {"featureGates": gateways.FEATURES}} if self.gateways else {}),
            "enableShield": self.shield,
            "enableWafv2": self.wafv2,
            "defaultTags": dict(facts.tags),
        }
