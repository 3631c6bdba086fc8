"""The templates of every cluster, or of those named, in cdk.out, and a table of what they hold.

Nothing is left in the folder when a mistake is found. Rules and nag packs run with --validate, in `make check` and when
`cdk` runs the app; the templates are the same. A cluster whose plan is as before, and all that turns it into templates
and judges them, comes from .synthesized. Where only files of clusters have changed since the run before, those are
planned which they may reach; where no file has, nothing is done at all.
"""

from __future__ import annotations

import gc
import ipaddress
import json
import os
import re
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.jsii_start import ahead, finish
from tools.options import add_clusters, add_json
from tools.status import Status
from tools.tables import aligned
from tools.unchanged import ROOT, CommandRun, place
from tools.workers import WORTH, Workers

if TYPE_CHECKING:
    from blueprint.planning.document import Plan
    from tools.assembly import Assembly

OUT = Path("cdk.out")
MANY = 16
"""Clusters of which others synthesize what changed: this process has enough to do with their plans."""
_FEW = 10
"""Of so many clusters a line has the names."""


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    parser.add_argument("--validate", action="store_true", help="also run the rules and nag packs")
    parser.add_argument(
        "--no-cache", action="store_true", help="synthesize all anew, and keep nothing for the next time"
    )
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "the table as a list with one object for each cluster")


def run(options: Namespace) -> int:
    """Writes the assembly, and prints the table."""
    this = None
    if options.quick and not options.no_cache:
        words = (*options.clusters, *(f"--{name}" for name in ("validate", "json") if getattr(options, name)))
        this = CommandRun(words, options.output)
        if said := this.before(place()):
            print(said)
            print(f"Nothing has changed since the last run: {options.output}/ is as it was.", file=sys.stderr)
            return Status.DONE
    if options.quick:
        gc.disable()  # a run takes seconds
    clusters = _clusters(options.clusters)
    changed, most = _likely(clusters, this), os.cpu_count() or 1
    apart = clusters >= MANY and changed and most > 1
    if options.quick and changed and not apart:
        ahead(judging=options.validate)
    count = max(1, min(most, changed // WORTH))
    with Workers(count, validate=options.validate) if apart else nullcontext() as workers:
        status = _synthesize(options, this, workers)
    if options.quick:
        finish(status)
    return status


def _folder() -> Path:
    return ROOT / (os.environ.get("BLUEPRINTS") or "clusters")


def _clusters(named: Sequence[str]) -> int:
    """How many they are at most."""
    return len(named) or sum(1 for _ in _folder().glob("*.py"))


def _likely(clusters: int, this: CommandRun | None) -> int:
    """How many of these are likely to be synthesized: all, or those whose files are all that changed."""
    changed = None if this is None else this.changed
    if changed is not None and all(_folder() in (path, path.parent) for path in map(Path, changed)):
        return min(clusters, len(changed))
    return clusters


def _synthesize(options: Namespace, this: CommandRun | None, workers: Workers | None) -> int:
    # Not above: where nothing has changed, nothing of it is needed.
    from app import CLUSTERS
    from blueprint.errors import BlueprintError
    from blueprint.inventory import blueprints
    from blueprint.planning.planner import plans as planned
    from tools.apart import synthesize_apart
    from tools.assembly import read
    from tools.holding import held, kept
    from tools.outputs import ASSEMBLY, OutputFolder
    from tools.store import Store
    from tools.synthesis import settings

    out: Path = options.output
    folder = OutputFolder(out, "synth", "--output", ASSEMBLY, shared="cdk.out")
    folder.check()
    store = None if options.no_cache else Store(settings())
    watched = this.watched if this else nullcontext
    try:
        with watched():
            values, mistakes = blueprints(CLUSTERS, options.clusters)
        known = held(this, store, values.values(), CLUSTERS) if this and store else {}
        with watched():
            plans = planned(values, mistakes, {name: plan for name, (plan, _) in known.items()})
    except BlueprintError:
        folder.clear()
        raise
    # Assets are named after their content, so they need no second copy. What is left of clusters may be as it is to be.
    named = "|".join(re.escape(plan.facts.name) for plan in plans)
    folder.clear(keep=rf"asset\..*|assembly-({named})|({named})\.plan\.json")
    folder.begin()
    print(f"Synthesizing {_names(plans)} into {out}/", file=sys.stderr, flush=True)
    start = time.monotonic()
    try:
        keys = synthesize_apart(
            plans,
            out,
            store=store,
            processes=os.cpu_count() or 1,
            validate=options.validate,
            progress=True,
            quick=options.quick,
            workers=workers,
            written={name: document for name, (_, document) in known.items()},
        )
    except Exception:
        folder.clear()
        raise
    assembly = read(out)
    said = json.dumps(as_json(plans, assembly), indent=2) if options.json else as_text(plans, assembly)
    print(said, flush=True)
    print(_summary(plans, assembly, time.monotonic() - start), file=sys.stderr)
    if store and this and (record := this.record(said, kept(keys, values.values(), CLUSTERS))):
        store.note(this.name, record)
    return Status.DONE


def _names(plans: Sequence[Plan]) -> str:
    if len(plans) > _FEW:
        return f"{len(plans)} clusters"
    return ", ".join(plan.facts.name for plan in plans)


def _summary(plans: Sequence[Plan], assembly: Assembly, seconds: float) -> str:
    stacks = [stack for plan in plans for stack in assembly[plan.facts.name]]
    resources = sum(len(stack.resources) for stack in stacks)
    counts = {"cluster": len(plans), "stack": len(stacks), "resource": resources}
    told = ", ".join(f"{count:,} {word}{'s' * (count != 1)}" for word, count in counts.items())
    return f"{told} in {seconds:.1f} s"


def as_text(plans: Sequence[Plan], assembly: Assembly) -> str:
    """One row for each cluster; resources are counted in the templates."""
    from tools.synthesis import RESOURCE_LIMIT

    heads = (
        "cluster",
        "account",
        "region",
        "kubernetes",
        f"resources (of {RESOURCE_LIMIT} in a stack)",
        "add-ons",
        "teams",
    )
    rows = [heads]
    for plan in plans:
        facts = plan.facts
        stacks = ", ".join(f"{stack.name} {len(stack.resources)}" for stack in assembly[facts.name])
        identity = (facts.name, facts.account, facts.region, facts.version)
        rows.append((*identity, stacks, str(len(plan.addons)), str(len(plan.teams))))
    skipped = [f"{plan.facts.name} leaves out {skip.name}: {skip.reason}" for plan in plans for skip in plan.skipped]
    return "\n".join([*aligned(rows), *skipped, *_overlaps(plans)])


def _overlaps(plans: Sequence[Plan]) -> Iterator[str]:
    """Clusters whose networks can never be connected. No mistake: many never are, and nothing says which will be.

    By the first range of each VPC, since nobody routes to those of pods. Clusters in one VPC are connected already.
    """
    networks = [(plan, ipaddress.IPv4Network(plan.network.cidrs[0])) for plan in plans]
    for index, (plan, network) in enumerate(networks):
        name, vpc = plan.facts.name, plan.network.vpc_id
        before = ((each.facts.name, its) for each, its in networks[:index] if not vpc or each.network.vpc_id != vpc)
        if found := next(((other, its) for other, its in before if its.overlaps(network)), None):
            other, its = found
            yield f"{name} has addresses of {other} ({network}, {its}): nothing can ever connect their networks"


def as_json(plans: Sequence[Plan], assembly: Assembly) -> list[dict[str, Any]]:
    """The same for a program."""
    return [
        {
            "cluster": plan.facts.name,
            "account": plan.facts.account,
            "region": plan.facts.region,
            "kubernetes": plan.facts.version,
            "resources": {stack.name: len(stack.resources) for stack in assembly[plan.facts.name]},
            "addons": [addon.name for addon in plan.addons],
            "teams": [team.name for team in plan.teams],
            "skipped": {skip.name: skip.reason for skip in plan.skipped},
        }
        for plan in plans
    ]
