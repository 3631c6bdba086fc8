"""How wide a text is at most, so that it stays in its box in any sans-serif font."""

from __future__ import annotations

from collections.abc import Iterator

# Widths in em of DejaVu Sans, the widest of the usual system fonts, rounded up.
_NARROW = dict.fromkeys("ijl|'", 0.3) | dict.fromkeys(" .,:;!I", 0.41) | dict.fromkeys("ft()[]/\\-r", 0.42)
_WIDE = dict.fromkeys("mM", 0.98) | dict.fromkeys("wW@%", 1.01) | dict.fromkeys("+~<>=#", 0.85)
_WIDTHS = {**_NARROW, **_WIDE, "\N{RIGHTWARDS ARROW}": 0.85, "…": 1.0, "\N{MINUS SIGN}": 0.85}
_BOLD = 1.14


def width(text: str, size: float, *, bold: bool = False) -> float:
    """In the unit of `size`, the height of the font."""
    return sum(map(_em, text)) * size * (_BOLD if bold else 1)


def wrapped(text: str, size: float, limit: float, most: int, *, bold: bool = False) -> list[str]:
    """Lines that fit, broken at spaces or after a sign if that can be; of more than `most` lines the rest is cut."""
    lines = list(_lines(text, size, limit, bold=bold))
    if len(lines) <= most:
        return lines
    last = f"{lines[most - 1]}…"
    while width(last, size, bold=bold) > limit and len(last) > 1:
        last = f"{last[:-2]}…"
    return [*lines[: most - 1], last]


def _lines(text: str, size: float, limit: float, *, bold: bool) -> Iterator[str]:
    line = ""
    for character in " ".join(text.split()):
        if line and width(line + character, size, bold=bold) > limit:
            cut = max(map(line.rfind, " -/_,."), default=-1) + 1
            # A break far to the left would waste the line.
            cut = cut if cut > len(line) / 2 else len(line)
            yield line[:cut].rstrip()
            line = line[cut:]
        line += character
    if line.strip():
        yield line.strip()


def _em(character: str) -> float:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if not character.isascii():
        return 1.4 if character > "\uffff" else 1.05
    return 0.79 if character.isupper() else 0.645
