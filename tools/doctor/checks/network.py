"""The network: endpoint services before it is made; tags, routes and free addresses when it is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from blueprint.network import ENDPOINTS_WITHOUT_NAT, NODE_KINDS
from blueprint.planning.document import INTERNAL_TAG, PUBLIC_TAG, Plan, Subnet
from blueprint.routes import EVERYWHERE
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import groups_of, zones_of
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import code_of, instance_types, live_vpc, named, subnets, where

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import RouteTableTypeDef, RouteTypeDef, SubnetTypeDef, VpcEndpointTypeDef

NAME = "network"

ROLE_TAGS = {"public": PUBLIC_TAG, "private": INTERNAL_TAG}
# https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html: "up to five available IP addresses"
FOR_UPGRADE = 5
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
FOR_LOAD_BALANCER = 8


def endpoints(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether the interface endpoints of the blueprint are offered in its zones."""
    wanted = plan.network.interface_endpoints
    if not wanted or plan.network.vpc_id:
        return
    region = plan.facts.region
    # In China most services have the second form. aws-cdk-lib, aws-ec2/lib/vpc-endpoint.ts
    names = [f"{prefix}.{region}.{service}" for service in wanted for prefix in ("com.amazonaws", "cn.com.amazonaws")]
    answer = aws.ec2.describe_vpc_endpoint_services(Filters=where("service-name", *names))
    offered = {
        detail["ServiceName"].partition(f".{region}.")[2]: set(detail.get("AvailabilityZones", []))
        for detail in answer["ServiceDetails"]
        if any(kind.get("ServiceType") == "Interface" for kind in detail.get("ServiceType", []))
    }
    why = "the endpoint cannot be made, and the network stack fails"
    if missing := [service for service in wanted if service not in offered]:
        what = f"{region} offers no interface endpoint for {', '.join(missing)}"
        yield problem(NAME, what, why, "correct or leave out the name: aws ec2 describe-vpc-endpoint-services")
    fine = []
    for service in (service for service in wanted if service in offered):
        if lacking := [zone for zone in zones_of(plan, aws) if zone not in offered[service]]:
            what = f"the endpoint service {service} is not offered in {', '.join(lacking)}"
            yield problem(NAME, what, why, "take other zones, or leave the endpoint out")
        else:
            fine.append(service)
    if fine:
        yield ok(NAME, f"endpoint services {', '.join(fine)} are offered in every zone")


def transit_gateways(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Those that the network stack attaches the VPC to.

    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
    """
    for id in plan.network.transit_gateways:
        fix = "correct the id, or have its owner share it with this account by AWS RAM"
        try:
            (found,) = aws.ec2.describe_transit_gateways(TransitGatewayIds=[id])["TransitGateways"]
        except ClientError as error:
            if not code_of(error).startswith("InvalidTransitGatewayID"):
                raise
            yield problem(NAME, f"this account sees no transit gateway {id}", "the network stack fails", fix)
            continue
        owner, options = found["OwnerId"], found["Options"]
        if found["State"] != "available":
            what = f"the transit gateway {id} is {found['State']}"
            yield problem(NAME, what, "the network stack fails", "wait until it is available")
        elif owner != plan.facts.account and options.get("AutoAcceptSharedAttachments") == "disable":
            why = "its owner has to accept the attachment while the network stack waits for it"
            fix = f"in {owner}: aws ec2 accept-transit-gateway-vpc-attachment --transit-gateway-attachment-id …"
            yield warning(NAME, f"the transit gateway {id} of {owner} accepts nothing by itself", why, fix)
        else:
            yield ok(NAME, f"the transit gateway {id} takes the VPC")


def existing(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """The live VPC that stacks have made, against the plan; its subnets are found by their ranges."""
    vpc = None if plan.network.vpc_id else live_vpc(plan, aws)
    if not vpc:
        return
    cidr = plan.network.cidrs[0]
    if vpc["CidrBlock"] != cidr:
        what = f"the VPC {vpc['VpcId']} has the range {vpc['CidrBlock']}, the blueprint says {cidr}"
        why = "a range is never changed: CloudFormation would replace the VPC under the running cluster"
        yield problem(NAME, what, why, f'write cidr="{vpc["CidrBlock"]}"')
        return
    live = {subnet["CidrBlock"]: subnet for subnet in subnets(aws) if subnet["VpcId"] == vpc["VpcId"]}
    pairs = [(planned, live[planned.cidr]) for planned in plan.network.subnets if planned.cidr in live]
    yield from _of_plan(plan, live, aws)
    yield from _tags(pairs)
    yield from _routes(plan, vpc["VpcId"], pairs, aws)
    yield from free_addresses(plan, pairs, aws)


def _of_plan(plan: Plan, live: dict[str, SubnetTypeDef], aws: Aws) -> Iterator[Finding]:
    planned = {subnet.cidr: subnet for subnet in plan.network.subnets}
    why = "a deploy deletes or replaces it, which fails while something is in it"
    fix = "keep cidr and zones of the network as they were deployed"
    for cidr, subnet in sorted(live.items()):
        if cidr not in planned:
            yield warning(NAME, f"subnet {subnet['SubnetId']} ({cidr}) is not in the blueprint", why, fix)
        elif subnet["AvailabilityZone"] != (zone := named(planned[cidr].zone, aws)):
            what = f"subnet {subnet['SubnetId']} ({cidr}) is in {subnet['AvailabilityZone']}, not {zone}"
            yield problem(NAME, what, why, fix)
    if lacking := [cidr for cidr in planned if cidr not in live]:
        what = f"the live VPC lacks the subnets {', '.join(lacking)}"
        yield warning(NAME, what, "a deploy makes them", "see that nothing else uses the ranges")


def _tags(pairs: Sequence[tuple[Subnet, SubnetTypeDef]]) -> Iterator[Finding]:
    fine = 0
    for planned, subnet in pairs:
        tag = ROLE_TAGS.get(planned.kind)
        if not tag:
            continue
        if {"Key": tag, "Value": "1"} in subnet.get("Tags", []):
            fine += 1
            continue
        why = "load balancer controllers find subnets by it; CloudFormation does not notice that it is gone"
        fix = f"aws ec2 create-tags --resources {subnet['SubnetId']} --tags Key={tag},Value=1"
        yield problem(NAME, f"{planned.kind} subnet {subnet['SubnetId']} lacks the tag {tag}=1", why, fix)
    if fine:
        yield ok(NAME, f"{fine} subnets carry the tag of load balancers")


def _routes(plan: Plan, vpc: str, pairs: Sequence[tuple[Subnet, SubnetTypeDef]], aws: Aws) -> Iterator[Finding]:
    tables = route_tables(vpc, aws)
    by_hub = next((route.via for route in plan.network.routes if route.to == EVERYWHERE), "")
    wanted = {"public": "an internet gateway", "private": "a NAT gateway" if plan.network.nat_gateways else by_hub}
    keys = {"public": "GatewayId", "private": "TransitGatewayId" if by_hub else "NatGatewayId"}
    wanted |= {"local": wanted["private"], "local-public": wanted["public"]}
    keys |= {"local": keys["private"], "local-public": keys["public"]}
    fine = 0
    for planned, subnet in pairs:
        target = wanted.get(planned.kind)
        if not target:
            continue
        route = default_route(subnet["SubnetId"], tables)
        goes = route.get(keys[planned.kind]) if route else None
        if route and goes and route.get("State") == "active":
            fine += 1
            continue
        now = "goes nowhere (blackhole)" if route and route.get("State") == "blackhole" else "leads elsewhere"
        what = f"the default route of {planned.kind} subnet {subnet['SubnetId']} {now if route else 'is missing'}"
        why = "nodes and charts get no images" if planned.kind in NODE_KINDS else "load balancers are not reached"
        yield problem(NAME, what, why, f"restore the route 0.0.0.0/0 to {target}")
    if fine:
        yield ok(NAME, f"{fine} subnets have their default route")
    if plan.network.interface_endpoints:
        yield from _endpoints(plan, vpc, aws)


def route_tables(vpc: str, aws: Aws) -> list[RouteTableTypeDef]:
    """Those of a VPC."""
    pages = aws.ec2.get_paginator("describe_route_tables").paginate(Filters=where("vpc-id", vpc))
    return [table for page in pages for table in page["RouteTables"]]


def table_of(subnet: str, tables: Sequence[RouteTableTypeDef]) -> RouteTableTypeDef | None:
    """The subnet's own, or the VPC's main one."""
    linked = {
        link.get("SubnetId", "main" if link.get("Main") else ""): table
        for table in tables
        for link in table.get("Associations", [])
    }
    return linked.get(subnet) or linked.get("main")


def default_route(subnet: str, tables: Sequence[RouteTableTypeDef], *, ipv6: bool = False) -> RouteTypeDef | None:
    """Where traffic of a subnet goes that nothing else takes."""
    table = table_of(subnet, tables)
    routes = table.get("Routes", []) if table else []
    key, everywhere = ("DestinationIpv6CidrBlock", "::/0") if ipv6 else ("DestinationCidrBlock", "0.0.0.0/0")
    return next((route for route in routes if route.get(key) == everywhere), None)


def available_endpoints(vpc: str, aws: Aws) -> dict[str, VpcEndpointTypeDef]:
    """Those of a VPC that work, by their services: `ecr.api`."""
    pages = aws.ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=where("vpc-id", vpc))
    return {
        endpoint.get("ServiceName", "").partition(f".{aws.region}.")[2]: endpoint
        for page in pages
        for endpoint in page["VpcEndpoints"]
        if endpoint.get("State", "").lower() == "available"
    }


def _endpoints(plan: Plan, vpc: str, aws: Aws) -> Iterator[Finding]:
    lacking = sorted({*plan.network.interface_endpoints} - {*available_endpoints(vpc, aws)})
    what = f"the live VPC has no endpoint for {', '.join(lacking)}"
    if not lacking:
        yield ok(NAME, "the endpoints of the blueprint are there")
    elif not plan.facts.internet and {*lacking} & {*ENDPOINTS_WITHOUT_NAT}:
        yield problem(NAME, what, "without NAT, nodes reach AWS through endpoints only", "restore them")
    else:
        yield warning(NAME, what, "a deploy makes them", "deploy them before what calls them")


def free_addresses(plan: Plan, pairs: Sequence[tuple[Subnet, SubnetTypeDef]], aws: Aws) -> Iterator[Finding]:
    """What is left in each subnet, against what the next change takes."""
    free: dict[str, list[tuple[str, int]]] = {
        "control-plane": [],
        "private": [],
        "public": [],
        "internal": [],
        "pods": [],
        "endpoints": [],
        "local": [],
        "local-public": [],
    }
    for planned, subnet in pairs:
        free[planned.kind].append((subnet["SubnetId"], subnet["AvailableIpAddressCount"]))
    of_eks = [subnet["AvailableIpAddressCount"] for planned, subnet in pairs if planned in plan.control_plane.subnets]
    if of_eks and sum(of_eks) < FOR_UPGRADE:
        what = f"the control-plane subnets have {sum(of_eks)} free addresses in all"
        why = f"EKS needs up to {FOR_UPGRADE} for new network interfaces when it updates the control plane"
        yield problem(NAME, what, why, "free addresses there: nothing but EKS belongs in these subnets")
    for kind in ("public", "internal", "local-public"):
        for id, count in free[kind]:
            if count < FOR_LOAD_BALANCER:
                why = f"a load balancer needs {FOR_LOAD_BALANCER} to scale"
                yield warning(
                    NAME, f"{kind} subnet {id} has {count} free addresses", why, "remove load balancers there"
                )
    needed = _for_a_node(plan, aws)
    taken = [("pods", id, count, needed) for id, count in free["pods"]]
    taken += [("local", id, count, needed) for id, count in free["local"]]
    taken += [("private", id, count, 1 if free["pods"] else needed) for id, count in free["private"]]
    for kind, id, count, least in taken:
        if count < least:
            why = f"a new node takes up to {least} at its start, and node updates add nodes first"
            fix = "leave fewer addresses warm on nodes (WARM_IP_TARGET of vpc-cni), or plan a larger network"
            yield warning(NAME, f"{kind} subnet {id} has {count} free addresses", why, fix)
    counts = ", ".join(f"{kind} {sum(count for _, count in found)}" for kind, found in free.items() if found)
    if counts:
        yield ok(NAME, f"free addresses: {counts}")


def _for_a_node(plan: Plan, aws: Aws) -> int:
    """The network interface of the node and a warm one, both filled with addresses.

    https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md (WARM_ENI_TARGET, default 1)
    """
    known = instance_types([name for group in groups_of(plan) for name in group.instance_types], aws)
    return 2 * max((info["NetworkInfo"]["Ipv4AddressesPerInterface"] for info in known.values()), default=0)
