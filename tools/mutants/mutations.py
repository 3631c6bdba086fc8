"""The mutants of a file: what mutmut would write there, one at a time.

By its operators alone. As a program it changes functions only, from within (`mutmut.mutation.trampoline`); most of what
this project decides stands in class bodies and tables.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# What is written for people, so that no test should hold its words: `must be 1 to 63 lowercase letters`.
_PROSE = re.compile(r"write .*|(?!.*(==|!=|&&|\|\|)).* [a-z]+([ ,;:.].*)?", re.DOTALL)
_PROSE_NAMES = ("rule", "fix", "says")
_EXPORTS = m.Assign(targets=[m.AssignTarget(m.Name("__all__"))])


@dataclass(frozen=True)
class Mutant:
    """A file with one mistake in it."""

    path: str
    """From the project's root."""
    line: int
    _module: cst.Module
    _old: cst.CSTNode
    _new: cst.CSTNode

    @cached_property
    def text(self) -> str:
        """The whole file."""
        return cst.ensure_type(self._module.deep_replace(self._old, self._new), cst.Module).code

    @cached_property
    def change(self) -> str:
        """The lines that differ, without their indentation: `if a < b: -> if a <= b:`."""
        _, _, *lines = difflib.unified_diff(self._module.code.splitlines(), self.text.splitlines(), n=0, lineterm="")
        old, new = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
        return f"{old} -> {new}"


def mutants(path: str, text: str) -> Iterator[Mutant]:
    """All of a file, without those of types, of docstrings and of words for people."""
    module = cst.parse_module(text)
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    for node in _nodes(module):
        for kind, operator in mutation_operators:
            if isinstance(node, kind) and node in positions:
                for new in operator(node):
                    if not _of_words(node, new):
                        yield Mutant(path, positions[node].start.line, module, node, new)


def _nodes(node: cst.CSTNode, *, in_type: bool = False) -> Iterator[cst.CSTNode]:
    # Within a type only what is called there counts, which are the rules of a field.
    in_type = not isinstance(node, cst.Call) and (in_type or isinstance(node, cst.Annotation))
    if isinstance(node, cst.Decorator | cst.Expr) and not isinstance(
        getattr(node, "value", None), cst.Call | cst.Yield
    ):
        return
    if _is_prose(node) or m.matches(node, _EXPORTS):
        return
    if not in_type:
        yield node
    for child in node.children:
        yield from _nodes(child, in_type=in_type)


def _of_words(old: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Whether no more than words for people are gone: an argument, or what a name is given."""
    if isinstance(old, cst.Call) and isinstance(new, cst.Call):
        kept = {id(argument) for argument in new.args}
        return any(_is_prose(argument.value) for argument in old.args if id(argument) not in kept)
    return isinstance(old, cst.Assign | cst.AnnAssign) and old.value is not None and _is_prose(old.value)


def _is_prose(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Name):
        return node.value in _PROSE_NAMES
    if isinstance(node, cst.SimpleString):
        return _PROSE.fullmatch(str(node.evaluated_value)) is not None
    if isinstance(node, cst.FormattedString):
        parts = (part.value if isinstance(part, cst.FormattedStringText) else "x" for part in node.parts)
        return _PROSE.fullmatch("".join(parts)) is not None
    return isinstance(node, cst.ConcatenatedString) and (_is_prose(node.left) or _is_prose(node.right))
