"""The text of a report."""

from __future__ import annotations

import pytest

from blueprint.errors import BlueprintError, Problem, Quoted, duplicates, report, shown
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
    assert_readable(BlueprintError([Problem(forged, Quoted(forged), forged, forged)] * 3))


def test_counts() -> None:
    problem = Problem("a", 1, "b", "c")
    assert report([problem]) == "1 problem; nothing was synthesized.\n\na\n    value  1\n    rule   b\n    fix    c"
    assert report([problem] * 2).startswith("2 problems; ")


@pytest.mark.parametrize(
    ("place", "below", "expected"),
    [
        ("min", "compute[0]", "compute[0].min"),
        ("[0]", "zones", "zones[0]"),
        ("", "a", "a"),
        ("a", "", "a"),
        ("", "", ""),
    ],
)
def test_places_are_written_as_python(place: str, below: str, expected: str) -> None:
    assert Problem(place, 1, "b", "c").below(below).place == expected


def test_duplicates_name_the_first_place() -> None:
    found = duplicates([("a[0]", "x"), ("a[1]", "y"), ("a[2]", "x"), ("a[3]", "x")], "once", "remove")
    assert [(problem.place, problem.rule) for problem in found] == [
        ("a[2]", "once; a[0] has it already"),
        ("a[3]", "once; a[0] has it already"),
    ]
