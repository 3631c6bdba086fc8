"""Clusters, each synthesized for itself: what did not change comes from a store, the rest from several processes.

    python -m tools.apart

is such a process. It reads folders, a line each, which hold the plan of a cluster, and when the cluster's assembly is
in one, it says as JSON what rules have found, if they run. It ends when its input does, so that it never outlives
whoever asks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from app import ROOT
from blueprint.planning.document import Plan
from blueprint.planning.file import SUFFIX, documents, dumped, loaded
from tools.jsii_start import finish, quicken
from tools.merged import merge, share
from tools.progress import Progress
from tools.status import CannotError, FindingsError
from tools.store import Store
from tools.synthesis import synthesize

_VALIDATE = "--validate"
WORTH = 8
"""Clusters for each process: of fewer, its start takes longer than it saves. `make bench` shows it."""


def synthesize_apart(
    plans: Sequence[Plan],
    out: Path,
    *,
    store: Store | None,
    processes: int,
    validate: bool = False,
    progress: bool = False,
    quick: bool = False,
) -> None:
    """Writes what `synthesize` writes; by at most so many processes. `quick` says that this process ends with it.

    Raises FindingsError with what rules find in any cluster.
    """
    with tempfile.TemporaryDirectory(prefix="eks-blueprints-") as temporary:
        keys, missing = dict[Path, str](), dict[Path, Plan]()
        parts: list[Path] = []
        for plan in plans:
            part = Path(temporary) / plan.facts.name
            document = dumped(plan)
            keys[part] = store.key(document, judged=validate) if store else ""
            kept = store.find(keys[part]) if store else None
            parts.append(kept or part)
            if not kept:
                part.mkdir()
                (part / f"{plan.facts.name}{SUFFIX}").write_text(document, encoding="utf-8")
                for asset in out.glob("asset.*"):  # so that it is not packed again
                    share(asset, part / asset.name)
                missing[part] = plan
        done: list[Path] = []
        shown = Progress(lambda: f"{len(done)} of {len(missing)} clusters")
        if quick and missing:
            quicken(judging=validate)  # not where all comes from the store: that needs nothing of the CDK
        with shown if progress and len(missing) > 1 else nullcontext():
            for part in _synthesized(missing, min(processes, len(missing) // WORTH), validate):
                done.append(part)
                if store:
                    store.keep(keys[part], part)
        if store and missing:
            store.make_room()
        merge(parts, out, kept=store.folder if store else None)


def _synthesized(missing: Mapping[Path, Plan], processes: int, validate: bool) -> Iterator[Path]:
    """Each part, when it is whole."""
    if processes > 1:
        yield from by_processes([*missing], processes, validate=validate)
        return
    findings: list[FindingsError] = []
    for part, plan in missing.items():
        try:
            synthesize([plan], part, validate=validate)
        except FindingsError as error:
            findings.append(error)
        else:
            yield part
    _raise(findings)


def _raise(findings: Sequence[FindingsError]) -> None:
    if findings:
        raise FindingsError("\n\n".join(map(str, findings)))


def by_processes(parts: Sequence[Path], count: int, *, validate: bool = False) -> Generator[Path]:
    """Each part, which holds a plan, when its assembly is in it. However it ends, no process is left."""
    command = (sys.executable, "-m", "tools.apart", *([_VALIDATE] if validate else []))
    waiting, done = deque(parts), SimpleQueue[Path | CannotError | FindingsError]()
    workers = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process, which ends them all
        )
        for _ in range(count)
    ]

    def serve(worker: subprocess.Popen[str]) -> None:
        assert worker.stdin  # noqa: S101  # a pipe
        assert worker.stdout  # noqa: S101  # a pipe
        with suppress(IndexError):  # nothing is left
            while True:
                part = waiting.popleft()
                with suppress(BrokenPipeError):  # it has ended, and says why on standard error
                    print(part, file=worker.stdin, flush=True)
                answered = worker.stdout.readline().rstrip("\n")
                done.put(_ended(part, answered))

    threads = [Thread(target=serve, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        findings: list[FindingsError] = []
        for _ in parts:
            found = done.get()
            if isinstance(found, CannotError):
                raise found
            if isinstance(found, FindingsError):
                findings.append(found)
            else:
                yield found
        _raise(findings)
    finally:
        waiting.clear()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
        for thread, worker in zip(threads, workers, strict=True):
            thread.join()
            worker.wait()
            with suppress(BrokenPipeError), worker:  # what it did not read any more
                pass


def _ended(part: Path, answered: str) -> Path | CannotError | FindingsError:
    if not answered:
        return CannotError(f"{part.name} could not be synthesized: see above.")
    findings = json.loads(answered)
    return FindingsError(findings) if findings else part


def main() -> None:
    """Synthesizes until there is nothing left to do."""
    quicken(judging=_VALIDATE in sys.argv)
    for line in sys.stdin:
        part = Path(line.rstrip("\n"))
        (document,) = documents(part).values()
        findings = ""
        try:
            synthesize([loaded(document)], part, validate=_VALIDATE in sys.argv)
        except FindingsError as error:
            findings = str(error)
        print(json.dumps(findings), flush=True)
    finish(0)


if __name__ == "__main__":
    main()
