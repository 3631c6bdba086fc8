"""Processes that each synthesize a cluster at a time. Little is imported here, so that they start before all else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType

from tools.status import CannotError, FindingsError
from tools.unchanged import ROOT

VALIDATE = "--validate"
WORTH = 8
"""Clusters for each process: of fewer, its start takes longer than it saves. `make bench` shows it."""


class Workers:
    """So many processes of `tools.apart`. However the context ends, none is left."""

    def __init__(self, count: int, *, validate: bool = False) -> None:
        self._command = (sys.executable, "-m", "tools.apart", *([VALIDATE] if validate else []))
        self._processes: list[subprocess.Popen[str]] = []
        self._waiting = deque[Path]()
        self._threads: list[Thread] = []
        self.grow(count)

    def grow(self, count: int) -> None:
        """Starts more, until there are so many."""
        while len(self._processes) < count:
            process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # Ctrl-C is for this process, which ends them all
            )
            self._processes.append(process)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Whatever they are doing."""
        self._waiting.clear()
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.wait()
            with suppress(BrokenPipeError), process:  # what it did not read any more
                pass
        self._processes, self._threads = [], []

    def synthesized(self, parts: Sequence[Path]) -> Iterator[Path]:
        """Each part, which holds a plan, when its assembly is in it.

        Raises FindingsError for what rules find, after all, and CannotError for a part that cannot be synthesized. Who
        stops before has ended the processes, so that none writes where its folder is going to be removed.
        """
        done = SimpleQueue[Path | CannotError | FindingsError]()
        self._waiting.extend(parts)
        for process in self._processes[: len(parts)]:
            self._threads.append(Thread(target=self._serve, args=(process, done), daemon=True))
            self._threads[-1].start()
        findings: list[FindingsError] = []
        complete = False
        try:
            for _ in parts:
                found = done.get()
                if isinstance(found, CannotError):
                    raise found
                if isinstance(found, FindingsError):
                    findings.append(found)
                else:
                    yield found
            complete = True
        finally:
            if not complete:
                self.end()
        raise_all(findings)

    def _serve(self, process: subprocess.Popen[str], done: SimpleQueue[Path | CannotError | FindingsError]) -> None:
        assert process.stdin  # noqa: S101  # a pipe
        assert process.stdout  # noqa: S101  # a pipe
        with suppress(IndexError):  # nothing is left
            while True:
                part = self._waiting.popleft()
                with suppress(BrokenPipeError):  # it has ended, and says why on standard error
                    print(part, file=process.stdin, flush=True)
                done.put(_ended(part, process.stdout.readline().rstrip("\n")))


def _ended(part: Path, answered: str) -> Path | CannotError | FindingsError:
    if not answered:
        return CannotError(f"{part.name} could not be synthesized: see above.")
    findings = json.loads(answered)
    return FindingsError(findings) if findings else part


def raise_all(findings: Sequence[FindingsError]) -> None:
    """Raises one FindingsError with those of all clusters, if there are any."""
    if findings:
        raise FindingsError("\n\n".join(map(str, findings)))
