"""What things cost by the hour: a dated table whose every row names its source, and which its users replace."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tools.status import CannotError

PRICES = Path(__file__).with_name("prices.toml")
_FORMS: Mapping[str, tuple[type, ...]] = {
    "what": (str,),
    "regions": (list,),
    "usd_hour": (int, float),
    "date": (date,),
    "source": (str,),
}


class PriceError(CannotError):
    """A price table that is none; the text is for the user."""


@dataclass(frozen=True)
class Price:
    """Of one thing in some regions."""

    what: str
    regions: tuple[str, ...]
    """Patterns such as `us-*`."""
    usd_hour: float
    date: date
    """When the source said so."""
    source: str


@dataclass(frozen=True)
class Prices:
    """A price table."""

    rows: Sequence[Price]

    def of(self, what: str, region: str) -> Price | None:
        """The first row that fits."""
        fitting = (row for row in self.rows if row.what == what)
        return next((row for row in fitting if any(fnmatchcase(region, each) for each in row.regions)), None)


def prices(path: Path = PRICES) -> Prices:
    """The table in a file. Raises PriceError with all mistakes."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PriceError(f"PRICES={path} cannot be read: {error}; take {PRICES} as a model") from None
    rows = data.get("price")
    if not isinstance(rows, list) or set(data) != {"price"}:
        raise PriceError(f"PRICES={path} must consist of [[price]] rows; take {PRICES} as a model")
    mistakes = [f"{path}: price {number}: {why}" for number, row in enumerate(rows, 1) for why in _mistakes(row)]
    if mistakes:
        raise PriceError("\n".join([*mistakes, f"Take {PRICES} as a model."]))
    return Prices([Price(**{**row, "regions": tuple(row["regions"])}) for row in rows])


def _mistakes(row: Any) -> Iterator[str]:
    if not isinstance(row, dict):
        yield "must be a table"
        return
    for key in sorted({*row, *_FORMS}):
        if key not in row:
            yield f"{key} is missing"
        elif key not in _FORMS:
            yield f"{key} is not known; there are {', '.join(_FORMS)}"
        elif not isinstance(row[key], _FORMS[key]) or isinstance(row[key], bool):
            yield f"{key} = {row[key]!r} must be of type {' or '.join(each.__name__ for each in _FORMS[key])}"
    if any(not isinstance(each, str) for each in row.get("regions", ())):
        yield "regions must be texts"
    cost = row.get("usd_hour", 0)
    if isinstance(cost, int | float) and not (math.isfinite(cost) and cost >= 0):
        yield f"usd_hour = {cost!r} must be a number of dollars"
