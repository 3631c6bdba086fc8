"""Values of every kind that the annotation of a field allows. The same in every run."""

from __future__ import annotations

import importlib
import ipaddress
import random
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, pairwise
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from blueprint.value import Rule, Value, _is_instance

_LONGEST = 2000
"""Of a text whose rule knows no end."""
_MOST_ITEMS = 8
"""So many values of what stands in a tuple or mapping."""

Samples = Mapping[type[Value], Sequence[Value]]
"""Sound values of each class that can stand in a blueprint."""


def values(hint: Any, samples: Samples) -> list[Any]:
    """What may stand in a field, each accepted by its rules."""
    bare, rules = unfolded(hint)
    found = [value for value in _values(bare, rules, samples) if all(_accepts(rule, value) for rule in rules)]
    assert found, f"no value is known for {hint}"
    return found


def names(hint: Any, value: Any) -> frozenset[str]:
    """The kinds that a value is of: `None`, `'SPOT'`, `lowest`, `several`, `with a Role`."""
    bare, rules = unfolded(hint)
    origin, args = get_origin(bare), get_args(bare)
    if origin in (Union, types.UnionType):
        return frozenset(chain.from_iterable(names(each, value) for each in args if _is_instance(value, each)))
    if isinstance(value, Value) or bare is Any:
        return frozenset({f"a {type(value).__name__}"})
    if isinstance(value, tuple | Mapping):
        count = "nothing" if not value else "one" if len(value) == 1 else "several"
        items = [(args[0], item) for item in value]
        if isinstance(value, Mapping):
            items += [(args[1], item) for item in value.values()]
        return frozenset({count, *(f"with {name}" for each, item in items for name in names(each, item))})
    if isinstance(value, str) and not _choices(bare, rules):
        return frozenset({"text" if value else "no text"})
    if type(value) is int and bare is int:
        low, high = _bounds(rules)
        return frozenset({"lowest" if value == low else "highest" if value == high else "between"})
    return frozenset({repr(value)})


def unfolded(hint: Any) -> tuple[Any, list[Rule]]:
    if get_origin(hint) is not Annotated:
        return hint, []
    bare, *rules = get_args(hint)
    return bare, rules


def _choices(bare: Any, rules: Sequence[Rule]) -> tuple[Any, ...]:
    if get_origin(bare) is Literal:
        return get_args(bare)
    return tuple(choice for rule in rules for choice in rule.choices)


def _bounds(rules: Sequence[Rule], highest: int = 10**9) -> tuple[int, int]:
    """Of a number, or of a number of items."""
    low = max((rule.low for rule in rules if rule.low is not None), default=0)
    high = min((rule.high for rule in rules if rule.high is not None), default=highest)
    return low, high


def _accepts(rule: Rule, value: Any) -> bool:
    try:
        return bool(rule.accepts(value))
    except ValueError:  # about what an earlier rule refuses
        return False


def _values(bare: Any, rules: Sequence[Rule], samples: Samples) -> Iterator[Any]:  # one branch for each kind of hint
    origin, args = get_origin(bare), get_args(bare)
    if choices := _choices(bare, rules):
        yield from choices
    elif bare is types.NoneType:
        yield None
    elif bare is bool:
        yield from (False, True)
    elif bare is int:
        low, high = _bounds(rules)
        yield from (low, low + 1, (low + high) // 2, high)
    elif bare is str:
        yield from texts(rules)
    elif bare is Any:
        yield from JSON
    elif origin in (Union, types.UnionType):
        yield from (value for option in args for value in values(option, samples))
    elif origin is tuple:
        yield from _tuples(args[0], rules, samples)
    elif origin is not None and issubclass(origin, Mapping):
        yield from _mappings(args[0], args[1], rules, samples)
    else:
        yield from (value for cls, found in samples.items() if issubclass(cls, bare) for value in found)


def _items(hint: Any, samples: Samples) -> list[Any]:
    """Some of each kind."""
    found: dict[frozenset[str], list[Any]] = {}
    for value in values(hint, samples):
        found.setdefault(names(hint, value), []).append(value)
    each = max(2, _MOST_ITEMS // len(found))
    return [value for alike in found.values() for value in alike[:each]]


def _tuples(item: Any, rules: Sequence[Rule], samples: Samples) -> Iterator[tuple[Any, ...]]:
    items, (low, high) = _items(item, samples), _bounds(rules, 3)
    if low == 0:
        yield ()
    if low <= 1 <= high:
        yield from ((each,) for each in items)
    for count in sorted({2, low, high} - {0, 1}):
        if low <= count <= high:
            # From each place on, so that each stands beside its neighbour.
            around = [*items, *items][: max(len(items), count) + count]
            yield from (tuple(around[start : start + count]) for start in range(min(len(items), 4)))


def _mappings(key: Any, value: Any, rules: Sequence[Rule], samples: Samples) -> Iterator[dict[Any, Any]]:
    (low, high), keys, items = _bounds(rules, 3), _items(key, samples), _items(value, samples)
    if low == 0:
        yield {}
    pairs = [(each, items[index % len(items)]) for index, each in enumerate(keys)]
    pairs += [(keys[0], each) for each in items]
    yield from ({each: item} for each, item in pairs)
    if high >= 2:
        yield from (dict(two) for two in pairwise(pairs) if len(dict(two)) == 2)


# --- Text -------------------------------------------------------------------------------------------------------------


def texts(rules: Sequence[Rule]) -> list[str]:
    """What the rules' own fixes give as an example, the two shortest, the longest, and some more."""
    patterns = [rule.pattern for rule in rules if rule.pattern]
    found = [text for rule in rules for text in examples(rule)]
    found += _KNOWN if patterns else ()
    found += [text for pattern in patterns for text in _drawn(pattern)]
    if not patterns:
        found += [*(_networks() if rules else ()), *_FREE]

    def fits(text: str) -> bool:
        return all(_accepts(rule, text) for rule in rules)

    fitting = [text for text in dict.fromkeys(found) if fits(text)]
    if not (patterns and fitting):
        return fitting
    by_size = sorted(fitting, key=len)
    known = [text for text in _KNOWN if text in fitting]
    chosen = [fitting[0], *known, *by_size[:2], _stretched(fitting[0], fits), by_size[len(by_size) // 2]]
    return list(dict.fromkeys(chosen))


def examples(rule: Rule) -> list[str]:
    """What a fix tells a user to write."""
    return re.findall(r'"([^"…<>]+)"', rule.fix)


_PARSER: Any = importlib.import_module("re._parser")
"""Python's own, of regular expressions: it says what a pattern consists of."""
_DRAWN = 12


@cache
def _drawn(pattern: str) -> tuple[str, ...]:
    """Texts of a pattern, the shortest first; what it says by looking ahead, whoever asks must look after."""
    parsed, chance = _PARSER.parse(pattern, re.ASCII), random.Random(pattern)  # noqa: S311  # the same in every run
    shortest = "".join(_matching(parsed, lambda low, _: low, lambda all_of_it: all_of_it[0]))
    return (shortest, *("".join(_matching(parsed, chance.randint, chance.choice)) for _ in range(_DRAWN)))


def _matching(parsed: Any, times: Callable[[int, int], int], choose: Callable[[Sequence[Any]], Any]) -> Iterator[str]:
    for kind, of in parsed:
        match str(kind):
            case "LITERAL":
                yield chr(of)
            case "ANY" | "NOT_LITERAL":
                yield choose(_VISIBLE)
            case "IN":
                yield choose([each for each in _VISIBLE if _is_in(each, of)])
            case "MAX_REPEAT":
                low, high, again = of
                for _ in range(times(low, min(high, low + 6))):
                    yield from _matching(again, times, choose)
            case "SUBPATTERN":
                yield from _matching(of[-1], times, choose)
            case "BRANCH":
                yield from _matching(choose(of[1]), times, choose)
            case "ASSERT" | "ASSERT_NOT" | "AT":
                pass
            case _:
                raise NotImplementedError(kind)


_VISIBLE = [chr(code) for code in range(33, 127)]


def _is_in(character: str, among: Any) -> bool:
    """Whether a set of characters has this one; none of ours is negated."""
    code = ord(character)
    for kind, of in among:
        match str(kind):
            case "LITERAL" if code == of:
                return True
            case "RANGE" if of[0] <= code <= of[1]:
                return True
            case "CATEGORY" if re.fullmatch(_CATEGORIES[str(of)], character, re.ASCII):
                return True
            case "NEGATE":
                raise NotImplementedError(kind)
    return False


_CATEGORIES = {"CATEGORY_WORD": r"\w", "CATEGORY_DIGIT": r"\d"}


def _stretched(text: str, fits: Callable[[str], bool]) -> str:
    """The text made as long as it may be, by repeating one of its characters after the other."""
    for index in range(len(text)):
        step = 1024
        while step:
            longer = text[:index] + text[index] * step + text[index:]
            if len(longer) <= _LONGEST and fits(longer):
                text = longer
            else:
                step //= 2
    return text


_KNOWN = (
    *("a1.large", "g4ad.xlarge", "g5.xlarge", "g5g.xlarge", "inf2.xlarge", "m7i.large", "u-6tb1.metal"),
    *("arn:aws:s3:::reports/latest", "arn:aws-cn:s3:::reports/latest", "StringLike", "aws:PrincipalTag/team"),
)
"""Of which each means something else, though their rule is the same."""
_FREE = ("text", "", "*", "two words", "a\nb", "é \u202e<b>|`", "${blueprint:vpc-id}", "x" * _LONGEST)
"""Of a field without a rule."""


def _networks() -> Iterator[str]:
    """One for each length of a prefix, and some in each range that is special."""
    for prefix in range(33):
        yield str(ipaddress.ip_network(f"10.0.0.0/{prefix}", strict=False))
    for start in ("172.16.0.0", "192.168.0.0", "100.64.0.0", "169.254.0.0", "127.0.0.0", "203.0.113.0"):
        yield from (f"{start}/{prefix}" for prefix in (16, 20, 24, 32) if start != "203.0.113.0" or prefix >= 24)


JSON: tuple[Any, ...] = (
    *("text", "", "500m", "1e3", "arn:aws:s3:::reports/*", 1, 0, -1, 10**18, 1.5, True, None),
    *([], ["text"], [{}], [{"operator": "Exists"}], {}, {"text": {"more": [1]}}),
)
