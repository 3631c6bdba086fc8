"""`make diagram`: a page about each cluster in docs/clusters, with pictures that GitHub draws.

    python -m tools.picture [--check]

The pages are committed, so that a pull request shows what it makes of them. With --check nothing is written; the exit
status is 1 if a page is not what would be written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app import CLUSTERS, ROOT
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from tools.picture.page import HEADER, page

FOLDER = ROOT / "docs" / "clusters"


def main(arguments: Sequence[str], *, folder: Path = FOLDER) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make diagram", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    options = parser.parse_args(arguments)
    try:
        pages = _pages()
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    stale = differing(folder, pages)
    if options.check:
        for name, why in stale.items():
            print(f"{_shown(folder / name)}: {why}", file=sys.stderr)
        if stale:
            print("Run `make diagram` and commit what it writes.", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        if name in pages:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(pages[name], encoding="utf-8", newline="\n")
        else:
            (folder / name).unlink()
        print(f"{_shown(folder / name)}: {'written' if name in pages else 'removed'}")
    print(f"{len(pages) - len([name for name in stale if name in pages])} of {len(pages)} pages were up to date.")
    return 0


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


def _pages() -> dict[str, str]:
    return {f"{plan.facts.name}.md": page(plan) for plan in planned(CLUSTERS)}


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
