"""`make fleet`: what is where, from the files alone."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import ROOT
from blueprint.inventory import planned_fleet
from blueprint.planning.planner import plan
from blueprint.versions import STANDARD_SUPPORT, SUPPORT, SUPPORTED
from tests.blueprint.examples import SMALL
from tests.plans import nodes
from tests.plans import planned as by_hand
from tools.__main__ import main
from tools.commands import fleet as command
from tools.fleet.state import as_json, lags, monthly, tables
from tools.review.prices import Price, Prices, prices
from tools.status import Status
from tools.tables import text_table

EXAMPLE = ROOT / "examples" / "fleet"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return as_json(planned_fleet(EXAMPLE), prices())


def test_the_end_of_support_of_each_version() -> None:
    """14 months after its release by EKS, and 12 months later, as AWS's calendar has it for all of them."""
    assert {*SUPPORT} == {*SUPPORTED}
    for each in SUPPORT.values():
        until = each.standard_until
        assert each.extended_until == until.replace(year=until.year + 1)
    assert [SUPPORT[version].standard_until for version in SUPPORTED] == sorted(
        each.standard_until for each in SUPPORT.values()
    )
    # https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html#kubernetes-release-calendar
    assert SUPPORT["1.34"].standard_until == dt.date(2026, 12, 2)


def test_each_cluster_with_its_wave_place_and_versions(document: dict[str, Any]) -> None:
    found = {each["name"]: (wave["name"], each) for wave in document["waves"] for each in wave["clusters"]}
    assert [*found] == ["dev-us", "dev-eu", "stage-us", "stage-eu", "prod-eu-green", "prod-eu", "prod-us"]
    wave, green = found["prod-eu-green"]
    assert (wave, green["account"], green["region"], green["kubernetes"]) == (
        "prod-canary",
        "333333333333",
        "eu-west-1",
        "1.36",
    )
    assert (green["standard_support_until"], green["extended_support_until"]) == ("2027-08-02", "2028-08-02")
    assert green["pair"] == {"color": "green", "live": False, "percent": 10}
    assert found["prod-eu"][1]["pair"] == {"color": "blue", "live": True, "percent": 90}
    assert found["prod-us"][1]["pair"] is None
    assert green["differences"] == ["region", "network.cidr", "cluster.version"]


def test_what_holds_for_each_wave(document: dict[str, Any]) -> None:
    said = [(wave["name"], wave["approval"], wave["soak_minutes"], wave["alarms"]) for wave in document["waves"]]
    alarms = ["{cluster}-errors"]
    assert said == [
        ("dev", False, 0, []),
        ("stage", False, 30, alarms),
        ("prod-canary", True, 120, alarms),
        ("prod-first", False, 30, alarms),
        ("prod-rest", False, 30, alarms),
    ]


def test_what_lags() -> None:
    newest = STANDARD_SUPPORT[-1]
    assert [*lags(plan(replace(SMALL, cluster=replace(SMALL.cluster, version=newest))))] == []
    old = replace(SMALL.cluster, version="1.33", support_policy="EXTENDED")
    assert [*lags(plan(replace(SMALL, cluster=old)))] == [
        f"Kubernetes 1.33 is 3 minors behind {newest}",
        "Kubernetes 1.33 is in extended support, which costs more",
    ]
    groups = (
        nodes("old", version="1.35", release="1.35.6-20260714"),
        nodes("older", version="1.36", release="1.36.1-20260601"),
        nodes("bottle", version="1.36", image="BOTTLEROCKET_ARM_64", release="1.66.0-1ad6b4a4"),
    )
    assert [*lags(by_hand(version=newest, compute=groups))] == [
        f"nodes old run 1.35 under a control plane of {newest}",
        "nodes older run the image 1.36.1-20260601, and 1.36.2-20260714 is known",
    ]


def test_what_it_costs_at_least() -> None:
    table = Prices(
        price=tuple(
            Price(what=what, regions=("us-*",), usd_hour=cost, date=dt.date(2026, 11, 27), source="made up")
            for what, cost in (
                ("control plane, standard support", 0.1),
                ("NAT gateway", 0.01),
                ("public IPv4 address", 0.001),
                ("m7g.large", 1),
            )
        )
    )
    cluster = by_hand(nat_gateways=2, compute=(nodes("x", "m7g.large", min=1, max=3),))
    assert monthly(cluster, table) == (round(730 * 1.122, 2), round(730 * 3.122, 2))
    assert monthly(by_hand(cluster, region="eu-west-1"), table) is None, "no sum of which a part is not known"


def test_for_people(document: dict[str, Any]) -> None:
    text = "\n".join(map(text_table, tables(document)))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "prod-canary yes 120 min {cluster}-errors" in lines
    row = "prod-canary prod-eu-green (green, idle) 333333333333 eu-west-1 1.36 2027-08-02 not known"
    assert row in lines
    shares = lines[lines.index("SHARES OF THE TRAFFIC") + 1 :][:3]
    assert shares == ["cluster of all answers", "prod-eu-green 10 %", "prod-eu 90 %"]
    assert "prod-us Kubernetes 1.35 is 1 minor behind 1.36" in lines


class TestCommand:
    def test_for_programs(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(command, "CLUSTERS", EXAMPLE)
        assert main(["fleet", "--json"]) == Status.DONE
        assert json.loads(capsys.readouterr().out)["waves"][0]["clusters"][0]["name"] == "dev-us"

    def test_without_a_fleet(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["fleet"]) == Status.REFUSED
        assert "examples/fleet.py" in capsys.readouterr().err

    def test_with_a_price_table_of_ones_own(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        monkeypatch.setattr(command, "CLUSTERS", EXAMPLE)
        (tmp_path / "mine.toml").write_text("price = []")
        assert main(["fleet", "--json", f"--prices={tmp_path / 'mine.toml'}"]) == Status.DONE
        document = json.loads(capsys.readouterr().out)
        assert {each["usd_month"] for wave in document["waves"] for each in wave["clusters"]} == {None}
