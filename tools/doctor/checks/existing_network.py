"""A VPC that is there already: what the blueprint says of it, and what no file can know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from blueprint.network import NODE_KINDS, PUBLIC_KINDS
from blueprint.planning.document import INTERNAL_TAG, PUBLIC_TAG, Plan, Subnet
from blueprint.zones import is_id, written
from tools.doctor.aws import Aws
from tools.doctor.checks.network import (
    NAME,
    available_endpoints,
    default_route,
    free_addresses,
    route_tables,
    table_of,
)
from tools.doctor.finding import Finding, ok, problem, unchecked, warning
from tools.doctor.lookups import live_vpc, subnets, where

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import RouteTableTypeDef, RouteTypeDef, SubnetTypeDef

_Pair = tuple[Subnet, "SubnetTypeDef"]
_CLUSTER_TAG = "kubernetes.io/cluster/"
_FIELDS = {
    "private": "nodes",
    "public": "load_balancers",
    "internal": "internal_load_balancers",
    "control-plane": "control_plane",
    "pods": "pods",
    "endpoints": "endpoints",
    "local": "nodes",
    "local-public": "load_balancers",
}
"""Where the blueprint has the subnets of each kind."""


def vpc(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """That it is there, with the ranges and subnets that the blueprint says, DNS and free addresses."""
    if not plan.network.vpc_id:
        return
    found = live_vpc(plan, aws)
    if not found:
        what = f"this account sees no VPC {plan.network.vpc_id} in {plan.facts.region}"
        why = "nothing can be made in its subnets"
        yield problem(NAME, what, why, "correct vpc_id, or have its owner share the subnets with the account")
        return
    owner = found.get("OwnerId", plan.facts.account)
    shared = owner != plan.facts.account
    whose = f"shared by {owner}" if shared else "of this account"
    if shared is plan.network.shared:
        yield ok(NAME, f"VPC {found['VpcId']} is there, {whose}")
    else:
        what = f"VPC {found['VpcId']} is {whose}"
        why = "by this it is decided whether load balancers find their subnets by tags or have to name them"
        yield problem(NAME, what, why, f"write shared={shared}")
    there = {
        each.get("CidrBlock", "")
        for each in found.get("CidrBlockAssociationSet", [])
        if each.get("CidrBlockState", {}).get("State", "associated") == "associated"
    } | {found["CidrBlock"]}
    yield from _ranges(plan, there)
    yield from _dns(found["VpcId"], aws)
    live = {subnet["SubnetId"]: subnet for subnet in subnets(aws)}
    yield from _as_said(plan, live)
    yield from free_addresses(plan, _pairs(plan, aws), aws)


def _ranges(plan: Plan, there: set[str]) -> Iterator[Finding]:
    said = set(plan.network.cidrs)
    if foreign := sorted(said - there):
        why = "rules and policies reckon with addresses that are not the VPC's"
        yield problem(NAME, f"the VPC does not have {', '.join(foreign)}", why, f"write cidrs={tuple(sorted(there))}")
    if lacking := sorted(there - said):
        why = "nobody checked that Services have addresses of their own there, and policies do not know it"
        yield warning(NAME, f"the VPC has {', '.join(lacking)} as well", why, "add it to cidrs")


def _dns(id: str, aws: Aws) -> Iterator[Finding]:
    """Without both, "nodes can't register to your cluster".

    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    support = aws.ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsSupport").get("EnableDnsSupport", {})
    names = aws.ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsHostnames").get("EnableDnsHostnames", {})
    for option, attribute in (("support", support), ("hostnames", names)):
        if not attribute.get("Value"):
            fix = f"have its owner run: aws ec2 modify-vpc-attribute --vpc-id {id} --enable-dns-{option}"
            yield problem(NAME, f"the VPC has no DNS {option}", "nodes do not find the Kubernetes API", fix)
    if support.get("Value") and names.get("Value"):
        yield ok(NAME, "the VPC has DNS support and DNS hostnames")


def _as_said(plan: Plan, live: dict[str, SubnetTypeDef]) -> Iterator[Finding]:
    fine = 0
    for planned in plan.network.subnets:
        field, subnet = _FIELDS[planned.kind], live.get(planned.id)
        if not subnet:
            what = f"{field}: this account sees no subnet {planned.id}"
            yield problem(NAME, what, "nothing can be made there", "correct its id, or have its owner share it")
            continue
        wrong = list(_differing(plan, planned, subnet))
        for what, fix in wrong:
            why = "EKS refuses it, or policies and zones are those of another subnet"
            yield problem(NAME, f"{field}: {planned.id} {what}", why, fix)
        if not wrong:
            fine += 1
        if planned.kind not in PUBLIC_KINDS and subnet.get("MapPublicIpOnLaunch"):
            why = "whatever starts there without a word about it is on the internet, nodes included"
            fix = f"have its owner run: aws ec2 modify-subnet-attribute --subnet-id {planned.id} "
            fix += "--no-map-public-ip-on-launch"
            yield warning(NAME, f"{field}: {planned.id} gives out public addresses", why, fix)
    if fine:
        yield ok(NAME, f"{fine} subnets are as the blueprint says")


def _differing(plan: Plan, planned: Subnet, live: SubnetTypeDef) -> Iterator[tuple[str, str]]:
    """What of a subnet is not as the blueprint says, and what to write."""
    zone = live.get("AvailabilityZoneId", "") if is_id(planned.zone) else live["AvailabilityZone"]
    if live["VpcId"] != plan.network.vpc_id:
        yield f"is in {live['VpcId']}, not {plan.network.vpc_id}", "name a subnet of this VPC"
    if zone != planned.zone:
        yield f"is in {zone}, not {planned.zone}", f'write zone="{written(zone)}"'
    states = ("associated", "associating")
    blocks = live.get("Ipv6CidrBlockAssociationSet", [])
    ipv6 = [each["Ipv6CidrBlock"] for each in blocks if each.get("Ipv6CidrBlockState", {}).get("State") in states]
    if planned.ipv6_cidr and planned.ipv6_cidr not in ipv6:
        found = f"the IPv6 range {', '.join(ipv6)}" if ipv6 else "no IPv6 range"
        fix = f'write ipv6_cidr="{ipv6[0]}"' if ipv6 else "have its owner associate one, or leave out ipv6_cidrs"
        yield f"has {found}, not {planned.ipv6_cidr}", fix
    if plan.network.ipv6_nodes and planned.kind == "private" and not live.get("AssignIpv6AddressOnCreation"):
        fix = f"have its owner run: aws ec2 modify-subnet-attribute --subnet-id {planned.id} "
        yield "gives nodes no IPv6 addresses", f"{fix}--assign-ipv6-address-on-creation"
    if live["CidrBlock"] != planned.cidr:
        yield f"has the range {live['CidrBlock']}, not {planned.cidr}", f'write cidr="{live["CidrBlock"]}"'


def ways(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Routes to the internet and to endpoints, of which only the owner knows."""
    if not plan.network.vpc_id:
        return
    tables = route_tables(plan.network.vpc_id, aws)
    yield from _routes(plan, _pairs(plan, aws), tables)
    wanted, endpoints = plan.network.interface_endpoints, available_endpoints(plan.network.vpc_id, aws)
    lacking = [service for service in wanted if service not in endpoints]
    if lacking and plan.network.shared:
        yield unchecked(NAME, f"endpoints for {', '.join(lacking)}: they are the owner's, and may not show here")
    elif lacking:
        why = "what calls it finds no way there"
        fix = "have its owner make them, or take them out of interface_endpoints"
        yield problem(NAME, f"the VPC has no endpoint for {', '.join(lacking)}", why, fix)
    elif wanted:
        yield ok(NAME, "the endpoints that the blueprint names are there")
    named = {subnet.id for subnet in plan.network.of_kind("endpoints")}
    for service in wanted if named else ():
        if others := sorted({*endpoints.get(service, {}).get("SubnetIds", [])} - named):
            why = "connections of teams to AWS services (ToAwsServices) are closed there"
            fix = f"add them to endpoints, or have its owner move it ({', '.join(others)})"
            yield problem(NAME, f"endpoints: that of {service} stands in other subnets", why, fix)
    for service in plan.network.gateway_endpoints if not plan.network.shared else ():
        reached = endpoints[service].get("RouteTableIds", []) if service in endpoints else []
        for subnet in (each for each in plan.network.subnets if each.kind in NODE_KINDS):
            table = table_of(subnet.id, tables)
            if not table or table.get("RouteTableId") not in reached:
                why = "images of Amazon ECR lie in S3, so nodes there pull none"
                fix = f"have its owner associate a gateway endpoint of {service} with the subnet's route table"
                yield problem(NAME, f"nodes: {subnet.id} has no route to {service}", why, fix)


def _routes(plan: Plan, pairs: Sequence[_Pair], tables: Sequence[RouteTableTypeDef]) -> Iterator[Finding]:
    fine = 0
    for planned, _ in pairs:
        field, route = _FIELDS[planned.kind], default_route(planned.id, tables)
        leads = _leads(route)
        if planned.kind in PUBLIC_KINDS and leads != "internet":
            why = "load balancers there are not reached from the internet"
            fix = "name a public subnet, or have its owner route 0.0.0.0/0 to an internet gateway"
            yield problem(NAME, f"{field}: {planned.id} has no route to an internet gateway", why, fix)
        elif planned.kind not in PUBLIC_KINDS and leads == "internet":
            why = "it is a public subnet: nodes and EKS have no public addresses, so nothing gets out by this route"
            fix = f"name a private subnet, or move it to load_balancers if that is what it is for ({planned.id})"
            yield problem(NAME, f"{field}: {planned.id} is routed to an internet gateway", why, fix)
        elif planned.kind in NODE_KINDS and plan.facts.internet and leads != "elsewhere":
            why = "nodes and charts get no images"
            fix = "have its owner route 0.0.0.0/0 to a NAT or transit gateway, or write internet=False"
            now = "leads nowhere (blackhole)" if leads == "nowhere" else "is missing"
            yield problem(NAME, f"{field}: the default route of {planned.id} {now}", why, fix)
        elif wrong := _ipv6_route(plan, planned, tables):
            fix = "have its owner route ::/0 to an egress-only internet gateway"
            yield problem(NAME, f"{field}: {planned.id} {wrong[0]}", wrong[1], fix)
        else:
            fine += 1
    if fine:
        yield ok(NAME, f"{fine} subnets have the routes that they need")


def _ipv6_route(plan: Plan, planned: Subnet, tables: Sequence[RouteTableTypeDef]) -> tuple[str, str] | None:
    """What is wrong with that of nodes, and why it matters. Their pods have public addresses."""
    if planned.kind != "private" or not plan.network.ipv6_nodes:
        return None
    leads = _leads(default_route(planned.id, tables, ipv6=True))
    if leads == "internet":
        return "routes ::/0 to an internet gateway", "whoever their security group lets in reaches pods from outside"
    if plan.facts.internet and leads != "elsewhere":
        return "has no route for ::/0", "pods reach nothing outside that has IPv6 addresses"
    return None


def _leads(route: RouteTypeDef | None) -> Literal["", "nowhere", "internet", "elsewhere"]:
    if not route:
        return ""
    if route.get("State") == "blackhole":
        return "nowhere"
    return "internet" if route.get("GatewayId", "").startswith("igw-") else "elsewhere"


def load_balancers(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Tags by which controllers find subnets, and those that keep them away; of a shared VPC no account sees any.

    https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html, and of aws-load-balancer-controller
    v3.5.0 docs/deploy/subnet_discovery.md: a subnet that has the tag of other clusters only is left out.
    """
    if not plan.network.vpc_id or plan.network.shared:
        return
    wanted = [(PUBLIC_TAG, subnet) for subnet in plan.network.of_kind("public")]
    wanted += [(INTERNAL_TAG, subnet) for subnet in plan.network.internal_load_balancers]
    live, fine = {subnet["SubnetId"]: subnet for subnet in subnets(aws)}, 0
    own = f"{_CLUSTER_TAG}{plan.facts.name}"
    for tag, planned in wanted:
        if planned.id not in live:
            continue  # told already
        field, tags = _FIELDS[planned.kind], live[planned.id].get("Tags", [])
        keys = {each.get("Key", "") for each in tags}
        others = sorted(key for key in keys if key.startswith(_CLUSTER_TAG))
        if others and own not in keys:
            why = "load balancer controllers leave it out: it is another cluster's"
            fix = f"have its owner add the tag {own}=shared"
            yield problem(NAME, f"{field}: {planned.id} has the tag {', '.join(others)} only", why, fix)
        elif not any(each.get("Key") == tag and each.get("Value") in ("1", "") for each in tags):
            why = "load balancer controllers find subnets by it"
            fix = f"have its owner run: aws ec2 create-tags --resources {planned.id} --tags Key={tag},Value=1"
            yield problem(NAME, f"{field}: {planned.id} lacks the tag {tag}=1", why, fix)
        else:
            fine += 1
    if fine:
        yield ok(NAME, f"{fine} subnets carry the tag of load balancers")
    # aws-load-balancer-controller v3.5.0 pkg/networking/subnet_resolver.go (validateSubnetsLocaleUniformity)
    for planned in plan.network.subnets if not plan.network.shared else ():
        has = {each.get("Key", "") for each in live[planned.id].get("Tags", [])} if planned.id in live else set()
        if planned.kind in ("local", "local-public") and (found := sorted(has & {PUBLIC_TAG, INTERNAL_TAG})):
            why = "load balancer controllers mix no Local Zone with zones of the region, and make none then"
            fix = f"have its owner run: aws ec2 delete-tags --resources {planned.id} --tags Key={found[0]}"
            yield problem(NAME, f"{_FIELDS[planned.kind]}: {planned.id} has the tag {found[0]}", why, fix)


def flow_logs(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether its owner keeps any; no other account sees them."""
    if not plan.network.vpc_id:
        return
    if plan.network.shared:
        yield unchecked(NAME, "flow logs of a shared VPC: only its owner sees them")
        return
    found = aws.ec2.describe_flow_logs(Filters=where("resource-id", plan.network.vpc_id))["FlowLogs"]
    if any(log.get("FlowLogStatus", "ACTIVE") == "ACTIVE" for log in found):
        yield ok(NAME, "the VPC has flow logs")
    else:
        why = "nobody sees later who talked to whom; those of single subnets are not looked at"
        yield warning(NAME, "the VPC has no flow logs", why, "have its owner log the traffic of the VPC")


def _pairs(plan: Plan, aws: Aws) -> list[_Pair]:
    """Planned and live; what is not there is told by `vpc`."""
    live = {subnet["SubnetId"]: subnet for subnet in subnets(aws)}
    return [(planned, live[planned.id]) for planned in plan.network.subnets if planned.id in live]
