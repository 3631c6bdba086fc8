"""The planned network of a blueprint."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from blueprint.blueprint import Blueprint
from blueprint.iam import Statement
from blueprint.network import NewNetwork, SubnetKind
from blueprint.planning.document import FlowLogs, PlannedNetwork, ServiceRole, Subnet
from blueprint.references import FLOW_LOGS_ARN


def planned_network(blueprint: Blueprint) -> PlannedNetwork:
    """The VPC with its subnets, ways out and logs."""
    network = blueprint.network
    return PlannedNetwork(
        cidr=network.cidr,
        zones=tuple(f"{blueprint.region}{letter}" for letter in network.zones),
        subnets=subnets(network, blueprint.region),
        zones_in_reserve=network.room - len(network.zones),
        nat_gateways={"none": 0, "one": 1, "per-zone": len(network.zones)}[network.nat],
        gateway_endpoints=("s3",),
        interface_endpoints=network.interface_endpoints,
        subnet_tags=_subnet_tags(blueprint.name),
        flow_logs=FlowLogs(network.flow_log_retention_days, _flow_log_role(blueprint.account)),
    )


def subnets(network: NewNetwork, region: str) -> tuple[Subnet, ...]:
    """Every subnet with its range, kind after kind from the start of the VPC, largest first."""
    start = int(ipaddress.ip_network(network.cidr).network_address)
    planned = []
    for kind, prefix in network.prefixes.items():
        size = 2 ** (32 - prefix)
        for place, zone in enumerate(network.zones):
            planned.append(Subnet(kind, f"{region}{zone}", f"{ipaddress.ip_address(start + place * size)}/{prefix}"))
        start += network.room * size
    return tuple(planned)


def _subnet_tags(cluster: str) -> Mapping[SubnetKind, Mapping[str, str]]:
    """What load balancer controllers and Karpenter look for.

    https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
    https://karpenter.sh/docs/concepts/nodeclasses (subnetSelectorTerms)
    """
    return {
        "private": {"kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": cluster},
        "public": {"kubernetes.io/role/elb": "1"},
    }


def _flow_log_role(account: str) -> ServiceRole:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"""
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return ServiceRole(
        "vpc-flow-logs.amazonaws.com",
        statements=(Statement(actions, (FLOW_LOGS_ARN,)),),
        conditions={"StringEquals": {"aws:SourceAccount": account}},
    )
