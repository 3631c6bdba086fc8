"""The CDK app: one stage for each cluster in `clusters/`. Read `stacks/stage.py` next.

    cdk synth                              every cluster
    cdk deploy -c cluster=dev 'dev/*'      one; the files of the others are not even imported

Mistakes in the cluster files are reported before any construct is made. `CDK_VALIDATION=false` leaves out the rules
that judge the templates; it changes no template.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.planning.document import Plan
from blueprint.planning.file import write
from blueprint.sources import compile_from_source

if TYPE_CHECKING:
    from aws_cdk import App

    from stacks.stage import ClusterStage

ROOT = Path(__file__).parent
CLUSTERS = ROOT / (os.environ.get("BLUEPRINTS") or "clusters")
"""The folder of the cluster files: `BLUEPRINTS=examples` looks at the examples instead of your own."""
CONTEXT = {"aws:cdk:disable-creation-stack-traces": True}
"""Stack traces of constructs cost time, and name folders that differ in every run. The CLI warns of it in cdk.json."""

compile_from_source(CLUSTERS, ROOT / "addons", ROOT / "teams")


def build(app: App, plans: Iterable[Plan], *, deploys_empty: bool = False) -> dict[str, ClusterStage]:
    """Adds the clusters to the app, and gives them by their names.

    `deploys_empty` says that stacks without resources are deployed as well, which CloudFormation refuses.
    """
    from stacks.judging import judged
    from stacks.stage import ClusterStage

    stages = {plan.facts.name: ClusterStage(app, plan, deploys_empty=deploys_empty) for plan in plans}
    if judged():
        from stacks.validation import add_validations

        add_validations(app)
    return stages


def write_assembly(app: App, plans: Sequence[Plan], counted: Iterable[Plan] | None = None) -> None:
    """Writes the templates of the clusters, and beside them each plan: `dev.plan.json`.

    `counted` are the same plans, for who wants to know how far it is.
    """
    build(app, plans if counted is None else counted)
    app.synth()
    for plan in plans:
        write(plan, Path(app.outdir))


if __name__ == "__main__":
    from tools.cdk_app import main

    main()
