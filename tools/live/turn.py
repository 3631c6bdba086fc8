"""One look at all files: mistakes, or what differs from the look before, in plans and templates."""

from __future__ import annotations

import json
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app import CLUSTERS
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from tools.assembly import Assembly, Stack, read, text
from tools.live.warm import BAD, GOOD
from tools.merged import share
from tools.review.flat import changed, flat
from tools.synthesis import synthesize

MOST = 20
"""Lines for a cluster."""
_WIDTH = 160


def turn(folder: Path, number: str, good: str, clusters: Sequence[str]) -> int:
    """Writes what is synthesized into a folder of this number, and prints how it differs from the good one."""
    start = time.monotonic()
    try:
        plans = planned(CLUSTERS, clusters)
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return BAD
    out = folder / number
    out.mkdir()
    for asset in (folder / good).glob("asset.*") if good else ():
        share(asset, out / asset.name)
    synthesize(plans, out, validate=False)
    before, after = read(folder / good) if good else None, read(out)
    lines = list(told(before, after)) if before is not None else [f"{name}: synthesized" for name in after]
    print(*lines or ["nothing changes"], f"in {time.monotonic() - start:.2f} s", sep="\n", flush=True)
    (folder / "modules").write_text("\n".join(foreign()), encoding="utf-8")
    return GOOD


def told(before: Assembly, after: Assembly) -> Iterator[str]:
    """What differs, cluster by cluster."""
    for name in sorted({*before, *after}):
        lines = [line for stack in _stacks(before, after, name) for line in _differing(*stack)]
        if lines:
            yield f"{name}:"
            yield from (f"  {line}"[:_WIDTH] for line in lines[:MOST])
            if len(lines) > MOST:
                yield f"  … and {len(lines) - MOST} more: make review shows all"


def _stacks(before: Assembly, after: Assembly, cluster: str) -> Iterator[tuple[str, Stack | None, Stack | None]]:
    old, new = ({stack.name: stack for stack in side.get(cluster, ())} for side in (before, after))
    for name in dict.fromkeys((*old, *new)):
        yield name, old.get(name), new.get(name)


def _differing(name: str, before: Stack | None, after: Stack | None) -> Iterator[str]:
    """A line for each resource that comes or goes, and for each value of others, or beside them, that changes."""
    old, new = (dict(stack.resources) if stack else {} for stack in (before, after))
    paths = {**(before.paths if before else {}), **(after.paths if after else {})}
    for id in dict.fromkeys((*old, *new)):
        one, other = old.get(id), new.get(id)
        if one == other:
            continue
        said = f"{(other or one or {})['Type']}  {name}/{paths.get(id, id)}"
        if one is None or other is None:
            yield f"{'+' if one is None else '-'} {said}"
            continue
        yield from _changes(said, one, other)
    yield from _changes(name, *map(_without_resources, (before, after)))


def _changes(said: str, before: Any, after: Any) -> Iterator[str]:
    one, other = (dict(flat(_unfolded(each))) if each else {} for each in (before, after))
    for sign, key, was, will in changed(one, other):
        yield f"{sign} {said}  {key}: {' -> '.join(filter(None, (was, will)))}"


def _without_resources(stack: Stack | None) -> Mapping[str, Any]:
    return {key: item for key, item in stack.template.items() if key != "Resources"} if stack else {}


def _unfolded(data: Any) -> Any:
    """As a person reads it: objects by kind and name, tags by key, and JSON in a text as what it says."""
    if isinstance(data, list):
        if all(isinstance(each, dict) and each.keys() == {"Key", "Value"} for each in data):
            return {each["Key"]: each["Value"] for each in data}
        if all(isinstance(each, dict) and "kind" in each and "metadata" in each for each in data):
            return {f"{each['kind']}/{each['metadata']['name']}": each for each in data}
        return [_unfolded(each) for each in data]
    if isinstance(data, dict) and data.keys() == {"Fn::Join"}:
        data = text(data)
    if isinstance(data, dict):
        return {key: _unfolded(each) for key, each in data.items()}
    if isinstance(data, str) and data.startswith(("{", "[")):
        try:
            return _unfolded(json.loads(data))
        except ValueError:
            return data
    return data


def foreign() -> Iterator[str]:
    """Names of the loaded modules that are not the project's."""
    packages = sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(packages) and name != "__main__":
            yield name
