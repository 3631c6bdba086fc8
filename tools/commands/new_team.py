"""Writes the file of a new team into teams/. On a terminal it asks for what is missing. No file is overwritten."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from app import ROOT
from blueprint.fields import DnsLabel, IamName
from tools.new import Question, add_questions, answers, constant, free, module, shown, write
from tools.status import Status

TEAMS = ROOT / "teams"
_QUESTIONS = (
    Question("name", "name of the team, and of its namespace", DnsLabel),
    Question("owner", "IAM role of its owners", IamName),
)
_TEXT = '''"""The {name} team."""

from __future__ import annotations

from blueprint.access import Role
from blueprint.teams import ApplicationTeam, FromLoadBalancer, ToInternet

{constant} = ApplicationTeam(
    "{name}",
    owners=(Role("{owner}"),),
    network=(FromLoadBalancer(ports=(8080,)), ToInternet()),
)
'''


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_questions(parser, _QUESTIONS)


def run(options: Namespace) -> int:
    """Writes the file, and says what to do next."""
    said = answers(options, _QUESTIONS)
    name = said["name"]
    path = free(TEAMS / f"{module(name)}.py")
    write(path, _TEXT.format(**said, constant=constant(name)))
    print(f"{shown(path)} is written. Look at it, then add to .github/CODEOWNERS:\n")
    print(f"/teams/{path.name}  @example/{path.stem}\n\nand to the file of each cluster that has the team:\n")
    print(f"from teams.{path.stem} import {constant(name)}\n\nteams=(…, {constant(name)}),\n")
    print("make synth\nmake diagram\nmake snapshots ARGS=tests/clusters")
    return Status.DONE
