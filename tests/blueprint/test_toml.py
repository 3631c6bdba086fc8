"""Values in TOML, and what is wrong with them in its own words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any

import pytest

from blueprint.errors import FieldPath, Key
from blueprint.fields import NOT_EMPTY, between
from blueprint.hints import Form
from blueprint.toml import place, read
from blueprint.value import Value


class Pipe(Value):
    """A part of a file."""

    name: str
    sizes: Annotated[tuple[int, ...], NOT_EMPTY, Form("an array of numbers", "[1]")] = (1,)
    open: Annotated[bool, Form("true or false", "true")] = True


class Works(Value):
    """A file."""

    pipes: Mapping[str, Pipe]
    spare: Pipe | None = None
    pressure: Annotated[int | float, between(0, 9), Form("a number", "1.5")] = 1


def test_tables_and_arrays_become_values() -> None:
    text = """
    pressure = 2.5
    [pipes.main]
    name = "a"
    sizes = [2, 3]
    [spare]
    name = "b"
    open = false
    """
    assert read(Works, text, "works.toml") == (
        Works(pipes={"main": Pipe(name="a", sizes=(2, 3))}, spare=Pipe(name="b", open=False), pressure=2.5),
        [],
    )


@pytest.mark.parametrize(
    ("text", "where", "rule", "fix"),
    [
        ("pipes.main.name = 1", "pipes.main.name", "must be str", 'write name="…"'),
        ("pipes.main = {}", "pipes.main.name", "this field is required", 'add name="…"'),
        ('pipes."a b" = 1', 'pipes."a b"', "must be Pipe", "write Pipe(…) there"),
        ("spare = 1\n[pipes]", "spare", "must be Pipe or None", "write spare=Pipe(…)"),
        ('spare = {name = "", sizes = 1}\n[pipes]', "spare.sizes", "must be an array of numbers", "write sizes=[1]"),
        ('spare = {name = "", sizes = []}\n[pipes]', "spare.sizes", "must not be empty", "give at least one"),
        ('spare = {name = "", sizes = [""]}\n[pipes]', "spare.sizes[0]", "must be int", "write 1 there"),
        ('spare = {name = "", open = 1}\n[pipes]', "spare.open", "must be true or false", "write open=true"),
        ("pressure = 9.5\n[pipes]", "pressure", "must be 0 to 9", "write a number of 0 to 9"),
        ("pressure = true\n[pipes]", "pressure", "must be a number", "write pressure=1.5"),
        ("valve = 1\n[pipes]", "valve", "unknown field 'valve' of Works", "write one of pipes, pressure, spare"),
    ],
)
def test_a_mistake_has_its_place_in_the_file(text: str, where: str, rule: str, fix: str) -> None:
    _, (problem,) = read(Works, text, "works.toml")
    assert (problem.place, problem.rule, problem.fix) == (f"works.toml: {where}", rule, fix)


@pytest.mark.parametrize("text", ["[", "a = 1\na = 2", "x = " + "[" * 5000, "pipes = {"])
def test_what_is_no_toml(text: str) -> None:
    _, (problem,) = read(Works, text, "works.toml")
    assert (problem.place, problem.rule) == ("works.toml", "must be a file in TOML")


@pytest.mark.parametrize("key", ["a", "a-b_1", "a b", 'a"b', "a\\b", "prod*", "", "é"])
def test_a_key_is_written_as_toml_reads_it(key: str) -> None:
    written = place("x", ("table", Key(key))).removeprefix("x: ")
    assert tomllib.loads(f"{written} = 1") == {"table": {key: 1}}


@pytest.mark.parametrize(("path", "shown"), [((), "x"), (("a", 0, "b"), "x: a[0].b"), ((Key(1.5),), "x: [1.5]")])
def test_places(path: FieldPath, shown: Any) -> None:
    assert place("x", path) == shown
