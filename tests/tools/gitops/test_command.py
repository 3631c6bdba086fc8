"""`make gitops`: what it writes, what it leaves, and what it says of a folder that somebody changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from blueprint import Blueprint
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plan
from examples.argo_delivery import ARGO_DELIVERY
from examples.flux_delivery import FLUX_DELIVERY
from examples.managed import MANAGED
from tools.__main__ import main
from tools.commands import gitops
from tools.gitops.folder import texts
from tools.outputs import MARK


class Inventory:
    """The clusters that the command finds."""

    def __init__(self, *blueprints: Blueprint) -> None:
        self.plans = {each.name: plan(each) for each in blueprints}

    def planned(self, _: object, names: list[str]) -> list[object]:
        return [made for name, made in self.plans.items() if not names or name in names]


@pytest.fixture
def inventory(monkeypatch: pytest.MonkeyPatch) -> Inventory:
    found = Inventory(ARGO_DELIVERY, FLUX_DELIVERY, MANAGED)
    monkeypatch.setattr(gitops, "planned", found.planned)
    return found


def files(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: text for name, text in found.items() if name != MARK}


def test_it_writes_what_comes_from_git(inventory: Inventory, tmp_path: Path) -> None:
    out = tmp_path / "clone" / "gitops"
    assert main(["gitops", "--output", str(out)]) == 0
    expected: dict[str, bytes] = {}
    for made in inventory.plans.values():
        if made.delivery:
            expected |= {name: text.encode() for name, text in texts(made, made.delivery).items()}
    assert files(out) == expected
    assert {path.name for path in out.iterdir()} == {MARK, "argo-delivery", "flux-delivery"}
    assert main(["gitops", "--output", str(out), "--check"]) == 0


def test_the_same_plan_gives_the_same_bytes() -> None:
    one, other = (plan(ARGO_DELIVERY) for _ in range(2))
    assert one.delivery
    assert other.delivery
    assert texts(one, one.delivery) == texts(other, other.delivery)


def test_check_is_red_for_every_file_that_somebody_changed(
    inventory: Inventory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gitops", "--output", str(tmp_path)]) == 0
    changed = tmp_path / "argo-delivery/addons/values.yaml"
    gone = tmp_path / "flux-delivery/addons/kustomization.yaml"
    more = tmp_path / "argo-delivery/objects/mine.yaml"
    link = tmp_path / "argo-delivery/addons/Chart.yaml"
    changed.write_text("facts: {vpc-id: vpc-1}", encoding="utf-8")
    gone.unlink()
    more.write_text("kind: ConfigMap", encoding="utf-8")
    same = link.read_text(encoding="utf-8")
    link.unlink()
    (tmp_path.parent / "elsewhere").write_text(same, encoding="utf-8")
    link.symlink_to(tmp_path.parent / "elsewhere")
    capsys.readouterr()
    before = files(tmp_path)
    assert main(["gitops", "--output", str(tmp_path), "--check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        str(changed): "is out of date",
        str(link): "is out of date",
        str(more): "is of nothing in the plan",
        str(gone): "is missing",
    }
    assert files(tmp_path) == before
    assert main(["gitops", "--output", str(tmp_path)]) == 0
    assert not more.exists()
    assert not link.is_symlink()
    assert (tmp_path.parent / "elsewhere").read_text(encoding="utf-8") == same
    assert main(["gitops", "--output", str(tmp_path), "--check"]) == 0


def test_check_is_red_after_a_change_of_the_plan(
    inventory: Inventory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gitops", "--output", str(tmp_path)]) == 0
    inventory.plans["flux-delivery"] = plan(replace(FLUX_DELIVERY, tags={"cost-center": "43"}))
    capsys.readouterr()
    assert main(["gitops", "--output", str(tmp_path), "--check"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == "Run `make gitops` and commit what it writes."
    assert [line for line in told[:-1] if "ec2nodeclass-default.yaml: is out of date" in line]
    assert all("/flux-delivery/" in line for line in told[:-1])


def test_a_cluster_that_is_gone_goes_and_one_that_is_not_named_stays(inventory: Inventory, tmp_path: Path) -> None:
    assert main(["gitops", "--output", str(tmp_path)]) == 0
    before = files(tmp_path)
    del inventory.plans["argo-delivery"]
    assert main(["gitops", "--output", str(tmp_path), "flux-delivery"]) == 0
    assert files(tmp_path) == before
    assert main(["gitops", "--output", str(tmp_path), "--check"]) == 1
    assert main(["gitops", "--output", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {MARK, "flux-delivery"}
    inventory.plans["flux-delivery"] = plan(replace(FLUX_DELIVERY, delivery=MANAGED.delivery))
    assert main(["gitops", "--output", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {MARK}


def test_a_cluster_of_the_installer_has_nothing_in_git(
    inventory: Inventory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gitops", "--output", str(tmp_path), "managed"]) == 1
    assert "fix    write delivery=ArgoCdDelivery(…) or FluxDelivery(…)" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


def test_nothing_of_somebody_else_is_touched(inventory: Inventory, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    for option in ([], ["--check"]):
        assert main(["gitops", "--output", str(tmp_path), *option]) == 2
    assert files(tmp_path) == {"README.md": b"mine"}


def test_a_mistake_is_reported_and_nothing_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(*_: object) -> None:
        raise BlueprintError([])

    monkeypatch.setattr(gitops, "planned", fails)
    assert main(["gitops", "--output", str(tmp_path / "new")]) == 1
    assert not (tmp_path / "new").exists()
