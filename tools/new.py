"""A first file of something that a user adds: small, right, and never in the place of another."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import ROOT
from blueprint.errors import BlueprintError, Problem
from blueprint.value import misfits
from tools.status import CannotError


@dataclass(frozen=True)
class Question:
    """What the file needs to say."""

    name: str
    """Of the option, and in capitals of the variable of make: `account`."""
    what: str
    hint: Any
    """What it must be, as in the annotation of a field."""
    default: str = ""
    """What stands when nobody says anything else; none when empty."""


def add_questions(parser: ArgumentParser, questions: Sequence[Question]) -> None:
    """Declares an option for each."""
    for each in questions:
        parser.add_argument(f"--{each.name}", metavar=each.name.upper(), help=each.what)


def answers(options: Namespace, questions: Sequence[Question]) -> Mapping[str, str]:
    """What the options say; on a terminal the rest is asked for.

    Raises BlueprintError with all that is wrong or missing.
    """
    given: dict[str, str] = {}
    problems = []
    for each in questions:
        text = getattr(options, each.name) or _asked(each) or each.default
        if not text:
            problems.append(Problem((each.name.upper(),), "", f"needed: {each.what}", f"write {each.name.upper()}=…"))
        problems.extend(misfits(text, each.hint, (each.name.upper(),)) if text else ())
        given[each.name] = text
    if problems:
        raise BlueprintError(problems)
    return given


def _asked(question: Question) -> str:
    if not sys.stdin.isatty():
        return ""
    default = f" [{question.default}]" if question.default else ""
    print(f"{question.what}{default}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def free(path: Path) -> Path:
    """The path. Raises CannotError where something is already, a link that leads nowhere included."""
    if path.exists() or path.is_symlink():
        raise CannotError(f"{shown(path)} is there already, and stays as it is: choose another name.")
    return path


def write(path: Path, text: str) -> None:
    """Writes a file that is not there; whoever comes first has it."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        free(path)
    except OSError as error:
        raise CannotError(f"{shown(path)} cannot be written: {error.strerror}.") from None


def shown(path: Path) -> str:
    """As somebody finds it in the project."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def module(name: str) -> str:
    """The name of the file: `prod_eu` of `prod-eu`."""
    return name.replace("-", "_")


def constant(name: str) -> str:
    """`PROD_EU` of `prod-eu`."""
    return module(name).upper()
