"""What is measured: replicas of the production cluster, synthesized by the code of `make synth`.

python -m bench.fleet COUNT FOLDER [--validate] [--memory] [--calls FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from blueprint.planning.planner import plan
from examples.prod import PROD
from tools.jsii_start import ahead, finish, quicken
from tools.synthesis import synthesize


def main() -> None:
    """With --memory it prints the peaks of its processes, with --calls it writes what floor.js reads."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet")
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--calls", type=Path)
    options = parser.parse_args()
    ahead(judging=options.validate)
    plans = [plan(replace(PROD, name=f"c{number:02}")) for number in range(options.count)]
    quicken(judging=options.validate)
    calls = recorded() if options.calls else []
    synthesize(plans, options.folder, validate=options.validate)
    if options.calls:
        options.calls.write_text(json.dumps(calls), encoding="utf-8")
    if options.memory:
        print(sum(peaks()))
    finish(0)


def recorded() -> list[dict[str, Any]]:
    """A list that is going to hold every request to the jsii kernel, with its answer."""
    from jsii._kernel.providers.process import _NodeProcess, jdefault

    calls: list[dict[str, Any]] = []
    send = _NodeProcess.send

    def recording(self: Any, request: Any, response: Any) -> Any:
        answer = send(self, request, response)
        call = {**self._serializer.unstructure(request), "answer": self._serializer.unstructure(answer)}
        calls.append(plain(json.loads(json.dumps(call, default=jdefault))))
        return answer

    _NodeProcess.send = recording  # type: ignore[assignment, method-assign]  # jsii offers no hook
    return calls


def plain(data: Any) -> Any:
    """The data as JavaScript would write it down; what is null was not given."""
    if isinstance(data, Mapping):
        inner = data["$jsii.struct"]["data"] if "$jsii.struct" in data else data.get("$jsii.map", data)
        return {key: plain(item) for key, item in inner.items() if item is not None}
    return [plain(item) for item in data] if isinstance(data, list) else data


def peaks() -> Iterator[int]:
    """The most memory that this process had, and then that of the jsii kernel, in bytes."""
    import jsii

    unit = 1 if sys.platform == "darwin" else 1024
    yield resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    kernel: Any = jsii.kernel.provider
    kernel._process.stop()  # noqa: SLF001  # the system tells the peak of a process that has ended
    yield resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


if __name__ == "__main__":
    main()
