"""Digests and Kubernetes ranges of the lock are those of the archives."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.addons.lock import FILE, read
from blueprint.contribution import Chart, Release
from tests.tools.charts import CONFIG_MAP, packed, repository, write
from tools.__main__ import main
from tools.charts.render import render
from tools.charts.results import Rendered, Unreachable
from tools.commands import versions

LOCK = """# Words of a person.

[eks."1.36"]
web = "v1.2.3-eksbuild.1"

[charts.other]
repository = "https://charts.invalid"
version = "2.0.0"
digest = "{digest}"

[charts.tiny]
repository = "https://charts.invalid"
version = "1.2.3"
# A word about the range.
kubernetes = ">=1.20"
"""
OLD = f"sha256:{'0' * 64}"
TINY = Release("web", Chart("tiny", "https://charts.invalid", "1.2.3"), "shop", {"replicas": 2})


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "versions.toml"
    path.write_text(LOCK.format(digest=OLD), encoding="utf-8")
    monkeypatch.setattr(versions, "LOCK", path)
    return path


def archive(folder: Path, *, name: str = "tiny", version: str = "1.2.3", more: str = "") -> str:
    """Packed by Helm; its digest as another program reckons it."""
    chart = write(folder / "unpacked", {"templates/map.yaml": CONFIG_MAP}, name=name, version=version, more=more)
    return f"sha256:{hashlib.sha256(packed(chart, folder / 'charts').read_bytes()).hexdigest()}"


def test_digests_and_ranges_are_written_and_all_else_stays(
    tmp_path: Path, lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = archive(tmp_path, more="kubeVersion: '>= 1.25.0-0'")
    other = archive(tmp_path, name="other", version="2.0.0")
    assert main(["versions", "--only", "charts", "--charts", str(tmp_path / "charts")]) == 0
    expected = LOCK.format(digest=other).replace('"1.2.3"', f'"1.2.3"\ndigest = "{tiny}"').replace("1.20", "1.25")
    assert lock.read_text(encoding="utf-8") == expected
    assert capsys.readouterr().out == f"other 2.0.0: {other}\ntiny 1.2.3: {tiny}, >=1.25\n"
    assert main(["versions", "--only", "charts", "--charts", str(tmp_path / "charts")]) == 0
    assert lock.read_text(encoding="utf-8") == expected, "once more is once too often"
    capsys.readouterr()
    assert main(["versions", "tiny", "--json", "--charts", str(tmp_path / "charts")]) == 0
    written = {"tiny": {"version": "1.2.3", "digest": tiny, "kubernetes": ">=1.25"}}
    advised: dict[str, object] = {"advisories": {}, "without_module": ["tiny"]}
    nothing: dict[str, object] = {"eks": {}, "images": {}, **advised, "untold": {}, "stale": []}
    assert json.loads(capsys.readouterr().out) == {"charts": written, **nothing}


def test_a_chart_of_a_repository(tmp_path: Path, lock: Path) -> None:
    digest = archive(tmp_path)
    with repository(tmp_path / "charts") as address:
        assert main(["versions", "tiny", "--charts", address]) == 0
    assert read(lock.read_text(encoding="utf-8")).charts["tiny"].digest == digest


@pytest.mark.parametrize(
    ("said", "kubernetes"),
    [
        (">=1.30.0-0", ">=1.30"),
        (">= v1.30-0", ">=1.30"),
        (">=1.30.0-0 <1.37.0-0", ">=1.30 <=1.36"),
        (">= 1.30.0-0, < 1.37.0-0", ">=1.30 <=1.36"),
        ("", ">=1.20"),
        ("^1.30", ">=1.20"),
        (">=1.30.2", ">=1.20"),
        ("<1.37.0-0", ">=1.20"),
        (">=1.30.0-0 || >=1.20.0-0", ">=1.20"),
        (">=1.30.0-0 <1.40.0 <1.37.0", ">=1.20"),
    ],
)
def test_a_range_that_is_no_other_in_minors(
    tmp_path: Path, lock: Path, said: str, kubernetes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(tmp_path, more=f"kubeVersion: '{said}'")
    assert main(["versions", "tiny", "--charts", str(tmp_path / "charts")]) == 0
    assert read(lock.read_text(encoding="utf-8")).charts["tiny"].kubernetes == kubernetes
    assert ("by hand" in capsys.readouterr().err) == (bool(said) and kubernetes == ">=1.20")


def test_what_cannot_be_had_stays_and_is_said(tmp_path: Path, lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = archive(tmp_path)
    write(tmp_path / "charts", {}, name="other", version="2.0.0")
    assert main(["versions", "--only", "charts", "--charts", str(tmp_path / "charts")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("other 2.0.0: not looked up, ")
    assert "is not packed" in said
    found = read(lock.read_text(encoding="utf-8")).charts
    assert (found["other"].digest, found["tiny"].digest) == (OLD, digest)
    assert main(["versions", "tiny", "--charts", str(tmp_path / "none")]) == 2
    assert "tiny 1.2.3: not looked up, " in capsys.readouterr().err


def test_check_writes_nothing(tmp_path: Path, lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive(tmp_path)
    text = lock.read_text(encoding="utf-8")
    asked = ["versions", "tiny", "--charts", str(tmp_path / "charts")]
    assert main([*asked, "--check"]) == 1
    assert capsys.readouterr().err == f"{lock}: is out of date\nRun `make versions` and commit what it writes.\n"
    assert lock.read_text(encoding="utf-8") == text
    assert main(asked) == 0
    assert main([*asked, "--check"]) == 0


def test_what_the_lock_does_not_have(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "unknown"]) == 1
    assert f"{FILE}: charts.unknown" in capsys.readouterr().err
    lock.write_text("x = (", encoding="utf-8")
    assert main(["versions"]) == 1
    assert "must be a file in TOML" in capsys.readouterr().err


def test_no_other_archive_is_rendered(tmp_path: Path) -> None:
    digest = archive(tmp_path)
    right, wrong = (replace(TINY, chart=replace(TINY.chart, digest=each)) for each in (digest, OLD))
    assert isinstance(render(right, "1.36", str(tmp_path / "charts")), Rendered)
    refused = render(wrong, "1.36", str(tmp_path / "charts"))
    assert isinstance(refused, Unreachable)
    assert refused.reason == f"tiny-1.2.3.tgz has the digest {digest}, and the lock {OLD}: `make versions`"
    assert isinstance(render(wrong, "1.36", str(tmp_path / "unpacked")), Rendered), "a folder has no digest"


def test_no_other_archive_is_kept(tmp_path: Path) -> None:
    archive(tmp_path)
    cache = tmp_path / "cache"
    wrong = replace(TINY, chart=replace(TINY.chart, digest=OLD))
    with repository(tmp_path / "charts") as address:
        assert isinstance(render(wrong, "1.36", address, cache), Unreachable)
        assert not list((cache / "charts").rglob("*.tgz"))
        assert isinstance(render(TINY, "1.36", address, cache), Rendered)
        assert isinstance(render(wrong, "1.36", address, cache), Unreachable), (
            "the one that is kept is looked at as well"
        )
