"""Which roles AWS gives to the pipelines of a fleet, account by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blueprint.bootstrap import ASSUMED, role_name
from blueprint.iam import Statement
from blueprint.pipelines import CHECK_ROLE, DRIFT_ROLE, OidcPipeline, audience, deploy_role
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan
from blueprint.references import PARTITION
from blueprint.regions import partition_of

LEAST_SESSION_MINUTES, SETUP_MINUTES = 60, 30
STACKS = ("network", "cluster", "addons", "teams")
_OFFERED = "EKS and EC2 are asked what they offer, and whose what is: most of these actions take no resource"
_DETECTS = (
    "DescribeStackDriftDetectionStatus",
    "DescribeStackResourceDrifts",
    "DetectStackDrift",
    "DetectStackResourceDrift",
)


@dataclass(frozen=True)
class PipelineRole:
    """A role for jobs of pipelines."""

    name: str
    description: str
    trusted: tuple[tuple[str, Mapping[str, str]], ...]
    """Issuers of tokens, and what a token must say to get it."""
    statements: tuple[Statement, ...]
    session_minutes: int = LEAST_SESSION_MINUTES


@dataclass(frozen=True)
class AccountRoles:
    """What one account has of all this."""

    account: str
    region: str
    """Of its stack: that of its first cluster. IAM is the same in all."""
    providers: Mapping[str, str]
    """OIDC providers that are made: the audience of tokens by their issuer."""
    roles: tuple[PipelineRole, ...]


READING_PARAMETERS = ("ssm:GetParameters", "ssm:ListTagsForResource")
"""handlers.read.permissions of the schema of AWS::SSM::Parameter."""
_OURS = "what spokes hand to their hubs"


def account_roles(fleet: FleetPlan, looking: Sequence[str], reading: Sequence[str]) -> tuple[AccountRoles, ...]:
    """Of all accounts, in the order of the waves.

    `looking` are the actions of the jobs that look at an account before and after a deploy, `reading` those with which
    CloudFormation compares resources for whoever looks for drift.
    """
    soak = max((wave.promotion.soak_minutes for wave in fleet.waves), default=0)
    accounts = dict.fromkeys(plan.facts.account for plan in fleet.clusters)
    return tuple(
        _of_account(
            [plan for plan in fleet.clusters if plan.facts.account == account],
            fleet.pipelines,
            (Statement((*looking, "cloudwatch:DescribeAlarms"), ("*",), reason=_OFFERED),),
            reading,
            max(LEAST_SESSION_MINUTES, SETUP_MINUTES + soak),
        )
        for account in accounts
    )


def _of_account(
    plans: Sequence[Plan],
    pipelines: Sequence[OidcPipeline],
    looking: tuple[Statement, ...],
    reading: Sequence[str],
    session: int,
) -> AccountRoles:
    facts = plans[0].facts
    partition = partition_of(facts.region)

    def trusted(cluster: str = "") -> tuple[tuple[str, Mapping[str, str]], ...]:
        return tuple((each.issuer, each.claims(partition, cluster)) for each in pipelines)

    # As many as there may be in an account: to name each would not fit into a policy.
    stacks = (f"arn:{PARTITION}:cloudformation:*:{facts.account}:stack/*-{name}/*" for name in STACKS)
    drift = (
        Statement(tuple(f"cloudformation:{name}" for name in _DETECTS), tuple(stacks), reason="stacks of any cluster"),
        Statement(tuple(reading), ("*",), reason="CloudFormation reads resources of all kinds to compare them"),
        # What it reads of a parameter is its value: of ours, and not of all that an account keeps there.
        Statement(READING_PARAMETERS, (f"arn:{PARTITION}:ssm:*:{facts.account}:parameter/blueprint/*",), reason=_OURS),
    )
    about = "pipelines of the fleet"
    return AccountRoles(
        account=facts.account,
        region=facts.region,
        providers={each.issuer: audience(partition) for each in pipelines if each.makes_provider},
        roles=(
            PipelineRole(CHECK_ROLE, f"Looks at clusters: {about}", trusted(), looking, session),
            PipelineRole(DRIFT_ROLE, f"Looks for drift: {about}", trusted(), drift),
            *(
                PipelineRole(
                    deploy_role(each.facts.name),
                    f"Deploys {each.facts.name}: {about}",
                    trusted(each.facts.name),
                    (_deploys(each),),
                )
                for each in plans
            ),
        ),
    )


def _deploys(plan: Plan) -> Statement:
    """All that the CDK's command line does, it does with roles of `cdk bootstrap`."""
    account, region = plan.facts.account, plan.facts.region
    names = (role_name(purpose, account, region) for purpose in ASSUMED)
    return Statement(("sts:AssumeRole",), tuple(f"arn:{PARTITION}:iam::{account}:role/{name}" for name in names))
