"""`make reference`: pages about every value that a user writes, in docs/reference.

    python -m tools.reference [--check]

The pages are committed. With --check nothing is written; the exit status is 1 if a page is not what would be written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app import ROOT
from tools.reference.render import HEADER, pages

FOLDER = ROOT / "docs" / "reference"


def main(arguments: Sequence[str], *, folder: Path = FOLDER) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make reference", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    options = parser.parse_args(arguments)
    written = pages()
    stale = differing(folder, written)
    if options.check:
        for name, why in stale.items():
            print(f"docs/reference/{name}: {why}", file=sys.stderr)
        if stale:
            print("Run `make reference` and commit what it writes.", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        path = folder / name
        if name in written:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(written[name], encoding="utf-8", newline="\n")
        else:
            path.unlink()
        print(f"docs/reference/{name}: {'written' if name in written else 'removed'}")
    print(f"{len(written) - len(stale.keys() & written)} of {len(written)} pages were up to date.")
    return 0


def differing(folder: Path, written: Mapping[str, str]) -> dict[str, str]:
    """Of each page that is not as it would be written, why; a file without our header is somebody's own."""
    found = {}
    for name, text in written.items():
        path = folder / name
        if not path.exists():
            found[name] = "is missing"
        elif path.read_bytes() != text.encode():
            found[name] = "is not what the types say now"
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        if name not in written and path.read_text(encoding="utf-8").startswith(HEADER):
            found[name] = "is about what is gone"
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
