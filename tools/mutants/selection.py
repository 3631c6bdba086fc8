"""Which tests can notice a mutant: those that reach its line, the likeliest and quickest first."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from coverage import CoverageData

from tools.mutants.mutations import Mutant
from tools.mutants.reach import CONTEXTS, COSTS

FIRST, ALL = 5.0, 60.0
"""Seconds of tests: one run that most mutants do not outlive, and another."""


class Chosen(NamedTuple):
    """Tests for one run."""

    files: Sequence[str]
    without: Sequence[str]
    """Tests of these files that do not run."""
    seconds: float


class Selection:
    """Knows what the plugin `reach` wrote of a project."""

    def __init__(self, folder: Path) -> None:
        self._contexts = CoverageData(str(folder / CONTEXTS))
        self._contexts.read()
        costs = json.loads((folder / COSTS).read_text(encoding="utf-8"))
        self._tests: dict[str, tuple[float, list[str]]] = costs["tests"]
        self._fixtures: dict[str, float] = costs["fixtures"]

    def runs(self, mutant: Mutant, text: str, folders: Sequence[str]) -> Iterator[Chosen]:
        """Of a file with this text without the mutant. `folders` have the tests of what runs at its import."""
        tests = self._likeliest(mutant, text, folders)
        first, seconds = self._within(FIRST, tests)
        if first:
            yield self._chosen(first, seconds)
        rest, seconds = self._within(ALL, (test for test in tests if test not in first))
        if rest:
            yield self._chosen(rest, seconds)

    def _likeliest(self, mutant: Mutant, text: str, folders: Sequence[str]) -> list[str]:
        """All, where Python runs it at import or nothing is known; those named after the file or using it first."""
        by_line = self._contexts.contexts_by_lineno(mutant.path)
        reached = {each for line in _statement(text, mutant.line) for each in by_line.get(line, ())} or {""}
        of_file = {each for contexts in by_line.values() for each in contexts}
        own = {test for test, (_, fixtures) in self._tests.items() if reached & {test, *fixtures}}
        near = set(map(_file, own))  # what a test finds remembered, another of its file has reached
        words = mutant.path.removesuffix(".py").removesuffix("/__init__").split("/")[1:]
        told = _words(text, mutant.line)
        ranked: list[tuple[tuple[bool, ...], int, float, str]] = []
        for test, (seconds, fixtures) in self._tests.items():
            file = _file(test)
            place = next((place for place, folder in enumerate(folders) if file.startswith(f"{folder}/")), None)
            if file in near or ("" in reached and place is not None):
                named = any(word in name for word in words for name in (file, _parameters(test).replace("-", "_")))
                cost = seconds + sum(self._fixtures[each] for each in fixtures)
                using = bool(of_file & {test, *fixtures})
                about = not told.isdisjoint(_stem(file).split("_"))
                kinds = test in own and named, test in own and about, test in own, file in near, named, using
                ranked.append((tuple(not kind for kind in kinds), place or 0, cost, test))
        return [test for *_, test in sorted(ranked)]

    def _within(self, seconds: float, tests: Iterable[str]) -> tuple[set[str], float]:
        """As many of these as take no longer, one at least; fixtures are made once."""
        chosen: set[str] = set()
        made: set[str] = set()
        spent = 0.0
        for test in tests:
            own, fixtures = self._tests[test]
            cost = own + sum(self._fixtures[each] for each in fixtures if each not in made)
            if not chosen or spent + cost <= seconds:
                chosen.add(test)
                made.update(fixtures)
                spent += cost
        return chosen, spent

    def _chosen(self, tests: set[str], seconds: float) -> Chosen:
        costs: dict[str, float] = {}
        for test in tests:
            own, fixtures = self._tests[test]
            costs[_file(test)] = costs.get(_file(test), 0) + own + sum(self._fixtures[each] for each in fixtures)
        without = [test for test in self._tests if _file(test) in costs and test not in tests]
        return Chosen(sorted(costs, key=lambda file: (costs[file], file)), without, seconds)


def _file(test: str) -> str:
    return test.partition("::")[0]


def _parameters(test: str) -> str:
    """In which a test of all add-ons has the name of one."""
    return test.partition("[")[2]


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".py")


def _words(text: str, line: int) -> set[str]:
    """Those that its names there consist of, in lowercase."""
    lines = text.splitlines()
    shown = " ".join(lines[each - 1] for each in _statement(text, line))
    return {word.lower() for word in re.findall(r"[A-Za-z0-9]{4,}", shown.replace("_", " "))}


def _statement(text: str, line: int) -> range:
    """The lines of the innermost statement there, without those of its body."""
    around = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
    ]
    found = max(around, key=lambda node: node.lineno)
    body = getattr(found, "body", ())
    return range(found.lineno, max(found.lineno, body[0].lineno - 1 if body else found.end_lineno or line) + 1)
