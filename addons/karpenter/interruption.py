"""How Karpenter hears that AWS will take an instance back. https://karpenter.sh/docs/concepts/disruption/#interruption"""

from __future__ import annotations

from blueprint.contribution import AwsResource, EventRule, Queue

QUEUE = "karpenter-interruption"
_EVENTS = {
    "karpenter-scheduled-change": ("aws.health", "AWS Health Event"),
    "karpenter-spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "karpenter-rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "karpenter-state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
    "karpenter-capacity-reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}


def interruption() -> tuple[AwsResource, ...]:
    """The queue, and a rule for each kind of event that the controller reads from it."""
    rules = (
        EventRule(name, {"source": [source], "detail-type": [kind]}, QUEUE) for name, (source, kind) in _EVENTS.items()
    )
    return Queue(QUEUE), *rules
