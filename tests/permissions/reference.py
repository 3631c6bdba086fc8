"""AWS's list of what each action acts on and which condition keys it has, of which policy_sentry keeps a copy.

https://docs.aws.amazon.com/service-authorization/latest/reference
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from policy_sentry.querying.actions import get_action_data

_OF_EVERY_REQUEST = re.compile(r"aws:(requestedregion|principaltag/.+)")


def acts_on(action: str, resource: str) -> bool:
    """Whether AWS knows the action, and that it acts on such a resource; * is for actions that know none."""
    return any(True for _ in _rows(action, resource))


def has_key(action: str, resource: str, key: str) -> bool:
    """Whether a request has this condition key when it acts on such a resource."""
    if _OF_EVERY_REQUEST.fullmatch(key.lower()):
        return True
    keys = {known for row in _rows(action, resource) for known in row["condition_keys"]}
    return any(_matches(known.lower(), key.lower()) for known in keys)


def _rows(action: str, resource: str) -> Iterator[Any]:
    rows = _known(action)
    typed = [row for row in rows if row["resource_arn_format"] != "*"]
    if resource == "*":
        yield from () if typed else rows
    elif any(_matches(row["resource_arn_format"], resource) for row in typed):
        # Some keys are of the request, whatever it acts on.
        yield from (
            row for row in rows if row["resource_arn_format"] == "*" or _matches(row["resource_arn_format"], resource)
        )


def _matches(form: str, text: str) -> bool:
    return _pattern(form).fullmatch(text) is not None


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """Only the last part may have colons: of a log group, the stream follows."""
    parts = re.split(r"(\$\{[^}]*\})", form)
    regex = "".join("[^:]*" if part.startswith("${") else re.escape(part) for part in parts)
    return re.compile(f"{regex}.*" if form.endswith("}") else regex)


@cache
def _known(action: str) -> tuple[Any, ...]:
    service, _, name = action.partition(":")
    found: Any = get_action_data(service, name)
    return tuple(found[service]) if found else ()
