"""What is where: each cluster with its wave, place, versions, what lags, and what it costs at least."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.images import family, is_older, release
from blueprint.planning.document import NodeGroup, Plan
from blueprint.planning.fleet import FleetPlan
from blueprint.planning.traffic import shares_of
from blueprint.versions import STANDARD_SUPPORT, SUPPORT, minor
from tools.review.drivers import drivers
from tools.review.fleet import Side
from tools.review.prices import Prices
from tools.review.sections.cost import HOURS
from tools.tables import PlainRow, PlainTable

NEWEST = STANDARD_SUPPORT[-1]


def lags(plan: Plan) -> Iterator[str]:
    """What is older than what this revision of the project knows, in words."""
    version = plan.control_plane.version
    if behind := minor(NEWEST) - minor(version):
        yield f"Kubernetes {version} is {behind} minor{'s' * (behind > 1)} behind {NEWEST}"
    if version not in STANDARD_SUPPORT:
        yield f"Kubernetes {version} is in extended support, which costs more"
    for group in (each for each in plan.compute if isinstance(each, NodeGroup)):
        if group.version != version:
            yield f"nodes {group.name} run {group.version} under a control plane of {version}"
        newest = release(family(group.image), group.version) if group.kind == "managed" else group.release
        if newest and is_older(group.release, newest):
            yield f"nodes {group.name} run the image {group.release}, and {newest} is known"


def monthly(plan: Plan, prices: Prices) -> tuple[float, float] | None:
    """US dollars of what is paid by the hour, with the fewest and the most nodes; None where not all has a price."""
    found = [(each, prices.of(each.priced_as, plan.facts.region)) for each in drivers(Side((), plan)) if each.most]
    if not all(price for _, price in found):
        return None
    priced = [(each, HOURS * price.usd_hour) for each, price in found if price]
    fewest, most = sum(each.fewest * cost for each, cost in priced), sum(each.most * cost for each, cost in priced)
    return round(fewest, 2), round(most, 2)


def as_json(fleet: FleetPlan, prices: Prices) -> dict[str, Any]:
    """All of it."""
    colors = {
        name: {"color": color, "live": color == pair.live, "percent": shares_of(pair).get(name)}
        for pair in fleet.pairs
        for color, name in (("blue", pair.blue), ("green", pair.green))
    }
    return {
        "waves": [
            {
                "name": wave.name,
                "environment": wave.environment,
                "approval": wave.promotion.approval,
                "soak_minutes": wave.promotion.soak_minutes,
                "alarms": list(wave.promotion.alarms),
                "clusters": [
                    {
                        **_cluster(plan, prices),
                        "pair": colors.get(plan.facts.name),
                        "differences": list(fleet.differences[plan.facts.name]),
                    }
                    for plan in wave.clusters
                ],
            }
            for wave in fleet.waves
        ]
    }


def _cluster(plan: Plan, prices: Prices) -> dict[str, Any]:
    support = SUPPORT[plan.control_plane.version]
    return {
        "name": plan.facts.name,
        "account": plan.facts.account,
        "region": plan.facts.region,
        "kubernetes": plan.control_plane.version,
        "standard_support_until": support.standard_until.isoformat(),
        "extended_support_until": support.extended_until.isoformat(),
        "lags": list(lags(plan)),
        "usd_month": monthly(plan, prices),
    }


def tables(document: dict[str, Any]) -> Iterator[PlainTable]:
    """What `as_json` says, for people."""
    waves = document["waves"]
    yield PlainTable("waves", ("wave", "approval", "watched for", "alarms"), tuple(map(_wave, waves)))
    heads = ("wave", "cluster", "account", "region", "kubernetes", "standard support until", "USD a month")
    rows = [_row(wave["name"], cluster) for wave in waves for cluster in wave["clusters"]]
    yield PlainTable("clusters", heads, tuple(rows))
    clusters = [cluster for wave in waves for cluster in wave["clusters"]]
    shares = tuple(
        ((each["name"],), (f"{each['pair']['percent']} %",))
        for each in clusters
        if each["pair"] and each["pair"]["percent"] is not None
    )
    if shares:
        yield PlainTable("shares of the traffic", ("cluster", "of all answers"), shares)
    own = tuple(((each["name"],), tuple(each["differences"])) for each in clusters if each["differences"])
    if own:
        yield PlainTable("other than the defaults of their environment", ("cluster", "fields"), own)
    behind = tuple(((each["name"],), tuple(each["lags"])) for each in clusters if each["lags"])
    if behind:
        yield PlainTable("what lags", ("cluster", "what"), behind)


def _wave(wave: dict[str, Any]) -> PlainRow:
    approval, minutes = "yes" if wave["approval"] else "", wave["soak_minutes"]
    return (wave["name"],), (approval,), (f"{minutes} min" if minutes else "",), tuple(wave["alarms"])


def _row(wave: str, cluster: dict[str, Any]) -> PlainRow:
    pair, cost = cluster["pair"], cluster["usd_month"]
    color = f" ({pair['color']}, {'live' if pair['live'] else 'idle'})" if pair else ""
    dollars = " to ".join(dict.fromkeys(f"{amount:.0f}" for amount in cost)) if cost else "not known"
    cells = (wave, f"{cluster['name']}{color}", cluster["account"], cluster["region"], cluster["kubernetes"])
    support = (cluster["standard_support_until"], dollars)
    return tuple((each,) for each in (*cells, *support))
