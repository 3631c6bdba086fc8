"""Clusters that were synthesized before, and by several processes: the same bytes, and nothing that is out of date."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint import Blueprint
from blueprint.planning.document import Plan
from blueprint.planning.file import dumped
from blueprint.planning.planner import plan
from examples.bare import BARE
from examples.existing_vpc import EXISTING_VPC
from tools import apart, store
from tools.__main__ import main
from tools.apart import synthesize_apart
from tools.merged import assets_of, merge, share
from tools.revision.revisions import Revision
from tools.status import CannotError, FindingsError
from tools.store import BESIDE, NAMES, RENDERER, WITHOUT, Store, fingerprint
from tools.synthesis import settings, synthesize
from tools.unchanged import FOLDER, VARIABLE
from tools.workers import Workers

pytestmark = pytest.mark.thorough


def files(folder: Path) -> dict[str, bytes]:
    # The CDK has one as well in a process whose first synthesis was with rules, as that of other tests may have been.
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "validation-report.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def reports(folder: Path) -> Any:
    """What rules said; None where none ran."""
    path = folder / "validation-report.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def forbidden(*_: object, **__: object) -> None:
    raise AssertionError("it is synthesized again")


@pytest.fixture(scope="module")
def whole(plans: tuple[Plan, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the CDK writes of all of them at once."""
    out = tmp_path_factory.mktemp("whole")
    synthesize(plans, out, validate=False)
    return out


class TestBytes:
    def test_they_are_those_of_the_cdk_cold_and_warm(
        self, plans: tuple[Plan, ...], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = Store(settings(), tmp_path / "store")
        cold, warm, other = (tmp_path / name for name in ("cold", "warm", "other"))
        for out in (cold, warm, other):
            out.mkdir()
        synthesize_apart(plans, cold, store=kept, processes=1)
        assert files(cold) == files(whole)
        monkeypatch.setattr(apart, "synthesize", forbidden)
        for _ in range(2):  # into an empty folder, and over what is there
            synthesize_apart(plans, warm, store=kept, processes=1)
            assert files(warm) == files(whole)
        synthesize_apart(plans[::-1], other, store=kept, processes=1)
        assert files(other).keys() == files(whole).keys()

    def test_they_are_the_same_by_several_processes(
        self, plans: tuple[Plan, ...], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(apart, "WORTH", 1)
        monkeypatch.setattr(apart, "synthesize", forbidden)  # in this process
        synthesize_apart(plans, tmp_path, store=None, processes=2)
        assert files(tmp_path) == files(whole)

    def test_one_that_changed_is_synthesized_and_the_others_are_not(
        self, plans: tuple[Plan, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = Store(settings(), tmp_path / "store")
        one, two = plan(BARE), plan(replace(BARE, name="other"))
        (tmp_path / "a").mkdir()
        synthesize_apart([one, two], tmp_path / "a", store=kept, processes=1)
        changed, made = plan(replace(BARE, tags={"changed": "yes"})), list[str]()

        def counting(plans: list[Plan], *arguments: Any, **options: Any) -> None:
            made.extend(each.facts.name for each in plans)
            synthesize(plans, *arguments, **options)

        monkeypatch.setattr(apart, "synthesize", counting)
        (tmp_path / "b").mkdir()
        synthesize_apart([changed, two], tmp_path / "b", store=kept, processes=1)
        assert made == [one.facts.name]
        (tmp_path / "c").mkdir()
        synthesize([changed, two], tmp_path / "c", validate=False)
        assert files(tmp_path / "b") == files(tmp_path / "c")


def test_an_entry_that_goes_meanwhile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take another process that keeps half a gigabyte within the same second."""
    kept = Store(settings(), tmp_path / "store")
    monkeypatch.setattr(kept, "find", lambda key: kept.folder / key)
    (tmp_path / "out").mkdir()
    with pytest.raises(CannotError, match=r"store/[0-9a-f]{64}/manifest\.json has gone, .* run it again"):
        synthesize_apart([plan(BARE)], tmp_path / "out", store=kept, processes=1)

    def failing(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file", str(tmp_path / "elsewhere"))

    monkeypatch.setattr(apart, "merge", failing)
    with pytest.raises(FileNotFoundError, match="elsewhere"):  # which has another cause
        synthesize_apart([plan(BARE)], tmp_path / "out", store=kept, processes=1)


class TestRules:
    """Judged once, and found to be without a finding."""

    def test_they_judge_what_no_synthesis_with_rules_has_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = Store(settings(), tmp_path / "store")
        pair = [plan(BARE), plan(replace(BARE, name="other"))]
        judged = list[bool]()

        def counting(plans: list[Plan], *arguments: Any, validate: bool) -> None:
            judged.append(validate)
            synthesize(plans, *arguments, validate=validate)

        monkeypatch.setattr(apart, "synthesize", counting)
        for name, validate, made in (("a", False, 2), ("b", True, 2), ("c", True, 0), ("d", False, 0)):
            (tmp_path / name).mkdir()
            synthesize_apart(pair, tmp_path / name, store=kept, processes=1, validate=validate)
            assert judged == [validate] * made, name
            judged.clear()
        assert reports(tmp_path / "b") == reports(tmp_path / "c")
        (tmp_path / "whole").mkdir()
        synthesize(pair, tmp_path / "whole", validate=True)
        assert reports(tmp_path / "b") == reports(tmp_path / "whole")
        assert files(tmp_path / "c") == files(tmp_path / "whole")
        (tmp_path / "quick").mkdir()
        synthesize(pair, tmp_path / "quick", validate=False)
        assert files(tmp_path / "d") == files(tmp_path / "quick") == files(tmp_path / "a")

    @pytest.mark.parametrize("fleet", [(EXISTING_VPC, BARE), (BARE, EXISTING_VPC)], ids=["first", "last"])
    def test_a_cluster_of_which_a_plugin_says_nothing_is_one_of_all(
        self, fleet: tuple[Blueprint, ...], tmp_path: Path
    ) -> None:
        """The CDK's engine has a word for each subnet that is made, and none for those that exist."""
        pair = [plan(each) for each in fleet]
        for name in ("apart", "whole"):
            (tmp_path / name).mkdir()
        synthesize_apart(pair, tmp_path / "apart", store=None, processes=1, validate=True)
        synthesize(pair, tmp_path / "whole", validate=True)
        assert len(reports(tmp_path / "apart")["pluginReports"]) == 3
        assert reports(tmp_path / "apart") == reports(tmp_path / "whole")

    @pytest.mark.parametrize("processes", [1, 2])
    def test_a_finding_hides_none_of_another_cluster_and_is_not_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
    ) -> None:
        monkeypatch.setattr(apart, "WORTH", 1)
        named = [plan(replace(BARE, name=name)) for name in ("first", "second")]
        # Which no blueprint can say: EKS-ENDPOINT-OPEN of stacks/rules.
        bad = [replace(each, control_plane=replace(each.control_plane, public_ranges=("0.0.0.0/0",))) for each in named]
        kept = Store(settings(), tmp_path / "store")
        (tmp_path / "out").mkdir()
        with pytest.raises(FindingsError) as raised:
            synthesize_apart([*bad, plan(BARE)], tmp_path / "out", store=kept, processes=processes, validate=True)
        for name in ("first", "second"):
            assert f"{name}/cluster/Cluster" in str(raised.value)
        assert "EKS-ENDPOINT-OPEN" in str(raised.value)
        for each in bad:
            assert not kept.find(kept.key(dumped(each), judged=True))
        assert kept.find(kept.key(dumped(plan(BARE)), judged=True))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a file in the place of each that matters."""
    root = tmp_path / "project"
    for name in (*RENDERER, *BESIDE):
        path = root / name if "." in Path(name).name else root / name / "module.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before")
    return root


def key(project: Path, context: dict[str, Any] | None = None, document: str = "{}") -> str:
    return Store({"flag": True} if context is None else context, project.parent / "store", project).key(document)


class TestKey:
    @pytest.mark.parametrize("name", [*RENDERER, *BESIDE])
    def test_every_file_matters(self, name: str, project: Path) -> None:
        before = key(project)
        path = project / name
        (path / "module.py" if path.is_dir() else path).write_text("after")
        changed = key(project)
        assert changed != before
        if path.is_dir():
            (path / "more").mkdir()
            (path / "more" / "data.json").write_text("{}")
            assert key(project) != changed

    def test_what_python_compiled_does_not_matter(self, project: Path) -> None:
        before = fingerprint(project)
        (project / "stacks" / "module.cpython-311.pyc").write_bytes(b"x")
        assert fingerprint(project) == before

    @pytest.mark.parametrize("prefix", NAMES)
    def test_variables_matter(self, prefix: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = key(project)
        monkeypatch.setenv(f"{prefix}ANYTHING", "1")
        one = key(project)
        monkeypatch.setenv(f"{prefix}ANYTHING", "2")
        assert len({before, one, key(project)}) == 3

    @pytest.mark.parametrize("name", [*WITHOUT, "HOME", "MAKELEVEL"])
    def test_where_something_is_written_does_not(
        self, name: str, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = key(project)
        monkeypatch.setenv(name, "/elsewhere")
        assert key(project) == before

    def test_context_plan_python_and_packages_matter(
        self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = [key(project), key(project, {"flag": False}), key(project, {}), key(project, document="{ }")]
        packages = tmp_path / "packages"
        (packages / "aws_cdk_lib-2.275.0.dist-info").mkdir(parents=True)
        monkeypatch.setattr(sysconfig, "get_path", lambda _: str(packages))
        found.append(key(project))
        (packages / "aws_cdk_lib-2.275.0.dist-info").rename(packages / "aws_cdk_lib-2.276.0.dist-info")
        found.append(key(project))
        monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
        found.append(key(project))
        assert len({*found}) == len(found)


def entry(folder: Path, asset: str, size: int = 100) -> Path:
    """What a synthesis leaves, with one asset."""
    stage = folder / "assembly-x"
    stage.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (stage / "x.template.json").write_bytes(b" " * size)
    (stage / "x.assets.json").write_text(f'{{"path": "../{asset}"}}')
    (folder / asset).write_text("content")
    return folder


ONE, TWO = (f"asset.{digit * 64}.zip" for digit in "ab")
K, OLD, USED, NEW = (digit * 64 for digit in "0123")


class TestStore:
    @pytest.fixture
    def kept(self, tmp_path: Path) -> Store:
        return Store({}, tmp_path / "store")

    def test_what_is_kept_is_found_with_its_assets_and_no_others(self, kept: Store, tmp_path: Path) -> None:
        made = entry(tmp_path / "made", ONE)
        (made / TWO).write_text("of another cluster")
        kept.keep(K, made)
        (made / TWO).unlink()
        (made / ONE).unlink()
        found = kept.find(K)
        assert found
        assert files(found) == files(made)
        assert sorted(path.name for path in found.parent.glob("asset.*")) == [ONE]

    def test_what_nobody_kept_is_not_there(self, kept: Store) -> None:
        assert not kept.find(K)

    def test_an_entry_without_its_asset_is_none(self, kept: Store, tmp_path: Path) -> None:
        kept.keep(K, entry(tmp_path / "made", ONE))
        (kept.folder / ONE).unlink()
        assert not kept.find(K)

    def test_two_may_keep_the_same(self, kept: Store, tmp_path: Path) -> None:
        for name in ("a", "b"):
            kept.keep(K, entry(tmp_path / name, ONE))
        assert kept.find(K)
        assert sorted(path.name for path in kept.folder.iterdir()) == sorted([".eks-blueprints", ONE, K])

    def test_it_keeps_the_latest_runs(self, kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "RUNS", 2)
        names = [f"run-{number:016x}.json" for number in range(3)]
        for at, name in enumerate(names):
            kept.note(name, "said")
            os.utime(kept.folder / name, (at, at))
        kept.note(names[0], "said again")
        kept.make_room()
        assert {path.name for path in kept.folder.iterdir()} == {".eks-blueprints", names[0], names[2]}
        assert (kept.folder / names[0]).read_text() == "said again"
        Store(settings(), kept.folder)  # which knows all of it for its own

    def test_it_stays_small(self, kept: Store, tmp_path: Path) -> None:
        for at, (name, asset) in enumerate(((OLD, ONE), (USED, TWO), (NEW, TWO))):
            kept.keep(name, entry(tmp_path / name, asset, size=1000))
            os.utime(kept.folder / name, (at, at))
        assert kept.find(USED)
        kept.make_room(limit=2500)
        assert {path.name for path in kept.folder.iterdir()} == {".eks-blueprints", USED, NEW, TWO}
        os.utime(kept.folder / NEW, (9, 9))
        kept.make_room(limit=1500)
        assert {path.name for path in kept.folder.iterdir()} == {".eks-blueprints", USED, TWO}

    def test_a_folder_that_cannot_be_written_is_no_mistake(self, kept: Store, tmp_path: Path) -> None:
        kept.folder.write_text("a file, since then")
        kept.keep(K, entry(tmp_path / "made", ONE))
        kept.make_room()
        assert not kept.find(K)

    def test_a_folder_of_somebody_else_is_left_alone(self, kept: Store, tmp_path: Path) -> None:
        """Old entries are removed, so nothing that no store has made may look like one."""
        for name in ("site/manifest.json", f"{K}/manifest.json", ONE):
            (kept.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (kept.folder / name).write_text("{}")
        before = files(kept.folder)
        with pytest.raises(CannotError, match="BLUEPRINTS_STORE"):
            Store({}, kept.folder)
        kept.keep(OLD, entry(tmp_path / "made", TWO))  # one that was made while the folder was missing
        kept.make_room(limit=0)
        assert files(kept.folder) == before
        link = tmp_path / "link"
        link.symlink_to(kept.folder)
        with pytest.raises(CannotError, match="is a link"):
            Store({}, link)

    def test_assets_are_those_that_the_templates_name(self, tmp_path: Path) -> None:
        made = entry(tmp_path / "made", ONE)
        (made / TWO).touch()
        assert assets_of(made) == [ONE]

    def test_a_folder_is_shared_as_a_whole(self, tmp_path: Path) -> None:
        (tmp_path / "asset.a").mkdir()
        (tmp_path / "asset.a" / "index.py").write_text("x")
        for _ in range(2):
            share(tmp_path / "asset.a", tmp_path / "b")
        assert files(tmp_path / "b") == {"index.py": b"x"}
        assert sorted(path.name for path in tmp_path.iterdir()) == ["asset.a", "b"]


class TestMerge:
    """What lies in a store is copied where it is another than what is there."""

    @pytest.fixture
    def kept(self, tmp_path: Path) -> Path:
        made = entry(tmp_path / "store" / K, ONE)
        (made / ONE).rename(made.parent / ONE)
        for name, data in (("manifest", {"artifacts": {}}), ("tree", {"tree": {"children": {"Tree": {}}}})):
            (made / f"{name}.json").write_text(json.dumps(data))
        return made

    @pytest.fixture
    def out(self, kept: Path, tmp_path: Path) -> Path:
        out = tmp_path / "out"
        out.mkdir()
        merge([kept], out, kept=kept.parent)
        return out

    def test_a_second_time_nothing_is_written_of_the_cluster(self, kept: Path, out: Path) -> None:
        path = out / "assembly-x" / "x.template.json"
        before, inode = files(out), path.stat().st_ino
        assert before["assembly-x/x.template.json"] == b" " * 100
        assert before[ONE] == b"content"
        merge([kept], out, kept=kept.parent)
        assert files(out) == before
        assert path.stat().st_ino == inode

    @pytest.mark.parametrize(
        "change",
        [
            lambda path: path.write_bytes(b"x" * 100),
            lambda path: path.write_bytes(b" " * 101),
            lambda path: path.unlink(),
            lambda path: path.rename(path.parent / "moved").with_name(path.name).mkdir(),
            lambda path: path.rename(path.parent / "moved").with_name(path.name).symlink_to("moved"),
            lambda path: (path.parent / "more.json").touch(),
            lambda path: (path.parent / "more").mkdir(),
            lambda path: path.parent.rename(path.parents[1] / "assembly-y").with_name("assembly-x").touch(),
            lambda path: (
                path.parent.rename(path.parents[1] / "assembly-y").with_name("assembly-x").symlink_to("assembly-y")
            ),
        ],
    )
    def test_what_somebody_did_to_it_is_undone(self, kept: Path, out: Path, change: Callable[[Path], object]) -> None:
        before, of_store = files(out), files(kept.parent)
        change(out / "assembly-x" / "x.template.json")
        merge([kept], out, kept=kept.parent)
        assert {name: text for name, text in files(out).items() if not name.startswith("assembly-y")} == before
        assert files(kept.parent) == of_store, "whoever edits what was written edits no entry"
        assert not any(path.is_symlink() for path in out.rglob("*"))

    def test_what_a_link_leads_to_is_left_alone(self, kept: Path, out: Path, tmp_path: Path) -> None:
        """Wherever it stands: in the place of a file, of the whole, or beside what is written."""
        precious = tmp_path / "precious"
        precious.mkdir()
        (precious / "x.template.json").write_text("mine")
        stage = out / "assembly-x"
        (stage / "x.template.json").unlink()
        (stage / "x.template.json").symlink_to(precious / "x.template.json")
        (stage / "beside").symlink_to(precious)
        merge([kept], out, kept=kept.parent)
        assert sorted(path.name for path in stage.iterdir()) == ["x.assets.json", "x.template.json"]
        assert files(precious) == {"x.template.json": b"mine"}
        stage.rename(tmp_path / "moved")
        stage.symlink_to(precious)
        merge([kept], out, kept=kept.parent)
        assert not stage.is_symlink()
        assert files(precious) == {"x.template.json": b"mine"}


class TestProcesses:
    @pytest.fixture
    def started(self, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[str]]:
        """Those of a run; each cluster is one that cannot be synthesized, or takes long."""
        found: list[subprocess.Popen[str]] = []
        start = subprocess.Popen

        def starting(*arguments: Any, **options: Any) -> subprocess.Popen[str]:
            found.append(start(*arguments, **options))
            return found[-1]

        monkeypatch.setattr(subprocess, "Popen", starting)
        return found

    def test_one_that_fails_ends_all(
        self, tmp_path: Path, started: list[subprocess.Popen[str]], capfd: pytest.CaptureFixture[str]
    ) -> None:
        parts = [tmp_path / name for name in ("one", "two", "three")]
        for part in parts:
            part.mkdir()
            (part / f"{part.name}.plan.json").write_text("no plan")
        with pytest.raises(CannotError, match="could not be synthesized: see above"), Workers(2) as workers:
            list(workers.synthesized(parts))
        assert "DocumentError" in capfd.readouterr().err
        assert len(started) == 2
        assert all(each.poll() is not None for each in started)

    def test_one_who_stops_early_leaves_none(self, tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
        """As Ctrl-C does, which comes in here as an exception."""
        part = tmp_path / "bare"
        part.mkdir()
        (part / "bare.plan.json").write_text(dumped(plan(BARE)))
        with Workers(2) as workers:
            assert next(workers.synthesized([part, part, part])) == part
        assert len(started) == 2
        assert all(each.poll() is not None for each in started)

    def test_an_interruption_ends_them_before_their_folders_go(
        self,
        tmp_path: Path,
        started: list[subprocess.Popen[str]],
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """Else they complain that there is no such folder any more."""

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        kept = Store(settings(), tmp_path / "store")
        monkeypatch.setattr(kept, "keep", interrupted)
        named = [plan(replace(BARE, name=f"number-{number}")) for number in range(6)]
        with Workers(2) as workers:
            with pytest.raises(KeyboardInterrupt):
                synthesize_apart(named, tmp_path, store=kept, processes=2, workers=workers)
            assert len(started) == 2
            assert all(each.poll() is not None for each in started)
        assert capfd.readouterr().err == ""

    def test_those_that_have_started_do_all_the_work(
        self, tmp_path: Path, started: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(apart, "synthesize", forbidden)  # in this process
        named = [plan(replace(BARE, name=name)) for name in ("first", "second", "third")]
        with Workers(1) as workers:
            synthesize_apart(named[:1], tmp_path, store=None, processes=1, workers=workers)
            workers.grow(2)
            synthesize_apart(named[1:], tmp_path, store=None, processes=1, workers=workers)
            workers.grow(1)
            assert [each.poll() for each in started] == [None, None]
        assert sorted(path.name for path in tmp_path.glob("assembly-*")) == [
            f"assembly-{n}" for n in ("first", "second", "third")
        ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "store"))
    return tmp_path


class TestCommand:
    def test_a_second_time_it_takes_what_it_kept(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["synth", "bare"]) == 0
        first, said = files(folder / "cdk.out"), capsys.readouterr().out
        monkeypatch.setattr(apart, "synthesize", forbidden)
        assert main(["synth", "bare"]) == 0
        assert files(folder / "cdk.out") == first
        assert capsys.readouterr().out == said

    def test_without_it_nothing_is_kept_or_taken(self, folder: Path) -> None:
        made: Callable[[], int] = lambda: main(["synth", "--no-cache", "bare"])  # noqa: E731  # asked twice
        assert made() == 0
        assert not (folder / "store").exists()
        assert main(["synth", "bare"]) == 0
        (kept,) = (path for path in (folder / "store").iterdir() if (path / "manifest.json").exists())
        (template,) = kept.glob("assembly-bare/*network*.template.json")
        template.write_text("{}")
        assert made() == 0
        assert "{}" not in [path.read_text() for path in (folder / "cdk.out").glob("assembly-bare/*.template.json")]


def test_a_review_keeps_what_it_synthesizes_of_a_base_where_the_project_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder goes when the review ends."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__main__.py").write_text("import os, sys; print(os.environ[sys.argv[1]])")
    base = Revision("base", tmp_path, Path(sys.executable))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "elsewhere"))
    assert base.run(VARIABLE).strip() == str(tmp_path / "elsewhere")
    monkeypatch.delenv(VARIABLE)
    assert base.run(VARIABLE).strip() == str(FOLDER)
