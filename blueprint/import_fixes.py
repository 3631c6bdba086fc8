"""What to write where Python cannot import a file, and its own words do not say it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path

import blueprint
import blueprint.addons
import blueprint.teams
from blueprint.value import Value, nearest

_NO_SUCH_NAME = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")
_SYNTAX = (
    (
        r"^(<<<<<<<|=======|>>>>>>>)",
        "end the merge: keep one of both, and no line that begins with <<<<<<<, ======= or >>>>>>>",
    ),
    (r"can't decode|[nN]on-UTF-8", "save the file as UTF-8"),
    (r"leading zeros", 'write it as text: "012345678901"'),
    (r"invalid (character|non-printable)", "type it anew: quotes are \" or ', and spaces are spaces"),
)
"""What stands in a line or in Python's message, and what to do about it."""
_NAMES = re.compile(r"^(?:(?:class|def) ([A-Za-z]\w*)|([A-Za-z]\w*) = )", re.MULTILINE)


def fix_of(error: BaseException, root: Path) -> str:
    """What to write; empty where Python's own words say it, or nobody knows."""
    try:
        return _fix_of(error, root)
    except Exception:  # noqa: BLE001  # a user's own exception may fail when it is asked
        return ""


def _fix_of(error: BaseException, root: Path) -> str:
    if isinstance(error, NameError) and error.name:
        names = _stated(root)
        if module := names.get(error.name):
            return f"add: from {module} import {error.name}"
        return f"write {near}" if (near := nearest(error.name, names)) else "correct the name, or import it"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _module_like(error.name, root)
    if isinstance(error, ImportError) and "circular import" in str(error):
        return "import in one direction: what both files need stands in a third"
    if isinstance(error, ImportError) and (found := _NO_SUCH_NAME.match(str(error))):
        near = nearest(found["name"], vars(sys.modules.get(found["module"], sys)))
        return f"write {near}" if near else f"import what stands in {found['module']}, or add it there"
    if isinstance(error, AttributeError) and error.name and isinstance(error.obj, Value):
        known = {*type(error.obj).__dataclass_fields__}
        return f"write {near}" if (near := nearest(error.name, known)) else ""
    if isinstance(error, FrozenInstanceError):
        return "values never change: write it where the value is made, or make another: replace(…) of dataclasses"
    # Before 3.11.4, as in Debian 12, Python tells of null bytes by a ValueError.
    if isinstance(error, UnicodeDecodeError) or "null bytes" in str(error):
        return "save the file as UTF-8"
    if isinstance(error, SyntaxError):
        return next((fix for pattern, fix in _SYNTAX if re.search(pattern, f"{error.text or ''}\n{error.msg}")), "")
    return ""


def _module_like(name: str, root: Path) -> str:
    """The module of the project that was meant."""
    package = name.partition(".")[0]
    there = [".".join(path.relative_to(root).with_suffix("").parts) for path in (root / package).rglob("*.py")]
    modules = [each.removesuffix(".__init__") for each in there]
    if near := nearest(name, modules):
        return f"write {near}"
    if modules:
        return f"there is no file {name.replace('.', '/')}.py: correct the name, or add it"
    return "a cluster file imports from blueprint, addons, teams and other clusters: correct the name"


def _stated(root: Path) -> Mapping[str, str]:
    """Names of add-ons, of teams and of the model, with the module that has them; nothing is imported for that."""
    found: dict[str, str] = {}
    for file in (file for folder in ("addons", "teams") for file in sorted((root / folder).rglob("*.py"))):
        module = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for names in _NAMES.findall(file.read_text(encoding="utf-8", errors="replace")):
            found.setdefault("".join(names), module)
    packages = (blueprint.teams, blueprint.addons, blueprint)
    return found | {name: package.__name__ for package in packages for name in package.__all__}
