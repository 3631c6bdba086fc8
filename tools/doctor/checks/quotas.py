"""Service quotas: what the account may have, has, and would have after a deploy.

Codes of VPC quotas: https://docs.aws.amazon.com/general/latest/gr/vpc-service.html and moto's copy of what the API
answers (moto/servicequotas/resources/default_quotas/vpc.py); of the others: tools/doctor/checks/vcpus.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from botocore.exceptions import ClientError

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import zones_of
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import code_of, live_cluster, live_vpc, subnets, vpcs, where

NAME = "quotas"


class ServiceQuota(NamedTuple):
    """A quota of Service Quotas."""

    name: str
    service: str
    code: str
    region: str = ""
    """Where it stands, when not in the cluster's."""


VPCS = ServiceQuota("VPCs in the region", "vpc", "L-F678F1CE")
INTERNET_GATEWAYS = ServiceQuota("internet gateways in the region", "vpc", "L-A4707A72")
NAT_GATEWAYS = ServiceQuota("NAT gateways in a zone", "vpc", "L-FE5A380F")
# https://github.com/tedilabs/terraform-aws-account (modules/service-quota-requests/locals.tf)
ADDRESSES = ServiceQuota("Elastic IP addresses in the region", "ec2", "L-0263D0A3")
# "Clusters" of https://docs.aws.amazon.com/general/latest/gr/eks.html#limits_eks; that page has no codes, many public
# scripts have: aws service-quotas get-service-quota --service-code eks --quota-code L-1194D53C
CLUSTERS = ServiceQuota("EKS clusters in the region", "eks", "L-1194D53C")
# https://github.com/aws/aws-eks-best-practices (latest/bpg/scalability/quotas.adoc)
PROVIDERS = ServiceQuota("OpenID Connect providers of the account", "iam", "L-858F3967")


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
    return int(answer.get("Value", 0))


def judged(quota: ServiceQuota, allowed: int, used: int, least: int, most: int | None = None) -> Finding:
    """`used` by others, and what the cluster needs: `least` to be deployed, `most` when it has grown."""
    most = least if most is None else most
    needs = f"needs {least}" if most == least else f"needs {least} to {most}"
    what = f"{quota.name}: {used} of {allowed} in use, the cluster {needs} more"
    fix = (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {used + most}"
        + (f" --region {quota.region}" if quota.region else "")
    )
    if least and used + least > allowed:
        return problem(NAME, what, "AWS refuses what exceeds the quota, and the deploy fails", fix)
    if most and used + most > allowed:
        return warning(NAME, what, "a deploy works, but nodes cannot be added up to the maximum", fix)
    return ok(NAME, what)


def networks(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """VPCs and their internet gateways."""
    more = 0 if live_vpc(plan, aws) else 1
    yield judged(VPCS, limit(VPCS, aws), len(vpcs(aws)), more)
    pages = aws.ec2.get_paginator("describe_internet_gateways").paginate()
    gateways = sum(len(page["InternetGateways"]) for page in pages)
    yield judged(INTERNET_GATEWAYS, limit(INTERNET_GATEWAYS, aws), gateways, more)


def egress(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """NAT gateways, and an Elastic IP address for each.

    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-gateways
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html (failed and deleted ones are gone)
    """
    zones = zones_of(plan)[: plan.network.nat_gateways]
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
    allowed = limit(NAT_GATEWAYS, aws)
    for zone in zones:
        quota = NAT_GATEWAYS._replace(name=f"NAT gateways in {zone}")
        yield judged(quota, allowed, sum(place == zone for place, _ in placed), int(zone not in there))
    used = len(aws.ec2.describe_addresses()["Addresses"])
    yield judged(ADDRESSES, limit(ADDRESSES, aws), used, len(set(zones) - there))


def identity_providers(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """OpenID Connect providers of the account; each cluster brings one."""
    found = [one["Arn"] for one in aws.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    cluster = live_cluster(plan, aws)
    issuer = cluster.get("identity", {}).get("oidc", {}).get("issuer", "") if cluster else ""
    own = any(issuer and arn.endswith(issuer.removeprefix("https:/")) for arn in found)
    quota = PROVIDERS._replace(region=aws.iam_quotas.meta.region_name)
    yield judged(quota, limit(quota, aws), len(found), int(not own))


def clusters(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """EKS clusters of account and region."""
    used = sum(len(page["clusters"]) for page in aws.eks.get_paginator("list_clusters").paginate())
    yield judged(CLUSTERS, limit(CLUSTERS, aws), used, 0 if live_cluster(plan, aws) else 1)
