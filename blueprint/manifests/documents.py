"""Manifests as people write them: YAML, each value with the line it stands on.

It reads what kubectl would, less what surprises: an alias (ten lines of them can fill a machine's memory), a key that
stands twice or is no text, a tag. What looks like a date or like 12:30 is text, as for kubectl.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from blueprint.errors import Problem, Quoted
from blueprint.interpreted import misread, shown

Way = tuple[str | int, ...]
"""To a value in a document: ("spec", "ports", 0)."""

_DEEPEST = 50  # far below, libyaml's composer would overflow the stack, and Python with it
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # of a PyYAML without libyaml, the slow one
_CONSTRUCTOR: Any = yaml.SafeLoader("")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class ManifestDocument:
    """One object of a file."""

    file: str
    data: Any
    lines: dict[Way, int] = field(repr=False)

    def place(self, way: Way = ()) -> str:
        """File and line of a value of it, or of the nearest above that is there."""
        while way not in self.lines:
            way = way[:-1]
        return f"{self.file}:{self.lines[way]}"

    def problem(self, way: Way, value: object, rule: str, fix: str) -> Problem:
        """A mistake at a value of it."""
        return Problem((), value, rule, fix, self.place(way))


def parsed(file: str, text: str) -> Iterator[ManifestDocument | Problem]:
    """The sound documents of a file, and what is wrong with the others."""
    try:
        unsafe = _unsafe(file, text)
        nodes = [unsafe] if unsafe else list(yaml.compose_all(text, _LOADER))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        tab = "\t" in "".join(text.splitlines()[line : line + 1])
        fix = "indent with spaces, never with tabs" if tab else "correct the line, or the one above"
        yield Problem((), Quoted(error.problem or "<unreadable>"), "must be YAML", fix, f"{file}:{line + 1}")
        return
    except yaml.YAMLError:
        yield Problem((), Quoted("<a control character>"), "must be YAML, which is text", "remove the character", file)
        return
    empty = True
    for node in nodes:
        if isinstance(node, Problem):
            yield node
            return
        builder = _Builder(file)
        data = builder.value(node, ())
        yield from builder.problems
        if data is not None:
            empty = False
            if not builder.problems:
                yield ManifestDocument(file, data, builder.lines)
    if empty:
        yield Problem((), Quoted("<empty>"), "holds no object", "write one, or remove the file", f"{file}:1")


def _unsafe(file: str, text: str) -> Problem | None:
    """What must not even be composed; the parser itself gives events one by one."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        place = f"{file}:{event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.AliasEvent):
            return Problem((), Quoted(f"*{event.anchor}"), "aliases are not read", "write the value out", place)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            rule = f"values are nested at most {_DEEPEST} deep"
            return Problem((), Quoted(f"<{depth} deep>"), rule, "no Kubernetes object needs more", place)
    return None


class _Builder:
    """Plain data of one document, with lines and mistakes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Way, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, way: Way) -> Any:
        self.lines.setdefault(way, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, way)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*way, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        return self._wrong(node, node.tag, "tags are not read", "remove the tag")

    def _mapping(self, node: yaml.MappingNode, way: Way) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if key_node.tag == f"{_TAG}str" else None
            if key is None:
                written = key_node.value if isinstance(key_node.value, str) else "<a list or mapping>"
                self._wrong(key_node, written, "a key is text; yes, on, 80 and << are not", "put it in quotes")
            elif interpreted := misread(key):
                self._wrong(key_node, shown(key), *interpreted)
            elif key in result:
                first = self.lines[(*way, key)]
                self._wrong(key_node, key, f"duplicate key: line {first} has it already", "remove one of them")
            else:
                self.lines[(*way, key)] = key_node.start_mark.line + 1
                result[key] = self.value(value_node, (*way, key))
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        if interpreted := misread(text):
            return self._wrong(node, shown(text), *interpreted)
        if kind in ("str", "timestamp", "value") or (kind in ("int", "float") and ":" in text):
            return text
        if kind == "null":
            return None
        try:
            found = getattr(_CONSTRUCTOR, f"construct_yaml_{kind}")(node) if kind in ("bool", "int", "float") else ...
        except (ValueError, LookupError):
            found = math.nan
        if found is ...:
            return self._wrong(node, node.tag, "tags are not read", "remove the tag")
        if not math.isfinite(found) or not -(2**63) <= found < 2**63:
            return self._wrong(node, text, "must be a number of at most 64 bits", "put it in quotes if it is text")
        return found

    def _wrong(self, node: yaml.Node, value: str, rule: str, fix: str) -> None:
        self.problems.append(Problem((), Quoted(value), rule, fix, f"{self.file}:{node.start_mark.line + 1}"))
