"""Files of `teams/` are data: a docstring, imports of the model, literals, and calls of the model's values.

A team changes its file by itself, and `cdk deploy` reads it with credentials that administer clusters. So the files are
parsed before anything imports them, here and by the gate (`tools/forge`), which executes nothing of a pull request.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.machinery import all_suffixes
from pathlib import Path, PurePosixPath

from blueprint.errors import Problem, Quoted
from blueprint.import_fixes import fix_of

FOLDER = "teams"
_MODEL = re.compile(r"blueprint(\.[a-z][a-z_]*)*")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
_VALUE = re.compile(r"[A-Z][A-Za-z0-9_]*")
_RULE = "a file in teams/ is data: imports of the model, literals, and calls of the model's values"
_FIX = "write the value out, or ask the platform team for a value in blueprint/ that does it"


def problems(folder: Path) -> list[Problem]:
    """What is no data in any file of a folder; none of them is executed."""
    found: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            rule = "a file in teams/ stands there itself"
            found.append(Problem((), Quoted("<link>"), rule, "put the file in its place", f"{folder.name}/{name}"))
        # What Python wrote there itself; the gate lets nobody commit such a file.
        elif path.is_file() and "__pycache__" not in path.parts:
            found.extend(problems_in(f"{folder.name}/{name}", path.read_bytes()))
    return found


def is_read(name: str) -> bool:
    """Whether Python may load something from a file of this name."""
    return name.startswith(f"{FOLDER}/") and name.endswith(tuple(all_suffixes()))


def problems_in(name: str, source: bytes) -> Iterator[Problem]:
    """The same of one file; `name` is `teams/payments.py`."""
    if not name.endswith(tuple(all_suffixes())):
        return
    if PurePosixPath(name).suffix != ".py" or "__pycache__" in name:
        yield Problem((), Quoted("<compiled>"), "a file in teams/ is text that can be reviewed", "remove it", name)
        return
    try:
        text = source.decode("utf-8-sig")
        tree = ast.parse(source)
        same = ast.dump(tree) == ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        words = Quoted(f"{type(error).__name__}: {error}")
        yield Problem((), words, "Python cannot read the file", fix_of(error, Path()) or "correct it", f"{name}{line}")
        return
    if not same:  # as another encoding, in which a comment may be code
        rule = "Python reads the file in another encoding than its reader"
        yield Problem((), Quoted("<coding>"), rule, "remove the line with the encoding, and save it as UTF-8", name)
        return
    checked = _File(name, text)
    for node in tree.body:
        yield from checked.statement(node)


class _File:
    """One file, from its first statement to its last."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._imported: set[str] = set()
        self._known: set[str] = set()

    def statement(self, node: ast.stmt) -> Iterator[Problem]:
        match node:
            case ast.Expr(value=ast.Constant(value=str())):  # a docstring
                pass
            case ast.ImportFrom(module="__future__", names=[ast.alias(name="annotations", asname=None)]):
                pass
            case ast.ImportFrom(module=str(module), level=0) if _MODEL.fullmatch(module):
                for alias in node.names:
                    name = alias.asname or alias.name
                    if not all(map(_VALUE.fullmatch, (alias.name, name))):
                        yield self._problem(node, "import values and constants of the model by their names")
                    self._imported.add(name)
            case ast.Import() | ast.ImportFrom():
                yield self._problem(node, "import from blueprint only, as from blueprint.teams import ApplicationTeam")
            case ast.Assign(targets=[ast.Name(id=name)]) if _CONSTANT.fullmatch(name):
                yield from self._expression(node.value)
                self._imported.discard(name)
                self._known.add(name)
            case ast.Assign():
                yield self._problem(node.targets[0], "assign to one name in upper case: PAYMENTS = ApplicationTeam(…)")
            case _:
                yield self._problem(node)

    def _expression(self, node: ast.expr) -> Iterator[Problem]:
        match node:
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
                pass
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                for item in items:
                    yield from self._expression(item)
            case ast.Dict(keys=keys, values=values) if all(keys):
                for part in (*keys, *values):
                    yield from self._expression(part) if part else ()
            case ast.Name(id=name) if name in self._known | self._imported:
                pass
            case ast.Call(func=ast.Name(id=name)) if name in self._imported and all(key.arg for key in node.keywords):
                for argument in (*node.args, *(key.value for key in node.keywords)):
                    yield from self._expression(argument)
            case _:
                yield self._problem(node)

    def _problem(self, node: ast.stmt | ast.expr, fix: str = _FIX) -> Problem:
        stands = ast.get_source_segment(self._text, node) or ""
        return Problem((), Quoted(stands), _RULE, fix, f"{self._name}:{node.lineno}")
