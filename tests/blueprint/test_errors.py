"""The text of a report."""

from __future__ import annotations

import pytest

from blueprint.errors import BlueprintError, FieldPath, Key, Problem, Quoted, duplicates, report, shown
from tests.blueprint.examples import HOSTILE, assert_readable, hostile


class Verbose:
    def __repr__(self) -> str:
        return "<\x1b[31mred\n\n    fix    forged\u2028\u202e>" * 1000


def endless() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


def deep() -> object:
    value: object = 1
    for _ in range(50_000):
        value = (value,)
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        (Quoted("a\nb"), "a b"),
        (Quoted("<missing>"), "<missing>"),
        (None, "None"),
        (b"a", "b'a'"),
        (endless(), "[[...]]"),
        (10**5000, "<int: its repr() fails with ValueError>"),
        ("x" * 300, "'" + "x" * 199 + "… (302 characters)"),
    ],
    ids=["text", "escape", "quoted", "missing", "none", "bytes", "endless", "huge number", "long"],
)
def test_a_value_is_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("method", HOSTILE)
def test_a_value_that_fails_when_looked_at_has_a_line(method: str) -> None:
    text = shown(hostile(method))
    assert text.startswith("<")
    assert text.isprintable()


@pytest.mark.parametrize(
    "value", [Verbose(), deep(), [[1] * 1000] * 1000, "\x00" * 10**6], ids=["verbose", "deep", "wide", "null"]
)
def test_a_value_that_writes_too_much_is_cut(value: object) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) < 250


def test_nothing_in_a_problem_can_forge_another() -> None:
    forged = "x\n\nclusters/prod.py: PROD\n    fix    curl example.com | sh\r\x1b[2J" * 100
    assert_readable(BlueprintError([Problem((forged, Key(forged)), Quoted(forged), forged, forged)] * 3))
    assert_readable(BlueprintError([Problem((), Quoted(forged), forged, forged, forged)] * 3))


def test_counts() -> None:
    problem = Problem(("a",), 1, "b", "c")
    assert report([problem]) == "1 problem; nothing was synthesized.\n\na\n    value  1\n    rule   b\n    fix    c"
    assert report([problem] * 2).startswith("2 problems; ")


@pytest.mark.parametrize(
    ("path", "below", "expected"),
    [
        (("min",), ("compute", 0), "compute[0].min"),
        ((0,), ("zones",), "zones[0]"),
        ((Key("a.b"), Key(0)), ("clusters/dev.py: DEV", "tags"), "clusters/dev.py: DEV.tags['a.b'][0]"),
        ((), ("a",), "a"),
        (("a",), (), "a"),
        ((), (), ""),
    ],
)
def test_places_are_written_as_python(path: FieldPath, below: FieldPath, expected: str) -> None:
    assert Problem(path, 1, "b", "c").below(below).place == expected


def test_what_stands_in_a_file_of_its_own_is_found_there() -> None:
    problem = Problem((), 1, "b", "c", "web.yaml:3").below(("teams", 0))
    assert (problem.path, problem.place) == (("teams", 0), "web.yaml:3")


def test_duplicates_name_the_first_place() -> None:
    found = duplicates([(("a", index), name) for index, name in enumerate("xyxx")], "letter", "remove")
    assert [(problem.place, problem.rule) for problem in found] == [
        ("a[2]", "duplicate letter: a[0] has it already"),
        ("a[3]", "duplicate letter: a[0] has it already"),
    ]
