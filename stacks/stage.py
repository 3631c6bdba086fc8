"""A cluster: four stacks in one stage, each after the one before. `cdk deploy 'dev/*'`"""

from __future__ import annotations

from aws_cdk import Stage
from constructs import Construct

from blueprint.planning.document import Plan
from stacks.cluster import ClusterStack
from stacks.contributions import ContributionsStack
from stacks.network import NetworkStack


class ClusterStage(Stage):
    """A failing chart never rolls back a cluster, and teams go before the add-ons that serve them."""

    def __init__(self, scope: Construct, plan: Plan) -> None:
        super().__init__(scope, plan.facts.name)
        network = NetworkStack(self, plan)
        vpc_id = network.vpc.vpc_id
        cluster = ClusterStack(self, plan, network)
        addons = ContributionsStack(self, "addons", plan, plan.addons, cluster, vpc_id)
        teams = ContributionsStack(self, "teams", plan, plan.teams, cluster, vpc_id)
        teams.add_stack_dependency(addons)
