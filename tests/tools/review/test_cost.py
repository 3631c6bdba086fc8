"""Cost drivers and price tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from blueprint.planning.document import NodeGroup, PlannedRoute
from tests.plans import fargate, nodes
from tests.tools.review.support import changing, cluster, fleet, resource, rows, thing, touched, words
from tools.review.drivers import drivers
from tools.review.fleet import Side
from tools.review.prices import Prices, prices
from tools.review.sections import cost

TABLE = """
[[price]]
what = "NAT gateway"
regions = ["us-*"]
usd_hour = 0.5
date = 2026-01-02
source = "https://prices.example.com"
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE, encoding="utf-8")
    return path


def gateways(number: int, **more: Any) -> Any:
    return cluster(nat_gateways=number, **more)


def test_multiplies_what_has_a_price_and_counts_the_rest(table: Path) -> None:
    found = fleet(
        touched(gateways(1), gateways(3)),
        touched(gateways(1), gateways(2)),
        touched(gateways(1, region="eu-west-1"), gateways(0, region="eu-west-1")),
    )
    section = cost.section(found, prices(table))
    assert rows(section) == [
        ("+", "NAT gateway", "us-east-1", "2", "5", "0.5 USD an hour, 2026-01-02", "+1,095.00 USD"),
        ("+", "public IPv4 address", "us-east-1", "2", "5", "not known", ""),
        ("-", "NAT gateway", "eu-west-1", "1", "0", "not known", ""),
        ("-", "public IPv4 address", "eu-west-1", "1", "0", "not known", ""),
    ]
    # 3 more gateways * 0.5 USD * 730 hours
    assert "changes by +1,095.00 USD a month" in words(section)


def test_what_moves_between_versions_and_is_kept_longer(table: Path) -> None:
    logs = {"L": resource("AWS::Logs::LogGroup", RetentionInDays=30)}
    before, after = (
        cluster(version="1.34", control=logs),
        cluster(version="1.33", control={"L": resource("AWS::Logs::LogGroup")}),
    )
    assert rows(cost.section(changing(before, after), prices(table))) == [
        ("-", "control plane, standard support", "us-east-1", "1", "0", "not known", ""),
        ("+", "control plane, extended support", "us-east-1", "0", "1", "not known", ""),
        ("~", "cluster/L", "30", "forever"),
    ]


def test_every_driver_is_counted() -> None:
    balancer = thing("Service", "web", "shop", spec={"type": "LoadBalancer"})
    found = cluster(
        zones=("a", "b"),
        nat_gateways=2,
        interface_endpoints=("sts", "ecr.api"),
        node_pools=("system",),
        compute=(nodes("n", "m7g.large"), nodes("s", "m7g.large", "m6g.large", capacity="SPOT"), fargate("f", "x")),
        objects=(balancer,),
    )
    counted = drivers(Side(found.stacks, found.plan))
    assert [(each.what, each.priced_as, each.fewest, each.most) for each in counted] == [
        ("control plane, standard support", "control plane, standard support", 1, 1),
        ("interface endpoint in a zone", "interface endpoint in a zone", 4, 4),
        ("NAT gateway", "NAT gateway", 2, 2),
        ("public IPv4 address", "public IPv4 address", 2, 2),
        ("Auto Mode, paid for what it runs", "", 1, 1),
        ("node m7g.large", "m7g.large", 2, 4),
        ("node m7g.large or m6g.large, spot", "", 2, 4),
        ("Fargate profile, paid for what it runs", "", 1, 1),
        ("load balancer of our manifests", "load balancer", 1, 1),
    ]


def test_each_hub_has_an_attachment() -> None:
    """https://aws.amazon.com/transit-gateway/pricing: by the hour and by what passes."""
    hubs = tuple(PlannedRoute(f"10.{n}.0.0/16", f"tgw-{n // 2}", "transit-gateway") for n in range(4))
    made = cluster(nat_gateways=0, routes=(*hubs, PlannedRoute("10.9.0.0/16", "pcx-1", "peering-connection")))
    counted = [each for each in drivers(Side(made.stacks, made.plan)) if "attachment" in each.what]
    assert [(each.priced_as, each.most) for each in counted] == [("", 1), ("", 1)]


def test_what_is_the_owner_s_of_a_vpc_costs_nothing_here() -> None:
    owned = cluster(zones=("a", "b"), vpc_id="vpc-1", nat_gateways=0, interface_endpoints=("sts", "ecr.api"))
    counted = drivers(Side(owned.stacks, owned.plan))
    assert sum(each.most for each in counted if each.what != "control plane, standard support") == 0


def test_a_cluster_that_the_app_gives_up_goes_on_costing(table: Path) -> None:
    assert cost.section(fleet(touched(gateways(1))), prices(table)).blocks == ()


def test_the_table_of_the_project_is_sourced() -> None:
    found = prices()
    assert isinstance(found, Prices)
    for row in found.price:
        assert row.source.startswith("https://")
        assert row.usd_hour > 0
    assert found.of("NAT gateway", "us-west-2")
    assert found.of("control plane, standard support", "eu-west-1")
    # Other partitions have prices of their own, and currencies: of GovCloud, only what names it.
    for region in ("cn-north-1", "us-gov-west-1", "eu-isoe-west-1", "eusc-de-east-1"):
        assert all(region in row.regions for row in found.price if found.of(row.what, region) == row)


WITHOUT_PRICE = {
    "c6i.32xlarge",
    "g5.xlarge",
    "g6.xlarge",
    "i4i.xlarge",
    "m5.large",
    "m5.xlarge",
    "inf2.xlarge",
    "m7g.xlarge",
    "m7i.xlarge",
    "m8i.xlarge",
    "p5.48xlarge",
}
"""What the table does not have: `make prices` asks AWS for them."""


def test_nodes_of_every_example_have_a_price() -> None:
    """Of one type, on demand; those of China are not paid in dollars."""
    counted, found = 0, prices()
    for made in planned(Path("examples")):
        for group in made.compute:
            if isinstance(group, NodeGroup) and len(group.instance_types) == 1 and group.capacity == "ON_DEMAND":
                known = found.of(group.instance_types[0], made.facts.region)
                priced = made.facts.region != "cn-north-1" and group.instance_types[0] not in WITHOUT_PRICE
                assert bool(known) == priced, (made.facts.name, group.name)
                counted += 1
    assert counted > 5


def test_what_has_no_price_is_named_with_what_to_do(table: Path) -> None:
    before = cluster(compute=(nodes("n", "m7g.large", min=1, max=1),), region="eu-west-1")
    after = cluster(compute=(nodes("n", "m7g.large", min=2, max=2),), nat_gateways=1, region="eu-west-1")
    found = words(cost.section(changing(before, after), prices(table)))
    assert (
        "No price is known in eu-west-1 for NAT gateway, public IPv4 address, m7g.large: "
        "make prices asks AWS, and PRICES=FILE takes its table."
    ) in found
    spot = (nodes("s", "m7g.large", capacity="SPOT", min=number, max=number) for number in (1, 2))
    assert "No price" not in words(cost.section(changing(*(cluster(compute=(each,)) for each in spot)), prices(table)))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("usd_hour = 0.5", "usd_hour = true", "must be a number of US dollars\n    fix    write usd_hour=0.045"),
        ("usd_hour = 0.5", "usd_hour = -1", "value  -1\n    rule   must be a number of US dollars"),
        ("usd_hour = 0.5", "usd_hour = nan", "value  nan\n    rule   must be a number of US dollars"),
        ("usd_hour = 0.5", "usd_hour = inf", "value  inf\n    rule   must be a number of US dollars"),
        ("usd_hour = 0.5", "", "price[0].usd_hour\n    value  <missing>\n    rule   this field is required"),
        (
            "usd_hour = 0.5",
            "usd_hour = 1\neur_hour = 1",
            "price[0].eur_hour\n    value  1\n    rule   unknown field 'eur_hour' of Price",
        ),
        ('["us-*"]', "[1]", "price[0].regions[0]\n    value  1\n    rule   must be str"),
        ('["us-*"]', '"us-*"', 'must be an array of texts\n    fix    write regions=["us-*"]'),
        ('["us-*"]', "[]", "must not be empty"),
        ("2026-01-02", '"today"', "must be a date\n    fix    write date=2026-11-23"),
        ("[[price]]", "[price]", "must be rows, each below [[price]]"),
        ("[[price]]", "[[", "must be a file in TOML"),
    ],
)
def test_mistakes_in_a_table(table: Path, before: str, after: str, says: str) -> None:
    table.write_text(TABLE.replace(before, after), encoding="utf-8")
    with pytest.raises(BlueprintError) as caught:
        prices(table)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"1 problem; nothing was synthesized.\n\n{table}")


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="cannot be read"):
        prices(tmp_path / "none.toml")
