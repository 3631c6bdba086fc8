"""Options that several commands have, so that they are called and explained alike."""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace
from typing import Any


def add_clusters(parser: ArgumentParser) -> None:
    """Any number of clusters."""
    help_words = "names of clusters; all when none is given"
    parser.add_argument("clusters", nargs="*", action=Names, metavar="CLUSTER", help=help_words)


class Names(Action):
    """Make gives several names as one text: CLUSTER="dev prod"."""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, option: str | None = None) -> None:
        """Splits each text."""
        setattr(namespace, self.dest, [name for text in values for name in text.split() or [text]])


def add_base(parser: ArgumentParser) -> None:
    """What the folder is compared with: the commit where it left this revision."""
    parser.add_argument("--base", metavar="REVISION", help="a branch, tag or commit; origin/main, else main")


def add_charts(parser: ArgumentParser) -> None:
    """For machines that do not reach the repositories of charts."""
    parser.add_argument("--charts", metavar="SOURCE", help="a folder with charts, or the address of a mirror")


def add_json(parser: ArgumentParser, what: str) -> None:
    """The answer alone, on standard output."""
    parser.add_argument("--json", action="store_true", help=f"for a program: {what}")
