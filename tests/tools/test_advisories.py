"""What advisories name is what OSV answers: https://google.github.io/osv.dev/post-v1-querybatch/."""

from __future__ import annotations

import json
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.addons import installed
from blueprint.addons.lock import FILE, read
from blueprint.errors import BlueprintError
from tests.tools.forge.forge import Answer, Asked, Forge, forge
from tools import advisories
from tools.__main__ import main
from tools.commands import versions

LOCK = """# Words of a person.

[eks."1.36"]
web = "v1.2.3-eksbuild.1"

[charts.argo-cd]
repository = "https://charts.invalid"
version = "10.1.1"
modules = { "quay.io/argoproj/argocd" = "github.com/argoproj/argo-cd/v3" }

[charts.flux2]
repository = "https://charts.invalid"
version = "2.0.0"
modules = { "ghcr.io/fluxcd/a" = "github.com/fluxcd/a", "localhost:5000/fluxcd/b" = "github.com/fluxcd/b" }

[charts.other]
repository = "https://charts.invalid"
version = "3.0.0"
"""
CONTRACTS: dict[str, Any] = {
    "argo-cd": {
        "chart": "argo-cd",
        "version": "10.1.1",
        "images": ["docker.io/redis:8", "quay.io/argoproj/argocd:v3.4.4"],
    },
    "flux": {
        "chart": "flux2",
        "version": "2.0.0",
        "images": [f"ghcr.io/fluxcd/a:1.2.3@sha256:{'0' * 64}", "localhost:5000/fluxcd/b:v2.0.0"],
    },
    "other": {"chart": "other", "version": "3.0.0", "images": ["quay.io/other/other:v3.0.0"]},
}
BATCH = "POST /v1/querybatch"
ARGO, A, B = (
    {"package": {"ecosystem": "Go", "name": f"github.com/{module}"}, "version": version}
    for module, version in (("argoproj/argo-cd/v3", "3.4.4"), ("fluxcd/a", "1.2.3"), ("fluxcd/b", "2.0.0"))
)
GHSA, GO, OTHER = "GHSA-vqj2-4v8m-8vrq", "GO-2026-4321", "GHSA-wp72-7hj9-5265"
NONE: dict[str, Any] = {"results": [{}, {}, {}]}


def found(*ids: str, token: str = "") -> dict[str, Any]:
    """One result in the documented form."""
    of_page = {"vulns": [{"id": each, "modified": "2026-03-14T05:47:39.989396Z"} for each in ids]}
    return of_page | ({"next_page_token": token} if token else {})


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "versions.toml"
    path.write_text(LOCK, encoding="utf-8")
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    for name, contract in CONTRACTS.items():
        (contracts / f"{name}.json").write_text(json.dumps({name: contract}), encoding="utf-8")
    monkeypatch.setattr(versions, "LOCK", path)
    monkeypatch.setattr(installed, "FOLDER", contracts)
    return path


@pytest.fixture
def osv() -> Iterator[Forge]:
    with forge() as served:
        yield served


def asked(osv: Forge, *more: str) -> int:
    return main(["versions", "--only", "advisories", "--osv", osv.url, *more])


@pytest.mark.usefixtures("lock")
def test_what_advisories_name(osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    osv.routes[BATCH] = {"results": [found(GHSA, GO), found(), found(OTHER)]}
    assert asked(osv) == 0
    assert [each.body for each in osv.asked] == [{"queries": [ARGO, A, B]}]
    assert osv.asked[0].headers["Content-Type"] == "application/json"
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"argo-cd: github.com/argoproj/argo-cd/v3 3.4.4 has {GHSA}, https://osv.dev/vulnerability/{GHSA}",
        f"argo-cd: github.com/argoproj/argo-cd/v3 3.4.4 has {GO}, https://osv.dev/vulnerability/{GO}",
        f"flux2: github.com/fluxcd/b 2.0.0 has {OTHER}, https://osv.dev/vulnerability/{OTHER}",
        "advisories: OSV was asked of 2 charts, nobody of 1 that have no module in the lock",
    ]
    assert said.err == ""
    assert asked(osv, "--check") == 1
    assert "out of date" not in capsys.readouterr().err, "there is nothing to write"


def test_nothing_is_named(lock: Path, osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    osv.routes[BATCH] = NONE
    assert asked(osv, "--check") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert lock.read_text(encoding="utf-8") == LOCK


@pytest.mark.usefixtures("lock")
def test_for_programs(osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    osv.routes[BATCH] = {"results": [found(GHSA), {}, {}]}
    assert asked(osv, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["advisories"] == {
        "argo-cd": [{"module": "github.com/argoproj/argo-cd/v3", "version": "3.4.4", "ids": [GHSA]}],
        "flux2": [
            {"module": "github.com/fluxcd/a", "version": "1.2.3", "ids": []},
            {"module": "github.com/fluxcd/b", "version": "2.0.0", "ids": []},
        ],
    }
    assert told["without_module"] == ["other"]


@pytest.mark.usefixtures("lock")
def test_further_pages_are_asked_for_where_there_are_some(osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    """A page may be empty and have a next one; what stands on two counts once."""
    pages: list[list[dict[str, Any]]] = [
        [found(GHSA, token="one"), {}, found(token="two")],
        [found(GHSA, GO, token="three"), found(OTHER)],
        [{}],
    ]
    osv.queue[BATCH] = [Answer({"results": page}) for page in pages]
    assert asked(osv, "--json") == 0
    argo, b = ({**ARGO, "page_token": "one"}, {**B, "page_token": "two"})
    queries = [[ARGO, A, B], [argo, b], [{**ARGO, "page_token": "three"}]]
    assert [each.body["queries"] for each in osv.asked] == queries
    told = json.loads(capsys.readouterr().out)["advisories"]
    assert [each["ids"] for those in told.values() for each in those] == [[GHSA, GO], [], [OTHER]]


@pytest.mark.usefixtures("lock")
def test_pages_end(osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    def endless(asked: Asked) -> dict[str, Any]:
        return {"results": [found(token="more") for _ in asked.body["queries"]]}

    osv.routes[BATCH] = endless
    assert asked(osv) == 2
    assert capsys.readouterr().err == "advisories: not looked up, there are more than 100 pages of answers\n"


@pytest.mark.usefixtures("lock")
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer({"code": 3, "message": "Invalid query."}, 400), "answered with 400 Bad Request"),
        (Answer({}, 503), "answered with 503 Service Unavailable"),
        (Answer(raw=b"<html>"), "answered with something else than ids for each query"),
        (Answer(raw=b"\xff"), "answered with something else than ids for each query"),
        (Answer([]), "answered with something else than ids for each query"),
        (Answer({}), "answered with something else than ids for each query"),
        (Answer({"results": [{}, {}]}), "answered with something else than ids for each query"),
        (Answer({"results": "abc"}), "answered with something else than ids for each query"),
        (Answer({"results": [{}, {}, {"vulns": [GHSA]}]}), "answered with something else than ids for each query"),
        (Answer({"results": [{}, {}, {"vulns": None}]}), "answered with something else than ids for each query"),
        (Answer({"results": [{}, {}, {"vulns": [{"id": 1}]}]}), "answered with something else than ids for each query"),
        (Answer({"results": [{}, {}, found("X\x1b[2J")]}), "answered with something else than ids for each query"),
        (Answer({"results": [{}, {}, {"next_page_token": 1}]}), "answered with something else than ids for each query"),
    ],
)
def test_an_osv_that_does_not_tell(answer: Answer, says: str, osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    osv.routes[BATCH] = answer
    for more in ((), ("--check",)):
        assert asked(osv, *more) == 2
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", f"advisories: not looked up, {osv.url}/v1/querybatch {says}\n")


@pytest.mark.usefixtures("lock")
def test_an_osv_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert main(["versions", "--only", "advisories", "--osv", f"{address}/"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"advisories: not looked up, {address}/v1/querybatch did not answer: [Errno ")
    assert said.count("\n") == 1
    assert main(["versions", "--only", "advisories", "--osv", "file:///etc"]) == 2
    assert capsys.readouterr().err == "advisories: not looked up, 'file:///etc' is no address, https or http\n"


@pytest.mark.parametrize(
    "image",
    [
        "quay.io/argoproj/argocd",
        "quay.io/argoproj/argocd:latest",
        "quay.io/argoproj/argocd:3.4.4-distroless",
        "redis:8.0.0",
    ],
)
@pytest.mark.usefixtures("lock")
def test_a_version_that_nobody_knows(image: str, osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are asked of all the same."""
    contract = {"argo-cd": {**CONTRACTS["argo-cd"], "images": [image]}}
    (installed.FOLDER / "argo-cd.json").write_text(json.dumps(contract), encoding="utf-8")
    osv.routes[BATCH] = {"results": [{}, {}]}
    assert asked(osv) == 2
    assert [each.body for each in osv.asked] == [{"queries": [A, B]}]
    assert capsys.readouterr().err == (
        "advisories of argo-cd 10.1.1: not looked up, its contract has no quay.io/argoproj/argocd with the tag of a "
        "release: `make contracts`\n"
    )


def test_a_contract_of_another_version(lock: Path, osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    lock.write_text(LOCK.replace("10.1.1", "10.1.2"), encoding="utf-8")
    osv.routes[BATCH] = {"results": [{}, {}]}
    assert asked(osv) == 2
    assert capsys.readouterr().err.startswith("advisories of argo-cd 10.1.2: not looked up, ")


def test_names_are_those_of_charts(tmp_path: Path, lock: Path, osv: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    """What has no module is asked of nobody, and charts and advisories do not hinder one another."""
    osv.routes[BATCH] = {"results": [found(GHSA)]}
    nowhere = ["--charts", str(tmp_path / "none"), "--osv", osv.url]
    assert main(["versions", "argo-cd", *nowhere]) == 2
    said = capsys.readouterr()
    assert [each.body for each in osv.asked] == [{"queries": [ARGO]}]
    assert said.out.startswith(f"argo-cd: github.com/argoproj/argo-cd/v3 3.4.4 has {GHSA}, ")
    assert said.err.startswith("argo-cd 10.1.1: not looked up, ")
    assert main(["versions", "argo-cd", "--check", *nowhere]) == 1
    capsys.readouterr()
    assert main(["versions", "other", *nowhere]) == 2
    assert len(osv.asked) == 2
    assert capsys.readouterr().out == ""


# --- The lock ---


def test_modules_stay_where_a_lock_is_written_anew() -> None:
    text = versions.with_facts(LOCK, "argo-cd", {"digest": f"sha256:{'1' * 64}", "kubernetes": ">=1.25"})
    before, after = tomllib.loads(LOCK)["charts"], tomllib.loads(text)["charts"]
    assert after["argo-cd"] == {**before["argo-cd"], "digest": f"sha256:{'1' * 64}", "kubernetes": ">=1.25"}
    assert {**after, "argo-cd": 0} == {**before, "argo-cd": 0}


@pytest.mark.parametrize(
    ("module", "goes"),
    [
        ("github.com/argoproj/argo-cd/v3", True),
        ("sigs.k8s.io/kueue", True),
        ("github.com/aws/a_b~c/v10", True),
        ("github.com/a/api/v1/b", True),
        ("github.com/argoproj/argo-cd/v1", False),
        ("github.com/argoproj/argo-cd/v0", False),
        ("github.com/argoproj/argo-cd/v03", False),
        ("https://github.com/argoproj/argo-cd", False),
        ("github.com/argoproj/argo-cd@v3.4.4", False),
        ("github.com/argoproj/argo-cd/", False),
        ("github.com//argo-cd", False),
        ("github.com/.argo/cd", False),
        ("github.com/argo./cd", False),
        ("GitHub.com/argoproj/argo-cd", False),
        ("argoproj/argo-cd", False),
        ("-a.com/b", False),
        ("github.com", False),
        ("", False),
    ],
)
def test_a_module_is_written_as_go_writes_it(module: str, goes: bool) -> None:
    """golang.org/x/mod/module, CheckPath; a path of a domain alone is a module, and no program here."""
    text = LOCK.replace("github.com/argoproj/argo-cd/v3", module)
    if goes:
        assert read(text).charts["argo-cd"].modules == {"quay.io/argoproj/argocd": module}
        return
    with pytest.raises(BlueprintError) as raised:
        read(text)
    assert f'{FILE}: charts.argo-cd.modules."quay.io/argoproj/argocd"' in str(raised.value)


def test_the_lock_has_modules_of_images_in_contracts_and_those_that_definitions_come_from(root: Path) -> None:
    """Definitions are had from the modules (`sum` is Go's), so these exist; two are of no program of a chart."""
    lock, tags = read((root / FILE).read_text(encoding="utf-8")), advisories.tags()
    asked = {name: advisories.programs(each, tags[name, each.version]) for name, each in lock.charts.items()}
    pins = tomllib.loads((root / "tools/kubernetes/definitions.toml").read_text(encoding="utf-8"))["module"]
    known = {each["path"] for each in pins} - {
        "sigs.k8s.io/gateway-api",
        "github.com/kubernetes-csi/external-snapshotter/client/v8",
    }
    assert known <= {each.module for those in asked.values() for each in those}
    assert advisories.Program("github.com/argoproj/argo-cd/v3", "3.4.4") in asked["argo-cd"]
