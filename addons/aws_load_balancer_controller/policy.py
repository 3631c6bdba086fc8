"""AWS permissions of the load balancer controller, for one cluster.

Upstream's policy lets the controller of one cluster change the load balancers of another, and open any security group:
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/install/iam_policy.json
This one grants the same work on what carries the cluster's tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from addons.aws_load_balancer_controller.load_balancing import (
    KEEPS_OWNER,
    TAG,
    actions,
    load_balancing,
    owned,
    requested,
)
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement

_NO_RESOURCE = "AWS offers no narrower resource for it"

_EC2_READS = """
    DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeCoipPools DescribeInstances
    DescribeInternetGateways DescribeIpamPools DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups
    DescribeSubnets DescribeVpcPeeringConnections DescribeVpcs GetCoipPoolUsage GetSecurityGroupsForVpc
"""
_ELB_READS = """
    DescribeCapacityReservation DescribeListenerAttributes DescribeListenerCertificates DescribeListeners
    DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeTags
    DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth DescribeTrustStores
"""


def statements(facts: ClusterFacts, *, wafv2: bool, shield: bool) -> tuple[Statement, ...]:
    """The permissions, with those for AWS WAF and Shield only where they are used."""
    found = [*_reads(facts), *_security_groups(facts), *load_balancing(facts)]
    if wafv2:
        found.extend(_web_acls(facts))
    if shield:
        protect = actions("shield", "CreateProtection DeleteProtection DescribeProtection GetSubscriptionState")
        found.append(Statement(protect, ("*",), reason=f"to protect ALBs with Shield Advanced; {_NO_RESOURCE}"))
    return tuple(found)


def _reads(facts: ClusterFacts) -> Iterator[Statement]:
    reads = ("acm:ListCertificates", *actions("ec2", _EC2_READS), *actions("elasticloadbalancing", _ELB_READS))
    yield Statement(reads, ("*",), reason=f"reads only; {_NO_RESOURCE}")
    certificates, pools = (facts.arn("acm", "certificate/*"),), (facts.arn("cognito-idp", "userpool/*"),)
    yield Statement(("acm:DescribeCertificate",), certificates, reason="it finds the certificate of a host by itself")
    yield Statement(("cognito-idp:DescribeUserPoolClient",), pools, reason="asked for when a rule signs in by Cognito")


def _security_groups(facts: ClusterFacts) -> Iterator[Statement]:
    groups = (facts.arn("ec2", "security-group/*"),)
    vpc = facts.arn("ec2", f"vpc/{facts.vpc_id}")
    here = {"ArnEquals": {"ec2:Vpc": vpc}}
    change = actions("ec2", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress")
    creating = {"StringEquals": {f"aws:RequestTag/{TAG}": facts.name, "ec2:CreateAction": "CreateSecurityGroup"}}
    # EKS puts this tag on the cluster's own security group, which nodes and pods carry.
    nodes = {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{facts.name}": "owned"}}
    yield Statement(("ec2:CreateSecurityGroup",), (vpc,))
    yield Statement(("ec2:CreateSecurityGroup",), groups, requested(facts))
    yield Statement(("ec2:CreateTags",), groups, creating)
    yield Statement(("ec2:CreateTags", "ec2:DeleteTags"), groups, {**owned(facts), **KEEPS_OWNER})
    yield Statement((*change, "ec2:DeleteSecurityGroup"), groups, {**owned(facts), **here})
    yield Statement(change, groups, {**nodes, **here})


def _web_acls(facts: ClusterFacts) -> Iterator[Statement]:
    acls = (facts.arn("wafv2", "regional/webacl/*/*"), facts.arn("elasticloadbalancing", "loadbalancer/app/*/*"))
    why = "to associate web ACLs with ALBs; AWS offers no condition on the tags of an ALB for it"
    associate = actions("wafv2", "AssociateWebACL DisassociateWebACL GetWebACL GetWebACLForResource")
    yield Statement(associate, acls, reason=why)
    yield Statement(("wafv2:ListWebACLs", "elasticloadbalancing:SetWebAcl"), ("*",), reason=why)
