"""What somebody gives to make reaches the programs as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

# Prints its arguments in the place of Python.
STUB = """#!/bin/sh
for each in "$@"; do printf '%s\\0' "$each"; done
"""
HOSTILE = [
    "dev",
    "dev;touch x",
    "dev && touch x",
    "$(touch x)",
    "$$(touch x)",
    "`touch x`",
    "$(shell touch x)",
    "${shell touch x}",
    "$(MAKE)",
    "a b",
    '"',
    "'",
    '";touch x;"',
    "';touch x;'",
    "--json",
    "-n",
    "*",
    "~",
    "a\\b\\",
    "#x",
    "%",
    "ä|>x<",
]
VARIABLES = [
    ("synth", "CLUSTER", "{}"),
    ("plan", "CLUSTER", "{}"),
    ("access", "CLUSTER", "{}"),
    ("mirror-list", "CLUSTER", "{}"),
    ("contracts", "NAME", "{}"),
    ("contracts", "CHARTS", "--charts={}"),
    ("doctor", "CLUSTER", "{}"),
    ("local", "CLUSTER", "{}"),
    ("local-destroy", "CLUSTER", "{}"),
    ("plan-upgrade", "CLUSTER", "{}"),
    ("plan-upgrade", "TO", "--to={}"),
    ("kubernetes", "VERSION", "{}"),
    ("guard", "BASE", "--base={}"),
    ("guard", "ALLOW", "--allow={}"),
    ("review", "OUT", "--out={}"),
    ("review", "PRICES", "--prices={}"),
    ("fleet", "PRICES", "--prices={}"),
    ("pipelines", "CHECK", "--check"),
    ("roles", "OUT", "--output={}"),
    ("registry-cache", "OUT", "--output={}"),
    ("traffic", "OUT", "--output={}"),
    ("code-pipeline", "OUT", "--output={}"),
    ("watch", "CLUSTER", "{}"),
    ("versions", "CHARTS", "--charts={}"),
    ("versions", "CHECK", "--check"),
    ("mutants", "FILES", "{}"),
    ("new-cluster", "NAME", "--name={}"),
    ("new-cluster", "ACCOUNT", "--account={}"),
    ("new-cluster", "REGION", "--region={}"),
    ("new-cluster", "ADMIN", "--admin={}"),
    ("new-cluster", "CIDR", "--cidr={}"),
    ("new-team", "OWNER", "--owner={}"),
    ("new-addon", "REPOSITORY", "--repository={}"),
    ("new-addon", "VERSION", "--version={}"),
    ("gitops", "CLUSTER", "{}"),
    ("gitops", "OUT", "--output={}"),
    ("gitops", "CHECK", "--check"),
    ("render", "CLUSTER", "{}"),
    ("render", "PROFILE", "--profile={}"),
    ("render", "OUT", "--output={}"),
]


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """With the project's Makefile, in which all is installed."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "requirements-local.txt", "package.json", "package-lock.json"):
        shutil.copy(root / name, folder)
    for name in (".venv", ".venv-local"):
        (folder / name / "bin").mkdir(parents=True)
        (folder / name / "bin" / "python").write_text(STUB, encoding="utf-8")
        (folder / name / "bin" / "python").chmod(0o755)
    (folder / "node_modules").mkdir()
    for name in (".venv", ".venv-local", "node_modules"):
        (folder / name / ".installed").write_text("", encoding="utf-8")
    return folder


def given(project: Path, command: str, *variables: str, **environment: str) -> list[str]:
    """The arguments of the program."""
    done = subprocess.run(
        ("make", "--silent", command, *variables),
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (project / "x").exists()
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_data(project: Path, value: str) -> None:
    for command, name, form in VARIABLES if value in HOSTILE[:2] else VARIABLES[8:10]:
        expected = form.format(value)
        assert given(project, command, f"{name}={value}")[-1] == expected, (command, name)
        assert given(project, command, **{name: value})[-1] == expected, (command, name)


def test_what_is_not_given_is_not_there(project: Path) -> None:
    assert given(project, "synth") == ["-m", "tools", "synth"]
    assert given(project, "gitops", "CHECK=1", "OUT=a b") == ["-m", "tools", "gitops", "--output=a b", "--check"]
    assert given(project, "local") == ["-m", "tools", "local", "--", "dev"]
    assert given(project, "review", "BASE=") == ["-m", "tools", "review"]
    assert given(project, "synth", "ARGS=--output='a b' --json") == ["-m", "tools", "synth", "--output=a b", "--json"]


def test_all_that_the_makefile_takes_is_tried(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    (names,) = [line.split()[2:] for line in text.splitlines() if line.startswith("GIVEN :=")]
    assert {name for _, name, _ in VARIABLES} == {*names}
    assert not [name for name in names if f"$({name})" in text], json.dumps(names)


# A Python whose environments hold nothing but itself.
PYTHON = """#!/bin/sh
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-c import sys; print"*) echo 3.11 ;;
esac
"""


def setup(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (project / "python").write_text(PYTHON, encoding="utf-8")
    (project / "python").chmod(0o755)
    command = ("make", "--silent", *arguments, f"PYTHON={project / 'python'}")
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(command, cwd=project, env=own, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", [".venv", ".venv-local"])
@pytest.mark.parametrize("file", ["bin/python", "pyvenv.cfg", "notes.txt"])
def test_an_environment_that_somebody_made_for_something_else_stays(project: Path, folder: str, file: str) -> None:
    shutil.rmtree(project / folder)
    (project / folder / "bin").mkdir(parents=True)
    (project / folder / file).write_text("mine", encoding="utf-8")
    before = sorted((project / folder).rglob("*"))
    for command in (f"{folder}/.installed", "clean"):
        done = setup(project, command)
        assert f"{folder} stays: " in done.stdout + done.stderr, command
        assert sorted((project / folder).rglob("*")) == before
        assert (project / folder / file).read_text(encoding="utf-8") == "mine"
    assert done.returncode == 0
    assert setup(project, f"{folder}/.installed").returncode == 2


def test_what_setup_made_is_made_anew(project: Path) -> None:
    """What was interrupted, what is empty, and what another Python made; a link goes, and what it leads to stays."""
    stamp, left = project / ".venv" / ".installed", project / ".venv" / "left"
    elsewhere = project / "elsewhere"
    shutil.move(project / ".venv", elsewhere)
    (elsewhere / "left").touch()
    (project / ".venv").symlink_to(elsewhere)
    for begin in (lambda: None, stamp.unlink, lambda: shutil.rmtree(stamp.parent), lambda: stamp.write_text("3.99\n")):
        begin()
        done = setup(project, ".venv/.installed")
        assert (done.returncode, stamp.read_text(encoding="utf-8")) == (0, "3.11\n"), done.stderr
        assert not left.exists()
        left.touch()
    shutil.rmtree(stamp.parent)
    stamp.parent.mkdir()
    assert setup(project, ".venv/.installed").returncode == 0
    assert (elsewhere / "left").exists()
    setup(project, "clean")
    assert not stamp.parent.exists()


def test_npm_does_not_empty_what_a_link_leads_to(project: Path) -> None:
    elsewhere = project / "elsewhere"
    shutil.move(project / "node_modules", elsewhere)
    (elsewhere / ".installed").unlink()
    (project / "node_modules").symlink_to(elsewhere)
    (project / ".venv" / ".installed").write_text("3.11\n", encoding="utf-8")
    done = setup(project, "node_modules/.installed")
    assert (done.returncode, "node_modules stays: it is a link" in done.stderr) == (2, True)
    assert elsewhere.is_dir()


def test_nothing_is_kept_in_the_home_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where jsii would unpack the CDK, and fail where it cannot be written."""
    monkeypatch.delenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", raising=False)
    stub = '#!/bin/sh\nprintf "%s\\0" "$JSII_RUNTIME_PACKAGE_CACHE_ROOT"\n'
    (project / ".venv" / "bin" / "python").write_text(stub, encoding="utf-8")
    assert given(project, "synth") == [str(project / ".venv" / "cache" / "packages")]
    assert given(project, "synth", JSII_RUNTIME_PACKAGE_CACHE_ROOT="elsewhere") == ["elsewhere"]
