"""What the branch and the uncommitted changes do to the clusters, for a reviewer.

Plans and synthesizes both revisions, without credentials. Writes review.md, a comment for a pull request,
review.html, a page that needs nothing else, and review.json, for programs. Charts are rendered where they can be had:
from their repositories, or from the mirror or folder that --charts names.
"""

from __future__ import annotations

import json
import re
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from blueprint.contribution import Release
from tools.charts.results import Outcome
from tools.options import add_base, add_charts, add_json
from tools.outputs import OutputFolder
from tools.review.compose import review
from tools.review.dangers import dangers
from tools.review.drawing import drawn
from tools.review.fleet import fleet
from tools.review.markdown import markdown
from tools.review.page import page
from tools.review.prices import PRICES, prices
from tools.review.report import as_json
from tools.revision.revisions import compared, default_base
from tools.status import Status

OUT = Path("review")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_base(parser)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    parser.add_argument("--link", default="", metavar="URL", help="where the whole page is going to be")
    add_charts(parser)
    parser.add_argument("--prices", type=Path, default=PRICES, metavar="FILE", help=f"instead of {PRICES.name}")
    add_json(parser, "print what review.json holds")


def run(options: Namespace) -> int:
    """Writes the review, and prints a summary."""
    folder = OutputFolder(options.out, "review", "--out", re.compile(r"review\.(md|html|json)"))
    folder.clear()  # an earlier review is of another change
    price_table = prices(options.prices)
    comparison = compared(default_base() if options.base is None else options.base)
    found = fleet(comparison)
    told = tuple(danger for cluster in found.touched for danger in dangers(cluster.difference, cluster.plans))
    document = review(found, told, partial(_rendered, source=options.charts), price_table)
    files = {
        "review.md": markdown(document, url=options.link, draw=drawn),
        "review.html": page(document),
        "review.json": json.dumps(as_json(found, told), indent=2) + "\n",
    }
    folder.begin()
    write(options.out, files)
    if options.json:
        print(files["review.json"], end="")
        return Status.DONE
    print("".join(cell.text for cell in document.summary))
    width = max(len(str(options.out / name)) for name in files)
    print("\n".join(f"{options.out / name!s:{width}}  {len(text):>9,} characters" for name, text in files.items()))
    return Status.DONE


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
