"""Which cluster of a pair gets how much of the traffic: a stack for each pair. `make traffic`, then `cdk deploy`."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Environment, Stack, Stage, aws_route53
from constructs import Construct

from blueprint.planning.traffic import PairTraffic


class TrafficStage(Stage):
    """All pairs; `cdk deploy --app traffic 'traffic/prod-eu'` moves the traffic of one."""

    def __init__(self, scope: Construct, pairs: Sequence[PairTraffic]) -> None:
        super().__init__(scope, "traffic")
        for pair in pairs:
            TrafficStack(self, pair)


class TrafficStack(Stack):
    """Two answers to each name, by weight. A change of weights changes the records in place."""

    def __init__(self, scope: Construct, pair: PairTraffic) -> None:
        super().__init__(
            scope,
            pair.name,
            env=Environment(account=pair.account, region=pair.region),
            description=f"Traffic between {' and '.join(sorted(pair.shares))}",
        )
        for record in pair.records:
            # Within another construct a logical id has a hash of the path: a-b.example.com and ab.example.com are two.
            own = Construct(self, f"{record.name} {record.type} {record.cluster}")
            aws_route53.CfnRecordSet(
                own,
                "Record",
                hosted_zone_id=pair.zone,
                name=record.name,
                type=record.type,
                set_identifier=record.cluster,
                weight=record.weight,
                alias_target=aws_route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=record.target,
                    hosted_zone_id=pair.zone,
                    # Where a cluster's own name has nothing behind it that is well, the other one answers.
                    evaluate_target_health=True,
                ),
            )
