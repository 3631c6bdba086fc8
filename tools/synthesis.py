"""From plans to templates, without the CDK's command line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import CONTEXT, ROOT, build, write_assembly
from blueprint.planning.code_pipeline import PipelinePlan
from blueprint.planning.document import Plan
from blueprint.planning.file import write
from blueprint.planning.pipeline_roles import AccountRoles
from blueprint.planning.registry_cache import RegistryCache
from blueprint.planning.traffic import PairTraffic
from tools.progress import Progress
from tools.status import FindingsError

if TYPE_CHECKING:
    from aws_cdk import App

_FINDINGS = {"@aws-cdk/core:appMode": "inmemory"}
"""Findings are in the error, and not printed as well: aws-cdk-lib core/lib/private/synthesis-validation.ts."""
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (resources in a template)
RESOURCE_LIMIT = 500


def synthesize(plans: Sequence[Plan], out: Path, *, validate: bool, progress: bool = False) -> None:
    """Writes the cloud assembly of the plans, with the plans themselves; says how far it is where that takes long.

    Raises FindingsError when rules find something.
    """
    os.environ["CDK_VALIDATION"] = "true" if validate else "false"
    from aws_cdk import App

    app = App(outdir=str(out.resolve()), context=settings())
    built = 0

    def counted() -> Iterator[Plan]:
        nonlocal built
        for plan in plans:
            yield plan
            built += 1

    def state() -> str:
        written = sum(1 for _ in out.glob("assembly-*/manifest.json"))
        done = f"{written} written" if built == len(plans) else f"{built} built"
        return f"{done} of {len(plans)} clusters"

    with Progress(state) if progress and len(plans) > 1 else nullcontext(), _told():
        write_assembly(app, plans, counted())


def synthesize_roles(accounts: Sequence[AccountRoles], out: Path) -> None:
    """Writes the assembly of the roles of pipelines."""
    with _judged(out) as app:
        from stacks.roles import RolesStage

        RolesStage(app, accounts)


def synthesize_registry_caches(caches: Sequence[RegistryCache], out: Path) -> None:
    """Writes the assembly of what ECR caches."""
    with _judged(out) as app:
        from stacks.registry_cache import RegistryCacheStage

        RegistryCacheStage(app, caches)


def synthesize_traffic(pairs: Sequence[PairTraffic], out: Path) -> None:
    """Writes the assembly of the records that pairs of clusters share."""
    with _judged(out) as app:
        from stacks.traffic import TrafficStage

        TrafficStage(app, pairs)


@contextmanager
def _judged(out: Path) -> Iterator[App]:
    """An app of few stacks, which the rules judge each time; it is written when the context ends."""
    os.environ["CDK_VALIDATION"] = "true"
    from aws_cdk import App

    from stacks.validation import add_validations

    app = App(outdir=str(out.resolve()), context=settings())
    yield app
    add_validations(app)
    with _told():
        app.synth()


@contextmanager
def _told() -> Iterator[None]:
    """Raises FindingsError for what rules find."""
    try:
        yield
    except RuntimeError as error:  # of the CDK, which has no other kind
        if "ValidationFailed" not in str(error):
            raise
        raise FindingsError(str(error).removeprefix("ValidationFailed: ")) from error


def synthesize_pipeline(plan: PipelinePlan, out: Path) -> None:
    """Writes the assembly of the pipeline of AWS, in which all clusters are as `synthesize` writes them."""
    os.environ["CDK_VALIDATION"] = "true"
    from aws_cdk import App

    from stacks.pipeline import PipelineStack

    app = App(outdir=str(out.resolve()), context=settings())
    plans = [each for wave in plan.waves for each in wave.clusters]
    PipelineStack(app, plan, build(app, plans, deploys_empty=True))
    with _told():
        app.synth()
    for each in plans:
        write(each, Path(app.outdir))


def settings() -> dict[str, Any]:
    """The CDK's feature flags, which the CLI would read: without them templates differ from those of a deploy."""
    text = (ROOT / "cdk.json").read_text(encoding="utf-8")
    return {**json.loads(text)["context"], **CONTEXT, **_FINDINGS}
