"""Prices that AWS tells. The form of its answers is that of botocore's own example, and what is asked its model's."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.session import get_session
from botocore.stub import ANY, Stubber

from blueprint.inventory import planned
from tools.__main__ import main
from tools.commands import prices as command
from tools.review import price_list
from tools.review.prices import prices

(EXAMPLE,) = Loader().load_service_model("pricing", "examples-1")["examples"]["GetProducts"]
VOLUME: dict[str, Any] = json.loads(EXAMPLE["output"]["PriceList"][0])
SPOKEN = dt.date(2017, 9, 1)


def product(usd: str, usage: str = "EU-BoxUsage:m7g.large", unit: str = "Hrs") -> str:
    """AWS's example at another price, of another usage."""
    made = json.loads(json.dumps(VOLUME))
    made["product"]["attributes"]["usagetype"] = usage
    for term in made["terms"]["OnDemand"].values():
        for dimension in term["priceDimensions"].values():
            dimension |= {"pricePerUnit": {"USD": usd}, "unit": unit}
    return json.dumps(made)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """That of the price list, which reaches nobody."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    made = boto3.client("pricing", region_name="us-east-1")
    monkeypatch.setattr(command, "client_of", lambda region: made)
    return made


def answered(stub: Stubber, *products: str, **asked: str) -> None:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in asked.items()]
    service = "AmazonVPC" if asked.get("productFamily") == "VpcEndpoint" else "AmazonEC2"
    stub.add_response(
        "get_products",
        {"FormatVersion": "aws_v1", "PriceList": list(products)},
        {"ServiceCode": service, "Filters": filters if asked else ANY},
    )


def test_the_example_of_aws_is_read() -> None:
    assert [*price_list.on_demand(VOLUME)] == [(0.138, "GB-Mo", SPOKEN)]


def test_a_node_is_asked_for_as_karpenter_does(client: Any) -> None:
    """https://github.com/aws/karpenter-provider-aws v1.14.1 pkg/providers/pricing/pricing.go:212-291"""
    with Stubber(client) as stub:
        answered(
            stub,
            product("0.0910000000"),
            instanceType="m7g.large",
            regionCode="eu-west-1",
            capacitystatus="Used",
            marketoption="OnDemand",
            operatingSystem="Linux",
            preInstalledSw="NA",
            productFamily="Compute Instance",
            tenancy="Shared",
        )
        found = price_list.row(client, "m7g.large", "eu-west-1")
        assert found
        assert (found.what, found.regions, found.usd_hour, found.date) == ("m7g.large", ("eu-west-1",), 0.091, SPOKEN)


@pytest.mark.parametrize(
    ("what", "family", "others", "usage"),
    [
        ("NAT gateway", "NAT Gateway", ("EU-RegionalNatGateway-Hours", "EU-NatGateway-Bytes"), "EU-NatGateway-Hours"),
        ("NAT gateway", "NAT Gateway", (), "NatGateway-Hours"),
        (
            *("interface endpoint in a zone", "VpcEndpoint"),
            ("EU-VpcEndpoint-Service-Hours", "EU-VpcEndpoint-GWLBE-Hours", "EU-VpcEndpoint-Bytes"),
            "EU-VpcEndpoint-Hours",
        ),
    ],
)
def test_what_is_known_by_its_usage(client: Any, what: str, family: str, others: tuple[str, ...], usage: str) -> None:
    products = [product("9.9", other) for other in others]
    with Stubber(client) as stub:
        answered(stub, *products, product("0.048", usage), regionCode="eu-west-1", productFamily=family)
        found = price_list.row(client, what, "eu-west-1")
        assert found
        assert found.usd_hour == 0.048


@pytest.mark.parametrize(
    "products",
    [(), (product("0.1"), product("0.2")), (product("0.0"),), (product("0.1", unit="GB-Mo"),)],
    ids=["none", "two prices", "free", "not by the hour"],
)
def test_what_is_no_price_by_the_hour_is_none(client: Any, products: tuple[str, ...]) -> None:
    with Stubber(client) as stub:
        answered(stub, *products)
        assert price_list.row(client, "m7g.large", "eu-west-1") is None


@pytest.fixture
def fleet(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "CLUSTERS", root / "examples")
    return root / "examples"


def answers(client: Any, monkeypatch: pytest.MonkeyPatch, told: Mapping[str, str]) -> None:
    """By the region and the type or family that is asked for."""

    def pages(**asked: Any) -> Iterator[Mapping[str, Any]]:
        wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
        usage = {"NAT Gateway": "NatGateway-Hours", "VpcEndpoint": "VpcEndpoint-Hours"}.get(wanted["productFamily"], "")
        usd = told.get(f"{wanted.get('instanceType', wanted['productFamily'])} {wanted['regionCode']}")
        yield {"PriceList": [product(usd, usage)] if usd else []}

    class Paginator:
        paginate = staticmethod(pages)

    monkeypatch.setattr(client, "get_paginator", lambda _: Paginator)


@pytest.mark.usefixtures("fleet")
def test_a_table_that_a_review_takes(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"m7g.large eu-west-1": "0.5", "NAT Gateway eu-west-1": "0.25", "VpcEndpoint eu-west-1": "0.125"}
    answers(client, monkeypatch, told)
    out = tmp_path / "mine.toml"
    assert main(["prices", f"--out={out}", "prod-eu"]) == 0
    assert capsys.readouterr().out == f"{out}: 3 prices from AWS\n"
    table = prices(out)
    for what, usd in (("m7g.large", 0.5), ("NAT gateway", 0.25), ("interface endpoint in a zone", 0.125)):
        found = table.of(what, "eu-west-1")
        assert found
        assert (found.usd_hour, found.date, found.source) == (usd, SPOKEN, price_list.SOURCE)
    assert table.of("control plane, standard support", "eu-west-1") == prices().of(
        "control plane, standard support", "eu-west-1"
    )
    assert table.of("m7g.large", "us-west-2") == prices().of("m7g.large", "us-west-2")


def test_what_aws_does_not_tell_is_said(
    client: Any, fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(client, monkeypatch, {"m7g.large eu-west-1": "0.5"})
    out = tmp_path / "mine.toml"
    assert main(["prices", f"--out={out}", "--json", "prod-eu"]) == 2
    shown, said = capsys.readouterr()
    untold = ["NAT gateway in eu-west-1", "interface endpoint in a zone in eu-west-1"]
    told = [{"what": "m7g.large", "region": "eu-west-1", "usd_hour": 0.5}]
    assert json.loads(shown) == {"told": told, "untold": untold}
    assert said == f"AWS does not tell in US dollars: {', '.join(untold)}\n"
    assert {*price_list.wanted(planned(fleet, ["prod-eu"]))} == {
        *(("NAT gateway", "eu-west-1"), ("interface endpoint in a zone", "eu-west-1"), ("m7g.large", "eu-west-1"))
    }


@pytest.mark.usefixtures("fleet")
def test_without_credentials_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    out = tmp_path / "mine.toml"
    assert main(["prices", f"--out={out}", "prod-eu"]) == 2
    assert "sign in to any account, with pricing:GetProducts" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "nowhere"])
def test_what_it_did_not_write_stays(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before AWS is asked, for which there are no credentials here."""
    own, out = tmp_path / "own.toml", tmp_path / "mine.toml"
    own.write_text("mine", encoding="utf-8")
    match kind:
        case "file":
            out = own
        case "folder":
            out.mkdir()
        case "link":
            out.symlink_to(own)
        case "nowhere":
            out = tmp_path / "nowhere" / "mine.toml"
    assert main(["prices", f"--out={out}", "prod-eu"]) == 2
    assert str(out) in capsys.readouterr().err
    assert own.read_text(encoding="utf-8") == "mine"


def test_the_guide_asks_for_the_same(root: Path) -> None:
    """Of what the AWS CLI has, by botocore's model of it."""
    text = (root / "docs" / "review-in-pull-requests.md").read_text(encoding="utf-8")
    typed = text.partition("aws pricing get-products ")[2].partition("```")[0]
    asked = dict(re.findall(r"Type=TERM_MATCH,Field=(\w+),Value=([\w.-]+)", typed))
    assert asked.pop("instanceType")
    assert asked.pop("regionCode")
    assert asked.items() <= price_list.LINUX_ON_DEMAND.items()
    options = {xform_name(each, "-") for each in model().operation_model("GetProducts").input_shape.members}
    assert set(re.findall(r"--([a-z-]+)", typed)) <= {*options, "region"}


def model() -> Any:
    return get_session().get_service_model("pricing")
