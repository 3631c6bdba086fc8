"""Releases of images of nodes are those of which SSM has public parameters; moto has some of its own."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import botocore.session
import pytest
from botocore.stub import Stubber

from blueprint.images import is_of
from tests.tools.stubbed import stubbed
from tools import node_images
from tools.__main__ import main
from tools.commands import versions

FILE = """# Words of a person.

[al2023]
"1.35" = "1.35.6-20260714"
"1.36" = "1.36.2-20260714"

[bottlerocket]
# More words.
release = "1.66.0-1ad6b4a4"

[bottlerocket.first]
"1.36" = "1.58.0"
"""
AL2023 = "/aws/service/eks/optimized-ami/{}/amazon-linux-2023/{}/standard/recommended/release_version"
BOTTLEROCKET = "/aws/service/bottlerocket/aws-k8s-1.36/{}/latest/image_version"
NEWEST = {
    AL2023.format("1.35", "x86_64"): "1.35.6-20260714",
    AL2023.format("1.35", "arm64"): "1.35.6-20260714",
    AL2023.format("1.36", "x86_64"): "1.36.10-20261103",
    AL2023.format("1.36", "arm64"): "1.36.9-20261020",
    BOTTLEROCKET.format("x86_64"): "1.100.0-0a1b2c3d",
    BOTTLEROCKET.format("arm64"): "1.100.0-0a1b2c3d",
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "node_images.toml"
    path.write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(versions, "IMAGES", path)
    return path


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    with stubbed("ssm", node_images, monkeypatch) as stubber:
        yield stubber


def answers(ssm: Stubber, told: Mapping[str, str], *asked: str) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""
    names = list(asked or told)
    parameters = [{"Name": name, "Type": "String", "Value": told[name]} for name in names if name in told]
    missing = [name for name in names if name not in told]
    told_of = {"Parameters": parameters} | ({"InvalidParameters": missing} if missing else {})
    ssm.add_response("get_parameters", told_of, {"Names": names})


def test_the_newest_of_all_architectures_is_written(
    file: Path, ssm: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(ssm, NEWEST)
    assert main(["versions", "--only", "images", "--check"]) == 1
    assert file.read_text(encoding="utf-8") == FILE
    answers(ssm, NEWEST)
    capsys.readouterr()
    assert main(["versions", "--only", "images"]) == 0
    expected = FILE.replace("1.36.2-20260714", "1.36.9-20261020").replace("1.66.0-1ad6b4a4", "1.100.0-0a1b2c3d")
    assert file.read_text(encoding="utf-8") == expected
    assert capsys.readouterr().out.splitlines() == [
        "al2023 of Kubernetes 1.35: 1.35.6-20260714, the newest",
        "al2023 of Kubernetes 1.36: 1.36.2-20260714, 98 days older than 1.36.9-20261020; now 1.36.9-20261020",
        "bottlerocket: 1.66.0-1ad6b4a4, older than 1.100.0-0a1b2c3d; now 1.100.0-0a1b2c3d",
    ]
    answers(ssm, NEWEST)
    assert main(["versions", "--only", "images", "--check"]) == 0


def test_none_goes_back(file: Path, ssm: Stubber) -> None:
    """UpdateNodegroupVersion takes no older release than the one a node group runs."""
    older = {name: "1.65.0-0a1b2c3d" for name in NEWEST if "bottlerocket" in name}
    answers(ssm, older)
    assert main(["versions", "bottlerocket"]) == 0
    assert file.read_text(encoding="utf-8") == FILE


def test_what_is_not_told_or_no_release_stays(file: Path, ssm: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [name for name in NEWEST if "al2023" in name or "linux" in name]
    told = {name: NEWEST[name] for name in asked if "1.35" in name} | {asked[2]: "latest"}
    answers(ssm, told, *asked)
    assert main(["versions", "al2023", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert list(found["images"]) == ["al2023 of Kubernetes 1.35"]
    name, why = "al2023 of Kubernetes 1.36, 1.36.2-20260714", f"{asked[2]} says 'latest', which is no release"
    assert found["untold"] == {name: why}
    assert file.read_text(encoding="utf-8") == FILE
    answers(ssm, {name: NEWEST[name] for name in asked[:3]}, *asked)
    assert main(["versions", "al2023"]) == 2
    assert f"there is no parameter {asked[3]}" in capsys.readouterr().err


def test_who_may_not_ask_hears_what_is_needed(file: Path, ssm: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    ssm.add_client_error("get_parameters", "AccessDeniedException", "not you", 403)
    assert main(["versions", "--only", "images"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("SSM: not looked up, ")
    assert "fix  sign in to any account, with ssm:GetParameters" in said


def test_parameters_are_asked_for_ten_at_a_time(ssm: Stubber) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html: Names"""
    model = botocore.session.get_session().get_service_model("ssm")
    assert model.shape_for("ParameterNameList").metadata["max"] == 10
    names = [f"/a/{number}" for number in range(12)]
    told = dict.fromkeys(names, "1.0.0-20260101")
    answers(ssm, told, *names[:10])
    answers(ssm, told, *names[10:])
    assert node_images.values(node_images.client(), names) == told


def test_the_projects_own_file_is_asked_for_whole(root: Path) -> None:
    text = (root / "facts" / "node_images.toml").read_text(encoding="utf-8")
    found = node_images.pinned(text)
    minors = tomllib.loads(text)["al2023"]
    assert [*found] == [*(f"al2023 of Kubernetes {minor}" for minor in minors), "bottlerocket"]
    assert all(is_of("AL2023", release) for name, (release, _) in found.items() if name.startswith("al2023"))
    for name in found:
        moved = node_images.with_release(text, name, "9.9.9-29991231")
        assert moved != text
        assert node_images.pinned(moved)[name][0] == "9.9.9-29991231"
