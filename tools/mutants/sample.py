"""Which mutants are judged: of some files or changed lines, drawn by a seed."""

from __future__ import annotations

import random
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain, zip_longest
from pathlib import Path

from tools.mutants.mutations import Mutant, mutants
from tools.status import CannotError

EQUIVALENT = "tools/mutants/equivalent.toml"
Lines = Mapping[str, Collection[int] | None]
"""By file; None are all of it."""


def lines(places: Iterable[str], base: str | None, root: Path) -> Lines:
    """Of the Python files there: all, or those that differ from where the folder left `base`."""
    paths = [path for place in places for path in sorted((root / place).rglob("*.py")) or [root / place]]
    if missing := [path for path in paths if not path.is_file()]:
        raise CannotError(f"{missing[0]} is no file in Python and no folder with one")
    names = [str(path.resolve().relative_to(root)) for path in paths]
    if base is None:
        return dict.fromkeys(names)
    command = ("git", "-C", str(root), "diff", "--merge-base", "-U0", "--no-prefix", base, "--", *names)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotError(f"BASE={base} cannot be compared with: {done.stderr.strip()}")
    changed: defaultdict[str, set[int]] = defaultdict(set)
    path = ""
    for line in done.stdout.splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ ")
        elif hunk := re.match(r"@@ \S+ \+(\d+)(?:,(\d+))? @@", line):
            changed[path].update(range(int(hunk[1]), int(hunk[1]) + int(hunk[2] or 1)))
    return {name: changed[name] for name in names if name in changed}


def equivalent(root: Path) -> dict[tuple[str, str], str]:
    """Why a mutant changes nothing that matters, by its file and change."""
    rows = tomllib.loads((root / EQUIVALENT).read_text(encoding="utf-8")).get("mutants", [])
    return {(row["path"], row["change"]): row["reason"] for row in rows}


def drawn(places: Lines, folder: Callable[[str], str], seed: int, root: Path) -> Iterator[Mutant]:
    """Of each folder in turn, so that a large one does not have the most; one mutant of a line."""
    chance = random.Random(seed)  # noqa: S311  # no secret: the same seed draws the same again
    known = equivalent(root)
    by_folder: defaultdict[str, list[list[Mutant]]] = defaultdict(list)
    for path, chosen in places.items():
        of_line: defaultdict[int, list[Mutant]] = defaultdict(list)
        for mutant in mutants(path, (root / path).read_text(encoding="utf-8")):
            if chosen is None or mutant.line in chosen:
                of_line[mutant.line].append(mutant)
        by_folder[folder(path)].extend(of_line.values())
    for of_lines in by_folder.values():
        chance.shuffle(of_lines)
    for choices in chain.from_iterable(zip_longest(*by_folder.values(), fillvalue=())):
        for mutant in choices and [chance.choice(choices)]:
            if (mutant.path, mutant.change) not in known:
                yield mutant
