"""What the software behind each role calls: the files of `identities/`.

An identity is whoever uses a role: a service account, nodes, a function, an AWS service. Its file has

    title       who it is
    roles       where its roles are: cluster of tests/stacks/fleet.py, or * for each; stack; how the logical id begins
    [sources]   the upstream repositories that were read, and at which revision; `pins` is what the project installs
    [upstream]  the actions of upstream's own policy, and why the role lacks or adds some
    [[calls]]   requests that the software makes, which must be allowed
    [[never]]   requests that must be denied
    [spare]     what the role may do without a call of the software, and why

`{account}`, `{region}`, `{cluster}` and `{AWS::SQS::Queue}`, the logical id of the only resource of a type, stand for
what they are in the cluster; `{AWS::IAM::Role karpenter}` for the one whose id begins so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from tests.permissions.evaluator import Context
from tests.permissions.reference import has_key

_T = TypeVar("_T")
FOLDER = Path(__file__).parent / "identities"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A repository of upstream, read at a revision."""

    repository: str
    revision: str
    pinned_by: str = ""
    """The part of the project that installs it."""
    pins: str = ""
    """The version that this part installed when the revision was read."""
    because: str = ""
    """Why the revision is not of that version, where it is not."""


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """The policy that upstream publishes for its software."""

    source: str
    file: str
    actions: tuple[str, ...]
    lacks: Mapping[str, str] = field(default_factory=dict)
    """Actions that the role has not, each with the reason."""
    adds: Mapping[str, str] = field(default_factory=dict)
    """Actions that only the role has, each with the reason."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One resource of a request, with what IAM knows of both."""

    resource: str
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the resource."""
    request_tags: Mapping[str, str] = field(default_factory=dict)
    """That the request gives to what it makes or tags."""
    tag_keys: tuple[str, ...] = ()
    """That the request takes away."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """Other condition keys."""


@dataclass(frozen=True, kw_only=True)
class Calls(Request):
    """Requests that the software makes."""

    by: Mapping[str, str]
    """Each action, and the place in upstream's source that calls it: source:path:line."""
    why: str = ""
    """When, where it is not obvious."""
    open: str = ""
    """Why the same on what is another cluster's is allowed as well, where it is."""


@dataclass(frozen=True, kw_only=True)
class Never(Request):
    """Requests that are denied."""

    actions: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A file of `identities/`."""

    name: str
    title: str
    roles: tuple[str, ...]
    sources: Mapping[str, Source]
    calls: tuple[Calls, ...]
    never: tuple[Never, ...]
    upstream: Upstream | None = None
    spare: Mapping[str, str] = field(default_factory=dict)
    """By action, or by policy of AWS for all that it holds."""


Fill = Callable[[str], str]
"""Puts in what the placeholders stand for."""


def request(row: Request, action: str, fill: Fill) -> tuple[str, Context]:
    """The resource and the condition keys of a request; of those that follow from tags, only what AWS has for it."""
    resource = fill(row.resource)
    service = action.partition(":")[0]
    follow: dict[str, str | Sequence[str]] = {}
    for key, value in row.tags.items():
        follow |= dict.fromkeys((f"aws:ResourceTag/{fill(key)}", f"{service}:ResourceTag/{fill(key)}"), fill(value))
    for key, value in row.request_tags.items():
        follow[f"aws:RequestTag/{fill(key)}"] = fill(value)
    if keys := [fill(key) for key in (*row.request_tags, *row.tag_keys)]:
        follow["aws:TagKeys"] = keys
    context: dict[str, str | Sequence[str]] = {"aws:RequestedRegion": fill("{region}")}
    context |= {key: value for key, value in follow.items() if has_key(action, resource, key)}
    for key, values in row.context.items():
        context[fill(key)] = fill(values) if isinstance(values, str) else [fill(value) for value in values]
    return resource, context


def filled(text: str, value: Callable[[str], str]) -> str:
    """The text with `value` of each placeholder; policy variables have a $ in front and stay."""
    return re.sub(r"(?<!\$)\{([^}]+)\}", lambda found: value(found[1]), text)


def identities() -> tuple[Identity, ...]:
    """All of them, in the order of their names."""
    return tuple(_identity(path) for path in sorted(FOLDER.glob("*.toml")))


def _identity(path: Path) -> Identity:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    upstream = data.pop("upstream", None)
    return _made(
        Identity,
        {
            "name": path.stem,
            **data,
            "sources": {name: _made(Source, each) for name, each in data.get("sources", {}).items()},
            "calls": tuple(_made(Calls, each) for each in data.get("calls", ())),
            "never": tuple(_made(Never, each) for each in data.get("never", ())),
            "upstream": _made(Upstream, upstream) if upstream else None,
        },
    )


def _made(cls: type[_T], data: Mapping[str, Any]) -> _T:
    """TypeError: a name that the class does not know, or one that is missing."""
    known = {each.name for each in fields(cls)}  # type: ignore[arg-type]  # all of them are dataclasses
    if unknown := set(data) - known:
        raise TypeError(f"{cls.__name__}: unknown {sorted(unknown)}")
    return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})
