"""Pages about every value and field that a user writes, in docs/reference, from the types.

The pages are committed. With --check nothing is written; it ends with 1 if a page is not what would be written.
"""

from __future__ import annotations

from argparse import Namespace

from app import ROOT
from tools.generated import Pages, add_check
from tools.reference.render import HEADER, pages

FOLDER = ROOT / "docs" / "reference"
add_options = add_check


def run(options: Namespace) -> int:
    """Writes the pages, or says which are out of date."""
    return Pages("make reference", FOLDER, HEADER, pages()).publish(options)
