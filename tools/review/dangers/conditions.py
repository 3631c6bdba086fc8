"""Conditions of a statement, by what they let through.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tools.assembly import text

_Statement = Mapping[str, Any]
_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?")


def weakened(before: _Statement, after: _Statement) -> Iterator[str]:
    """What a condition asked that it no longer asks, or not so strictly: `without StringEquals aws:SourceArn`."""
    new = after.get("Condition") or {}
    for operator, keys in (before.get("Condition") or {}).items():
        for key, values in keys.items():
            if not any(
                other == key and _as_strict((operator, _many(values)), (which, _many(those)))
                for which, others in new.items()
                for other, those in others.items()
            ):
                yield _told(operator, key, _many(values), new)


def _told(operator: str, key: str, old: Sequence[str], new: Mapping[str, Mapping[str, Any]]) -> str:
    left = [(which, _many(those[key])) for which, those in new.items() if key in those]
    if not left:
        return f"without {operator} {key}"
    which, values = left[0]
    said = f"{which} " if which != operator else ""
    return f"with {said}{key} {' or '.join(values)}, where it was {' or '.join(old)}"


def _as_strict(before: tuple[str, Sequence[str]], after: tuple[str, Sequence[str]]) -> bool:
    """Whether whatever the new condition lets through, the old one did."""
    one, other = (_OPERATOR.fullmatch(operator) for operator, _ in (before, after))
    if one is None or other is None:
        return before == after
    if one[1] != other[1] or (other[3] and not one[3]) or _family(one[2]) != _family(other[2]):
        return before == after
    if "Not" in one[2]:
        # Of what is refused, all must still be.
        return "Not" in other[2] and all(any(_within(old, new, other[2]) for new in after[1]) for old in before[1])
    if "Not" in other[2]:
        return False
    return all(any(_within(new, old, one[2], other[2]) for old in before[1]) for new in after[1])


def _family(operator: str) -> str:
    """Operators that compare the same: those of text, of ARNs, of addresses, and each other by itself."""
    plain = operator.replace("Not", "")
    for family in ("String", "Arn", "IpAddress"):
        if plain.startswith(family) and not plain.endswith("IgnoreCase"):
            return family
    return operator


def _within(value: str, pattern: str, operator: str, of_value: str = "") -> bool:
    """Whether a value, a pattern itself by its own operator, is one that the pattern lets through."""
    if value == pattern:
        # As a pattern it means more than as text.
        literal = operator.endswith("Equals") and operator.startswith("String")
        return not (literal and of_value.endswith("Like") and re.search(r"[*?]", value))
    if operator.endswith("IpAddress"):
        try:
            one, other = ipaddress.ip_network(value, strict=False), ipaddress.ip_network(pattern, strict=False)
        except ValueError:
            return False
        return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]  # same version
    if operator.endswith("Like") or operator.startswith("Arn"):
        # A ? of the value is no single character, so only a * of the pattern takes a pattern in.
        return fnmatchcase(value, pattern.replace("[", "[[]")) and not ("*" in value and "*" not in pattern)
    return False


def _many(values: Any) -> list[str]:
    return [text(each) for each in (values if isinstance(values, list) else [values])]
