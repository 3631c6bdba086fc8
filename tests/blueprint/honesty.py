"""What a problem says of its place is true: its path leads there, and its value is what stands there.

So a path or value that is wrong in the product fails the test of its rule, whatever else that test looks at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from itertools import chain
from types import MappingProxyType
from typing import Any

import yaml

from blueprint.access import Principal
from blueprint.addons import Addon
from blueprint.delivery import Hub
from blueprint.errors import FieldPath, Key, Problem, Quoted, shown
from blueprint.references import portable
from blueprint.teams import ServiceAccount
from blueprint.teams.contract import Team
from blueprint.value import Value


def assert_honest(problem: Problem, whole: object, path: FieldPath | None = None) -> None:
    """The path, from the whole, leads to what the problem shows. One in a file has the file's place instead."""
    if problem.file:
        return
    path = problem.path if path is None else path
    there: Any = whole
    before: object = None
    for at, step in enumerate(path):
        if _is_remembered(problem, there, path[at:]) or _is_of_class(there, path[at:]):
            return
        try:
            before, there = there, _beyond(there, step)
        except Exception as error:  # a hostile object may raise anything
            is_missing = at == len(path) - 1 and isinstance(step, Key) and shown(problem.value) in ("None", "<missing>")
            if is_missing:
                return
            raise AssertionError(f"{problem}\n\nleads nowhere behind {at} steps") from error
    if not _is_remembered(problem, there, ()):
        forms = dict.fromkeys(shown(form) for form in _forms(there, path))
        told = shown(problem.value) in forms or _is_list(problem.value, there)
        assert told or _is_brought(problem.value, there, before, path), (
            f"{problem}\n\nshows none of {'; '.join([*forms][:10])}"
        )


def _beyond(value: Any, step: str | int | Key) -> object:
    if isinstance(step, str):
        return getattr(value, step)
    found: object = value[step.key if isinstance(step, Key) else step]
    return found


def _is_remembered(problem: Problem, value: object, path: FieldPath) -> bool:
    """Whether it is about a field that the value does not have: what was written stands nowhere but there."""
    mistakes = vars(value)["_mistakes"] if isinstance(value, Value) else ()
    return any(
        shown(each.path) == shown(path) and each.value is problem.value and each.rule == problem.rule
        for each in mistakes
    )


def _is_of_class(value: object, path: FieldPath) -> bool:
    """Whether it is what the class of an add-on says of a service account: no field has that."""
    return isinstance(value, Addon) and path[:1] == ("permissions",) and isinstance([*path, ""][1], Key)


def _is_brought(value: object, there: object, before: object, path: FieldPath) -> bool:
    """Whether it is of what comes of the thing there, under a name of its own: of an add-on or team, or an ARN."""
    if there is None and isinstance(before, Addon):  # it has the chart of its class
        return isinstance(value, str) and path[-1] in before.release_fields
    if isinstance(there, Principal | Hub):
        there = there.name if isinstance(there, Principal) else there.role
    if isinstance(there, str):
        return isinstance(value, str) and value.startswith("arn:") and value.endswith(f"/{there}")
    return isinstance(there, Addon | Team) and isinstance(value, str | int)


def _is_list(value: object, there: object) -> bool:
    """Whether it is a list of some that stand there, by what each is called, or says what of them there is not."""
    if not isinstance(value, str) or type(there) is not tuple:
        return False
    words = set(re.split(", | -> ", value))
    return words <= {*chain.from_iterable(map(_names, there))} or bool(re.match("<no ", value))


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Value):
        yield from (name for name in _values(value) if isinstance(name, str))
        yield from (name for name in (getattr(value, "name", None),) if isinstance(name, str))
    elif isinstance(value, str):
        yield value


def _values(value: Value) -> list[object]:
    return [getattr(value, each.name) for each in fields(value) if each.name != "_mistakes"]


def _within(data: object) -> Iterator[object]:
    """All of a document."""
    yield data
    yield from (*data, Quoted("<missing>")) if isinstance(data, dict) else ()
    for each in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _within(each)


def _forms(there: Any, path: FieldPath) -> Iterator[object]:
    """How a report may show what stands there."""
    yield there
    if path and isinstance(path[-1], Key):
        key = path[-1].key
        yield from (key, Quoted(key) if isinstance(key, str) else key)
    if there is None:
        yield Quoted("<missing>")
    if isinstance(there, type):
        yield Quoted(there.__name__)
    if type(there) in (dict, MappingProxyType, tuple, list, frozenset):
        yield len(there)
        yield from there
        yield from (Quoted(each) for each in there if isinstance(each, str))
    if isinstance(there, str):
        yield from _forms_of_text(there)
    if isinstance(there, Value):
        yield from _forms_of_value(there)


def _forms_of_text(text: str) -> Iterator[object]:
    yield from (Quoted("<not shown>"), Quoted(text), Quoted(f"{len(text)} characters"), portable(text))
    if "\n" in text:
        yield from text.splitlines()
    with suppress(yaml.YAMLError):
        yield from _within(yaml.safe_load(text))


def _forms_of_value(value: Value) -> Iterator[object]:
    yield Quoted(type(value).__name__)
    yield from _values(value)
    for name in ("name", "key"):
        with suppress(AttributeError):
            yield getattr(value, name)
    if isinstance(value, ServiceAccount):
        yield f"{value.namespace}/{value.name}"
        yield Quoted(f"{_size(value)} characters")


def _size(account: ServiceAccount) -> int:
    """IAM counts the policies of a role without white space: reference_iam-quotas.html"""
    statements = [statement.portable().document() for statement in account.permissions]
    return len(json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")))
