"""Makes load balancers for Ingresses, Gateways and Services. https://kubernetes-sigs.github.io/aws-load-balancer-controller"""

from __future__ import annotations

from collections.abc import Iterator

from addons.aws_load_balancer_controller import ingress_class
from addons.aws_load_balancer_controller.certificate import GENERATED
from addons.aws_load_balancer_controller.ingress_class import IpAddressType
from addons.aws_load_balancer_controller.policy import statements
from addons.aws_load_balancer_controller.service_classes import policies
from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, ServiceLinkedRole, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import CRITICAL, across_zones, resources, workload
from blueprint.errors import Problem
from blueprint.kubernetes import Manifest
from blueprint.linked_roles import LOAD_BALANCING

_SERVICE_CLASS = "service.k8s.aws/nlb"


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
    # The chart has the version of the controller since 3.0.0.
    chart = locked_chart(
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

    ip_address_type: IpAddressType | None = None
    """What the load balancers of Ingresses of its class answer; when None both families in an IPv6 cluster, where
    nothing else reaches pods, else IPv4. Both need a network with IPv6. A Service says it by the annotation
    `service.beta.kubernetes.io/aws-load-balancer-ip-address-type`.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class/"""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from ingress_class.problems(facts, self.ip_address_type)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return statements(facts, wafv2=self.wafv2, shield=self.shield)

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (LOAD_BALANCING,)

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        # It asks ACM for certificates of hosts where an Ingress names none by ARN.
        optional = {"wafv2": self.wafv2, "shield": self.shield}
        return ("ec2", "elasticloadbalancing", *(name for name, used in optional.items() if used))

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        own = self.extra_values.get("loadBalancerClass") or _SERVICE_CLASS
        return (*(policies(str(own)) if self.require_class else ()), *ingress_class.local_classes(facts))

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "clusterName": facts.name,
            # Otherwise it asks the instance metadata service, which pods cannot reach (hop limit 1).
            "region": facts.region,
            "vpcId": facts.vpc_id,
            "serviceAccount": {"name": self.service_account},
            # By this annotation an Ingress would join the load balancer of another; IngressClassParams make groups.
            "disableIngressGroupNameAnnotation": True,
            "replicaCount": 2,
            "podDisruptionBudget": {"maxUnavailable": 1},
            "topologySpreadConstraints": across_zones(name=self.chart.name, instance=self.name),
            "priorityClassName": CRITICAL,
            "resources": resources("100m", "256Mi"),
            # With these two the pods keep to the restricted Pod Security Standard.
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "securityContext": {"capabilities": {"drop": ["ALL"]}},
            # This webhook judges every Service: while the controller is down, none could be made in the whole cluster.
            "enableServiceMutatorWebhook": False,
            "keepTLSSecret": True,  # otherwise each upgrade makes a new certificate for the webhooks
            "ingressClassConfig": {"default": self.default_class},
            **ingress_class.params(facts, self.ip_address_type),
            "defaultTargetType": "ip",  # pods of the VPC CNI have addresses of the VPC
            "defaultSSLPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",  # the controller's own takes TLS 1.0
            "enableShield": self.shield,
            "enableWaf": False,  # WAF Classic is retired
            "enableWafv2": self.wafv2,
            "defaultTags": dict(facts.tags),
        }
