"""`make new-cluster`, `new-team`, `new-addon`: what they write is right, and nothing is overwritten."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from app import CLUSTERS
from blueprint.addons.lock import read
from blueprint.inventory import blueprints
from blueprint.planning.planner import plan
from tools.__main__ import main
from tools.commands import new_addon, new_cluster, new_team
from tools.new import constant

CLUSTER = ["new-cluster", "--name=my-own", "--account=333333333333", "--region=eu-central-1", "--admin=BreakGlass"]
TEAM = ["new-team", "--name=my-search", "--owner=SearchLead"]
ADDON = ["new-addon", "--name=my-podinfo", "--repository=https://charts.example.com", "--version=6.9.2"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> Path:
    """In the place of the project's."""
    for name in ("clusters", "teams", "addons"):
        (tmp_path / name).mkdir()
    lock = tmp_path / "addons" / "versions.toml"
    lock.write_text((root / "addons" / "versions.toml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(new_cluster, "CLUSTERS", tmp_path / "clusters")
    monkeypatch.setattr(new_team, "TEAMS", tmp_path / "teams")
    monkeypatch.setattr(new_addon, "ADDONS", tmp_path / "addons")
    monkeypatch.setattr(new_addon, "LOCK", lock)
    return tmp_path


def everything(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


def test_a_cluster(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(CLUSTER) == 0
    names: dict[str, object] = {}
    exec(everything(folder)["clusters/my_own.py"], names)  # noqa: S102  # what it wrote is what is tested
    blueprint = names["MY_OWN"]
    made = plan(blueprint)  # type: ignore[arg-type]  # so this tells
    assert (made.facts.name, made.facts.account, made.facts.region) == ("my-own", "333333333333", "eu-central-1")
    assert made.network.cidrs == ("10.10.0.0/16",)
    assert "make synth CLUSTER=my-own\n" in capsys.readouterr().out


def test_no_cluster_takes_the_file_of_the_fleet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CLUSTER, "--name=fleet"]) == 1
    assert "is the file of the whole fleet" in capsys.readouterr().err
    assert [*(folder / "clusters").iterdir()] == []


def test_its_network_is_a_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_cluster, "CLUSTERS", CLUSTERS)
    taken = {cidr for each in blueprints(CLUSTERS)[0].values() for cidr in each.network.cidrs}
    assert "10.10.0.0/16" in taken
    assert new_cluster._free_range() not in taken


def test_a_team(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TEAM) == 0
    names: dict[str, object] = {}
    exec(everything(folder)["teams/my_search.py"], names)  # noqa: S102  # as above
    assert names["MY_SEARCH"].name == "my-search"  # type: ignore[attr-defined]  # as above
    out = capsys.readouterr().out
    assert "from teams.my_search import MY_SEARCH\n" in out
    assert "/teams/my_search.py  @example/my_search\n" in out


def test_an_add_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(folder)["addons/versions.toml"]
    assert main(ADDON) == 0
    found = everything(folder)
    assert found["addons/versions.toml"].startswith(before)
    locked = read(found["addons/versions.toml"]).chart("my-podinfo")
    assert (locked.repository, locked.version) == ("https://charts.example.com", "6.9.2")
    assert "class MyPodinfo(HelmAddon):" in found["addons/my_podinfo.py"]
    compile(found["addons/my_podinfo.py"], "my_podinfo.py", "exec")
    assert "addons=(*CORE, MyPodinfo())" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "path"),
    [(CLUSTER, "clusters/my_own.py"), (TEAM, "teams/my_search.py"), (ADDON, "addons/my_podinfo.py")],
)
def test_nothing_is_overwritten(
    folder: Path, command: list[str], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / path).write_text("# mine\n", encoding="utf-8")
    before = everything(folder)
    assert main(command) == 2
    assert "is there already" in capsys.readouterr().err
    (folder / path).unlink()
    (folder / path).symlink_to(folder / "nowhere.py")
    assert main(command) == 2
    (folder / path).unlink()
    assert everything(folder) == {name: text for name, text in before.items() if name != path}


def test_a_version_of_the_lock_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(folder)
    assert main(["new-addon", "--name=karpenter", *ADDON[2:]]) == 2
    assert "charts.karpenter already" in capsys.readouterr().err
    assert everything(folder) == before


def test_what_is_missing_or_wrong_is_one_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(folder)
    assert main(["new-cluster", "--name=Ä;rm -rf", "--account=1", "--region=us-mars-1"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("4 problems; ")
    assert [line for line in err.splitlines() if line.isupper()] == ["NAME", "ACCOUNT", "REGION", "ADMIN"]
    assert main(["new-team", "--name=../evil", "--owner=x"]) == 1
    assert main(["new-addon", '--name=a"b', *ADDON[2:]]) == 1
    assert everything(folder) == before


def test_a_terminal_is_asked_for_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("333333333333\neu-west-1\nBreakGlass\n\n"))
    assert main(["new-cluster", "--name=asked"]) == 0
    assert "range of its VPC [10.10.0.0/16]: " in capsys.readouterr().err
    assert 'account="333333333333"' in everything(folder)["clusters/asked.py"]
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    assert main(["new-cluster", "--name=more"]) == 1


@pytest.mark.parametrize("name", ["a", "a-b", "a1-2"])
def test_names_of_constants(name: str) -> None:
    assert constant(name).isidentifier()
