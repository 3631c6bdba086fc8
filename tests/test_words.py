"""One word, one thing: names of classes, and the words of CONTRIBUTING."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PRODUCT = ("blueprint", "addons", "teams", "stacks", "tools")
_CLASS = re.compile(r"[A-Z]\w*[a-z]\w*")
"""In capitals there are constants."""


def types_in(source: str) -> Iterator[str]:
    """Public classes and names of types of a module: `class Plan`, `Manifest = …`, `Manifest: TypeAlias = …`."""
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case _:
                names = []
        yield from (name for name in names if _CLASS.fullmatch(name))


def test_what_counts_as_a_type() -> None:
    source = "class Plan: ...\nclass _Own: ...\nWay = tuple[str, ...]\nKey: TypeAlias = str\nCORE = ()\nOne: Any = 1"
    assert [*types_in(source)] == ["Plan", "Way", "Key", "One"]


def test_no_two_types_have_one_name(root: Path) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in (path for folder in PRODUCT for path in sorted((root / folder).rglob("*.py"))):
        for name in types_in(path.read_text(encoding="utf-8")):
            found[name].append(str(path.relative_to(root)))
    assert {"Plan", "Manifest", "Problem"} <= {*found}
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


@pytest.fixture
def words(root: Path) -> list[tuple[str, str, str]]:
    """Word, meaning and code of each row."""
    section = (root / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## Words\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return [(word, meaning, code) for word, meaning, code in rows if word != "word"]


def test_the_words_are_those_of_the_code(words: list[tuple[str, str, str]]) -> None:
    assert len(words) >= 30
    names = [name for _, _, code in words for name in re.findall(r"`([\w.]+)`", code)]
    assert [name for name in names if not _exists(name)] == []


def test_a_word_and_a_name_stand_once(words: list[tuple[str, str, str]]) -> None:
    for listed in zip(*words, strict=True):
        assert len(listed) == len({*listed})


def _exists(name: str) -> bool:
    """Whether a module has it, or a class of one."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False
