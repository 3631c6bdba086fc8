"""Logs of controllers that EKS runs. https://docs.aws.amazon.com/eks/latest/userguide/auto-managed-component-logs.html"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_logs
from constructs import Construct

from blueprint.planning.document import Plan
from stacks.base import PARTITION
from stacks.retained import retained_logs


def vended_logs(scope: Construct, plan: Plan, resource_arn: str, kinds: Sequence[str], key_arn: str) -> None:
    """All into one group, one kind after the other: each is an update of the cluster, and EKS takes one at a time."""
    facts = plan.facts
    name = f"/aws/vendedlogs/eks/{facts.name}/auto-mode"
    group = retained_logs(scope, "Group", key_arn, plan.control_plane.log_retention_days, name)
    destination = aws_logs.CfnDeliveryDestination(
        scope,
        "Destination",
        name=f"{facts.name}-auto-mode",
        destination_resource_arn=f"arn:{PARTITION}:logs:{facts.region}:{facts.account}:log-group:{name}",
        output_format="json",
    )
    destination.node.add_dependency(group)
    before: Construct = destination
    for kind in kinds:
        each = Construct(scope, kind)
        source = aws_logs.CfnDeliverySource(
            each,
            "Source",
            name=f"{facts.name}-{kind}",  # unique in the account and region, of 60 characters at most
            resource_arn=resource_arn,
            log_type=f"AUTO_MODE_{kind.upper().replace('-', '_')}_LOGS",
        )
        source.node.add_dependency(before)
        before = aws_logs.CfnDelivery(
            each, "Delivery", delivery_source_name=source.ref, delivery_destination_arn=destination.attr_arn
        )
