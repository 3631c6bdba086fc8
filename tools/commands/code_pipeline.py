"""Writes the CloudFormation of the pipeline of AWS that delivers the fleet, with that of all clusters.

`cdk deploy --app pipeline Pipeline` makes it, once, by somebody who may: from then on it updates itself. Which source
it has and in which account it is, clusters/fleet.py says: pipelines=(CodePipeline(…),). Builds of the pipeline run the
same command, without credentials of clusters, and get the same bytes.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.inventory import planned_fleet
from blueprint.planning.code_pipeline import pipeline_plan
from tools.options import add_json
from tools.outputs import ASSEMBLY, OutputFolder
from tools.pipelines.aws import FOLDER, programs
from tools.status import Status
from tools.synthesis import synthesize_pipeline

OUT = Path(FOLDER)


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "the stages, and the commands that prepare accounts")


def run(options: Namespace) -> int:
    """Writes the assembly, and prints what has to be done before it is deployed."""
    folder = OutputFolder(options.output, "code-pipeline", "--output", ASSEMBLY)
    folder.check()
    plan = pipeline_plan(planned_fleet(CLUSTERS), programs())
    with folder.anew():
        synthesize_pipeline(plan, options.output)
    waves = {wave.name: [each.facts.name for each in wave.clusters] for wave in plan.waves}
    if options.json:
        print(json.dumps({"waves": waves, "bootstraps": plan.bootstraps}, indent=2))
    else:
        for name, clusters in waves.items():
            print(f"{name}  {', '.join(clusters)}")
        print("", *plan.bootstraps, f"cdk deploy --app {options.output} Pipeline", sep="\n")
    return Status.DONE
