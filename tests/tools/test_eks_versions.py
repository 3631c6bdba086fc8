"""Versions of EKS add-ons and schemas of their configuration are those that EKS tells.

Moto knows neither operation; botocore's Stubber holds what is asked and answered against the service model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from blueprint.addons import schemas
from blueprint.addons.lock import FILE, read
from tests.blueprint.addon_schemas import COREDNS
from tests.tools.stubbed import stubbed
from tools import eks_addons
from tools.__main__ import main
from tools.commands import versions
from tools.eks_addons import AddonOffer

LOCK = """# Words of a person.

[eks."1.35"]
coredns = "v1.13.2-eksbuild.9"
web = "v1.2.3-eksbuild.1"

[eks."1.36"]
coredns = "v1.13.2-eksbuild.9"
web = "v1.2.3-eksbuild.1"

[charts.tiny]
repository = "https://charts.invalid"
version = "2.0.0"
"""
NEWER = LOCK.replace('[eks."1.36"]\ncoredns = "v1.13.2-eksbuild.9"', '[eks."1.36"]\ncoredns = "v1.13.2-eksbuild.10"')
TABLES = ("1.35", "1.36")


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "versions.toml"
    path.write_text(LOCK, encoding="utf-8")
    monkeypatch.setattr(versions, "LOCK", path)
    monkeypatch.setattr(schemas, "FOLDER", tmp_path / "schemas")
    return path


@pytest.fixture
def eks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Answers in the order in which they are given, and is asked for all of them."""
    with stubbed("eks", eks_addons, monkeypatch) as stubber:
        yield stubber


def offers(eks: Stubber, addon: str, *offered: dict[str, Any], page: str = "", then: str = "") -> None:
    """A page of versions, which another one follows, or precedes."""
    asked = {"addonName": addon} | ({"nextToken": page} if page else {})
    answer: dict[str, Any] = {"addons": [{"addonName": addon, "addonVersions": list(offered)}] if offered else []}
    eks.add_response("describe_addon_versions", answer | ({"nextToken": then} if then else {}), asked)


def version(name: str, *minors: str, default: tuple[str, ...] = ()) -> dict[str, Any]:
    """One that fits these minors of Kubernetes."""
    fits = [{"clusterVersion": each, "defaultVersion": each in default} for each in minors]
    return {"addonVersion": name, "architecture": ["amd64", "arm64"], "compatibilities": fits}


def has_schema(eks: Stubber, addon: str, of: str, schema: str | None = COREDNS) -> None:
    asked = {"addonName": addon, "addonVersion": of}
    told = {} if schema is None else {"configurationSchema": schema}
    eks.add_response("describe_addon_configuration", asked | told, asked)


def test_defaults_and_schemas_are_written_and_all_else_stays(
    lock: Path, eks: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    offers(eks, "coredns", version("v1.13.2-eksbuild.9", *TABLES, default=("1.35",)), then="more")
    offers(
        eks,
        "coredns",
        version("v1.14.0-eksbuild.1", "1.36"),
        version("v1.13.2-eksbuild.10", "1.36", default=("1.36",)),
        version("v9.9.9-of-somebody", "1.36"),
        page="more",
    )
    has_schema(eks, "coredns", "v1.13.2-eksbuild.9")
    has_schema(eks, "coredns", "v1.13.2-eksbuild.10", '{"type": "object"}')
    offers(eks, "web", version("v1.2.3-eksbuild.1", *TABLES, default=TABLES))
    has_schema(eks, "web", "v1.2.3-eksbuild.1")
    assert main(["versions", "--only", "eks"]) == 0
    assert lock.read_text(encoding="utf-8") == NEWER
    assert capsys.readouterr().out.splitlines() == [
        "coredns of Kubernetes 1.35: v1.13.2-eksbuild.9, the newest",
        (
            "coredns of Kubernetes 1.36: v1.13.2-eksbuild.9, EKS's default is v1.13.2-eksbuild.10, "
            "2 newer, up to v1.14.0-eksbuild.1; now v1.13.2-eksbuild.10"
        ),
        "web of Kubernetes 1.35, 1.36: v1.2.3-eksbuild.1, the newest",
        "coredns: schema of v1.13.2-eksbuild.9, v1.13.2-eksbuild.10",
        "web: schema of v1.2.3-eksbuild.1",
    ]
    assert schemas.schemas("coredns") == {
        "v1.13.2-eksbuild.9": json.loads(COREDNS),
        "v1.13.2-eksbuild.10": {"type": "object"},
    }
    assert sorted(path.name for path in schemas.FOLDER.iterdir()) == ["coredns.json", "web.json"]


def web(eks: Stubber, schema: str | None = COREDNS) -> None:
    """All of it as it is locked."""
    offers(eks, "web", version("v1.2.3-eksbuild.1", *TABLES, default=TABLES))
    has_schema(eks, "web", "v1.2.3-eksbuild.1", schema)


def test_check_writes_nothing(lock: Path, eks: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    old = lock.read_text(encoding="utf-8").replace("1.2.3", "1.2.2")
    lock.write_text(old, encoding="utf-8")
    web(eks)
    assert main(["versions", "web", "--check"]) == 1
    file = schemas.FOLDER / "web.json"
    said = f"{lock}: is out of date\n{file}: is out of date\nRun `make versions` and commit what it writes.\n"
    assert capsys.readouterr().err == said
    assert lock.read_text(encoding="utf-8") == old
    assert not file.exists()
    web(eks)
    assert main(["versions", "web"]) == 0
    assert lock.read_text(encoding="utf-8") == LOCK
    web(eks)
    assert main(["versions", "web", "--check"]) == 0


def test_schemas_of_versions_that_are_no_longer_locked_go(lock: Path, eks: Stubber) -> None:
    schemas.FOLDER.mkdir()
    file = schemas.FOLDER / "web.json"
    file.write_text(json.dumps({"v1.2.3-eksbuild.1": {"a": 1}, "v1.0.0": {}}), encoding="utf-8")
    web(eks, None)
    assert main(["versions", "web"]) == 2
    assert json.loads(file.read_text(encoding="utf-8")) == {"v1.2.3-eksbuild.1": {"a": 1}}, "what nobody told stays"


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (None, "EKS has no configuration schema of it"),
        ("{", "its configuration schema is no JSON: "),
        ('{"type": "objekt"}', "its configuration schema cannot be used: it is no JSON schema: "),
        ("[]", "its configuration schema cannot be used: it is no object"),
    ],
)
def test_what_is_no_schema_is_said_and_not_written(
    schema: str | None, why: str, lock: Path, eks: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    web(eks, schema)
    assert main(["versions", "web"]) == 2
    assert capsys.readouterr().err.startswith(f"schema of web v1.2.3-eksbuild.1: not looked up, {why}")
    assert not schemas.FOLDER.exists()


def test_an_add_on_that_eks_does_not_know_or_not_for_a_minor(
    lock: Path, eks: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    eks.add_client_error("describe_addon_versions", "InvalidParameterException", "no such add-on", 400)
    offers(eks, "web", version("v1.2.3-eksbuild.1", "1.35", default=("1.35",)))
    eks.add_client_error("describe_addon_configuration", "ResourceNotFoundException", "no such version", 404)
    assert main(["versions", "--only", "eks", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    same = dict.fromkeys(("locked", "version", "default", "newest"), "v1.2.3-eksbuild.1")
    assert found["eks"] == {"web": {"1.35": same | {"behind": 0, "said": "the newest"}}}
    assert list(found["untold"]) == [
        "coredns",
        "web v1.2.3-eksbuild.1 of Kubernetes 1.36",
        "schema of web v1.2.3-eksbuild.1",
    ]
    assert lock.read_text(encoding="utf-8") == LOCK


def test_a_denied_call_is_not_made_again_and_what_was_told_is_written(
    lock: Path, eks: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    offers(eks, "coredns", version("v1.13.2-eksbuild.10", *TABLES, default=("1.36",)))
    eks.add_client_error("describe_addon_configuration", "AccessDeniedException", "not you", 403)
    assert main(["versions", "--only", "eks"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("EKS: not looked up, ")
    assert "fix  sign in to any account, with eks:DescribeAddonVersions and eks:DescribeAddonConfiguration" in said
    assert lock.read_text(encoding="utf-8") == NEWER


def test_without_credentials_eks_is_not_asked(
    lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["versions", "web"]) == 2
    assert "EKS: not looked up, Unable to locate credentials\n" in capsys.readouterr().err
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert main(["versions", "web", "--check"]) == 2
    assert "EKS: not looked up, The config profile (nobody) could not be found\n" in capsys.readouterr().err


def test_charts_alone_and_names_of_both(
    tmp_path: Path, lock: Path, eks: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Stubber refuses a call that no answer was given for."""
    nowhere = ["--charts", str(tmp_path / "none")]
    for asked in (["tiny"], ["--only", "charts"]):
        assert main(["versions", *asked, *nowhere]) == 2
        assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["tiny 2.0.0"]
    lock.write_text(LOCK.replace("charts.tiny", "charts.web"), encoding="utf-8")
    web(eks)
    assert main(["versions", "web", *nowhere, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (list(found["eks"]), list(found["untold"])) == (["web"], ["web 2.0.0"])
    assert main(["versions", "unknown"]) == 1
    assert f"{FILE}: charts.unknown" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["versions", "web", "--only", "eks"])


@pytest.mark.parametrize(
    ("offered", "default", "locked", "better", "said"),
    [
        (("v1.2.0",), "v1.2.0", "v1.2.0", "v1.2.0", ""),
        (("v1.3.0", "v1.2.0"), "v1.2.0", "v1.3.0", "v1.3.0", "EKS's default is v1.2.0"),
        (("v1.2.0",), "v1.2.0", "v1.3.0", "v1.2.0", "EKS does not offer v1.3.0, EKS's default is v1.2.0"),
        (("v1.3.0", "v1.2.0"), "", "v1.2.0", "v1.2.0", "EKS's default is not said, 1 newer, up to v1.3.0"),
        (
            ("v2.0.0", "v1.9.0"),
            "v2.0.0",
            "v1.9.0",
            "v1.9.0",
            (
                "EKS's default is v2.0.0, 1 newer, up to v2.0.0, another major version takes another configuration: "
                "read what changes, and write it by hand"
            ),
        ),
        (
            ("v1.2.0-eksbuild.10", "v1.2.0-eksbuild.9"),
            "v1.2.0-eksbuild.10",
            "v1.2.0-eksbuild.9",
            "v1.2.0-eksbuild.10",
            "EKS's default is v1.2.0-eksbuild.10, 1 newer, up to v1.2.0-eksbuild.10",
        ),
    ],
)
def test_what_belongs_into_the_lock(
    offered: tuple[str, ...], default: str, locked: str, better: str, said: str
) -> None:
    offer = AddonOffer(offered, default)
    assert (offer.better(locked), offer.said(locked)) == (better, said)


def test_one_line_of_one_table_changes() -> None:
    assert versions.with_version(LOCK, "1.36", "coredns", "v1.13.2-eksbuild.10") == NEWER
    lock = read(LOCK.replace("web =", "web-coredns ="))
    assert set(lock.eks["1.36"]) == {"coredns", "web-coredns"}
    turned = LOCK.replace("coredns =", "a-web =")
    expected = turned.replace('\nweb = "v1.2.3-eksbuild.1"', '\nweb = "v9"', 1)
    assert versions.with_version(turned, "1.35", "web", "v9") == expected
