"""`make review BASE=<git revision>`: what the branch and the uncommitted changes do to the clusters, for a reviewer.

    python -m tools.review [--base REVISION] [--out FOLDER] [--link URL] [--charts SOURCE] [--prices FILE]

Plans and synthesizes both revisions, without credentials. Writes review.md, a comment for a pull request,
review.html, a page that needs nothing else, and review.json, for programs. Charts are rendered where they can be had:
from their repositories, or from the mirror or folder that --charts names.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from blueprint.contribution import Release
from tools.charts.results import Outcome
from tools.compare.dangers import dangers
from tools.compare.revisions import RevisionError, compared, default_base
from tools.review.compose import review
from tools.review.drawing import drawn
from tools.review.fleet import fleet
from tools.review.markdown import markdown
from tools.review.page import page
from tools.review.prices import PRICES, PriceError, prices
from tools.review.report import as_json

OUT = Path("review")


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 1 when a revision cannot be planned or synthesized."""
    parser = argparse.ArgumentParser(
        prog="make review", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--base", metavar="REVISION", help="a branch, tag or commit; origin/main, else main")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    parser.add_argument("--link", default="", metavar="URL", help="where the whole page is going to be")
    parser.add_argument("--charts", metavar="SOURCE", help="a folder with charts, or the address of a mirror")
    parser.add_argument("--prices", type=Path, default=PRICES, metavar="FILE", help=f"instead of {PRICES.name}")
    options = parser.parse_args(arguments)
    base = default_base() if options.base is None else options.base
    try:
        price_table = prices(options.prices)
        comparison = compared(base)
    except (RevisionError, PriceError) as error:
        print(error, file=sys.stderr)
        return 1
    found = fleet(comparison)
    told = tuple(danger for cluster in comparison.touched for danger in dangers(cluster))
    document = review(found, told, partial(_rendered, source=options.charts), price_table)
    files = {
        "review.md": markdown(document, url=options.link, draw=drawn),
        "review.html": page(document),
        "review.json": json.dumps(as_json(found, told), indent=2) + "\n",
    }
    write(options.out, files)
    print("".join(cell.text for cell in document.summary))
    width = max(len(str(options.out / name)) for name in files)
    print("\n".join(f"{options.out / name!s:{width}}  {len(text):>9,} characters" for name, text in files.items()))
    return 0


def _rendered(releases: Sequence[Release], version: str, source: str | None) -> tuple[Outcome, ...]:
    """Loads what renders charts only when there are some."""
    from tools.charts.render import render_all

    return render_all(releases, version, source)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Each file is whole or as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".review-") as temporary:
        for name, text in files.items():
            (Path(temporary) / name).write_text(text, encoding="utf-8")
        for name in files:
            (Path(temporary) / name).replace(folder / name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
