"""What a mirror needs is what the contracts of add-ons say, for the charts as they are installed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.keda import Keda
from blueprint.addons import HelmRelease, KubernetesManifests
from blueprint.blueprint import Blueprint
from blueprint.mirrors import Mirrors
from blueprint.planning.planner import plan
from examples.operations import OPERATIONS
from tools.__main__ import main
from tools.commands import mirror_list

KEDA = ["ghcr.io/kedacore/keda", "ghcr.io/kedacore/keda-admission-webhooks", "ghcr.io/kedacore/keda-metrics-apiserver"]
OF_KEDA = sorted(f"{image}:{Keda.chart.version}" for image in KEDA)


def listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *clusters: Blueprint) -> Any:
    monkeypatch.setattr(mirror_list, "planned", lambda *_: [plan(each) for each in clusters])
    assert main(["mirror-list", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_charts_and_their_images(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = replace(OPERATIONS, addons=(*CORE, Keda()), teams=())
    found = listed(monkeypatch, capsys, cluster, replace(cluster, name="other"))
    assert [chart["name"] for chart in found["charts"]] == ["keda"]
    assert found["images"] == [
        {"image": image, "mirror": ""} for image in sorted(f"{each}:{Keda.chart.version}" for each in KEDA)
    ]
    assert found["unknown"] == []


def test_what_a_mirror_gives_already_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mirrored = ExternalDns(zones=("Z1",), extra_values={"image": {"repository": "111111111111.dkr.ecr.a.b/dns"}})
    assert listed(monkeypatch, capsys, replace(OPERATIONS, addons=(*CORE, mirrored)))["images"] == []


def test_what_a_mirror_needs_has_its_place_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ecr = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
    mirrors = Mirrors(images={"ghcr.io": f"{ecr}/github"}, charts=f"oci://{ecr}/charts")
    found = listed(monkeypatch, capsys, replace(OPERATIONS, addons=(*CORE, Keda()), teams=(), mirrors=mirrors))
    (chart,) = found["charts"]
    assert (chart["repository"], chart["mirror"]) == (Keda.chart.repository, f"oci://{ecr}/charts/keda")
    assert found["images"] == [
        {"image": image, "mirror": image.replace("ghcr.io", f"{ecr}/github")} for image in OF_KEDA
    ]


@pytest.mark.parametrize(
    "addon",
    [
        Keda(chart_version="2.20.1"),
        HelmRelease("keda", chart="keda", repository="https://a.example.com", version="1.0.0", namespace="keda"),
    ],
)
def test_images_that_nobody_knows_are_said(
    addon: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = listed(monkeypatch, capsys, replace(OPERATIONS, addons=(*CORE, addon)))
    assert (found["images"], found["unknown"]) == ([], ["keda"])


def test_images_of_manifests(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status = KubernetesManifests("status", directory="examples/workloads/status", namespace="status")
    found = listed(monkeypatch, capsys, replace(OPERATIONS, addons=(*CORE, status)))
    assert found["images"] == [{"image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "mirror": ""}]


def test_it_is_text_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    addons = (*CORE, Keda(), HelmRelease("a", chart="a", repository="oci://a.b/a", version="1.0.0", namespace="a"))
    monkeypatch.setattr(mirror_list, "planned", lambda *_: [plan(replace(OPERATIONS, addons=addons))])
    assert main(["mirror-list"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["chart", "a", "1.0.0", "oci://a.b/a"]
    assert f"image  {KEDA[0]}:{Keda.chart.version}" in out
    assert err == "a 1.0.0: no contract says which images it runs\n"
