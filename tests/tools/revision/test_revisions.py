"""Two revisions of a copy of this project."""

from __future__ import annotations

import io
import sys
import tarfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.tools.revision.project import commit, edit, git
from tools.revision.revisions import Revision, RevisionError, _synthesized, _unpack, compared

pytestmark = pytest.mark.thorough


def test_compares_the_folder_with_where_the_branch_began(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What others merged meanwhile is none of this branch's doing; what is not committed yet is."""
    began = git(project, "rev-parse", "HEAD").strip()
    git(project, "switch", "--quiet", "--create", "branch")
    edit(project / "examples" / "dev.py", "min=3, max=5", "min=2, max=5")
    git(project, "switch", "--quiet", "main")
    edit(project / "examples" / "prod.py", "min=3, max=6", "min=3, max=7")
    git(project, "commit", "--quiet", "--message=x", "examples/prod.py")
    git(project, "switch", "--quiet", "branch")
    found = compared("main", project)
    assert began.startswith(found.base)
    assert found.untouched == ("prod", "prod-eu")
    (cluster,) = found.touched
    assert (cluster.name, [(change.path, change.impact) for change in cluster.changes]) == (
        "dev",
        [("Compute/system/Nodes", "update")],
    )
    assert set(found.after) == {"dev"}
    there = Revision("as in a folder of its own", project, Path(sys.executable))
    assert _synthesized(there, ["dev"], project.parent / "out") == found.after
    assert set(found.plans_before or ()) == set(found.plans_after) == {"dev", "prod", "prod-eu"}
    assert "Synthesizing dev of both revisions" in capsys.readouterr().err
    assert not (project / "cdk.out").exists()
    assert list((project.parent / "temporary").iterdir()) == []
    assert git(project, "worktree", "list").count("\n") == 1


def test_what_reaches_no_template_is_not_synthesized(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project / "examples" / "dev.py", "DEV = Blueprint(", "# A remark\nDEV = Blueprint(")
    edit(project / "README.md", "Blueprint", "blueprint")
    found = compared("HEAD", project)
    assert (found.touched, found.untouched) == ((), ("dev", "prod", "prod-eu"))
    assert capsys.readouterr().err == "No plan differs\n"


def test_mistakes_of_a_revision_are_its_report(project: Path) -> None:
    edit(project / "examples" / "dev.py", "min=3, max=5", "min=5, max=4")
    with pytest.raises(RevisionError) as caught:
        compared("HEAD", project)
    assert str(caught.value).startswith("the working folder cannot be read.\n\n1 problem")
    assert "examples/dev.py: DEV.compute[0]" in str(caught.value)
    commit(project)
    edit(project / "examples" / "dev.py", "min=5, max=4", "min=3, max=5")
    with pytest.raises(RevisionError, match=r"^the base, [0-9a-f]{12}, cannot be read"):
        compared("HEAD", project)


def test_a_base_that_is_none(project: Path) -> None:
    for base in ("nobody", "", "--upload-pack=x", "HEAD:README.md", "main..HEAD", "a b\nc"):
        with pytest.raises(RevisionError, match="BASE=") as caught:
            compared(base, project)
        assert "BASE=origin/main" in str(caught.value), base


def test_a_base_without_a_common_commit(project: Path) -> None:
    git(project, "switch", "--quiet", "--orphan", "other")
    git(project, "commit", "--quiet", "--allow-empty", "--message=x")
    git(project, "switch", "--quiet", "main")
    with pytest.raises(RevisionError, match=r"no commit in common.*fetch-depth: 0"):
        compared("other", project)


def test_a_base_that_cannot_be_unpacked(project: Path) -> None:
    (project / "link").symlink_to("/etc/passwd")
    git(project, "add", "link")
    commit(project)
    with pytest.raises(RevisionError, match=r"^the base, [0-9a-f]{12}, cannot be unpacked"):
        compared("HEAD", project)
    git(project, "rm", "--quiet", "link", "requirements.txt")
    commit(project)
    with pytest.raises(RevisionError, match=r"cannot be unpacked.*requirements\.txt"):
        compared("HEAD", project)


@pytest.mark.parametrize("has_filters", [True, False])
@pytest.mark.parametrize(
    ("link", "leads_out"),
    [("inside.py", False), ("a/../inside.py", False), ("/etc/passwd", True), ("../x", True), ("a/../../x", True)],
)
def test_links_lead_out_of_no_base(
    link: str, *, leads_out: bool, has_filters: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python before 3.11.4 has no filters: https://docs.python.org/3/library/tarfile.html#supporting-older-python-versions"""
    if not has_filters:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    member = tarfile.TarInfo("link")
    member.type, member.linkname = tarfile.SYMTYPE, link
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        files.addfile(member)
    archive.seek(0)
    with tarfile.open(fileobj=archive) as files:
        refused: AbstractContextManager[Any] = pytest.raises(tarfile.TarError) if leads_out else nullcontext()
        with refused:
            _unpack(files, tmp_path / "base")
    assert (tmp_path / "base" / "link").is_symlink() is not leads_out


def before_one_program(project: Path, *commands: str) -> None:
    """A commit in which these commands are programs of their own, and there is no other: `python -m tools.synth`."""
    git(project, "mv", "tools/__main__.py", "tools/program.py")
    for command in commands:
        text = f'import sys\nfrom tools.program import main\nsys.exit(main(["{command}", *sys.argv[1:]]))\n'
        (project / "tools" / f"{command}.py").write_text(text, encoding="utf-8")
    git(project, "add", "tools")
    commit(project)
    git(project, "mv", "tools/program.py", "tools/__main__.py")
    git(project, "rm", "--quiet", *(f"tools/{command}.py" for command in commands))


def test_a_base_from_before_there_was_one_program(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before_one_program(project, "plan", "synth")
    edit(project / "examples" / "dev.py", "min=3, max=5", "min=2, max=5")
    found = compared("HEAD", project)
    assert set(found.plans_before or ()) == {"dev", "prod", "prod-eu"}
    assert ([cluster.name for cluster in found.touched], found.untouched) == (["dev"], ("prod", "prod-eu"))
    assert "Synthesizing dev of both revisions" in capsys.readouterr().err


def test_a_base_from_before_plans_were_written_down(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of it is synthesized: also the cluster that is gone since then."""
    before_one_program(project, "synth")
    git(project, "rm", "--quiet", "examples/prod_eu.py")
    found = compared("HEAD", project)
    assert (found.plans_before, set(found.before)) == (None, {"dev", "prod", "prod-eu"})
    assert ([cluster.name for cluster in found.touched], found.untouched) == (["prod-eu"], ("dev", "prod"))
    assert "Synthesizing dev, prod of both revisions" in capsys.readouterr().err


def test_a_renderer_that_differs_may_make_other_templates(project: Path) -> None:
    setting = "reserved_azs=network.zones_in_reserve"
    edit(project / "stacks" / "network.py", setting, f"{setting} + 1")
    found = compared("HEAD", project)
    assert [cluster.name for cluster in found.touched] == ["dev", "prod", "prod-eu"]
