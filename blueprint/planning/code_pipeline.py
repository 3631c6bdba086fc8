"""What the pipeline of AWS consists of, in which order, and which roles of `cdk bootstrap` it takes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blueprint.bootstrap import ASSUMED, role_name
from blueprint.code_pipeline import CodePipeline, S3Archive
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.iam import Statement, size_problem
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan, PlannedWave
from blueprint.references import PARTITION
from blueprint.regions import partition_of

BUILD_MINUTES = 30
NOTHING = "none"
"""Value of the pipeline's variable ALLOW where nobody allows anything: it cannot be empty."""
# Characters of what builds may do beside that, as the CDK writes it: logs, keys and buckets. A test measures them.
_BESIDE, _BESIDE_OF_A_REGION = 1_000, 450
LOOKUP = "lookup"
"""Purpose of the bootstrap role that reads, for what is looked up before a deploy: ReadOnlyAccess, but no decryption.
https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"""


@dataclass(frozen=True)
class BuildPrograms:
    """What builds run: programs for Bash, and versions of the CDK's own."""

    setup: str
    review: str
    """Before anything is built from the commit; only where the source is a clone of a repository."""
    synth: str
    folder: str
    """Into which `synth` writes the assembly."""
    look: str
    """Takes on the role $ROLE in $REGION, for what follows."""
    ready: str
    watch: str
    """Both of the cluster $CLUSTER."""
    cli: str
    """Version of the CDK's command line, with which the pipeline updates itself and uploads the code of functions."""


@dataclass(frozen=True)
class PipelinePlan:
    """A pipeline with nothing left to look up."""

    pipeline: CodePipeline
    waves: tuple[PlannedWave, ...]
    programs: BuildPrograms
    watch_minutes: int
    """How long a build may take that watches a cluster."""
    updates: Statement
    """What the build may do that updates the pipeline, and the buckets that it has in other regions."""
    publishes: Statement
    """What the build may do that uploads the code of functions: the CDK's command line asks as well whether an account
    is bootstrapped, with the role of a deploy (`buildSingleAsset` in aws-cdk/lib/index.js of 2.1148.1)."""
    looks: Statement
    """What builds may do that look at clusters."""
    bootstraps: tuple[str, ...]
    """Commands that prepare all accounts and regions, by somebody who administers them."""

    @property
    def reviewed(self) -> bool:
        """Whether builds have the commits before."""
        return not isinstance(self.pipeline.source, S3Archive)


def pipeline_plan(fleet: FleetPlan, programs: BuildPrograms) -> PipelinePlan:
    """Raises BlueprintError where the fleet has none, or more accounts and regions than one pipeline can reach."""
    pipeline = fleet.code_pipeline
    if not pipeline:
        rule, fix = "no pipeline of AWS delivers the fleet", "write pipelines=(CodePipeline(…),)"
        raise BlueprintError([Problem(("clusters/fleet.py: FLEET", "pipelines"), Quoted("()"), rule, fix)])
    soak = max((wave.promotion.soak_minutes for wave in fleet.waves), default=0)
    regions = dict.fromkeys((pipeline.region, *(plan.facts.region for plan in fleet.clusters)))
    own = [(pipeline.account, region) for region in regions]
    made = PipelinePlan(
        pipeline=pipeline,
        waves=fleet.waves,
        programs=programs,
        watch_minutes=BUILD_MINUTES + soak,
        updates=Statement(
            ("sts:AssumeRole",),
            tuple(role_arn(purpose, *place) for place in own for purpose in ASSUMED),
        ),
        publishes=Statement(
            ("sts:AssumeRole",),
            tuple(
                dict.fromkeys(
                    role_arn(purpose, plan.facts.account, plan.facts.region)
                    for plan in fleet.clusters
                    for purpose in ASSUMED
                )
            ),
        ),
        looks=Statement(("sts:AssumeRole",), tuple(dict.fromkeys(looks_with(plan) for plan in fleet.clusters))),
        bootstraps=tuple(_bootstraps(pipeline, own, fleet.clusters)),
    )
    path = ("clusters/fleet.py: FLEET", "pipelines")
    fix = "deliver some of its accounts and regions by a fleet and a pipeline of their own"
    for statement in (made.updates, made.publishes, made.looks):
        beside = Statement(("*",), ("x" * (_BESIDE + _BESIDE_OF_A_REGION * len(regions)),))
        if too_large := list(size_problem(path, [statement, beside], fix)):
            raise BlueprintError(too_large)
    return made


def looks_with(plan: Plan) -> str:
    """ARN of the role with which a build looks at a cluster."""
    return role_arn(LOOKUP, plan.facts.account, plan.facts.region)


def role_arn(purpose: str, account: str, region: str) -> str:
    """Of a role of `cdk bootstrap`."""
    return f"arn:{PARTITION}:iam::{account}:role/{role_name(purpose, account, region)}"


def _bootstraps(pipeline: CodePipeline, own: Iterable[tuple[str, str]], plans: Iterable[Plan]) -> Iterable[str]:
    """The pipeline's account has a bucket in each region; it trusts itself without being told."""
    policy = f"arn:{partition_of(pipeline.region)}:iam::aws:policy/AdministratorAccess"
    places = dict.fromkeys([*own, *((plan.facts.account, plan.facts.region) for plan in plans)])
    for account, region in places:
        trust = f"--trust {pipeline.account} --cloudformation-execution-policies {policy} "
        yield f"cdk bootstrap {'' if account == pipeline.account else trust}aws://{account}/{region}"
