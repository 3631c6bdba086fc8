"""Service quotas: what the account may have, has, and would have after a deploy."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from blueprint.planning.document import FargateNodes, Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import groups_of, zones_of
from tools.doctor.checks.needs import types_of
from tools.doctor.finding import Finding, ok, problem, unchecked, warning
from tools.doctor.lookups import caller, code_of, live_cluster, live_vpc, subnets, vpcs, where
from tools.quotas import QUOTAS, ServiceQuota

NAME = "quotas"


def limit(quota: ServiceQuota, aws: Aws) -> int:
    """The value that is applied to the account; AWS's default where nobody asked for another.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    client = aws.iam_quotas if quota.service == "iam" else aws.quotas
    try:
        answer = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        answer = client.get_aws_default_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
    return int(answer["Value"])


def judged(
    quota: ServiceQuota, name: str, allowed: int, used: int, least: int, most: int | None = None, region: str = ""
) -> Finding:
    """`used` by others, and what the cluster needs: `least` to be deployed, `most` when it has grown.

    `region` is where the quota stands, when not in the cluster's.
    """
    most = least if most is None else most
    needs = f"needs {least}" if most == least else f"needs {least} to {most}"
    what = f"{name}: {used} of {allowed} in use, the cluster {needs} more"
    fix = increase(quota, used + most) + (f" --region {region}" if region else "")
    if least and used + least > allowed:
        return problem(NAME, what, "AWS refuses what exceeds the quota, and the deploy fails", fix)
    if most and used + most > allowed:
        return warning(NAME, what, "a deploy works, but nodes cannot be added up to the maximum", fix)
    return ok(NAME, what)


def increase(quota: ServiceQuota, value: int) -> str:
    """The command that asks AWS for more."""
    return (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {value}"
    )


def networks(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """VPCs and their internet gateways, unless the cluster gets none."""
    if plan.network.vpc_id:
        return
    more = 0 if live_vpc(plan, aws) else 1
    quota = QUOTAS["VPCs"]
    yield judged(quota, "VPCs in the region", limit(quota, aws), len(vpcs(aws)), more)
    pages = aws.ec2.get_paginator("describe_internet_gateways").paginate()
    own = caller(aws).account
    gateways = [one for page in pages for one in page["InternetGateways"] if one.get("OwnerId", own) == own]
    quota = QUOTAS["internet gateways"]
    yield judged(quota, "internet gateways in the region", limit(quota, aws), len(gateways), more)


def endpoints(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """VPC endpoints: gateways count in the region, interfaces in their VPC, which is the cluster's own."""
    if plan.network.vpc_id:
        return
    wanted = len(plan.network.gateway_endpoints)
    pages = aws.ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=where("vpc-endpoint-type", "Gateway"))
    vpc = live_vpc(plan, aws)
    own = vpc["VpcId"] if vpc else ""
    others = sum(one.get("VpcId") != own for page in pages for one in page["VpcEndpoints"])
    quota = QUOTAS["gateway endpoints"]
    yield judged(quota, "gateway endpoints of other VPCs in the region", limit(quota, aws), others, wanted)
    if interfaces := len(plan.network.interface_endpoints):
        quota = QUOTAS["interface endpoints"]
        yield judged(quota, "interface endpoints in a VPC", limit(quota, aws), 0, interfaces)


def egress(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """NAT gateways, and an Elastic IP address for each.

    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-gateways
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html (failed and deleted ones are gone)
    """
    zones = zones_of(plan, aws)[: plan.network.nat_gateways]
    if not zones:
        return
    vpc = live_vpc(plan, aws)
    own = vpc["VpcId"] if vpc else None
    zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in subnets(aws)}
    states = where("state", "pending", "available", "deleting")
    pages = aws.ec2.get_paginator("describe_nat_gateways").paginate(Filters=states)
    placed = [
        (zone_of.get(nat.get("SubnetId", ""), ""), nat.get("VpcId") == own)
        for page in pages
        for nat in page["NatGateways"]
    ]
    there = {zone for zone, is_own in placed if is_own}
    quota = QUOTAS["NAT gateways"]
    allowed = limit(quota, aws)
    for zone in zones:
        used = sum(place == zone for place, _ in placed)
        yield judged(quota, f"NAT gateways in {zone}", allowed, used, int(zone not in there))
    used = len(aws.ec2.describe_addresses()["Addresses"])
    quota = QUOTAS["addresses"]
    yield judged(quota, "Elastic IP addresses in the region", limit(quota, aws), used, len(set(zones) - there))


def identity_providers(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """OpenID Connect providers of the account; each cluster brings one."""
    found = [one["Arn"] for one in aws.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    cluster = live_cluster(plan, aws)
    issuer = cluster.get("identity", {}).get("oidc", {}).get("issuer", "") if cluster else ""
    own = any(issuer and arn.endswith(issuer.removeprefix("https:/")) for arn in found)
    quota, home = QUOTAS["identity providers"], aws.iam_quotas.meta.region_name
    name = "OpenID Connect providers of the account"
    yield judged(quota, name, limit(quota, aws), len(found), int(not own), region=home)


def roles(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Roles of the account, which counts them itself; what is live of the cluster is among them.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
    """
    summary = aws.iam.get_account_summary()["SummaryMap"]
    used, allowed = summary["Roles"], summary["RolesQuota"]
    needed = 0 if live_cluster(plan, aws) else roles_of(plan)
    what = f"roles of the account: {used} of {allowed} in use, the cluster needs {needed} more"
    if needed and used + needed > allowed:
        fix = "remove roles that nobody uses, or ask for more: Service Quotas, IAM, Roles per account"
        yield problem(NAME, what, "IAM refuses what exceeds the quota, and the deploy fails", fix)
    else:
        yield ok(NAME, what)


def roles_of(plan: Plan) -> int:
    """At least those of the control plane, of nodes, Fargate profiles and grants; functions have theirs beside."""
    grants = sum(len(part.contribution.every_grant) for part in plan.parts)
    fargate = sum(isinstance(each, FargateNodes) and each.role is not None for each in plan.compute)
    auto = plan.control_plane.auto_mode
    of_nodes = len(auto.roles if auto else ()) + len(plan.node_roles) + len(plan.control_plane.hybrid)
    return 1 + of_nodes + fargate + grants


def clusters(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """EKS clusters of account and region, and what each may have."""
    used = sum(len(page["clusters"]) for page in aws.eks.get_paginator("list_clusters").paginate())
    quota = QUOTAS["clusters"]
    more = 0 if live_cluster(plan, aws) else 1
    yield judged(quota, "EKS clusters in the region", limit(quota, aws), used, more)
    groups = [group for group in groups_of(plan) if group.kind == "managed"]
    if groups:
        quota = QUOTAS["node groups"]
        yield judged(quota, "managed node groups of a cluster", limit(quota, aws), 0, len(groups))
        quota = QUOTAS["nodes of a group"]
        least, most = max(group.min for group in groups), max(group.max for group in groups)
        yield judged(quota, "nodes of a managed node group", limit(quota, aws), 0, least, most)
    profiles = sum(isinstance(each, FargateNodes) for each in plan.compute)
    if profiles:
        quota = QUOTAS["Fargate profiles"]
        yield judged(quota, "Fargate profiles of a cluster", limit(quota, aws), 0, profiles)


def others(plan: Plan, _: Aws) -> Iterator[Finding]:
    """What is not asked for: every type of resource has some quota."""
    known = {kind for quota in QUOTAS.values() for kind in quota.counts} | {"AWS::IAM::Role"}
    if left := [kind.removeprefix("AWS::") for kind in types_of(plan) if kind not in known]:
        yield unchecked(NAME, f"quotas that count {', '.join(left)}: nobody looked at them")
