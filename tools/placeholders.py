"""What stands in a text for what AWS only tells during a deploy."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.planning.document import Plan
from blueprint.references import VPC_ID, name_of

_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}
"""By how the names of their regions begin; all others are of `aws`."""


def placeholders(plan: Plan) -> Mapping[str, str]:
    """For references: the partition of the cluster's region, and names for what AWS decides, `<vpc-id>`."""
    region = plan.facts.region
    partition = next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
    known = {name_of(VPC_ID): plan.network.vpc_id} if plan.network.vpc_id else {}
    return Placeholders(partition=partition, **known)


class Placeholders(dict[str, str]):
    """For the references of a plan (`blueprint.references`): what AWS decides during a deploy, by its name."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"
