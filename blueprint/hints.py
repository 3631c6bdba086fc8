"""Type hints as people read them: what a field is called, how its values are written, and what was meant."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from inspect import get_annotations
from typing import Annotated, Any, Literal, Union, get_args, get_origin


@dataclass(frozen=True)
class Form:
    """How a field is written where that is not in Python: `Annotated[bool, Form("true or false", "true")]`."""

    name: str
    example: str


@cache
def hints_of(cls: Any) -> dict[str, Any]:
    """What `typing.get_type_hints` says with the rules, of a class and its bases; those of a base are read once."""
    return {name: hint for base in reversed(cls.__mro__) for name, hint in _own_hints(base).items()}


@cache
def _own_hints(cls: Any) -> dict[str, Any]:
    if not (own := get_annotations(cls)):
        return {}
    within = {name: each for name, each in vars(cls).items() if isinstance(each, type)}
    alone = type(cls.__name__, (), {**within, "__annotations__": own, "__module__": cls.__module__})
    return typing.get_type_hints(alone, include_extras=True)


def in_words(hint: Any) -> str:
    """The type in the words of a person: `a tuple of str`, `'sync' or 'upsert-only'`, `ManagedNodes`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return in_words(args[0])
    if origin is Literal:
        return choice_of([repr(choice) for choice in args])
    if origin in (Union, types.UnionType):
        return choice_of([in_words(option) for option in args])
    if origin is tuple and args[-1] is not Ellipsis:
        return f"a tuple ({', '.join(map(in_words, args))})"
    if origin in (tuple, Sequence):
        return f"a tuple of {in_words(args[0])}"
    if origin in (type, frozenset):
        return f"a {origin.__name__} of {in_words(args[0])}"
    if origin is not None:
        return f"a mapping of {in_words(args[0])} to {in_words(args[1])}"
    if hint is types.NoneType:
        return "None"
    subclasses = concrete_below(hint) if isinstance(hint, type) and is_dataclass(hint) else []
    return choice_of(subclasses) if 0 < len(subclasses) <= 6 else getattr(hint, "__name__", str(hint))


def form_in(notes: tuple[Any, ...]) -> Form | None:
    """Of what stands behind the type in an Annotated."""
    return next((note for note in notes if isinstance(note, Form)), None)


def example_of(hint: Any) -> str:
    """How a value of it begins to be written: `ManagedNodes(…)`, `"…"`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        form = form_in(args)
        return form.example if form else example_of(args[0])
    if origin is Literal:
        return repr(args[0])
    if origin in (Union, types.UnionType):
        return example_of(args[0])
    if origin is tuple and args[-1] is not Ellipsis:
        return f"({', '.join(map(example_of, args))})"
    if origin in (tuple, Sequence):
        return f"({example_of(args[0])},)"
    if origin is type:
        return str(args[0].__name__)
    if origin is frozenset:
        return f"frozenset({{{example_of(args[0])}}})"
    if origin is not None:
        return "{" + f"{example_of(args[0])}: {example_of(args[1])}" + "}"
    simple = {str: '"…"', int: "1", bool: "True", types.NoneType: "None", Any: "…"}
    if hint in simple:
        return simple[hint]
    subclasses = concrete_below(hint)
    return f"{subclasses[0] if subclasses else hint.__name__}(…)"


@cache
def lacking_in(cls: Any) -> set[str]:
    """Names that a class leaves to its subclasses: abstract methods, and facts of the class that it gives no value.

    Not by `abc.ABC`, whose constructor would fail.
    """
    members = ((name, getattr(cls, name, None)) for name in dir(cls))
    # What is a fact of most subclasses may be a field of one.
    hints = {name: hint for base in reversed(cls.__mro__) for name, hint in get_annotations(base).items()}
    facts = (name for name, hint in hints.items() if _is_fact(hint))
    return {name for name, member in members if _is_abstract(member)} | {
        name for name in facts if not hasattr(cls, name)
    }


def _is_abstract(member: object) -> bool:
    try:
        return getattr(member, "__isabstractmethod__", False) is True
    except Exception:  # noqa: BLE001  # whatever a user's object may raise
        return False


def _is_fact(hint: object) -> bool:
    """Most modules have annotations as text."""
    return str(hint).removeprefix("typing.").startswith("ClassVar")


def concrete_below(cls: type) -> list[str]:
    """Names of the classes that a user can write for this base."""
    subclasses: list[type] = type.__subclasses__(cls)
    below = [name for subclass in subclasses for name in concrete_below(subclass)]
    return sorted(below if lacking_in(cls) else {cls.__name__, *below})


def choice_of(words: list[str]) -> str:
    """They as one takes one of them: `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def number_meant(value: object, hint: Any) -> str:
    """What was meant by a number or a truth that is written as text, or as the other: 30 of "30d", False of 0."""
    text = str(value).strip().lower() if type(value) in (str, int, float) else ""
    if hint is bool:
        return "True" if text in _YES else "False" if text in _NO else ""
    digits = re.match(r"\d{1,9}", text)
    return digits[0].lstrip("0") or "0" if digits else ""


_YES, _NO = ("true", "yes", "on", "1", "enabled"), ("false", "no", "off", "0", "disabled")


def word_meant(word: str, hint: Any) -> str:
    """The choice of the hint that is the word in another spelling: SPOT of spot, NO_EXECUTE of NoExecute."""
    choices = (choice for choice in get_args(hint) if get_origin(hint) is Literal and isinstance(choice, str))
    return next((choice for choice in choices if _spelled(choice) == _spelled(word)), "")


def _spelled(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")


def takes(cls: type, hint: Any) -> bool:
    """Whether a value of the class is what the hint says."""
    return any(takes(cls, part) for part in get_args(hint)) if get_args(hint) else issubclass(cls, hint)


def call_of(cls: Any) -> str:
    """How a value of the class is written; with what it cannot do without left open."""
    required = (f for f in fields(cls) if f.init and f.default is MISSING and f.default_factory is MISSING)
    return f"{cls.__name__}({'…' if any(required) else ''})"
