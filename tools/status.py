"""How a command ends: one table of exit statuses for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Status(IntEnum):
    """The exit status of a command."""

    DONE = 0
    REFUSED = 1
    FAILED = 2
    INTERRUPTED = 130
    UNREAD = 141


MEANINGS: Mapping[Status, str] = {
    Status.DONE: "done, and nothing stands against it; warnings may",
    Status.REFUSED: "a mistake in your files or in a cluster's name, a refused danger, an account that is not ready, "
    "a page that is out of date",
    Status.FAILED: "it cannot be done, or not in full: wrong options, an unknown revision, no credentials, "
    "nothing that answers",
    # 128 and the number of the signal, as shells have it:
    # https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html (2.8.2)
    Status.INTERRUPTED: "interrupted, by Ctrl-C for example",
    Status.UNREAD: "whoever read the output has stopped, `head` for example",
}
"""Of every command. `make` itself always ends with 2 when a command does not end with 0."""


class FindingsError(Exception):
    """What rules have found in templates, as the CDK says it."""


class CannotError(Exception):
    """What was asked for cannot be done; the text tells a person what is wrong, and what to do."""
