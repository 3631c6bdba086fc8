"""What AWS's own price list says, by its API. It needs credentials, so only an explicit command asks."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import tomli_w

from blueprint.planning.document import NodeGroup, Plan
from tools.review.prices import Price, Prices

SOURCE = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html"
REGION = "us-east-1"
"""Where the API is; it tells of all regions whose prices are in US dollars.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
"""
# As Karpenter asks for nodes, karpenter-provider-aws v1.14.1 pkg/providers/pricing/pricing.go:212-291.
LINUX_ON_DEMAND = {
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
    "operatingSystem": "Linux",
    "preInstalledSw": "NA",
    "productFamily": "Compute Instance",
    "tenancy": "Shared",
}


class _Product(NamedTuple):
    """Where the list has what the table calls by another name."""

    service: str
    family: str
    usage: str
    """Its usage type, which may begin with letters for the region. Others hold it: RegionalNatGateway-Hours."""


_OTHERS = {
    "NAT gateway": _Product("AmazonEC2", "NAT Gateway", "NatGateway-Hours"),
    "interface endpoint in a zone": _Product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Hours"),
}


class Published(NamedTuple):
    """A price as the list has it."""

    usd: float
    unit: str
    date: dt.date
    """When AWS published the list."""


def wanted(plans: Iterable[Plan]) -> Iterator[tuple[str, str]]:
    """What clusters may have that the list is asked for, each with its region."""
    for plan in plans:
        for group in plan.compute:
            if isinstance(group, NodeGroup):
                yield from ((kind, plan.facts.region) for kind in group.instance_types)
        yield from ((what, plan.facts.region) for what in _OTHERS)


def row(client: Any, what: str, region: str) -> Price | None:
    """The row of something, unless the list has none or several prices of it; `client` is boto3's."""
    if what in _OTHERS:
        service, family, usage = _OTHERS[what]
        matching = {"regionCode": region, "productFamily": family}
    else:
        service, usage = "AmazonEC2", ""
        matching = {"instanceType": what, "regionCode": region, **LINUX_ON_DEMAND}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in matching.items()]
    pages = client.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    products = [json.loads(product) for page in pages for product in page["PriceList"]]
    found = {price for product in products if not usage or _is(product, usage) for price in on_demand(product)}
    hourly = [price for price in found if price.unit.lower().startswith("h") and price.usd]
    if len(hourly) != 1:
        return None
    return Price(what=what, regions=(region,), usd_hour=hourly[0].usd, date=hourly[0].date, source=SOURCE)


def _is(product: Mapping[str, Any], usage: str) -> bool:
    return bool(re.fullmatch(rf"([A-Z0-9]+-)?{usage}", product["product"]["attributes"].get("usagetype", "")))


def on_demand(product: Mapping[str, Any]) -> Iterator[Published]:
    """Prices in US dollars of a product."""
    date = dt.datetime.fromisoformat(product["publicationDate"]).date()
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            if "USD" in dimension["pricePerUnit"]:
                yield Published(float(dimension["pricePerUnit"]["USD"]), dimension["unit"], date)


HEADER = f"# First what AWS told, by {SOURCE}; then the rows of this project.\n"
"""By which a table of ours is known: it is written anew, and no other file."""


def as_toml(rows: Iterable[Price], rest: Prices) -> str:
    """A table in which these rows stand before all others, so that they are taken."""
    names = ("what", "regions", "usd_hour", "date", "source")
    written = [{name: getattr(each, name) for name in names} for each in (*rows, *rest.price)]
    return f"{HEADER}\n{tomli_w.dumps({'price': written})}"
