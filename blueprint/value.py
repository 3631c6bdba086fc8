"""The base of everything a user writes down: frozen, typed, and checked later so that all mistakes show at once."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from functools import cache, partial
from reprlib import recursive_repr
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Union, cast, dataclass_transform, get_args, get_origin

from blueprint.errors import FieldPath, Key, Problem, Quoted, rendered, shown
from blueprint.faults import FAILS, place, told
from blueprint.hints import (
    call_of,
    choice_of,
    concrete_below,
    example_of,
    form_in,
    hints_of,
    in_words,
    lacking_in,
    number_meant,
    takes,
    word_meant,
)
from blueprint.interpreted import misread_in

_T = typing.TypeVar("_T")
Missing: typing.Final = Quoted("<missing>")
"""Stands in a required field that the user left out, until the check reports it."""
Slipped: typing.Final = Quoted("<missing>")
"""The same where the field was given under a wrong name, which is reported: once is enough."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A constraint on one field, written in its annotation: `Annotated[int, Rule(...)]`."""

    accepts: Callable[[Any], bool]
    says: str
    fix: str
    # What it accepts, as data, where it can be said so: tests try all kinds of it.
    pattern: str = ""
    """A regular expression, without Unicode, for the whole of a text."""
    low: int | None = None
    """The least number, or number of items or characters."""
    high: int | None = None
    unit: str = ""
    """Of the number: `nodes`, `GiB`."""
    choices: tuple[Any, ...] = ()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _frozen(cls: type[_T]) -> type[_T]:
    """A frozen dataclass whose methods are those of a base.

    What Python would write of each class anew takes a third of the time in which all are imported.
    """
    return dataclass(init=False, repr=False, eq=False)(cls)


@_frozen
class _Value:
    """Holds what the constructor could not place, so that `dataclasses.replace` carries it along."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _mistakes: tuple[Problem, ...] = field(default=(), kw_only=True, repr=False, compare=False)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(_Value):
    """A frozen dataclass whose constructor never fails.

    Unknown and missing fields are remembered and reported by `problems_in` with everything else. Subclasses only
    declare fields; rules over several fields go into `problems`.
    """

    words_of_others: ClassVar[Mapping[str, str]] = {}
    """What other tools call a field of this class, or what users of these look for in it, and what to write here."""
    create_only: ClassVar[Mapping[str, str]] = {}
    """Fields that AWS does not change in place once they are deployed, and what becomes of a change."""

    def __init_subclass__(cls) -> None:
        _frozen(cls)
        cls.__init__ = _tolerant(cls)  # type: ignore[method-assign]  # the one place that replaces a constructor

    @recursive_repr()
    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{type(self).__qualname__}({shown})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in fields(self) if f.compare)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, f.name) for f in fields(self) if f.compare))

    def problems(self) -> Iterator[Problem]:
        """Rules over several fields, with paths from self. The first that looks at a wrong field ends them."""
        yield from ()


def _tolerant(cls: type[Value]) -> Callable[..., None]:
    declared = [f for f in fields(cls) if f.init]
    positional = [f.name for f in declared if not f.kw_only]
    known = {f.name for f in declared if f.name != "_mistakes"}
    required = [f.name for f in declared if f.default is MISSING and f.default_factory is MISSING]
    defaults = {f.name: f.default for f in fields(cls)}
    factories = {f.name: f.default_factory for f in fields(cls) if f.default_factory is not MISSING}

    def construct(self: Value, /, *args: Any, **kwargs: Any) -> None:
        given = dict(zip(positional, args, strict=False))
        # A file that holds values may have a key of that name as well.
        carried = kwargs.pop("_mistakes", ()) if isinstance(kwargs.get("_mistakes"), tuple) else ()
        mistakes, slips = list(carried), set[str]()
        for value in args[len(positional) :]:
            rule = f"{cls.__name__} takes at most {len(positional)} positional values"
            mistakes.append(Problem((), value, rule, f"name the field: {_listing(known)}"))
        for name, value in kwargs.items():
            if name not in known:
                near = nearest(name, known)
                slips.add(near)
                fix = cls.words_of_others.get(name) or (f"write {near}" if near else f"write one of {_listing(known)}")
                mistakes.append(Problem((name,), value, f"unknown field {name!r} of {cls.__name__}", fix))
            elif name in given:
                mistakes.append(
                    Problem((name,), value, f"duplicate field {name!r}: by position and by name", "leave one out")
                )
            else:
                given[name] = value
        for name in required:
            given.setdefault(name, Slipped if name in slips else Missing)
        made = {name: factory() for name, factory in factories.items() if name not in given}
        own = vars(self)
        own |= {**defaults, **made, **given, "_mistakes": tuple(mistakes)}
        own[_ORDER] = (*positional[: len(args)], *kwargs)

    construct.__name__ = "__init__"
    return construct


def _listing(names: set[str]) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))


def nearest(word: str, words: Iterable[str]) -> str:
    """The one of these that was meant, if the word is a slip of one; empty when it is like none."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, [each for each in words if not each.startswith("_")], 1, _LIKE)), "")


_LIKE = 0.75
"""`team` is like `teams` and `regoin` like `region`, but `labels` is like no field of a Blueprint."""


def problems_in(value: Value) -> list[Problem]:
    """Every mistake in a value and all below it, with paths from it."""
    found = list(value._mistakes)  # noqa: SLF001  # of this module
    cls: Any = type(value)  # mypy takes a class whose instances define __hash__ for unhashable
    if lacking := lacking_in(cls):
        written = concrete_below(cls)
        fix = f"write {choice_of(written)}" if written else f"define {_listing(lacking)} in {cls.__name__}"
        found.append(Problem((), value, f"{cls.__name__} is only a base, without {_listing(lacking)}", fix))
    found.extend(faults_of(cls))
    mismatches = {name: _judged(getattr(value, name), hint, (name,)) for name, hint in field_types(cls).items()}
    found.extend(problem for mistakes in mismatches.values() for problem in mistakes)
    right = (name for name, mistakes in mismatches.items() if not mistakes)
    misread = {name: list(misread_in(getattr(value, name), (name,))) for name in right}
    found.extend(problem for mistakes in misread.values() for problem in mistakes)
    # Also on a value with wrong fields: what can still be judged is, so that one report tells all.
    wrong = {name for name, mistakes in mismatches.items() if mistakes}
    with suppress(_UnjudgedError):
        found.extend(_stated(_without(value, wrong)))
    return found


def _stated(value: Value) -> Iterator[Problem]:
    """What its own rules say; those of a class that a user wrote may be wrong."""
    name = f"{type(value).__name__}.problems()"
    try:
        given: Iterator[object] = value.problems()
        for problem in given:
            if not isinstance(problem, Problem):
                yield Problem((), problem, f"{name} must give Problems", "yield Problem(…)")
                return
            yield problem
    except (KeyboardInterrupt, _UnjudgedError):
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's class may raise
        yield Problem((), told(error), f"{name} {FAILS}", f"correct {place(error) or 'the class'}")


@cache
def faults_of(cls: Any) -> tuple[Problem, ...]:
    """The mistakes in what a class says of all its values: a name that is none, a `chart` that is only text."""
    found = []
    for name, hint in hints_of(cls).items():
        if get_origin(hint) is ClassVar and not name.startswith("_") and name not in lacking_in(cls):
            for problem in _judged(getattr(cls, name), get_args(hint)[0], (name,)):
                rule = f"{cls.__name__}{rendered(('', *problem.path))} {problem.rule}"
                found.append(Problem((), problem.value, rule, f"{problem.fix}, in the class"))
    return tuple(found)


def misfits(value: object, hint: Any, path: FieldPath) -> list[Problem]:
    """What is wrong with a value that stands at a path and should be what the hint says."""
    return _judged(value, hint, path, own=False)


def in_order(value: object, problems: Iterable[Problem]) -> list[Problem]:
    """As they stand in the value, and none of a field that is missing because its name has a slip."""
    told = (problem for problem in problems if problem.value is not Slipped)
    return sorted(told, key=lambda problem: position(value, problem.path))


_ORDER = "_written"
"""Under which a value knows the names that it was given, in the order of its file."""


def position(value: object, path: FieldPath) -> tuple[int, ...]:
    """Where the path leads, to sort by: fields as they were written, items and keys in their own order.

    What nobody wrote stands behind, in the order of the class, and what cannot be looked at in front.
    """
    if not path:
        return ()
    part, *rest = path
    try:
        within: Any = value
        if isinstance(part, str):
            names = [*dict.fromkeys((*getattr(within, _ORDER, ()), *(f.name for f in fields(within))))]
            place, inner = names.index(part), getattr(value, part, None)
        elif isinstance(part, int):
            place, inner = part, within[part]
        else:
            place, inner = list(within).index(part.key), within[part.key]
    except Exception:  # noqa: BLE001  # whatever a user's object may raise
        return (-1,)
    return (place, *position(inner, tuple(rest)))


class _UnjudgedError(Exception):
    """A rule asked a wrong field; what it would have said waits until the field is right."""


class _Wrong:
    """Stands in for a wrong field: whatever is asked of it ends the rule, which is told from a fault of the rule."""

    def _fail(self, *_: object) -> NoReturn:
        raise _UnjudgedError

    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __getattr__ = _fail
    __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __neg__ = (
        _fail
    )
    __str__ = __repr__ = __format__ = __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __index__ = _fail
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __hash__ = _fail


def _without(value: Value, wrong: set[str]) -> Value:
    if not wrong:
        return value
    partial: Value = object.__new__(type(value))
    vars(partial).update({name: _Wrong() if name in wrong else field for name, field in vars(value).items()})
    return partial


@cache
def field_types(cls: Any) -> dict[str, Any]:
    """Annotations of the fields of a class, with their rules."""
    hints = hints_of(cls)
    return {f.name: hints[f.name] for f in fields(cls) if f.init and f.name != "_mistakes"}


def _judged(value: object, hint: Any, path: FieldPath, *, own: bool = True) -> list[Problem]:
    """The mismatches, without what values say of themselves unless `own`.

    An object whose own methods fail, when asked what it holds, is one.
    """
    try:
        return list(_mismatches(value, hint, path, own=own))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's object may raise
        return [Problem(path, value, f"cannot be read: {type(error).__name__}", _written(path, hint))]


def _mismatches(value: object, hint: Any, path: FieldPath, *, own: bool = True) -> Iterator[Problem]:  # noqa: C901  # one branch for each kind of hint
    if value is Missing or value is Slipped:
        yield Problem(path, value, "this field is required", f"add {rendered(path)}={example_of(hint)}")
        return
    if _fits(value, hint, own=own):
        return
    # Most are plain classes, and to ask those for arguments takes long.
    origin, args = (None, ()) if type(hint) is type else (get_origin(hint), get_args(hint))
    if origin is Annotated:
        rules = [note for note in args[1:] if isinstance(note, Rule)]
        form = None if _is_instance(value, args[0]) else form_in(args)
        mismatches = list(_mismatches(value, args[0], path, own=own))
        for problem in mismatches:
            if form:
                yield replace(problem, rule=f"must be {form.name}", fix=_written(path, hint))
            elif args[0] is str:
                right = type(value) in (int, float) and all(rule.accepts(str(value)) for rule in rules)
                yield replace(problem, fix=f'write it as text: "{value}"' if right else rules[0].fix)
            else:
                yield problem
        told = bool(mismatches)
        for rule in rules if _is_instance(value, args[0]) else ():
            try:
                accepted = rule.accepts(value)
            except Exception:  # noqa: BLE001  # a rule cannot judge what an earlier one refused, or a hostile object
                accepted = told
            if not accepted:
                told = True
                yield Problem(path, value, rule.says, rule.fix)
    elif origin in (Union, types.UnionType):
        attempts = [list(_mismatches(value, option, path, own=own)) for option in args]
        if all(attempts):
            # The option of the value's own type tells more than "none of these fits".
            fitting = [a for a, option in zip(attempts, args, strict=True) if _is_instance(value, option)]
            yield from fitting[0] if fitting else [_mismatch(path, value, hint)]
    elif origin is tuple:
        if type(value) is not tuple:
            items = f"{_element(value)},"
            if isinstance(value, str) and _means_letters(value, hint, path):
                items = ", ".join(map(shown, value))
            fix = f"write {rendered(path)}=({items})"
            if isinstance(value, list | set | frozenset):
                given = "[…]" if isinstance(value, list) else "{…}"
                fix = f"write (…) in the place of {given}, with a comma behind each item"
            yield Problem(path, value, f"must be {in_words(hint)}", fix)
        elif args[-1] is Ellipsis:
            for index, item in enumerate(value):
                yield from _mismatches(item, args[0], (*path, index), own=own)
        elif len(value) != len(args):
            yield _mismatch(path, value, hint)
        else:
            for index, (item, each) in enumerate(zip(value, args, strict=True)):
                yield from _mismatches(item, each, (*path, index), own=own)
    elif origin is not None and origin is not Literal and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            yield _mismatch(path, value, hint)
        else:
            for key, item in value.items():
                yield from _mismatches(key, args[0], (*path, Key(key)), own=own)
                yield from _mismatches(item, args[1], (*path, Key(key)), own=own)
    elif not _is_instance(value, hint):
        yield _mismatch(path, value, hint)
    elif origin is frozenset or origin is Sequence:
        # A set has no order, and a report always the same.
        for item in sorted(cast("Iterable[object]", value), key=shown):
            yield from _mismatches(item, args[0], path, own=own)
    elif isinstance(value, Value):
        yield from (problem.below(path) for problem in (_own_problems(value) if own else ()))
    elif origin is None:
        cls: Any = type(value)  # mypy takes a class whose instances define __hash__ for unhashable
        for name, each in _held(cls).items():
            yield from _mismatches(getattr(value, name), each, (*path, name), own=False)


def _means_letters(text: str, hint: Any, path: FieldPath) -> bool:
    """Whether each letter is an item, as in zones="abc", and the whole is none."""
    each, whole = (any(_mismatches(items, hint, path)) for items in (tuple(text), (text,)))
    return 1 < len(text) <= _FEW and whole and not each


_FEW = 100
"""Of so many letters each may be meant."""
_Fits = Callable[[Any], bool]


def _fits(value: object, hint: Any, *, own: bool) -> bool:
    """Whether it is plain that nothing is wrong. A plan has thousands of texts, and to look for mistakes takes long."""
    try:
        return type(value) is hint if hint in _ATOMS else _fitting(hint, own=own)(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  # whatever a rule or a user's object may raise: then all of it is looked at
        return False


_ATOMS = frozenset({str, int, bool})


@cache
def _fitting(hint: Any, *, own: bool) -> _Fits:  # noqa: C901  # one branch for each kind of hint
    """What tells of a value that it is right, and of some that are right it does not.

    Of values that say of themselves what is wrong it tells nothing when that counts.
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint in _ATOMS or hint is float:
        return lambda value: type(value) is hint
    if hint is types.NoneType:
        return lambda value: value is None
    if hint is Any:
        return lambda value: type(value) in _PLAIN
    if origin is Annotated:
        inner, rules = _fitting(args[0], own=own), [note.accepts for note in args[1:] if isinstance(note, Rule)]
        return lambda value: inner(value) and all(rule(value) for rule in rules)
    if origin in (Union, types.UnionType):
        options = [_fitting(option, own=own) for option in args]
        return lambda value: any(option(value) for option in options)
    if origin is Literal and all(type(choice) is str for choice in args):
        return lambda value: type(value) is str and value in args
    if origin is tuple and args[-1] is Ellipsis:
        item = _fitting(args[0], own=own)
        return lambda value: type(value) is tuple and all(map(item, value))
    if origin is tuple:
        items = [_fitting(arg, own=own) for arg in args]
        return lambda value: (
            type(value) is tuple
            and len(value) == len(items)
            and all(fit(each) for fit, each in zip(items, value, strict=True))
        )
    if origin is Mapping:
        key, item = (_fitting(arg, own=own) for arg in args)
        return lambda value: type(value) is dict and all(map(key, value)) and all(map(item, value.values()))
    if origin is frozenset:
        item = _fitting(args[0], own=own)
        return lambda value: type(value) is frozenset and all(map(item, value))
    return partial(_fits_class, hint if isinstance(hint, type) else _Wrong, own)


def _fits_class(hint: type, own: bool, value: Any) -> bool:
    cls: Any = type(value)  # mypy takes a class whose instances define __hash__ for unhashable
    if not issubclass(cls, hint):
        return False
    if issubclass(cls, Value):
        return not own
    return all(_fitting(each, own=False)(getattr(value, name)) for name, each in _held(cls).items())


_PLAIN = frozenset({str, int, float, bool, types.NoneType, dict, list, tuple})


@cache
def _held(cls: Any) -> dict[str, Any]:
    """Annotations of the fields of plain data: a dataclass or a named tuple."""
    names = [f.name for f in fields(cls)] if is_dataclass(cls) else getattr(cls, "_fields", ())
    hints = hints_of(cls) if names else {}
    return {name: hints[name] for name in names if name in hints}


def _own_problems(value: Value) -> list[Problem]:
    try:
        return problems_in(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's class may raise
        return [Problem((), told(error), f"{type(value).__name__} cannot be read", "correct the class")]


def _is_instance(value: object, hint: Any) -> bool:
    origin = None if type(hint) is type else get_origin(hint)
    if hint is Any:
        return True
    if origin is Annotated:
        return _is_instance(value, get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return any(_is_instance(value, option) for option in get_args(hint))
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in get_args(hint))
    if origin is Sequence:
        return isinstance(value, list | tuple)
    if origin is type:
        return isinstance(value, type) and issubclass(value, get_args(hint)[0])
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or hint)


def _mismatch(path: FieldPath, value: object, hint: Any) -> Problem:
    if isinstance(value, type) and issubclass(value, Value) and takes(value, hint):
        rule = "is the class, and a value of it is needed"
        return Problem(path, Quoted(value.__name__), rule, f"write {call_of(value)}")
    if type(value) is tuple and value and all(_is_instance(item, hint) for item in value):
        rule, fix = f"must be {in_words(hint)}, not a tuple of it", "put a * in front of it, which adds what it holds"
        return Problem(path, value, rule, fix)
    if isinstance(value, str) and (named := _of_name(hint, value)):
        fix = f"write {call_of(named)}, from {named.__module__} import {named.__name__}"
        return Problem(path, value, f"must be {in_words(hint)}, not a name", fix)
    if isinstance(value, str) and (meant := word_meant(value, hint)):
        fix = f"write {rendered(path)}={meant!r}" if len(path) == 1 else f"write {meant!r} there"
        return Problem(path, value, f"must be {in_words(hint)}", fix)
    if hint in (bool, int) and (told := number_meant(value, hint)):
        fix = f"write {rendered(path)}={told}" if len(path) == 1 else f"write {told} there"
        return Problem(path, value, f"must be {in_words(hint)}", fix)
    if value is None and path and isinstance(path[-1], int):
        return Problem(path, value, f"must be {in_words(hint)}", "leave it out")
    return Problem(path, value, f"must be {in_words(hint)}", _written(path, hint))


def _of_name(hint: Any, name: str) -> Any:
    """The class below the hint's whose values have this name, as each kind of add-on has one; None when none has."""
    if not (isinstance(hint, type) and issubclass(hint, Value)):
        return None
    cls: Any = hint
    if vars(cls).get("name") == name and not lacking_in(cls):
        return cls
    subclasses: list[Any] = type.__subclasses__(hint)
    return next((found for sub in subclasses if (found := _of_name(sub, name))), None)


def _written(path: FieldPath, hint: Any) -> str:
    """The fix for a value of another type; `path` is from the value that has the field."""
    kinds = concrete_below(hint) if isinstance(hint, type) and issubclass(hint, Value) else []
    example = choice_of([f"{kind}(…)" for kind in kinds]) if 1 < len(kinds) <= _FEW_KINDS else example_of(hint)
    return f"write {rendered(path)}={example}" if len(path) == 1 else f"write {example} there"


_FEW_KINDS = 3


def _element(value: object) -> str:
    if isinstance(value, list | set | frozenset):
        return "…"
    if isinstance(value, Value):
        return f"{type(value).__name__}(…)"
    return shown(value) if isinstance(value, str | int) else "…"
