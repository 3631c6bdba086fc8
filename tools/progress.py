"""How far a long command is, on standard error: nothing of a short one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

SILENT_SECONDS = 2.0
"""So long nobody wonders."""
_ON_TERMINAL, _ELSEWHERE = 0.5, 10.0
"""Seconds between two states: a line that is written over, or one below the other in a log."""
_WIDTH = 100


class Progress:
    """Shows a state from time to time, until the block ends; `state` is asked in a thread of its own."""

    def __init__(self, state: Callable[[], str]) -> None:
        self._state = state
        self._ended = Event()
        self._thread = Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        write_over("")

    def _show(self) -> None:
        pause = SILENT_SECONDS
        while not self._ended.wait(pause):
            if sys.stderr.isatty():
                write_over(self._state())
                pause = _ON_TERMINAL
            else:
                print(self._state(), file=sys.stderr, flush=True)
                pause = _ELSEWHERE


def write_over(text: str) -> None:
    """One line in the place of the one before, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}"[:_WIDTH], end="", file=sys.stderr, flush=True)
