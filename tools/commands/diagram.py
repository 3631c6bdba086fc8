"""A page about each cluster in docs/clusters, with pictures that GitHub draws.

The pages are committed, so that a pull request shows what it makes of them. With --check nothing is written; it ends
with 1 if a page is not what would be written.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from app import CLUSTERS, ROOT
from blueprint.inventory import planned
from tools.generated import Pages, add_check
from tools.picture.page import HEADER, page

FOLDER = ROOT / "docs" / "clusters"
add_options = add_check


def run(options: Namespace) -> int:
    """Writes the pages, or says which are out of date."""
    return pages_of(CLUSTERS).publish(options)


def pages_of(clusters: Path) -> Pages:
    """Of the cluster files in a folder."""
    texts = {f"{plan.facts.name}.md": page(plan) for plan in planned(clusters)}
    return Pages("make diagram", FOLDER, HEADER, texts)
