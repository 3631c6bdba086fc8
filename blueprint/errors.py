"""Mistakes in a blueprint, as data: a report names every one of them, and nobody sees a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_LONGEST_VALUE = 200
_LONGEST_LINE = 1000
_MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Key:
    """A key of a mapping, in a path."""

    key: object


FieldPath = tuple[str | int | Key, ...]
"""From a value to another in it, by names of fields, indices and keys: `("compute", 0, "labels", Key("team"))`."""


def rendered(path: FieldPath) -> str:
    """The path as Python writes it: `compute[0].labels['team']`."""
    return "".join(map(_rendered, path)).removeprefix(".")


def _rendered(part: str | int | Key) -> str:
    if isinstance(part, str):
        return f".{part}"
    return f"[{shown(part.key) if isinstance(part, Key) else part}]"


@dataclass(frozen=True)
class Problem:
    """One mistake.

    A value's own checks give the path from that value, and the caller puts its own in front, up to
    `("clusters/dev.py: DEV", "compute", 0, "min")`.
    """

    path: FieldPath
    value: object
    rule: str
    fix: str
    file: str = ""
    """The file that has it, and the line, where that is not the one of the blueprint: `examples/shop/web.yaml:3`."""

    def below(self, path: FieldPath) -> Problem:
        """The same problem seen from the value in which the other stands at `path`."""
        return replace(self, path=(*path, *self.path))

    @property
    def place(self) -> str:
        """Where a person finds it: `clusters/dev.py: DEV.compute[0].min`."""
        return self.file or rendered(self.path)

    def __str__(self) -> str:
        place, rule, fix = (_line(text, _LONGEST_LINE) for text in (self.place, self.rule, self.fix))
        return f"{place}\n    value  {shown(self.value)}\n    rule   {rule}\n    fix    {fix}"


class BlueprintError(Exception):
    """All mistakes found, in the order of the files and of the values in them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(report(self.problems))


def report(problems: Iterable[Problem], outcome: str = "nothing was synthesized") -> str:
    """The text a person reads: a count and what comes of it, then each problem with its place, value, rule and fix."""
    listed = list(problems)
    count = "1 problem" if len(listed) == 1 else f"{len(listed)} problems"
    more = [f"and {len(listed) - _MOST_PROBLEMS} more"] if len(listed) > _MOST_PROBLEMS else []
    return "\n\n".join([f"{count}; {outcome}.", *map(str, listed[:_MOST_PROBLEMS]), *more])


def shown(value: object) -> str:
    """The value as one short printable line: no control characters, no endless lists, no crash on hostile objects."""
    try:
        text = value if isinstance(value, Quoted) else repr(value)
    except Exception as error:  # noqa: BLE001  # a user's own __repr__ may fail; the report must not
        text = f"<{type(value).__name__}: its repr() fails with {type(error).__name__}>"
    return _line(text, _LONGEST_VALUE)


def _line(text: str, longest: int) -> str:
    """Names and keys that a user chose stand in places and rules as well, so all of a report goes through here."""
    line = "".join(character if character.isprintable() else " " for character in text[:longest])
    return line if len(text) <= longest else f"{line}… ({len(text)} characters)"


class Quoted(str):
    """Text to be shown as it stands, for example `<missing>` or a list of names."""


def duplicates(names: Iterable[tuple[FieldPath, str]], what: str, fix: str) -> Iterator[Problem]:
    """A problem for each (path, name) whose name was seen before; the rule names the first place."""
    seen: dict[str, FieldPath] = {}
    for path, name in names:
        if name in seen:
            yield Problem(path, name, f"duplicate {what}: {rendered(seen[name])} has it already", fix)
        else:
            seen[name] = path
