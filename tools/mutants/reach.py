"""A plugin of pytest: writes which lines each test reaches, or leaves tests out, as its options say.

It stands for itself: the server loads it, where nothing of the project may be imported before the tests do it.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from coverage import Coverage

CONTEXTS, COSTS = "reached.coverage", "reached.json"
"""In the folder of `--reached`: coverage's data, with a context for each test and shared fixture; and their seconds."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reached", metavar="FOLDER", help="where to write what tests reach")
    parser.addoption("--without", metavar="FILE", help="the tests to leave out, as JSON")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Before anything of the project is imported."""
    options = early_config.known_args_namespace
    if options.without:
        early_config.pluginmanager.register(_Without(Path(options.without)))
    if options.reached:
        early_config.pluginmanager.register(_Reached(Path(options.reached), early_config.rootpath))
    return (yield)


class _Without:
    """Leaves these tests out; one that nobody knows runs, since a mutant may have made it of another."""

    def __init__(self, path: Path) -> None:
        self.tests = frozenset(json.loads(path.read_text(encoding="utf-8")))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid not in self.tests]


class _Reached:
    """Which lines tests and shared fixtures reach, and how long each takes by itself.

    A shared fixture counts for all tests that have it, whichever has it made. What functions remember is forgotten with
    each file of tests, so that not only the first one reaches it: but not by `stacks`, where it stands in the CDK's
    process and would not go. What an earlier run wrote stays.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.tests: dict[str, list[str]] = {}
        self._within: list[str] = []
        self._since = 0.0
        self._coverage = self._started()

    def _started(self) -> Coverage:
        from coverage import Coverage

        found = Coverage(
            data_file=str(self.folder / CONTEXTS), config_file=False, source=[str(self.root)], omit=["tests/*"]
        )
        found.set_option("run:core", "ctrace")  # sys.monitoring tells of a line once, not once a context
        found.set_option("run:relative_files", True)
        if (self.folder / CONTEXTS).exists():
            found.load()
        found.start()
        return found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        path = _file(item.nodeid)
        if not self.tests or _file(next(reversed(self.tests))) != path:
            self._forget()
        names = getattr(item, "fixturenames", ())
        self.tests[item.nodeid] = [f"{where}::{name}" for name in names for where in ("", path)]
        self._enter(item.nodeid)
        try:
            return (yield)
        finally:
            self._leave()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        self._enter(f"{_file(request.node.nodeid)}::{fixturedef.argname}")
        try:
            return (yield)
        finally:
            self._leave()

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        costs = {name: self.seconds.pop(name) for name in self.tests}
        tests = {
            name: (costs[name], [each for each in using if each in self.seconds]) for name, using in self.tests.items()
        }
        path = self.folder / COSTS
        written: dict[str, dict[str, Any]] = {"tests": tests, "fixtures": self.seconds}
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            written = {kind: {**before[kind], **found} for kind, found in written.items()}
        path.write_text(json.dumps(written), encoding="utf-8")

    def _enter(self, name: str) -> None:
        self._count()
        self._within.append(name)
        self._coverage.switch_context(name)

    def _leave(self) -> None:
        self._count()
        self._within.pop()
        self._coverage.switch_context(self._within[-1] if self._within else "")

    def _count(self) -> None:
        now = time.process_time()  # on a busy machine, too, a quick test is quick
        if self._within:
            self.seconds[self._within[-1]] += now - self._since
        self._since = now

    def _forget(self) -> None:
        for module in list(sys.modules.values()):
            if str(getattr(module, "__file__", None)).startswith(f"{self.root}/"):
                for value in list(vars(module).values()):
                    if isinstance(value, _lru_cache_wrapper) and not value.__module__.startswith("stacks."):
                        value.cache_clear()


def _file(name: str) -> str:
    return name.partition("::")[0]
