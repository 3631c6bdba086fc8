"""A run is left out only where it would write what is there: whatever it may read, or has written, is as it was."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import py_compile
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.test_store import files as contents
from tools import unchanged
from tools.unchanged import LEFT_OUT, NOTHING, VARIABLE, CommandRun, files

SAID = "a table"
KEPT = {"dev": "a key"}


class Project:
    """A project, the folder that its command writes, what is kept of its runs, and a file elsewhere that it reads."""

    def __init__(self, folder: Path) -> None:
        self.root, self.out, self.kept = folder / "project", folder / "project" / "cdk.out", folder / "kept"
        self.elsewhere, self.listed = folder / "elsewhere.yaml", folder / "listed"
        for path in (
            *(self.root / name for name in ("app.py", "clusters/dev.py", "addons/argo_cd/__init__.py")),
            *(self.root / name for name in ("docs/guide.md", "tests/test_it.py", ".git/index", ".venv/bin/python")),
            *(self.out / name for name in ("manifest.json", "assembly-dev/dev.template.json", "asset.0")),
            *(self.elsewhere, self.listed / "one.yaml"),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("before")
        self.kept.mkdir()

    def run(self, *words: str) -> CommandRun:
        return CommandRun(words, self.out, self.root)

    def ran(self) -> str | None:
        """Runs as the command does, and keeps what is to be kept."""
        this = self.run("dev")
        with this.watched():
            self.elsewhere.read_text()
            [path.read_text() for path in self.listed.glob("*.yaml")]
        record = this.record(SAID, KEPT)
        if record:
            (self.kept / this.name).write_text(record)
        return record

    def before(self, *words: str) -> str | None:
        return self.run(*words or ("dev",)).before(self.kept)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(unchanged, "TICK_SECONDS", -60)  # all files are new here
    monkeypatch.setattr(unchanged, "NOTHING", NOTHING | {"PYTEST_CURRENT_TEST"})  # which is another one in each phase
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    assert made.before() is None
    assert made.ran()
    assert made.before() == SAID
    return made


def _in_a_new_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.yaml").write_text("new")


def _with_its_times(path: Path) -> None:
    """Another content of the same size, and what `touch -r` says of it."""
    stat = path.stat()
    path.write_text("after!")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


CHANGES: dict[str, Callable[[Project], object]] = {
    "a file": lambda it: (it.root / "clusters/dev.py").write_text("another"),
    "a file, with its time and size": lambda it: _with_its_times(it.root / "clusters/dev.py"),
    "a file below": lambda it: (it.root / "addons/argo_cd/__init__.py").write_text("another"),
    "a new file": lambda it: (it.root / "clusters/prod.py").write_text("new"),
    "a new folder's file": lambda it: _in_a_new_folder(it.root / "new"),
    "no file": lambda it: (it.root / "clusters/dev.py").unlink(),
    "another name": lambda it: (it.root / "clusters/dev.py").rename(it.root / "clusters/lab.py"),
    "another one in its place": lambda it: (
        (it.root / "x").write_text("before"),
        (it.root / "x").replace(it.root / "app.py"),
    ),
    "a file elsewhere": lambda it: _with_its_times(it.elsewhere),
    "no file elsewhere": lambda it: it.elsewhere.unlink(),
    "a file elsewhere that was listed": lambda it: (it.listed / "one.yaml").write_text("another"),
    "a new file elsewhere": lambda it: (it.listed / "two.yaml").write_text("new"),
    "a template": lambda it: (it.out / "assembly-dev/dev.template.json").write_text("another"),
    "no template": lambda it: (it.out / "assembly-dev/dev.template.json").unlink(),
    "a new template": lambda it: (it.out / "assembly-dev/new.template.json").write_text("new"),
    "no asset": lambda it: (it.out / "asset.0").unlink(),
    "no output": lambda it: it.out.rename(it.out.with_name("moved")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_another_is_noticed(name: str, project: Project) -> None:
    CHANGES[name](project)
    assert project.before() is None


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a file", ["project/clusters/dev.py"]),
        ("a new file", ["project/clusters/prod.py"]),
        ("no file", ["project/clusters/dev.py"]),
        ("another name", ["project/clusters/dev.py", "project/clusters/lab.py"]),
        ("a file elsewhere", ["elsewhere.yaml"]),
        ("a new file elsewhere", ["listed", "listed/two.yaml"]),
        ("a template", []),
    ],
)
def test_it_knows_what_has_changed(name: str, files: list[str], project: Project, tmp_path: Path) -> None:
    CHANGES[name](project)
    this = project.run("dev")
    assert this.before(project.kept) is None
    assert this.changed is not None
    assert {str(Path(each).relative_to(tmp_path)) for each in this.changed} == {*files} - {"listed/two.yaml"}
    assert this.kept == KEPT


def test_it_knows_nothing_where_more_than_files_may_have(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYTHING", "another")
    for this in (project.run("dev"), project.run("prod")):
        assert this.before(project.kept) is None
        assert (this.changed, this.kept) == (None, {})


def test_what_the_last_run_read_matters_to_the_next_as_well(project: Project) -> None:
    """Which may not read it: it takes a plan of the last run for its own."""
    this = project.run("dev")
    (project.out / "asset.0").write_text("another")
    assert this.before(project.kept) is None
    (project.kept / this.name).write_text(this.record(SAID, {}) or "")
    assert project.before() == SAID
    project.elsewhere.write_text("another")
    assert project.before() is None


def test_what_a_command_was_asked_for_matters(project: Project) -> None:
    assert project.before("prod") is None
    assert project.before("dev", "--json") is None
    assert CommandRun(("dev",), project.root / "other", project.root).before(project.kept) is None


@pytest.mark.parametrize("name", ["ANYTHING", "AWS_PROFILE", "CDK_CONTEXT_JSON", "BLUEPRINTS"])
def test_variables_matter(name: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "another")
    assert project.before() is None


def test_what_a_shell_sets_for_each_command_does_not(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NOTHING:
        monkeypatch.setenv(name, "another")
    assert project.before() == SAID


def test_what_the_command_sets_for_itself_does_not(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    this = project.run("dev")
    with monkeypatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "another")
        (project.kept / this.name).write_text(this.record(SAID, {}) or "")
    assert project.before() == SAID


def test_the_folder_python_packages_and_the_day_matter(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Tomorrow(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Tomorrow:
            return cls(2126, 1, 1, tzinfo=tz)

    (tmp_path / "packages" / "new-1.0.dist-info").mkdir(parents=True)
    for target, attribute, value in (
        (dt, "datetime", Tomorrow),
        (platform, "python_version", lambda: "4.0.0"),
        (sysconfig, "get_path", lambda _: str(tmp_path / "packages")),
        (Path, "cwd", lambda: Path("/elsewhere")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(target, attribute, value)
            assert project.before() is None, attribute
        assert project.before() == SAID


@pytest.mark.parametrize("name", ["docs/guide.md", "tests/test_it.py", ".git/index", "clusters/__pycache__/dev.pyc"])
def test_what_no_cluster_is_read_from_does_not(name: str, project: Project) -> None:
    path = project.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("another")
    assert project.before() == SAID
    assert name.startswith((".", *LEFT_OUT, "clusters/__pycache__"))


def test_a_link_to_an_asset_does_not(project: Project, tmp_path: Path) -> None:
    """A store makes one of each asset, whoever asks it."""
    os.link(project.out / "asset.0", tmp_path / "link")
    assert project.before() == SAID


def test_a_folder_behind_a_link_is_read(project: Project, tmp_path: Path) -> None:
    there = tmp_path / "shared"
    there.mkdir()
    (there / "team.py").write_text("before")
    (project.root / "teams").symlink_to(there)
    this = project.run("dev")
    with this.watched():
        (project.root / "teams" / "team.py").read_text()
    (project.kept / this.name).write_text(this.record(SAID, {}) or "")
    assert project.before() == SAID
    (there / "team.py").write_text("another")
    assert project.before() is None


def test_a_module_elsewhere_is_read_though_python_opens_what_it_compiled(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "library" / "shared_by_teams.py"
    source.parent.mkdir()
    source.write_text("OWNER = 'a'")
    cached = Path(py_compile.compile(str(source)) or "")
    this = project.run("dev")
    with this.watched():
        cached.read_bytes()
    record = this.record(SAID, {})
    assert record
    assert json.loads(record)["others"] == [str(source)]
    source.with_suffix(".pyc").write_bytes(b"")  # as Python names what has no source
    with this.watched():
        source.with_suffix(".pyc").read_bytes()
    assert str(source.with_suffix(".pyc")) in json.loads(this.record(SAID, {}) or "")["others"]


def test_a_folder_that_nobody_may_read_or_that_goes_is_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def refusing(path: str) -> Any:
        if path.endswith("argo_cd"):
            raise PermissionError(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = files(project.root)
    assert any(name.endswith("app.py") for name in found)
    assert not any("argo_cd" in name for name in found)


def test_a_file_that_is_saved_meanwhile_leaves_no_record(project: Project) -> None:
    this = project.run("dev")
    (project.root / "clusters/dev.py").write_text("another")
    assert this.record(SAID, {}) is None


@pytest.mark.parametrize("place", ["root", "elsewhere"])
def test_a_file_that_was_saved_just_before_leaves_none(
    place: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be saved again within the same tick of a clock, and nobody would see it."""
    monkeypatch.setattr(unchanged, "TICK_SECONDS", 2)
    assert project.ran() is None
    real = unchanged._seen
    old = (project.root if place == "elsewhere" else project.listed.parent / "nothing").as_posix()
    monkeypatch.setattr(unchanged, "_seen", lambda name: (1, 1, 1) if str(name).startswith(old) else real(name))
    assert project.ran() is None


def test_what_is_watched_ends(project: Project, tmp_path: Path) -> None:
    this = project.run("dev")
    with this.watched():
        pass
    (tmp_path / "later").write_text("x")
    (tmp_path / "later").read_text()
    record = this.record(SAID, {})
    assert record
    assert json.loads(record)["others"] == []


def test_python_itself_is_not_watched(project: Project) -> None:
    this = project.run("dev")
    with this.watched():
        Path(json.__file__).read_text()
        (project.root / "app.py").read_text()
        [*(project.root / "clusters").iterdir()]
        project.elsewhere.read_text()
    record = this.record(SAID, {})
    assert record
    assert json.loads(record)["others"] == [str(project.elsewhere)]


_JUNK = {"given": 1, "seen": {}, "others": [], "written": 2, "text": "x", "kept": {}}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "null", json.dumps(_JUNK)),
        *(json.dumps({**_JUNK, "given": "{given}", name: value}) for name in _JUNK for value in (None, 1, [1])),
    ],
)
def test_junk_in_the_place_of_a_record_is_none(text: str, project: Project) -> None:
    this = project.run("dev")
    (project.kept / this.name).write_text(text.replace("{given}", this._given()))
    assert this.before(project.kept) is None


def test_a_file_that_vanishes_while_it_is_looked_at_is_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = unchanged._seen
    monkeypatch.setattr(unchanged, "_seen", lambda name: () if name.endswith("dev.py") else real(name))
    assert [name for name in files(project.root) if name.endswith("dev.py")] == []
    assert files(project.root)


@pytest.mark.thorough
class TestCommand:
    def synth(self, folder: Path, root: Path, *options: str) -> tuple[str, str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(root),
            "BLUEPRINTS": "examples",
            VARIABLE: str(folder / "store"),
        }
        command = (sys.executable, "-X", "importtime", "-m", "tools", "synth", "bare", *options)
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        return run.stdout, run.stderr

    def test_a_second_run_does_nothing_and_says_the_same(self, tmp_path: Path, root: Path) -> None:
        said, err = self.synth(tmp_path, root)
        assert "Nothing has changed" not in err
        first = contents(tmp_path / "cdk.out")
        again, err = self.synth(tmp_path, root)
        assert (again, contents(tmp_path / "cdk.out")) == (said, first)
        assert "Nothing has changed since the last run: cdk.out/ is as it was." in err.splitlines()
        assert not [line for line in err.splitlines() if line.endswith(("aws_cdk", " blueprint", " app"))]
        assert "Nothing has changed" not in self.synth(tmp_path, root, "--no-cache")[1]
        (template,) = (tmp_path / "cdk.out").glob("assembly-bare/*network*.template.json")
        template.unlink()
        assert "Nothing has changed" not in self.synth(tmp_path, root)[1]
        assert contents(tmp_path / "cdk.out") == first
