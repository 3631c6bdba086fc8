"""`make mutants`: what is put into the code, and what is said of it, in a small project of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import tools.mutants.selection
from app import ROOT
from tools.__main__ import main
from tools.commands import mutants as command
from tools.mutants.judge import FOLDERS, Judge, Judgement, MutantStatus
from tools.mutants.mutations import Mutant, mutants
from tools.mutants.sample import Lines, drawn, equivalent, lines
from tools.mutants.selection import Selection
from tools.status import CannotError

pytestmark = pytest.mark.thorough

PRODUCT = '''"""Prices."""

__all__ = ["price"]
LARGEST = int("9")


def price(count: int) -> int:
    """Of so many."""
    if count < 0:
        raise ValueError("must be a number of things")
    while count > LARGEST:
        count -= LARGEST
    return count * 3


def name() -> str:
    return "thing"


def unasked() -> bool:
    return True
'''
TESTS = """
import pytest
from shop import prices

def test_prices():
    assert [prices.price(count) for count in (0, 2, 11)] == [0, 6, 6]

@pytest.mark.snapshot
def test_name():
    assert prices.name() == "thing"
"""
FILES = {
    "shop/prices.py": PRODUCT,
    "tests/test_all.py": TESTS,
    "tools/mutants/equivalent.toml": "",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["snapshot"]\n',
}
WHERE = {"shop": ("tests",)}


def written(folder: Path) -> Path:
    """A shop."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A shop of one test, which may change it."""
    return written(tmp_path / "project")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Of mutants of such a shop, whose own tests need no plugin."""
    folder = tmp_path_factory.mktemp("shop")
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(Judge(written(folder / "shop"), folder / "shop" / "copy", WHERE)) as found,
    ):
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        found.prepare(["shop"])
        yield found


def contents(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in FILES}


def one(change: str, text: str = PRODUCT) -> Mutant:
    """The mutant with this change."""
    (found,) = (mutant for mutant in mutants("shop/prices.py", text) if mutant.change == change)
    return found


# --- What is put into the code ----------------------------------------------------------------------------------------


def changes(text: str) -> set[str]:
    return {mutant.change for mutant in mutants("one.py", text)}


def test_one_thing_is_changed_and_nothing_else() -> None:
    mutant = one("return count * 3 -> return count / 3")
    assert mutant.text == PRODUCT.replace("count * 3", "count / 3")
    assert PRODUCT.splitlines()[mutant.line - 1].strip() == "return count * 3"


@pytest.mark.parametrize(
    "text",
    [
        '"""Words."""',
        "class One:\n    field: Literal['a'] | None\n    'Words.'",
        "def one(count: int) -> 'Words': ...",
        "raise ValueError('must be small')",
        "raise ValueError(f'{count} must be small')",
        "@dataclass(frozen=True)\nclass One: ...",
        "__all__ = ['One']",
    ],
)
def test_words_for_people_and_types_stay(text: str) -> None:
    assert changes(text) == set()


def test_words_stay_beside_what_changes() -> None:
    assert changes("rule = 'must be small'") == set()
    assert changes("yield Problem(path, 1, rule, 'write less of it')") == {
        f"yield Problem(path, 1, rule, 'write less of it') -> yield Problem({given}rule, 'write less of it')"
        for given in ("None, 1, ", "path, None, ", "1, ", "path, ", "path, 2, ")
    }


def test_expressions_are_no_words() -> None:
    assert len(changes("deny = \"object.spec.type != 'LoadBalancer'\"")) == 4
    assert len(changes("actions = 'AddTags RemoveTags'")) == 4


def test_a_rule_of_a_field_changes_within_its_type() -> None:
    text = "min: Annotated[int, between(0, 9)]"
    assert {f"{text} -> min: Annotated[int, between(1, 9)]", f"{text} -> min: Annotated[int, between(0, 10)]"} <= (
        changes(text)
    )


# --- What is said of it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "by"),
    [
        ("return count * 3 -> return count * 4", MutantStatus.NOTICED, "tests/test_all.py::test_prices"),
        ('return "thing" -> return "XXthingXX"', MutantStatus.SNAPSHOT, "tests/test_all.py::test_name"),
        ("return True -> return False", MutantStatus.SURVIVED, ""),
        ("count -= LARGEST -> count += LARGEST", MutantStatus.TIMED_OUT, ""),
        ('LARGEST = int("9") -> LARGEST = int("XX9XX")', MutantStatus.STILLBORN, ""),
    ],
)
def test_what_becomes_of_a_mutant(change: str, status: MutantStatus, by: str, judge: Judge) -> None:
    judge.grace = 60 if status is not MutantStatus.TIMED_OUT else 5
    assert judge.judge(one(change)) == (status, by)
    assert contents(judge.root) == contents(judge.root.parent) == FILES


def test_an_interruption_leaves_all_as_it_was(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def interrupted(*_: object) -> tuple[int, str]:
        seen.append((judge.root / "shop/prices.py").read_text(encoding="utf-8"))
        raise KeyboardInterrupt

    monkeypatch.setattr(judge, "_run", interrupted)
    mutant = one("return True -> return False")
    with pytest.raises(KeyboardInterrupt):
        judge.judge(mutant)
    assert seen == [mutant.text], "in the copy"
    assert contents(judge.root) == contents(judge.root.parent) == FILES


def test_tests_that_fail_by_themselves_judge_nothing(judge: Judge) -> None:
    failing = judge.root / "tests" / "test_failing.py"
    failing.write_text("def test_one():\n    assert False\n", encoding="utf-8")
    with pytest.raises(CannotError, match=r"fail without any mutant[^$]*FAILED tests/test_failing.py::test_one"):
        judge.prepare(["shop"])
    failing.unlink()


def test_every_folder_of_the_product_has_tests(root: Path) -> None:
    assert {name.partition("/")[0] for name in FOLDERS} == {*command.PRODUCT, "tools"}
    for tests in FOLDERS.values():
        assert all(list((root / name).rglob("test_*.py")) for name in tests)


# --- Which tests are asked --------------------------------------------------------------------------------------------

STALL = """
from functools import cache
LARGEST = 9
def price(count):
    return count * 3
@cache
def rate():
    return 2
def catalogue(*things):
    return [*things, rate()]
def offer():
    return catalogue(
        5,
    )
def unasked():
    return LARGEST
"""
STALLS: dict[str, str] = {
    "shop/stall.py": STALL,
    "tests/conftest.py": """
import pytest
from shop import stall

@pytest.fixture(scope="session")
def things():
    return stall.offer()
""",
    "tests/test_stall.py": """
from shop import stall

def test_price():
    assert stall.price(2) == 6

def test_name():
    assert stall.__name__
""",
    "tests/test_rates.py": """
from shop import stall

def test_price():
    assert stall.price(4) == 12

def test_rate():
    assert stall.rate() == 2
""",
    "tests/test_things.py": "def test_things(things):\n    assert things == [5, 2]\n",
    "tests/test_catalogue.py": "def test_things(things):\n    assert things[0] == 5\n",
    "pyproject.toml": FILES["pyproject.toml"],
}


@pytest.fixture(scope="module")
def selection(tmp_path_factory: pytest.TempPathFactory) -> Selection:
    """Of a stall whose tests ran once."""
    folder = tmp_path_factory.mktemp("stall")
    for name, text in STALLS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    options = ("-q", "-p", "no:cacheprovider", "-p", "tools.mutants.reach", "--reached", str(folder))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run((sys.executable, "-m", "pytest", *options), cwd=folder, env=environment, check=True)
    return Selection(folder)


def asked(selection: Selection, line: str) -> list[set[str]]:
    """The tests of each run, for a mutant of this line."""
    number = STALL.splitlines().index(line) + 1
    mutant = replace(next(mutants("shop/stall.py", STALL)), line=number)
    every = {test for path, text in STALLS.items() for test in _tests(path, text)}
    return [
        {test for test in every if test.partition("::")[0] in run.files} - {*run.without}
        for run in selection.runs(mutant, STALL, ["tests"])
    ]


def _tests(path: str, text: str) -> set[str]:
    return {f"{path}::{name}" for name in re.findall(r"def (test_\w+)", text)}


THINGS = {"tests/test_things.py::test_things", "tests/test_catalogue.py::test_things"}
RATES = {"tests/test_rates.py::test_price", "tests/test_rates.py::test_rate"}
OF_STALL = {"tests/test_stall.py::test_price", "tests/test_stall.py::test_name"}


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        ("    return count * 3", OF_STALL | RATES),
        ("    return [*things, rate()]", THINGS),
        ("        5,", THINGS),
        ("    return 2", THINGS | RATES),
        ("LARGEST = 9", THINGS | RATES | OF_STALL),
        ("    return LARGEST", THINGS | RATES | OF_STALL),
    ],
    ids=["by two files", "by a fixture", "line of a statement", "remembered", "at import", "by nothing"],
)
def test_those_that_reach_the_line_are_asked(line: str, tests: set[str], selection: Selection) -> None:
    assert asked(selection, line) == [tests]


def test_those_that_are_named_after_the_file_are_asked_first(
    selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools.mutants.selection, "FIRST", 0)
    first, rest = asked(selection, "    return count * 3")
    assert first == {"tests/test_stall.py::test_price"}
    assert rest == (OF_STALL | RATES) - first


def test_those_that_are_named_after_what_the_line_calls_come_next(
    selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools.mutants.selection, "FIRST", 0)
    assert asked(selection, "        5,")[0] == {"tests/test_catalogue.py::test_things"}


def test_a_minute_of_tests_is_enough(selection: Selection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.mutants.selection, "FIRST", 0)
    monkeypatch.setattr(tools.mutants.selection, "ALL", 0)
    assert [len(tests) for tests in asked(selection, "LARGEST = 9")] == [1, 1]


# --- Which are drawn --------------------------------------------------------------------------------------------------


def places(project: Path) -> Lines:
    return lines(["shop"], None, project)


def chosen(project: Path, seed: int) -> list[str]:
    return [mutant.change for mutant in drawn(places(project), lambda _: "shop", seed, project)]


def test_a_seed_draws_the_same_again_and_another_does_not(project: Path) -> None:
    assert chosen(project, 1) == chosen(project, 1)
    assert len({tuple(chosen(project, seed)) for seed in range(9)}) > 5


def test_one_of_a_line_and_of_each_folder_in_turn(project: Path) -> None:
    (project / "one.py").write_text("one = 1\n", encoding="utf-8")
    found = [*drawn({"shop/prices.py": None, "one.py": None}, lambda path: path, 1, project)]
    assert [mutant.path for mutant in found[:3]] == ["shop/prices.py", "one.py", "shop/prices.py"]
    assert len({(mutant.path, mutant.line) for mutant in found}) == len(found)


def test_what_is_known_to_change_nothing_is_not_drawn(project: Path) -> None:
    known = "return True -> return False"
    assert known in chosen(project, 1)
    row = f'[[mutants]]\npath = "shop/prices.py"\nchange = "{known}"\nreason = "nobody asks"\n'
    (project / "tools/mutants/equivalent.toml").write_text(row, encoding="utf-8")
    assert known not in chosen(project, 1)


def test_only_the_lines_that_differ(project: Path) -> None:
    git = ("git", "-C", str(project), "-c", "user.name=one", "-c", "user.email=one@example.com")
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *arguments], check=True)
    assert lines(["shop"], "main", project) == {}
    text = PRODUCT.replace("count * 3", "count * 4").replace("True", "False")
    (project / "shop/prices.py").write_text(text, encoding="utf-8")
    differ = [number for number, line in enumerate(text.splitlines(), 1) if "* 4" in line or "False" in line]
    assert lines(["shop"], "main", project) == {"shop/prices.py": {*differ}}
    assert {mutant.line for mutant in drawn(lines(["shop"], "main", project), str, 1, project)} == {*differ}
    with pytest.raises(CannotError, match="BASE=nothing"):
        lines(["shop"], "nothing", project)


@pytest.mark.parametrize("name", ["nothing", "pyproject.toml/nothing.py"])
def test_a_file_that_is_not_there(name: str, project: Path) -> None:
    with pytest.raises(CannotError, match=name):
        lines([name], None, project)


def test_what_is_known_to_change_nothing_is_still_there(root: Path) -> None:
    for (path, change), reason in equivalent(root).items():
        text = (root / path).read_text(encoding="utf-8")
        old = change.partition(" -> ")[0]
        near = [mutant for mutant in mutants(path, text) if old.startswith(text.splitlines()[mutant.line - 1].strip())]
        assert change in {mutant.change for mutant in near}, path
        assert reason


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of this project."""
    monkeypatch.setattr(command, "ROOT", project)
    monkeypatch.setitem(FOLDERS, "shop", ("tests",))


@pytest.mark.usefixtures("shop")
def test_the_command_says_what_became_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutants", "shop", "--count", "2", "--seed", "5", "--json"]) == 1
    printed = capsys.readouterr()
    judged = json.loads(printed.out)
    assert sum(each["status"] != MutantStatus.STILLBORN for each in judged) == 2
    assert [line.split()[0] for line in printed.err.splitlines()] == [each["status"].split()[0] for each in judged]


@pytest.mark.parametrize(
    ("statuses", "shares"),
    [
        (["noticed"] * 3 + ["survived"], (75, 75)),
        (["noticed"] * 2 + ["by a snapshot"] * 2 + ["timed out", "not imported"], (100, 50)),
        (["not imported"], (100, 100)),
    ],
)
def test_the_share(statuses: list[str], shares: tuple[float, float]) -> None:
    found = [MutantStatus(each) for each in statuses]
    assert (command.share(found), command.share(found, snapshots=False)) == shares


def test_the_table_counts_by_folder() -> None:
    prices = one("return True -> return False")
    roles = next(mutants("blueprint/teams/roles.py", "one = 1"))
    kinds = (MutantStatus.NOTICED, MutantStatus.SNAPSHOT, MutantStatus.SURVIVED, MutantStatus.SURVIVED)
    judged = [*((replace(prices, path="addons/one.py"), kind) for kind in kinds), (roles, MutantStatus.TIMED_OUT)]
    head, *rows = command.table((mutant, Judgement(kind)) for mutant, kind in judged)
    assert head.split("  ")[0] == "folder"
    assert [row.split() for row in rows] == [
        ["addons", "1", "1", "2", "0", "0", "50.0", "25.0"],
        ["blueprint/teams", "0", "0", "0", "1", "0", "100.0", "100.0"],
        ["all", "1", "1", "2", "1", "0", "50.0", "25.0"],
    ]
