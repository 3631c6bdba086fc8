"""Whether the tests can fail: puts plausible mistakes into the code, one at a time, and runs the tests.

In a copy, so that nothing here changes. Without FILES it takes the product, with BASE only lines that differ from it.
The mistakes are those of mutmut, drawn by a seed: of each folder in turn, and one of a line. Each is printed as it is
judged, and a table at the end. What no test notices is a test to write; or it changes nothing that matters, and stands
in tools/mutants/equivalent.toml with the reason.
Ends with 1 if less than the share that is asked for is noticed, with 2 if tests fail without any mistake.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from app import ROOT
from tools.mutants.judge import Judge, Judgement, MutantStatus, folder_of
from tools.mutants.mutations import Mutant
from tools.mutants.sample import drawn, lines
from tools.options import Names, add_json
from tools.status import Status
from tools.tables import aligned

PRODUCT = ("blueprint", "stacks", "addons")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    help_words = "files and folders; the product when none is given"
    parser.add_argument("files", nargs="*", action=Names, metavar="FILES", help=help_words)
    parser.add_argument("--base", metavar="REVISION", help="a branch, tag or commit: only lines that differ from it")
    parser.add_argument("--count", type=int, default=60, metavar="N", help="how many mistakes; 60, and 0 for all")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one draws others; 1")
    parser.add_argument("--least", type=float, default=95, metavar="PERCENT", help="how many must be noticed; 95")
    add_json(parser, "each mistake, and what became of it")


def run(options: Namespace) -> int:
    """Judges them one by one."""
    places = lines(options.files or PRODUCT, options.base, ROOT)
    judged: list[tuple[Mutant, Judgement]] = []
    with tempfile.TemporaryDirectory() as copy, closing(Judge(ROOT, Path(copy))) as judge:
        judge.prepare(sorted(set(map(folder_of, places))))
        for mutant in drawn(places, folder_of, options.seed, ROOT):
            judged.append((mutant, judge.judge(mutant)))
            place, judgement = f"{mutant.path}:{mutant.line}", judged[-1][1]
            print(f"{judgement.status:13} {place}  {mutant.change}  {judgement.by}", file=sys.stderr, flush=True)
            if sum(judgement.status != MutantStatus.STILLBORN for _, judgement in judged) == options.count:
                break
    if options.json:
        print(json.dumps([_as_json(*each) for each in judged], indent=2))
    else:
        print("\n".join(table(judged)))
    return Status.DONE if share(judgement.status for _, judgement in judged) >= options.least else Status.REFUSED


def _as_json(mutant: Mutant, judgement: Judgement) -> dict[str, object]:
    return {"path": mutant.path, "line": mutant.line, "change": mutant.change, **judgement._asdict()}


def table(judged: Iterable[tuple[Mutant, Judgement]]) -> list[str]:
    """How many came to what, by folder."""
    statuses = [(folder_of(mutant.path), judgement.status) for mutant, judgement in judged]
    rows = [("folder", *MutantStatus, "noticed %", "without snapshots %")]
    for folder in (*sorted({folder for folder, _ in statuses}), "all"):
        own = [status for within, status in statuses if folder in (within, "all")]
        shares = share(own), share(own, snapshots=False)
        rows.append((folder, *(str(Counter(own)[each]) for each in MutantStatus), *(f"{each:.1f}" for each in shares)))
    return aligned(rows)


def share(statuses: Iterable[MutantStatus], *, snapshots: bool = True) -> float:
    """Percent that were noticed; what took too long or was never a program says nothing."""
    counts = Counter(statuses)
    noticed = counts[MutantStatus.NOTICED] + (counts[MutantStatus.SNAPSHOT] if snapshots else 0)
    of = counts[MutantStatus.NOTICED] + counts[MutantStatus.SNAPSHOT] + counts[MutantStatus.SURVIVED]
    return 100 * noticed / of if of else 100.0
