"""No command removes or overwrites what it did not make. Hostile folders stand in a folder of the test's own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import outputs
from tools.__main__ import main
from tools.commands import diagram
from tools.generated import Pages
from tools.local import commands as local
from tools.outputs import MARK, PROJECT, OutputFolder
from tools.status import CannotError


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has one file in each of its folders; below `home`, with a neighbour."""
    project = tmp_path / "home" / "project"
    for name in (*sorted(PROJECT), ".git", "cdk.out", "neighbour/deep"):
        (project / name).mkdir(parents=True)
    for name in (*sorted(PROJECT), ".git"):
        (project / name / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "home" / "precious").mkdir()
    (tmp_path / "home" / "precious" / "dev.plan.json").write_text("mine", encoding="utf-8")
    (project / "link").symlink_to(tmp_path / "home" / "precious")
    (project / "file").write_text("mine", encoding="utf-8")
    (project / "empty").mkdir()
    monkeypatch.setattr(outputs, "ROOT", project)
    monkeypatch.chdir(project)
    return project


def everything(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def folder(path: Path, command: str = "plan") -> OutputFolder:
    return OutputFolder(path, command, "--output", re.compile(r".*\.plan\.json"))


HOSTILE = [
    (".", "holds this project"),
    ("..", "holds this project"),
    ("../..", "holds this project"),
    ("neighbour/..", "holds this project"),
    ("empty/../clusters", "is a folder of this project"),
    ("clusters", "is a folder of this project"),
    ("clusters/new", "is a folder of this project"),
    ("docs/new/deep", "is a folder of this project"),
    (".git", "is a folder of this project"),
    (".git/new", "is a folder of this project"),
    (".hidden", "is a folder of this project"),
    ("node_modules", "is a folder of this project"),
    ("link", "is a link to"),
    ("file", "is no folder"),
    ("file/below", "cannot be"),
    ("neighbour", "holds more than make plan writes, deep for example"),
    ("../precious", "holds what make plan did not write, dev.plan.json for example"),
    ("link/../precious", "holds what make plan did not write"),
]


@pytest.mark.parametrize(("path", "why"), HOSTILE)
@pytest.mark.parametrize("act", [OutputFolder.check, OutputFolder.begin, OutputFolder.clear])
def test_a_folder_of_somebody_else_is_refused_and_stays(
    sandbox: Path, path: str, why: str, act: Callable[[OutputFolder], None]
) -> None:
    before = everything(sandbox.parent)
    if path == "file/below" and act is not OutputFolder.begin:
        act(folder(Path(path)))  # there is nothing to remove
    else:
        with pytest.raises(CannotError, match=re.escape(why)):
            act(folder(Path(path)))
    assert everything(sandbox.parent) == before


@pytest.mark.parametrize(
    "command", [["synth", "--output"], ["plan", "--output"], ["gitops", "--output"], ["review", "--out"]]
)
@pytest.mark.parametrize("path", [path for path, _ in HOSTILE if path != "file/below"])
def test_every_command_refuses_it_before_anything_else(
    sandbox: Path, command: list[str], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(sandbox.parent)
    name, option = command
    assert main([name, option, path]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith(f"{option} {path} ")
    assert everything(sandbox.parent) == before


@pytest.mark.parametrize("path", ["empty", "new", "new/deep", "../new", "neighbour/deep", "plans"])
def test_a_folder_that_is_missing_or_empty_is_taken_and_written_anew(sandbox: Path, path: str) -> None:
    own = folder(Path(path))
    for _ in range(2):
        own.begin()
        (own.path / "a.plan.json").write_text("made", encoding="utf-8")
    own.clear(keep=r"a\..*")
    assert {*everything(own.path)} == {MARK, "a.plan.json"}
    own.clear()
    assert everything(own.path) == {}


def test_what_somebody_put_into_it_since_is_not_removed(sandbox: Path) -> None:
    own = folder(Path("new"))
    own.begin()
    (own.path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CannotError, match=r"notes\.txt for example"):
        own.clear()
    assert "notes.txt" in everything(own.path)


def test_a_link_in_it_is_removed_and_not_followed(sandbox: Path) -> None:
    own = folder(Path("new"))
    own.begin()
    (own.path / "x.plan.json").symlink_to(sandbox.parent / "precious")
    own.clear()
    assert everything(sandbox.parent / "precious") == {"dev.plan.json": "mine"}
    assert everything(own.path) == {}


def test_the_mark_is_of_one_command(sandbox: Path) -> None:
    folder(Path("new")).begin()
    with pytest.raises(CannotError, match="holds what make synth did not write"):
        folder(Path("new"), "synth").check()


def test_cdk_out_of_the_project_is_also_the_cli_s(sandbox: Path) -> None:
    (sandbox / "cdk.out" / "dev.plan.json").write_text("by cdk", encoding="utf-8")
    shared = OutputFolder(Path("cdk.out"), "plan", "--output", re.compile(r".*\.plan\.json"), shared="cdk.out")
    shared.clear()
    assert everything(sandbox / "cdk.out") == {}


def test_the_folders_of_the_project_are_all_of_them(root: Path) -> None:
    listed = subprocess.run(("git", "ls-files"), cwd=root, capture_output=True, text=True, check=True).stdout
    folders = {line.partition("/")[0] for line in listed.splitlines() if "/" in line}
    # Somebody may commit here what make gitops writes.
    tracked = {name for name in folders if not (root / name / MARK).exists()}
    assert {name for name in tracked if not name.startswith(".")} == PROJECT - {"node_modules"}


def test_make_local_takes_no_folder_that_is_somebody_s(sandbox: Path) -> None:
    """Of somebody who has cloned the project into the home folder, where programs keep theirs."""
    home = sandbox / ".local"
    (home / "share").mkdir(parents=True)
    (home / "share" / "wallet").write_text("mine", encoding="utf-8")
    with pytest.raises(CannotError, match="did not write, share for example"):
        local.destroy(home, [], keep=False, force=True)
    assert everything(home) == {"share/wallet": "mine"}
    (home / "share" / "wallet").unlink()
    (home / "share").rmdir()
    for _ in range(2):
        assert "nothing to remove" in local.destroy(home, [], keep=False, force=True)


def test_a_page_that_somebody_wrote_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "<!-- ours -->"
    pages = Pages("make diagram", tmp_path, header, {"dev.md": f"{header}\nnew", "prod.md": f"{header}\nnew"})
    monkeypatch.setattr(diagram, "pages_of", lambda _: pages)
    (tmp_path / "dev.md").write_text("my notes", encoding="utf-8")
    assert main(["diagram"]) == 2
    assert "dev.md is not of make diagram" in capsys.readouterr().err
    assert everything(tmp_path) == {"dev.md": "my notes"}
    (tmp_path / "dev.md").unlink()
    (tmp_path / "elsewhere").write_text(f"{header}\nold", encoding="utf-8")
    (tmp_path / "dev.md").symlink_to(tmp_path / "elsewhere")
    assert main(["diagram"]) == 2
    assert "dev.md is a link to" in capsys.readouterr().err
    assert everything(tmp_path)["elsewhere"].endswith("old")


def test_clean_leaves_what_no_command_wrote(sandbox: Path, root: Path) -> None:
    for name, file in (("plans", "mine.txt"), ("review", MARK)):
        (sandbox / name).mkdir()
        (sandbox / name / file).write_text("", encoding="utf-8")
    command = ("make", "-f", str(root / "Makefile"), "clean")
    done = subprocess.run(command, cwd=sandbox, capture_output=True, text=True, check=True)
    assert "plans stays" in done.stdout
    assert (sandbox / "plans" / "mine.txt").exists()
    assert not (sandbox / "review").exists()


def test_a_link_among_what_a_dead_emulator_left_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "kept").touch()
    folder = tmp_path / "local"
    with local._alone(folder):
        (folder / "elsewhere").symlink_to(mine)
        (folder / "of the emulator").mkdir()
        assert local._running(folder) is None
    assert (mine / "kept").exists()
    assert sorted(each.name for each in folder.iterdir()) == [MARK, "lock"]
