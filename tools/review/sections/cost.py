"""What drives the bill: how many there are of what is paid by the hour, and how long logs are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.review.document import Block, Cell, Row, Section, Table, said
from tools.review.drivers import drivers
from tools.review.flat import changed, codes
from tools.review.fleet import ReviewedFleet, Side
from tools.review.prices import Prices

HOURS = 730
"""In a month: a twelfth of 365 days."""
Range = tuple[int, int]
Counted = dict[tuple[str, str, str], Range]
"""What it is called, its region, and its name in a price table; the fewest and the most that there may be."""


def section(fleet: ReviewedFleet, prices: Prices) -> Section:
    """The sums over all clusters touched, since a bill has no clusters."""
    before = _counted(each.before for each in fleet.deployed)
    after = _counted(each.after for each in fleet.deployed)
    blocks = [*_drivers(before, after, prices)]
    if logs := fleet.grouped([(each.name, row) for each in fleet.deployed for row in _logs(each.before, each.after)]):
        blocks.append(Table(("log group", "days before", "days after", "clusters"), logs))
    return Section("cost", "Cost drivers", tuple(blocks))


def _counted(sides: Iterable[Side | None]) -> Counted:
    found: Counted = {}
    for side in sides:
        for driver in drivers(side) if side else ():
            key = (driver.what, side.plan.facts.region if side else "", driver.priced_as)
            fewest, most = found.get(key, (0, 0))
            found[key] = (fewest + driver.fewest, most + driver.most)
    return found


def _drivers(before: Counted, after: Counted, prices: Prices) -> Iterator[Block]:
    rows: list[Row] = []
    sums: list[tuple[float, float]] = []
    unknown: dict[str, list[str]] = {}
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key, (0, 0)), after.get(key, (0, 0))
        if one == other:
            continue
        what, region, priced_as = key
        price = prices.of(priced_as, region)
        if priced_as and not price:
            unknown.setdefault(region, []).append(priced_as)
        cells = [Cell(what), Cell(region, code=True), Cell(_range(one)), Cell(_range(other))]
        cells.append(
            Cell(f"{price.usd_hour:g} USD an hour, {price.date}", price.source) if price else Cell("not known")
        )
        if price:
            fewest, most = (HOURS * price.usd_hour * (new - old) for old, new in zip(one, other, strict=True))
            sums.append((fewest, most))
        cells.append(Cell(_dollars(*sums[-1]) if price else ""))
        rows.append(Row(tuple(cells), "+" if other > one else "-"))
    if rows:
        yield Table(("what", "region", "before", "after", "price", "a month"), tuple(rows))
    for region, names in unknown.items():
        listed = ", ".join(names)
        do = "make prices asks AWS, and PRICES=FILE takes its table"
        yield said(f"No price is known in {region} for {listed}: {do}.")
    if sums:
        together = _dollars(*map(sum, zip(*sums, strict=True)))
        words = f"What has a price here changes by {together} a month of {HOURS} hours"
        yield said(f"{words}; traffic, storage and discounts are not in it.")


def _logs(before: Side | None, after: Side | None) -> Iterator[Row]:
    sides = (dict(_retention(side)) if side else {} for side in (before, after))
    for sign, *change in changed(*sides):
        yield codes(sign, *change)


def _retention(side: Side) -> Iterator[tuple[str, str]]:
    for stack in side.stacks:
        for id, resource in stack.of_type("AWS::Logs::LogGroup").items():
            days = resource.get("Properties", {}).get("RetentionInDays", "forever")
            yield f"{stack.name}/{stack.paths.get(id, id)}", str(days)


def _range(numbers: Range) -> str:
    low, high = numbers
    return str(low) if low == high else f"{low} to {high}"


def _dollars(low: float, high: float) -> str:
    return f"{' to '.join(dict.fromkeys(f'{amount:+,.2f}' for amount in (low, high)))} USD"
