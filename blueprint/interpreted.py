"""Text that is more than text, for a later stage or for a thief: it never is in anything that people write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from blueprint.errors import FieldPath, Key, Problem, Quoted
from blueprint.secret_keys import looks_secret
from blueprint.texts import texts_below, texts_in

_LATER: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        re.compile(r"\{\{\s*resolve\s*:", re.IGNORECASE),
        "CloudFormation would put a parameter or a secret there, which it reads with the rights of the deploy",
        "refer to a secret where it is used: CopiedSecrets, or the secrets of a ServiceAccount",
    ),
    (
        # aws-cdk-lib core/lib/private/encoding.ts (BEGIN_STRING_TOKEN_MARKER, BEGIN_LIST_TOKEN_MARKER)
        re.compile(r"[$#]\{Token\["),
        "this is how the CDK marks what it fills in",
        "write it another way",
    ),
)
_SECRET = (
    "this is a key or a token, and it would stand in templates in clear text",
    "revoke it, and refer to a secret where it is used: CopiedSecrets, or the secrets of a ServiceAccount",
)


def misread(text: str) -> tuple[str, str] | None:
    """Rule and fix for a text that CloudFormation or the CDK would interpret, and for one that is a secret."""
    if looks_secret(text):
        return _SECRET
    if "{{" not in text and "{Token[" not in text:
        return None
    return next(((rule, fix) for pattern, rule, fix in _LATER if pattern.search(text)), None)


def shown(text: str) -> Quoted:
    """It as a report shows it."""
    return Quoted("<not shown>" if looks_secret(text) else text)


def misread_in(data: Any, path: FieldPath) -> Iterator[Problem]:
    """Each such text in plain data: text, lists, mappings, with keys; other objects are left out."""
    if _may_be_misread(texts_in(data)):
        yield from _misread_in(data, path)


def misread_below(data: Any, path: FieldPath) -> Iterator[Problem]:
    """The same in all that dataclasses hold as well."""
    if _may_be_misread(texts_below(data)):
        yield from _misread_below(data, path)


def _may_be_misread(texts: Sequence[str]) -> bool:
    """Whether to look at each with its place, which takes long: what none of them holds, all together do not hold."""
    return misread("\n".join(texts)) is not None


def _misread_in(data: Any, path: FieldPath) -> Iterator[Problem]:
    for place, text in _texts(data, path):
        if found := misread(text):
            yield Problem(place, shown(text), *found)


def _misread_below(data: Any, path: FieldPath) -> Iterator[Problem]:
    if is_dataclass(data) and not isinstance(data, type):
        for each in fields(data):
            yield from _misread_below(getattr(data, each.name), (*path, each.name))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from _misread_below(item, (*path, index))
    else:
        yield from _misread_in(data, path)


def _texts(data: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, Mapping):
        for key, item in data.items():
            yield from _texts(key, (*path, Key(key)))
            yield from _texts(item, (*path, Key(key)))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from _texts(item, (*path, index))
