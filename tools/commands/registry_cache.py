"""Writes the CloudFormation of what Amazon ECR caches for clusters, a stack for each account and region.

`cdk deploy --app registry-cache 'registry-cache/111111111111-us-west-2'` makes the rules of one, before the first
cluster there. Which registries these are, `mirrors=Mirrors(cache=(PullThroughCache(…),))` of the clusters says. Rules
are of the whole account, so no stack of a cluster has them; what is cached stays when they go.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.inventory import planned
from blueprint.planning.registry_cache import registry_caches
from tools.options import add_json
from tools.outputs import ASSEMBLY, OutputFolder
from tools.status import Status
from tools.synthesis import synthesize_registry_caches

OUT = Path("registry-cache")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "what is cached in each account and region")


def run(options: Namespace) -> int:
    """Writes the assembly, and prints what is in it."""
    folder = OutputFolder(options.output, "registry-cache", "--output", ASSEMBLY)
    folder.check()
    caches = registry_caches(planned(CLUSTERS, []))
    if not caches:
        rule, fix = "no cluster has registries that ECR caches", "write mirrors=Mirrors(cache=(PullThroughCache(…),))"
        raise BlueprintError([Problem(("mirrors", "cache"), Quoted("()"), rule, fix)])
    with folder.anew():
        synthesize_registry_caches(caches, options.output)
    found = {cache.name: {each.prefix: each.registry for each in cache.caches} for cache in caches}
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for name, prefixes in found.items():
            print(f"{name}  {', '.join(f'{prefix} of {registry}' for prefix, registry in prefixes.items())}")
        print(f"\ncdk deploy --app {options.output} 'registry-cache/{caches[0].name}'")
    return Status.DONE
