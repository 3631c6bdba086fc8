"""The network stack: VPC, subnets, NAT, endpoints, flow logs."""

from __future__ import annotations

from itertools import chain, islice
from typing import Any, cast

from aws_cdk import Annotations, Fn, Tags, aws_ec2
from constructs import Construct, IConstruct

from blueprint.fields import is_ipv6
from blueprint.network import SubnetKind
from blueprint.planning.document import FlowLogs, Plan, PlannedNetwork, Subnet
from blueprint.references import VPC_ID, VPC_IPV6_RANGE, name_of, resolved, subnet_id
from blueprint.zones import is_id
from stacks.acknowledge import NIST, acknowledge
from stacks.base import PARTITION_ONLY, BlueprintStack, limit_roles, service_role
from stacks.retained import retained_key, retained_logs

_OWN_WAY = ("pods", "endpoints", "local", "local-public")
"""Kinds of subnets whose ranges the CDK does not work out."""

_DESTINATIONS = {False: "destination_cidr_block", True: "destination_ipv6_cidr_block"}
"""By whether the range is of IPv6."""
_TARGETS = {"transit-gateway": "transit_gateway_id", "peering-connection": "vpc_peering_connection_id"}


class NetworkStack(BlueprintStack):
    """The VPC that is made for a cluster; `references` is what later stacks know of it."""

    def __init__(self, scope: Construct, plan: Plan) -> None:
        super().__init__(scope, "network", plan, stateful=True)
        network = plan.network
        assert network.flow_logs  # noqa: S101  # a network that is made has them
        zones = list(network.zones)
        # The CDK compares them with the account's, which the CLI would look up: with credentials, and a second run.
        self.node.set_context(f"availability-zones:account={plan.facts.account}:region={plan.facts.region}", zones)
        self.vpc = aws_ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=aws_ec2.IpAddresses.cidr(network.cidrs[0]),
            availability_zones=zones,
            reserved_azs=network.zones_in_reserve,
            nat_gateways=network.nat_gateways,
            subnet_configuration=_subnets(network),
            restrict_default_security_group=True,
            gateway_endpoints={
                name: {"service": aws_ec2.GatewayVpcEndpointAwsService(name)} for name in network.gateway_endpoints
            },
        )
        limit_roles(self.node.find_child("Custom::VpcRestrictDefaultSGCustomResourceProvider"), plan)
        self._made = self._by_kind(network)
        subnets = {
            name_of(subnet_id(kind, zone)): made.subnet_id
            for kind, found in self._made.items()
            for zone, made in zip(zones, found, strict=True)
            if kind != "public"
        }
        if any(map(is_id, zones)):
            self._name_zones_by_id()
        for name in network.gateway_endpoints:
            self._policy(network, name, self.vpc.node.find_child(name))
        self.references = {name_of(VPC_ID): self.vpc.vpc_id, **subnets, **self._pods(network), **self._local(network)}
        self.export(*self.references.values())
        self.references |= self._ipv6(network)
        self._own_routes(network)
        if network.interface_endpoints:
            self._interface_endpoints(network)
        self._flow_logs(plan, network.flow_logs)
        self._tags(network)

    def _by_kind(self, network: PlannedNetwork) -> dict[str, list[aws_ec2.ISubnet]]:
        """The subnets of the VPC in the order of zones, which `select_subnets` takes seven calls to find."""
        types = {each["name"]: each["subnetType"] for each in _subnets(network)}
        made = {
            aws_ec2.SubnetType.PUBLIC: lambda: self.vpc.public_subnets,
            aws_ec2.SubnetType.PRIVATE_WITH_EGRESS: lambda: self.vpc.private_subnets,
            aws_ec2.SubnetType.PRIVATE_ISOLATED: lambda: self.vpc.isolated_subnets,
        }
        of_type = {each: iter(made[each]()) for each in dict.fromkeys(types.values())}
        return {kind: list(islice(of_type[each], len(network.zones))) for kind, each in types.items()}

    def _name_zones_by_id(self) -> None:
        """The CDK takes names only, and writes what it was given into the property for names."""
        for subnet in chain.from_iterable(self._made.values()):
            made = cast("aws_ec2.CfnSubnet", subnet.node.default_child)
            made.availability_zone_id, made.availability_zone = made.availability_zone, None

    def _pods(self, network: PlannedNetwork) -> dict[str, str]:
        """Subnets of a second range, with the routes of the nodes in their zones."""
        if not (subnets := network.of_kind("pods")):
            return {}
        own_range = aws_ec2.CfnVPCCidrBlock(self, "PodRange", vpc_id=self.vpc.vpc_id, cidr_block=network.cidrs[1])
        tables = [each.route_table.route_table_id for each in self._made["private"]]
        found = {}
        for place, subnet in enumerate(subnets):
            name = f"PodSubnet{place + 1}"
            made = self._subnet(name, subnet)
            made.node.add_dependency(own_range)
            table = tables[network.zones.index(subnet.zone)]
            aws_ec2.CfnSubnetRouteTableAssociation(self, f"{name}Routes", subnet_id=made.ref, route_table_id=table)
            found[name_of(subnet.id)] = made.ref
        return found

    def _local(self, network: PlannedNetwork) -> dict[str, str]:
        """Subnets in Local Zones, with the routes of the first zone, as OpenShift's installer makes them: few Local
        Zones have NAT gateways, and none takes an attachment of a transit gateway.

        https://docs.okd.io/latest/installing/installing_aws/ipi/installing-aws-localzone.html (PrivateRouteTableId)
        """
        found = {}
        for kind, beside in {"local": "private", "local-public": "public"}.items():
            for number, subnet in enumerate(network.of_kind(cast("SubnetKind", kind)), 1):
                name = f"{'LocalPublic' if kind == 'local-public' else 'Local'}Subnet{number}"
                made = self._subnet(name, subnet)
                table = self._made[beside][0].route_table.route_table_id
                aws_ec2.CfnSubnetRouteTableAssociation(self, f"{name}Routes", subnet_id=made.ref, route_table_id=table)
                found[name_of(subnet.id)] = made.ref
        return found

    def _ipv6(self, network: PlannedNetwork) -> dict[str, str]:
        """A range of Amazon's for the VPC, and a /64 of it for each subnet, which never moves.

        The CDK would count subnets on, and divide the range by their number, so that a zone that comes later would move
        those of others.
        """
        if not network.ipv6:
            return {}
        vpc = cast("aws_ec2.CfnVPC", self.vpc.node.default_child)
        own_range = aws_ec2.CfnVPCCidrBlock(
            self, "Ipv6Range", vpc_id=self.vpc.vpc_id, amazon_provided_ipv6_cidr_block=True
        )
        # AWS lets IPv6 out of the default group with the range, unless its outbound rules have been changed before.
        # https://docs.aws.amazon.com/vpc/latest/userguide/VPC_SecurityGroups.html#DefaultSecurityGroup
        own_range.node.add_dependency(self.vpc.node.find_child("RestrictDefaultSecurityGroupCustomResource"))
        self.export_string_list_value(vpc.attr_ipv6_cidr_blocks)
        whole = Fn.select(0, vpc.attr_ipv6_cidr_blocks)
        blocks = Fn.cidr(whole, 256, "64")
        found = {name_of(VPC_IPV6_RANGE): whole}
        gateway = None
        if network.ipv6_nodes and network.nat_gateways:
            gateway = aws_ec2.CfnEgressOnlyInternetGateway(self, "Ipv6Egress", vpc_id=self.vpc.vpc_id)
        kinds = dict.fromkeys(subnet.kind for subnet in network.subnets if subnet.ipv6_cidr)
        for kind in kinds:
            for subnet, own in zip(network.of_kind(kind), self._made[kind], strict=True):
                block = cast("aws_ec2.CfnSubnet", own.node.default_child)
                assert subnet.ipv6_place is not None  # noqa: S101  # one of a VPC that is made has it
                block.ipv6_cidr_block = Fn.select(subnet.ipv6_place, blocks)
                if network.ipv6_nodes and kind == "private":
                    block.assign_ipv6_address_on_creation = True
                    why = "nodes need an IPv6 address, at which nobody reaches them: the gateway lets out alone"
                    acknowledge(own, {f"{NIST}VPCSubnetAutoAssignPublicIpDisabled": why})
                block.node.add_dependency(own_range)
                found[name_of(subnet.ipv6_cidr)] = block.ipv6_cidr_block
                self._ipv6_route(kind, own, gateway)
        return found

    def _ipv6_route(
        self, kind: str, subnet: aws_ec2.ISubnet, gateway: aws_ec2.CfnEgressOnlyInternetGateway | None
    ) -> None:
        """To the internet, and from there to load balancers alone."""
        by: dict[str, str] = {}
        if kind == "public" and self.vpc.internet_gateway_id:
            by = {"gateway_id": self.vpc.internet_gateway_id}
        elif kind == "private" and gateway:
            by = {"egress_only_internet_gateway_id": gateway.attr_id}
        if by:
            table = subnet.route_table.route_table_id
            route = aws_ec2.CfnRoute(
                cast("aws_ec2.Subnet", subnet),
                "Ipv6Route",
                route_table_id=table,
                destination_ipv6_cidr_block="::/0",
                **by,
            )
            route.node.add_dependency(self.vpc.internet_connectivity_established)

    def _own_routes(self, network: PlannedNetwork) -> None:
        """Of the subnets of nodes, whose tables those of pods share, and of EKS, which answers where it is asked."""
        small = self._made["control-plane"] if network.routes else []
        attached = {
            id: aws_ec2.CfnTransitGatewayAttachment(
                self,
                id,
                transit_gateway_id=id,
                vpc_id=self.vpc.vpc_id,
                subnet_ids=[subnet.subnet_id for subnet in small],
                options={"Ipv6Support": "enable"} if network.ipv6 else None,
            )
            for id in network.transit_gateways
        }
        for route in network.routes:
            for subnet in (*self._made["private"], *small):
                made = aws_ec2.CfnRoute(
                    cast("aws_ec2.Subnet", subnet),
                    f"To{route.to}",
                    route_table_id=subnet.route_table.route_table_id,
                    **{_DESTINATIONS[is_ipv6(route.to)]: route.to, _TARGETS[route.kind]: route.via},
                )
                if route.via in attached:
                    made.add_resource_dependency(attached[route.via])

    def _subnet(self, name: str, subnet: Subnet) -> aws_ec2.CfnSubnet:
        tags = {"Name": f"{self.node.path}/{name}", "aws-cdk:subnet-name": subnet.kind}
        return aws_ec2.CfnSubnet(
            self,
            name,
            vpc_id=self.vpc.vpc_id,
            availability_zone_id=subnet.zone if is_id(subnet.zone) else None,
            availability_zone=None if is_id(subnet.zone) else subnet.zone,
            cidr_block=subnet.cidr,
            map_public_ip_on_launch=False,
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )

    def _interface_endpoints(self, network: PlannedNetwork) -> None:
        """One security group serves them all: HTTPS from the VPC. Their subnets have the VPC's own routes alone."""
        group = aws_ec2.SecurityGroup(self, "Endpoints", vpc=self.vpc, allow_all_outbound=False)
        for cidr in network.cidrs:
            group.add_ingress_rule(aws_ec2.Peer.ipv4(cidr), aws_ec2.Port.tcp(443))
        subnets = []
        for number, subnet in enumerate(network.of_kind("endpoints"), 1):
            id = self._subnet(f"EndpointSubnet{number}", subnet).ref
            known = aws_ec2.Subnet.from_subnet_attributes(
                self, f"Endpoints{number}", subnet_id=id, availability_zone=subnet.zone
            )
            Annotations.of(known).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId", "no route is asked for")
            subnets.append(known)
        for service in network.interface_endpoints:
            endpoint = self.vpc.add_interface_endpoint(
                service,
                service=aws_ec2.InterfaceVpcEndpointAwsService(service),
                subnets=aws_ec2.SubnetSelection(subnets=subnets),
                security_groups=[group],
                open=False,
            )
            self._policy(network, service, endpoint)

    def _policy(self, network: PlannedNetwork, service: str, endpoint: IConstruct) -> None:
        if policy := network.endpoint_policies.get(service):
            made = cast("aws_ec2.CfnVPCEndpoint", endpoint.node.default_child)
            made.policy_document = resolved(policy, PARTITION_ONLY)

    def _flow_logs(self, plan: Plan, flow_logs: FlowLogs) -> None:
        key = retained_key(self, plan, "flow logs")
        logs = retained_logs(self, "FlowLogs", key.attr_arn, flow_logs.retention_days)
        references = {**PARTITION_ONLY, "flow-logs-arn": logs.attr_arn}
        aws_ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type=flow_logs.traffic,
            log_destination=logs.attr_arn,
            deliver_logs_permission_arn=service_role(self, "FlowLogRole", plan, flow_logs.role, references).attr_arn,
        )

    def _tags(self, network: PlannedNetwork) -> None:
        for kind, tags in network.subnet_tags.items():
            for subnet in self._made[kind]:
                for key, value in tags.items():
                    Tags.of(subnet).add(key, value)
        for subnet in self._made.get("public", ()):
            reason = "public subnets hold load balancers and NAT gateways only"
            acknowledge(subnet, {f"{NIST}VPCNoUnrestrictedRouteToIGW": reason})


def _subnets(network: PlannedNetwork) -> list[dict[str, Any]]:
    """One for each kind, from which the CDK works out the ranges of the plan."""
    types = {
        "public": aws_ec2.SubnetType.PUBLIC,
        "private": aws_ec2.SubnetType.PRIVATE_WITH_EGRESS
        if network.nat_gateways
        else aws_ec2.SubnetType.PRIVATE_ISOLATED,
        "control-plane": aws_ec2.SubnetType.PRIVATE_ISOLATED,
    }
    prefixes = {subnet.kind: subnet.prefix for subnet in network.subnets if subnet.kind not in _OWN_WAY}
    return [
        {
            "name": kind,
            "cidrMask": prefix,
            "subnetType": types[kind],
            **({"mapPublicIpOnLaunch": False} if kind == "public" else {}),
        }
        for kind, prefix in prefixes.items()
    ]
