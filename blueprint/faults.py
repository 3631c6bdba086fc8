"""Code of users that fails when it is asked: told in the report, with the line to correct."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import NoReturn

from blueprint.errors import Quoted

FAILS = "does not come to an end"
"""The rule that code breaks by raising."""
_OWN = Path(__file__).parent
"""Where no code of a user stands, and in these neither."""
_PYTHON = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))


def told(error: BaseException) -> Quoted:
    """The exception as a report shows it."""
    try:
        words = str(error)
    except Exception:  # noqa: BLE001  # a user's own __str__ may fail
        words = "its str() fails"
    return Quoted(f"{type(error).__name__}: {words}")


def place(error: BaseException) -> str:
    """The last line that a user wrote, below where the exception was caught: `addons/podinfo.py:12`; or empty."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.suffix == ".py" and not {_OWN, *_PYTHON} & {*path.parents}:
            return f"{path.parent.name}/{path.name}:{frame.lineno}"
    return ""


@contextmanager
def no_way_out() -> Iterator[None]:
    """`os._exit` would end the command without a word, and with whatever status the code says. What the code prints
    is for a person, and stands nowhere in what the command prints for programs.
    """
    ends = os._exit

    def told(status: int) -> NoReturn:
        raise SystemExit(f"os._exit({status})")

    os._exit = told
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os._exit = ends
