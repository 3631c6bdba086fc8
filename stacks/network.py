"""The network stack: VPC, subnets, NAT, endpoints, flow logs."""

from __future__ import annotations

from typing import Any

from aws_cdk import Tags, aws_ec2, aws_iam
from constructs import Construct

from blueprint.network import NewNetwork, SubnetKind
from blueprint.plan import Plan
from stacks.acknowledge import NIST, acknowledge
from stacks.base import BlueprintStack, trust
from stacks.retained import retained_key, retained_logs


class NetworkStack(BlueprintStack):
    """The VPC, and the subnets that the cluster needs; looked up once, since each look is several calls.

    `control_plane` are the ids of those in which EKS puts the control plane's network interfaces.
    """

    def __init__(self, scope: Construct, plan: Plan) -> None:
        super().__init__(scope, "network", plan, stateful=True)
        network = plan.blueprint.network
        zones = [f"{plan.facts.region}{letter}" for letter in network.zones]
        # The CDK compares them with the account's, which the CLI would look up: with credentials, and a second run.
        self.node.set_context(f"availability-zones:account={plan.facts.account}:region={plan.facts.region}", zones)
        self.vpc = aws_ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=aws_ec2.IpAddresses.cidr(network.cidr),
            availability_zones=zones,
            reserved_azs=network.room - len(zones),
            nat_gateways={"none": 0, "one": 1, "per-zone": len(zones)}[network.nat],
            subnet_configuration=[_subnets(network, kind) for kind in network.prefixes],
            restrict_default_security_group=True,
            gateway_endpoints={"s3": {"service": aws_ec2.GatewayVpcEndpointAwsService.S3}},
        )
        self.private = self.vpc.select_subnets(subnet_group_name="private")
        small = self.vpc.select_subnets(subnet_group_name="control-plane").subnet_ids
        first = network.control_plane_zones or network.zones
        chosen = self.private.subnet_ids if plan.private_control_plane else small
        self.control_plane = [id for zone, id in zip(network.zones, chosen, strict=True) if zone in first]
        if network.interface_endpoints:
            self._interface_endpoints(network)
        self._flow_logs(plan)
        self._discovery_tags(plan)
        self.export(self.vpc.vpc_id, *self.private.subnet_ids, *small)

    def _interface_endpoints(self, network: NewNetwork) -> None:
        """One security group serves them all: HTTPS from the VPC."""
        group = aws_ec2.SecurityGroup(self, "Endpoints", vpc=self.vpc, allow_all_outbound=False)
        group.add_ingress_rule(aws_ec2.Peer.ipv4(network.cidr), aws_ec2.Port.tcp(443))
        private = aws_ec2.SubnetSelection(subnet_group_name="private")
        for service in network.interface_endpoints:
            endpoint = aws_ec2.InterfaceVpcEndpointAwsService(service)
            self.vpc.add_interface_endpoint(
                service, service=endpoint, subnets=private, security_groups=[group], open=False
            )

    def _flow_logs(self, plan: Plan) -> None:
        """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"""
        key = retained_key(self, plan, "flow logs")
        logs = retained_logs(self, "FlowLogs", key.attr_arn, plan.blueprint.network.flow_log_retention_days)
        destination = logs.attr_arn
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": destination}
        role = aws_iam.CfnRole(
            self,
            "FlowLogRole",
            assume_role_policy_document=trust(
                "vpc-flow-logs.amazonaws.com", StringEquals={"aws:SourceAccount": plan.facts.account}
            ),
            policies=[{"policyName": "logs", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}],
        )
        acknowledge(role, {f"{NIST}IAMNoInlinePolicy": "the policy belongs to this one role and goes with it"})
        aws_ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination=destination,
            deliver_logs_permission_arn=role.attr_arn,
        )

    def _discovery_tags(self, plan: Plan) -> None:
        """What load balancer controllers and Karpenter look for.

        https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
        https://karpenter.sh/docs/concepts/nodeclasses (subnetSelectorTerms)
        """
        for subnet in self.private.subnets:
            tags = Tags.of(subnet)
            tags.add("kubernetes.io/role/internal-elb", "1")
            tags.add("karpenter.sh/discovery", plan.blueprint.name)
        for subnet in self.vpc.public_subnets:
            Tags.of(subnet).add("kubernetes.io/role/elb", "1")
            reason = "public subnets hold load balancers and NAT gateways only"
            acknowledge(subnet, {f"{NIST}VPCNoUnrestrictedRouteToIGW": reason})


def _subnets(network: NewNetwork, kind: SubnetKind) -> dict[str, Any]:
    configuration: dict[str, Any] = {"name": kind, "cidrMask": network.prefixes[kind]}
    if kind == "public":
        return {**configuration, "subnetType": aws_ec2.SubnetType.PUBLIC, "mapPublicIpOnLaunch": False}
    routed = kind == "private" and network.nat != "none"
    subnet_type = aws_ec2.SubnetType.PRIVATE_WITH_EGRESS if routed else aws_ec2.SubnetType.PRIVATE_ISOLATED
    return {**configuration, "subnetType": subnet_type}
