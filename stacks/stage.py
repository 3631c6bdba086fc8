"""A cluster: up to four stacks in one stage, each after the one before. `cdk deploy 'dev/*'`"""

from __future__ import annotations

from aws_cdk import RemovalPolicies, Stage
from constructs import Construct

from blueprint.planning.document import Plan
from blueprint.references import VPC_ID, name_of
from stacks.cluster import ClusterStack
from stacks.contributions import ContributionsStack
from stacks.network import NetworkStack


class ClusterStage(Stage):
    """A failing chart never rolls back a cluster, and teams go before the add-ons that serve them."""

    def __init__(self, scope: Construct, plan: Plan, *, deploys_empty: bool = False) -> None:
        super().__init__(scope, plan.facts.name)
        # A VPC that is there already has its own owner, whose stacks make and change it.
        id = plan.network.vpc_id
        network = {name_of(VPC_ID): id} if id else NetworkStack(self, plan).references
        cluster = ClusterStack(self, plan, network)
        network = {**network, **cluster.references}
        begins = plan.delivery if plan.delivery and not plan.delivery.hub else None
        first = begins.addons if begins else ()
        addons = ContributionsStack(
            self, "addons", plan, plan.addons, cluster, network, first, deploys_empty=deploys_empty
        )
        first = begins.teams if begins else ()
        teams = ContributionsStack(
            self, "teams", plan, plan.teams, cluster, network, first, deploys_empty=deploys_empty
        )
        teams.add_stack_dependency(addons)
        if plan.retain:
            # As `stacks.retained` has it: what a failing create made would be in the way of the next one.
            RemovalPolicies.of(self).retain_on_update_or_delete()
