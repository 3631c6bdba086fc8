"""What stands in a text for what AWS only tells during a deploy."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.planning.document import Plan
from blueprint.references import VPC_ID, name_of
from blueprint.regions import partition_of


def placeholders(plan: Plan) -> Mapping[str, str]:
    """For references: the partition of the cluster's region, and names for what AWS decides, `<vpc-id>`."""
    known = {name_of(VPC_ID): plan.network.vpc_id} if plan.network.vpc_id else {}
    return Placeholders(partition=partition_of(plan.facts.region), **known)


class Placeholders(dict[str, str]):
    """For the references of a plan (`blueprint.references`): what AWS decides during a deploy, by its name."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"
