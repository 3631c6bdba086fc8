"""Mistakes in a blueprint, as data: a report names every one of them, and nobody sees a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_LONGEST_VALUE = 200
_LONGEST_LINE = 1000
_MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Problem:
    """One mistake.

    `place` is the path to the value; a value's own checks give it relative to that value (`min`, `labels['team']`)
    and the caller puts its own path in front, up to `clusters/dev.py: DEV.compute[0].min`.
    """

    place: str
    value: object
    rule: str
    fix: str

    def below(self, place: str) -> Problem:
        """The same problem seen from the value that stands at `place`."""
        if not self.place or not place:
            return replace(self, place=self.place or place)
        joint = "" if self.place.startswith("[") else "."
        return replace(self, place=f"{place}{joint}{self.place}")

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


def duplicates(names: Iterable[tuple[str, str]], rule: str, fix: str) -> Iterator[Problem]:
    """A problem for each (place, name) whose name was seen before; the rule names the first place."""
    seen: dict[str, str] = {}
    for place, name in names:
        if name in seen:
            yield Problem(place, name, f"{rule}; {seen[name]} has it already", fix)
        else:
            seen[name] = place
