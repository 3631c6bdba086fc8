"""What the job that ran a pull request's code handed over: data from a stranger, never trusted.

Nothing in it is obeyed. It is measured, its shape is checked, and what a forge would act upon is taken out of it.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tools.review.dangers import Danger

_MOST_BYTES = 5_000_000
_MOST_DANGERS = 2_000
_LONGEST_FIELD = 10_000
_BASE = re.compile(r"[0-9a-f]{7,40}")
_RULE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class ReceivedError(Exception):
    """The files are not what `make review` writes; the text says why."""


@dataclass(frozen=True)
class Received:
    """One review."""

    base: str
    dangers: tuple[Danger, ...]
    touched: tuple[str, ...]
    untouched: tuple[str, ...]
    markdown: str
    """`review.md`, harmless."""


def load(folder: Path) -> Received:
    """The review in a folder: `review.json` and `review.md`. Raises ReceivedError.

    A key that this revision does not know is ignored: the review comes from a newer one.
    """
    text = _text(folder / "review.json")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReceivedError(f"review.json is not JSON: {type(error).__name__}") from None
    if not isinstance(data, dict):
        raise ReceivedError("review.json is no object")
    base = data.get("base")
    if not isinstance(base, str) or not _BASE.fullmatch(base):
        raise ReceivedError("review.json: base is no commit")
    found = data.get("dangers")
    if not isinstance(found, list) or len(found) > _MOST_DANGERS:
        raise ReceivedError(f"review.json: dangers is no list of at most {_MOST_DANGERS}")
    dangers = tuple(_danger(f"review.json: dangers[{index}]", item) for index, item in enumerate(found))
    touched, untouched = (_names(data, key) for key in ("touched", "untouched"))
    return Received(base, dangers, touched, untouched, harmless(_text(folder / "review.md")))


def harmless(text: str) -> str:
    """The text without what GitHub or GitLab would act upon, or what hides text from a reader.

    An @ notifies people, however it is spelled (an entity is decoded before names are looked for). A / at the start of
    a line is a quick action in GitLab, also in a note that came by the API
    (https://docs.gitlab.com/user/project/quick_actions/). With a zero-width space beside them they are only shown.
    """
    text = "".join(character for character in text if character in "\n\t" or _visible(character))
    text = re.sub(r"&(#0*64|#[xX]0*40|commat);", "@", text)
    text = re.sub(r"(?<![A-Za-z0-9])@", "@\u200b", text)
    return re.sub(r"(?m)^([ \t]*)/(?=\w)", "\\1\u200b/", text)


def _visible(character: str) -> bool:
    # Control characters, and those that turn the direction of text around: https://trojansource.codes
    return character >= " " and character not in "\x7f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _text(path: Path) -> str:
    """A regular file's text. A link could lead to the job's own secrets, which would then stand in a comment."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ReceivedError(f"{path.name} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ReceivedError(f"{path.name} is no regular file")
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ReceivedError(f"{path.name} has more than {_MOST_BYTES:,} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ReceivedError(f"{path.name} is not UTF-8") from None


def _danger(place: str, item: Any) -> Danger:
    if not isinstance(item, dict):
        raise ReceivedError(f"{place} is no object")
    found: dict[str, str] = {}
    for name in (field.name for field in fields(Danger)):
        value = item.get(name)
        if not isinstance(value, str) or len(value) > _LONGEST_FIELD:
            raise ReceivedError(f"{place}.{name} is no text of at most {_LONGEST_FIELD:,} characters")
        found[name] = value
    for name, form in (("rule", _RULE), ("cluster", _NAME)):
        if not form.fullmatch(found[name]) or len(found[name]) > 100:
            raise ReceivedError(f"{place}.{name} is no name")
    return Danger(**found)


def _names(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = data.get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise ReceivedError(f"review.json: {key} is no list of names of clusters")
    return tuple(names)
