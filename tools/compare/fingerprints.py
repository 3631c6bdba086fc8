"""What each cluster's templates are made from, as a hash: equal hashes make equal templates, so no synth is needed.

Run as a program in the folder of a revision, it prints the hashes of that revision's plans; it knows nothing of what a
plan consists of, so the revision may be of any age.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

RENDERER = ("app.py", "cdk.json", "blueprint", "stacks", "tools/synth.py", "requirements.txt")
"""What turns a plan into templates. All else reaches them through the plan only."""


def fingerprints(folder: Path) -> dict[str, str]:
    """The hash of each cluster in `clusters/` of a folder, whose modules must be the ones that Python imports.

    Raises BlueprintError with the mistakes of all clusters.
    """
    from blueprint.inventory import planned

    renderer = hashlib.sha256()
    for path in sorted(path for name in RENDERER for path in (folder / name, *(folder / name).rglob("*"))):
        if path.is_file() and path.suffix != ".pyc":
            renderer.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    found = {}
    for plan in planned(folder / "clusters"):
        digest = renderer.copy()
        for word in _words(plan):
            digest.update(f"{word}\0".encode())
        found[plan.facts.name] = digest.hexdigest()
    return found


def _words(value: Any) -> Iterator[str]:
    """Everything that a value consists of; the order in a mapping counts, since templates keep it."""
    if is_dataclass(value) and not isinstance(value, type):
        yield f"{type(value).__module__}.{type(value).__qualname__}("
        for field in fields(value):
            yield field.name
            yield from _words(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield "{"
        for key, item in value.items():
            yield from _words(key)
            yield from _words(item)
    elif isinstance(value, AbstractSet):
        yield "set("
        yield from sorted("\0".join(_words(item)) for item in value)
    elif isinstance(value, list | tuple):
        yield "["
        for item in value:
            yield from _words(item)
    else:
        yield f"{type(value).__name__} {value!r}"
    yield ")"


if __name__ == "__main__":
    from blueprint.errors import BlueprintError

    try:
        print(json.dumps(fingerprints(Path.cwd())))
    except BlueprintError as error:
        sys.exit(str(error))
