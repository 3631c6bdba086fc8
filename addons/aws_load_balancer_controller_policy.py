"""AWS permissions of the load balancer controller, for one cluster.

Upstream's policy lets the controller of one cluster change the load balancers of another, and open any security group:
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/install/iam_policy.json
This one grants the same work on what carries the cluster's tag. The controller tags in the call that creates, listeners
and rules included (its feature gate ListenerRulesTagging, on unless turned off).
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.facts import ClusterFacts
from blueprint.iam import Conditions, Statement
from blueprint.references import PARTITION

_TAG = "elbv2.k8s.aws/cluster"
_NO_RESOURCE = "AWS offers no narrower resource for it"
_SERVICE = "elasticloadbalancing.amazonaws.com"

_EC2_READS = """
    DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeCoipPools DescribeInstances
    DescribeInternetGateways DescribeIpamPools DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups
    DescribeSubnets DescribeTags DescribeVpcPeeringConnections DescribeVpcs GetCoipPoolUsage GetSecurityGroupsForVpc
"""
_ELB_READS = """
    DescribeCapacityReservation DescribeListenerAttributes DescribeListenerCertificates DescribeListeners
    DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeSSLPolicies DescribeTags
    DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth DescribeTrustStores
"""
_ELB_CHANGES = """
    AddListenerCertificates DeleteListener DeleteLoadBalancer DeleteRule DeleteTargetGroup DeregisterTargets
    ModifyCapacityReservation ModifyIpPools ModifyListener ModifyListenerAttributes ModifyLoadBalancerAttributes
    ModifyRule ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets RemoveListenerCertificates
    SetIpAddressType SetRulePriorities SetSecurityGroups SetSubnets
"""


def statements(facts: ClusterFacts, *, wafv2: bool, shield: bool) -> tuple[Statement, ...]:
    """The permissions, with those for AWS WAF and Shield only where they are used."""
    found = [*_reads(facts), *_security_groups(facts), *_load_balancing(facts)]
    if wafv2:
        found.extend(_web_acls(facts))
    if shield:
        actions = _actions("shield", "CreateProtection DeleteProtection DescribeProtection GetSubscriptionState")
        found.append(Statement(actions, ("*",), reason=f"to protect ALBs with Shield Advanced; {_NO_RESOURCE}"))
    return tuple(found)


def _reads(facts: ClusterFacts) -> Iterator[Statement]:
    reads = ("acm:ListCertificates", *_actions("ec2", _EC2_READS), *_actions("elasticloadbalancing", _ELB_READS))
    yield Statement(reads, ("*",), reason=f"reads only; {_NO_RESOURCE}")
    certificates, pools = (facts.arn("acm", "certificate/*"),), (facts.arn("cognito-idp", "userpool/*"),)
    yield Statement(("acm:DescribeCertificate",), certificates, reason="it finds the certificate of a host by itself")
    yield Statement(("cognito-idp:DescribeUserPoolClient",), pools, reason="asked for when a rule signs in by Cognito")


def _security_groups(facts: ClusterFacts) -> Iterator[Statement]:
    groups = (facts.arn("ec2", "security-group/*"),)
    vpc = facts.arn("ec2", f"vpc/{facts.vpc_id}")
    here = {"ArnEquals": {"ec2:Vpc": vpc}}
    change = _actions("ec2", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress")
    creating = {"StringEquals": {f"aws:RequestTag/{_TAG}": facts.name, "ec2:CreateAction": "CreateSecurityGroup"}}
    # EKS puts this tag on the cluster's own security group, which nodes and pods carry.
    nodes = {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{facts.name}": "owned"}}
    yield Statement(("ec2:CreateSecurityGroup",), (vpc,))
    yield Statement(("ec2:CreateSecurityGroup",), groups, _requested(facts))
    yield Statement(("ec2:CreateTags",), groups, creating)
    yield Statement(("ec2:CreateTags", "ec2:DeleteTags"), groups, {**_owned(facts), **_KEEPS_OWNER})
    yield Statement((*change, "ec2:DeleteSecurityGroup"), groups, {**_owned(facts), **here})
    yield Statement(change, groups, {**nodes, **here})


def _load_balancing(facts: ClusterFacts) -> Iterator[Statement]:
    def elb(*resources: str) -> tuple[str, ...]:
        return tuple(facts.arn("elasticloadbalancing", resource) for resource in resources)

    balancers, targets = elb("loadbalancer/app/*/*", "loadbalancer/net/*/*"), elb("targetgroup/*/*")
    listeners = elb("listener/app/*/*/*", "listener/net/*/*/*")
    everything = (*balancers, *targets, *listeners, *elb("listener-rule/app/*/*/*/*", "listener-rule/net/*/*/*/*"))
    created = ("CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup")
    tagging: Conditions = {
        "StringEquals": {f"aws:RequestTag/{_TAG}": facts.name, "elasticloadbalancing:CreateAction": created}
    }
    below = {"StringEquals": {**_owned(facts)["StringEquals"], **_requested(facts)["StringEquals"]}}
    linked = f"role/aws-service-role/{_SERVICE}/AWSServiceRoleForElasticLoadBalancing"
    yield Statement(
        ("iam:CreateServiceLinkedRole",),
        (f"arn:{PARTITION}:iam::{facts.account}:{linked}",),
        {"StringEquals": {"iam:AWSServiceName": _SERVICE}},
    )
    create = _actions("elasticloadbalancing", "CreateLoadBalancer CreateTargetGroup")
    yield Statement(create, (*balancers, *targets), _requested(facts))
    create_below = _actions("elasticloadbalancing", "CreateListener CreateRule")
    yield Statement(create_below, (*balancers, *listeners), below)
    yield Statement(("elasticloadbalancing:AddTags",), everything, tagging)
    retag = _actions("elasticloadbalancing", "AddTags RemoveTags")
    yield Statement(retag, everything, {**_owned(facts), **_KEEPS_OWNER})
    yield Statement(_actions("elasticloadbalancing", _ELB_CHANGES), everything, _owned(facts))


def _web_acls(facts: ClusterFacts) -> Iterator[Statement]:
    acls = (facts.arn("wafv2", "regional/webacl/*/*"), facts.arn("elasticloadbalancing", "loadbalancer/app/*/*"))
    why = "to associate web ACLs with ALBs; AWS offers no condition on the tags of an ALB for it"
    associate = _actions("wafv2", "AssociateWebACL DisassociateWebACL GetWebACL GetWebACLForResource")
    yield Statement(associate, acls, reason=why)
    yield Statement(("wafv2:ListWebACLs", "elasticloadbalancing:SetWebAcl"), ("*",), reason=why)


# A change of tags names only the tags that change; the one that says whose a resource is must not be among them.
_KEEPS_OWNER = {"Null": {f"aws:RequestTag/{_TAG}": "true"}}


def _owned(facts: ClusterFacts) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:ResourceTag/{_TAG}": facts.name}}


def _requested(facts: ClusterFacts) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:RequestTag/{_TAG}": facts.name}}


def _actions(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())
