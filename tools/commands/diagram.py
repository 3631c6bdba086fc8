"""A page about each cluster in docs/clusters, with pictures that GitHub draws.

The pages are committed, so that a pull request shows what it makes of them. With --check nothing is written; it ends
with 1 if a page is not what would be written.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from app import CLUSTERS, ROOT
from blueprint.inventory import planned
from tools.options import add_json
from tools.picture.page import HEADER, page
from tools.status import Status

FOLDER = ROOT / "docs" / "clusters"


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    add_json(parser, "of each page that was not up to date, why")


def run(options: Namespace) -> int:
    """Writes the pages, or says which are out of date."""
    pages = {f"{plan.facts.name}.md": page(plan) for plan in planned(CLUSTERS)}
    stale = differing(FOLDER, pages)
    if options.json:
        print(json.dumps({str(_shown(FOLDER / name)): why for name, why in stale.items()}, indent=2))
    if options.check:
        for name, why in stale.items():
            print(f"{_shown(FOLDER / name)}: {why}", file=sys.stderr)
        if stale:
            print("Run `make diagram` and commit what it writes.", file=sys.stderr)
        return Status.REFUSED if stale else Status.DONE
    _write({name: pages.get(name) for name in stale})
    if not options.json:
        for name in stale:
            print(f"{_shown(FOLDER / name)}: {'written' if name in pages else 'removed'}")
        print(f"{len(pages.keys() - stale.keys())} of {len(pages)} pages were up to date.")
    return Status.DONE


def differing(folder: Path, pages: Mapping[str, str]) -> dict[str, str]:
    """Of each page that is not as it would be written, why; a file without our header is somebody's own."""
    found = {}
    for name, text in pages.items():
        path = folder / name
        if not path.exists():
            found[name] = "is missing"
        elif path.read_bytes() != text.encode():
            found[name] = "is not what the cluster is now"
    for path in sorted(folder.glob("*.md")):
        if path.name not in pages and path.read_text(encoding="utf-8").startswith(HEADER):
            found[path.name] = "is about a cluster that is gone"
    return found


def _write(pages: Mapping[str, str | None]) -> None:
    for name, text in pages.items():
        if text is None:
            (FOLDER / name).unlink()
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
