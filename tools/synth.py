"""`make synth`: the templates of every cluster, or of those named, in cdk.out, and a table of what they hold.

    python -m tools.synth [CLUSTER …] [--validate] [--output FOLDER]

Nothing is left in the folder when a mistake is found. Rules and nag packs run with --validate, in `make check` and when
`cdk` runs the app; the templates are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app import CLUSTERS, CONTEXT, ROOT, write_assembly
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.assembly import read
from tools.jsii_start import finish, quicken

OUT = Path("cdk.out")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (resources in a template)
RESOURCE_LIMIT = 500


def main(arguments: Sequence[str], *, quick: bool = False) -> int:
    """Exit status: 0, or 1 after a report. `quick` is for a process that ends then."""
    parser = argparse.ArgumentParser(
        prog="make synth", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="names of clusters; all when none is given")
    parser.add_argument("--validate", action="store_true", help="also run the rules and nag packs")
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    options = parser.parse_args(arguments)
    out: Path = options.output
    _clear(out, keep_assets=True)
    try:
        plans = planned(CLUSTERS, options.clusters)
    except BlueprintError as error:
        _clear(out)
        print(error, file=sys.stderr)
        return 1
    names = ", ".join(plan.facts.name for plan in plans)
    print(f"Synthesizing {names} into {out}/", file=sys.stderr, flush=True)
    try:
        if quick:
            quicken()
        synthesize(plans, out, validate=options.validate)
    except Exception as error:
        _clear(out)
        if "ValidationFailed" not in str(error):
            raise
        print(f"The findings above fail the synth; nothing is left in {out}.", file=sys.stderr)
        return 1
    print(table(plans, out))
    return 0


def synthesize(plans: Sequence[Plan], out: Path, *, validate: bool) -> None:
    """Writes the cloud assembly of the plans, with the plans themselves."""
    os.environ["CDK_VALIDATION"] = "true" if validate else "false"
    from aws_cdk import App

    app = App(outdir=str(out.resolve()), context=settings())
    write_assembly(app, plans)


def settings() -> dict[str, Any]:
    """The CDK's feature flags, which the CLI would read: without them templates differ from those of a deploy."""
    text = (ROOT / "cdk.json").read_text(encoding="utf-8")
    return {**json.loads(text)["context"], **CONTEXT}


def table(plans: Sequence[Plan], out: Path) -> str:
    """One row for each cluster; resources are counted in the templates."""
    heads = (
        "cluster",
        "account",
        "region",
        "kubernetes",
        f"resources (of {RESOURCE_LIMIT} in a stack)",
        "add-ons",
        "teams",
    )
    assembly = read(out)
    rows = [heads]
    for plan in plans:
        facts = plan.facts
        stacks = ", ".join(f"{stack.name} {len(stack.resources)}" for stack in assembly[facts.name])
        identity = (facts.name, facts.account, facts.region, facts.version)
        rows.append((*identity, stacks, str(len(plan.addons)), str(len(plan.teams))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    skipped = [f"{plan.facts.name} leaves out {skip.name}: {skip.reason}" for plan in plans for skip in plan.skipped]
    return "\n".join([*lines, *skipped])


def _clear(out: Path, *, keep_assets: bool = False) -> None:
    """Removes what an earlier run left; assets are named after their content, so they need no second copy."""
    for entry in out.glob("*"):
        if keep_assets and entry.name.startswith("asset."):
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


if __name__ == "__main__":
    finish(main(sys.argv[1:], quick=True))
