"""Names that blue and green clusters share, as CloudFormation and Route 53 take them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from app import ROOT
from blueprint import BlueGreen, Traffic
from blueprint.inventory import planned_fleet
from blueprint.planning.traffic import pair_traffic
from tests.templates import of_type
from tools.__main__ import main
from tools.commands import traffic
from tools.synthesis import synthesize_traffic

EXAMPLE = ROOT / "examples" / "fleet"
FLEET = planned_fleet(EXAMPLE)
RECORD = "AWS::Route53::RecordSet"
SHARED = Traffic("Z0123456789ABC", ("shop.example.com", "example.com"), live_percent=90)
PAIR = BlueGreen("prod-eu", "prod-eu-green", live="blue", traffic=SHARED)


def template(folder: Path, pair: BlueGreen) -> Any:
    """Of one pair, judged by all rules."""
    synthesize_traffic(pair_traffic(replace(FLEET, pairs=(pair,))), folder)
    report = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))
    assert report["pluginReports"] == [], "nothing is found, and nothing accepted"
    (path,) = (folder / "assembly-traffic").glob("*.template.json")
    return json.loads(path.read_text(encoding="utf-8"))


def records(made: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = (each["Properties"] for each in of_type(made, RECORD).values())
    return {(each["Name"], each["Type"], each["SetIdentifier"]): each for each in found}


def weights(made: Any) -> dict[tuple[str, str, str], int]:
    return {key: each["Weight"] for key, each in records(made).items()}


def test_each_name_has_two_answers(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-weighted-alias.html"""
    made = template(tmp_path, PAIR)
    assert weights(made) == {
        (name, "A", cluster): weight
        for name in SHARED.names
        for cluster, weight in (("prod-eu", 90), ("prod-eu-green", 10))
    }
    for (name, _, cluster), each in records(made).items():
        assert each["HostedZoneId"] == each["AliasTarget"]["HostedZoneId"] == "Z0123456789ABC"
        assert each["AliasTarget"]["DNSName"] == f"{cluster}.{name}"
        assert each["AliasTarget"]["EvaluateTargetHealth"] is True


def test_names_that_differ_in_a_sign_are_two(tmp_path: Path) -> None:
    names = ("a-b.example.com", "ab.example.com", "a.b.example.com")
    made = template(tmp_path, replace(PAIR, traffic=replace(SHARED, names=names)))
    assert {name for name, _, _ in weights(made)} == {*names}


def test_both_families(tmp_path: Path) -> None:
    made = template(tmp_path, replace(PAIR, traffic=replace(SHARED, names=("shop.example.com",), ipv6=True)))
    assert sorted(weights(made).items()) == [
        (("shop.example.com", family, cluster), weight)
        for family in ("A", "AAAA")
        for cluster, weight in (("prod-eu", 90), ("prod-eu-green", 10))
    ]


def test_the_live_cluster_has_all_unless_it_is_said(tmp_path: Path) -> None:
    """An answer without weight is one while the other is not well, so there are always two.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
    """
    shared = Traffic("Z0123456789ABC", ("shop.example.com",))
    made = template(tmp_path, replace(PAIR, live="green", traffic=shared))
    assert weights(made) == {
        ("shop.example.com", "A", "prod-eu"): 0,
        ("shop.example.com", "A", "prod-eu-green"): 100,
    }


def test_traffic_moves_in_place(tmp_path: Path) -> None:
    """By CloudFormation's own schema, which cfn-lint ships: nothing that changes asks for another record."""
    before, after = template(tmp_path / "a", PAIR), template(tmp_path / "b", replace(PAIR, live="green"))
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", RECORD).schema
    assert "/properties/Weight" not in schema["createOnlyProperties"]
    assert weights(before) != weights(after)
    assert of_type(before, RECORD).keys() == of_type(after, RECORD).keys()
    for made in (before, after):
        for each in of_type(made, RECORD).values():
            del each["Properties"]["Weight"]
    assert before == after


@pytest.mark.parametrize(("account", "expected"), [(None, "333333333333"), ("555555555555", "555555555555")])
def test_its_stack_is_in_the_account_of_the_zone(account: str | None, expected: str, tmp_path: Path) -> None:
    template(tmp_path, replace(PAIR, traffic=replace(SHARED, account=account)))
    manifest = json.loads((tmp_path / "assembly-traffic" / "manifest.json").read_text(encoding="utf-8"))
    places = {each["environment"] for each in manifest["artifacts"].values() if "environment" in each}
    assert places == {f"aws://{expected}/eu-west-1"}


def test_the_command_says_what_to_deploy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(traffic, "CLUSTERS", EXAMPLE)
    out = tmp_path / "traffic"
    assert main(["traffic", "--output", str(out)]) == 0
    first, _, last = capsys.readouterr().out.splitlines()
    assert first == "shop.example.com  prod-eu 90 %, prod-eu-green 10 %"
    assert last == f"cdk deploy --app {out} 'traffic/prod-eu'"
    assert main(["traffic", "--output", str(out), "--json"]) == 0, "over what it wrote"
    assert json.loads(capsys.readouterr().out) == {"prod-eu": {"prod-eu": 90, "prod-eu-green": 10}}


def test_where_nothing_is_shared(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(traffic, "planned_fleet", lambda _: replace(FLEET, pairs=(replace(PAIR, traffic=None),)))
    assert main(["traffic"]) == 1
    assert "no two clusters share a name" in capsys.readouterr().err
