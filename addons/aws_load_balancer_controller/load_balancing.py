"""What the controller may do to load balancers, target groups, listeners and rules: those of its cluster only.

It tags in the call that creates, listeners and rules included (its feature gate ListenerRulesTagging, on unless turned
off), so every right but the first to create hangs on the tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.facts import ClusterFacts
from blueprint.iam import Conditions, Statement
from blueprint.references import PARTITION

TAG = "elbv2.k8s.aws/cluster"
_SERVICE = "elasticloadbalancing.amazonaws.com"
_ELB_CHANGES = """
    AddListenerCertificates DeleteListener DeleteLoadBalancer DeleteRule DeleteTargetGroup DeregisterTargets
    ModifyCapacityReservation ModifyIpPools ModifyListener ModifyListenerAttributes ModifyLoadBalancerAttributes
    ModifyRule ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets RemoveListenerCertificates
    SetIpAddressType SetRulePriorities SetSecurityGroups SetSubnets
"""


def load_balancing(facts: ClusterFacts) -> Iterator[Statement]:
    """The statements."""

    def elb(*resources: str) -> tuple[str, ...]:
        return tuple(facts.arn("elasticloadbalancing", resource) for resource in resources)

    balancers, targets = elb("loadbalancer/app/*/*", "loadbalancer/net/*/*"), elb("targetgroup/*/*")
    listeners = elb("listener/app/*/*/*", "listener/net/*/*/*")
    everything = (*balancers, *targets, *listeners, *elb("listener-rule/app/*/*/*/*", "listener-rule/net/*/*/*/*"))
    created = ("CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup")
    tagging: Conditions = {
        "StringEquals": {f"aws:RequestTag/{TAG}": facts.name, "elasticloadbalancing:CreateAction": created}
    }
    below = {"StringEquals": {**owned(facts)["StringEquals"], **requested(facts)["StringEquals"]}}
    linked = f"role/aws-service-role/{_SERVICE}/AWSServiceRoleForElasticLoadBalancing"
    yield Statement(
        ("iam:CreateServiceLinkedRole",),
        (f"arn:{PARTITION}:iam::{facts.account}:{linked}",),
        {"StringEquals": {"iam:AWSServiceName": _SERVICE}},
    )
    create = actions("elasticloadbalancing", "CreateLoadBalancer CreateTargetGroup")
    yield Statement(create, (*balancers, *targets), requested(facts))
    create_below = actions("elasticloadbalancing", "CreateListener CreateRule")
    yield Statement(create_below, (*balancers, *listeners), below)
    yield Statement(("elasticloadbalancing:AddTags",), everything, tagging)
    retag = actions("elasticloadbalancing", "AddTags RemoveTags")
    yield Statement(retag, everything, {**owned(facts), **KEEPS_OWNER})
    yield Statement(actions("elasticloadbalancing", _ELB_CHANGES), everything, owned(facts))


# A change of tags names only the tags that change; the one that says whose a resource is must not be among them. What
# removes tags need not give their values, so it is the keys that are compared; without any, EC2 removes all tags.
KEEPS_OWNER: Conditions = {"ForAllValues:StringNotEquals": {"aws:TagKeys": TAG}, "Null": {"aws:TagKeys": "false"}}


def owned(facts: ClusterFacts) -> dict[str, dict[str, str]]:
    """What the request acts on is this cluster's."""
    return {"StringEquals": {f"aws:ResourceTag/{TAG}": facts.name}}


def requested(facts: ClusterFacts) -> dict[str, dict[str, str]]:
    """What the request makes will be this cluster's."""
    return {"StringEquals": {f"aws:RequestTag/{TAG}": facts.name}}


def actions(service: str, names: str) -> tuple[str, ...]:
    """Actions of a service, their names apart by white space."""
    return tuple(f"{service}:{name}" for name in names.split())
