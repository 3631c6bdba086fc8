"""Writes what Argo CD or Flux installs of clusters: a folder of a Git repository, to be committed and pushed.

A cluster has a folder there when its blueprint says delivery=ArgoCdDelivery(…) or FluxDelivery(…). --output is what
that calls `folder`, in a clone of its repository. With --check nothing is written, and it ends with 1 if a file is not
what would be written.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from app import CLUSTERS
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.gitops.folder import stale, texts
from tools.options import add_clusters, add_json
from tools.outputs import MARK, OutputFolder
from tools.status import Status

OUT = Path("gitops")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    parser.add_argument("--check", action="store_true", help="only say which files are out of date")
    add_json(parser, "of each file that was not up to date, why")


def run(options: Namespace) -> int:
    """Writes the folders, or says what is out of date."""
    out: Path = options.output
    folder = OutputFolder(out, "gitops", "--output", re.compile(r"[a-z][-a-z0-9]*"))
    folder.check()
    plans = planned(CLUSTERS, options.clusters)
    found = {plan.facts.name: _texts(plan, named=bool(options.clusters)) for plan in plans}
    if not options.clusters and out.is_dir():
        # Those that are gone, or are delivered another way by now.
        found = {**{path.name: {} for path in out.iterdir() if path.name != MARK}, **found}
    old = stale(out, found)
    if options.json:
        print(json.dumps({str(out / name): why for name, why in old.items()}, indent=2))
    if options.check:
        return _told(out, old)
    folder.begin()
    files = {name: text for each in found.values() for name, text in each.items()}
    for name in old:
        path = out / name
        if name not in files:
            path.unlink()
            continue
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding="utf-8", newline="\n")
    for cluster in found:
        _remove_empty(out / cluster)
    if not options.json:
        for name in old:
            print(f"{out / name}: {'written' if name in files else 'removed'}")
        print(f"{len(files.keys() - old.keys())} of {len(files)} files were up to date.")
    return Status.DONE


def _texts(plan: Plan, *, named: bool) -> Mapping[str, str]:
    if plan.delivery:
        return texts(plan, plan.delivery)
    if named:
        rule = "the installer brings its charts and objects, and nothing comes from Git"
        fix = "write delivery=ArgoCdDelivery(…) or FluxDelivery(…)"
        raise BlueprintError([Problem((plan.facts.name, "delivery"), Quoted("KubectlProvider"), rule, fix)])
    return {}


def _told(out: Path, old: Mapping[str, str]) -> int:
    for name, why in old.items():
        print(f"{out / name}: {why}", file=sys.stderr)
    if old:
        print("Run `make gitops` and commit what it writes.", file=sys.stderr)
    return Status.REFUSED if old else Status.DONE


def _remove_empty(folder: Path) -> None:
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
