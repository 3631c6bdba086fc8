"""One program for all commands: what each of them keeps to, and how it ends."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import tools.__main__ as program
from blueprint.errors import BlueprintError, Problem
from tools import commands as package
from tools.__main__ import COMMANDS, main, parser_of
from tools.markdown import table
from tools.status import MEANINGS, CannotError, Status


def options(command: str) -> list[argparse.Action]:
    (below,) = (
        action
        for action in parser_of([command])._actions
        if isinstance(action, argparse._SubParsersAction)  # argparse offers no other way to them
    )
    return [action for action in below.choices[command]._actions if action.dest != "help"]


def words(action: argparse.Action) -> str:
    name = action.option_strings[0] if action.option_strings else ""
    value = str(action.metavar or action.dest.upper()) if action.nargs != 0 else ""
    return f"`{f'{name} {value}'.strip()}`"


def listed() -> str:
    rows = [(f"`{name}`", what, ", ".join(map(words, options(name)))) for name, what in COMMANDS.items()]
    return table(("command", "what it does", "options"), rows)


def test_the_page_about_commands_has_all_of_them(root: Path) -> None:
    page = (root / "docs" / "commands.md").read_text(encoding="utf-8")
    assert listed() in page
    assert table(("exit status", "means"), [(str(int(each)), words) for each, words in MEANINGS.items()]) in page


def test_each_module_is_a_command_and_each_command_a_target_of_make(root: Path) -> None:
    modules = {path.stem.replace("_", "-") for path in Path(*package.__path__).glob("[!_]*.py")}
    assert modules == set(COMMANDS)
    recipes = re.findall(
        r"^([a-z-]+): setup.*\n\t@\$\(TOOLS\) (\S+).*\n\n",
        (root / "Makefile").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert {target for target, _ in recipes} == set(COMMANDS), "one line each"
    assert all(target == command for target, command in recipes)


SILENT = ("kubernetes", "local-destroy", "new-cluster", "new-team", "new-addon", "live")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_program_may_read_is_there_as_json(command: str) -> None:
    has_json = "--json" in {name for action in options(command) for name in action.option_strings}
    assert has_json == (command not in SILENT), "which have nothing to answer"


_STARTS = """
import os
import sys

import app  # which every command reads
from tools.__main__ import COMMANDS, main

for command in COMMANDS:
    sys.stdout.flush()
    if not os.fork():
        sys.stdout = open(os.devnull, "w")
        try:
            main([command, "--help"])
        except SystemExit:
            loaded = [name for name in sys.modules if name.startswith("tools.commands.")]
            print(command, *loaded, *{"aws_cdk", "jsii", "boto3"} & {*sys.modules}, file=sys.__stdout__, flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def loaded(root: Path) -> dict[str, set[str]]:
    """What each command loads in a process of its own, of other commands and of what takes long."""
    ran = subprocess.run(
        [sys.executable, "-c", _STARTS], cwd=root, capture_output=True, text=True, check=True, timeout=300
    )
    return {command: {*names} for command, *names in map(str.split, ran.stdout.splitlines())}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.thorough
def test_a_command_starts_as_if_it_were_alone(command: str, loaded: dict[str, set[str]]) -> None:
    """No module of another, and not what takes long: a mistake is reported before the CDK or boto3 is loaded."""
    own = f"tools.commands.{command.replace('-', '_')}"
    assert own in loaded[command]
    assert loaded[command] - {own} <= ({"boto3"} if "local" in command else set())


def test_the_list_of_commands_needs_none(root: Path) -> None:
    code = """
import sys
from tools.__main__ import parser_of
parser_of([]).format_help()
print([name for name in sys.modules if name.startswith("tools.commands") or name == "app"])
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (None, 0, ""),
        (BlueprintError([Problem(("name",), 1, "a rule", "a fix")]), 1, "a fix"),
        (CannotError("nobody answers"), 2, "nobody answers"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_how_a_command_ends(
    raised: BaseException | None,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_: argparse.Namespace) -> int:
        if raised:
            raise raised
        return Status.DONE

    command = SimpleNamespace(__doc__="", add_options=lambda _: None, run=run)
    monkeypatch.setattr(program, "_command", lambda _: command)
    assert main(["plan"]) == status
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nobody"], ["synth", "--nothing"], ["doctor", "--role"], ["--", "doctor"]])
def test_wrong_options(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == Status.FAILED
    assert "usage: python -m tools" in capsys.readouterr().err


def test_a_name_of_a_cluster_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    """As the workflow passes one on that somebody has typed."""
    assert main(["access", "--markdown", "--", "--json"]) == Status.REFUSED
    assert "value  '--json'" in capsys.readouterr().err


@pytest.mark.thorough
def test_an_output_that_nobody_reads(root: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tools", "access", "bare"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout
        assert command.stderr
        command.stdout.close()
        assert (command.stderr.read(), command.wait(timeout=60)) == ("", Status.UNREAD)


def test_another_broken_pipe_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a connection, for example: whoever reads the output is still there."""

    def run(_: argparse.Namespace) -> int:
        raise BrokenPipeError

    command = SimpleNamespace(__doc__="", add_options=lambda _: None, run=run)
    monkeypatch.setattr(program, "_command", lambda _: command)
    with pytest.raises(BrokenPipeError):
        main(["plan"])


def test_the_plan_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "dev", "--json", "--output", str(tmp_path)]) == Status.DONE
    assert json.loads(capsys.readouterr().out) == {"dev": str(tmp_path / "dev.plan.json")}
