"""What things cost by the hour: a dated table whose every row names its source, and which its users replace."""

from __future__ import annotations

import datetime as dt
import math
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from blueprint import toml
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.fields import NOT_EMPTY
from blueprint.hints import Form
from blueprint.value import Rule, Value

PRICES = Path(__file__).with_name("prices.toml")
_IS_COST = Rule(
    lambda cost: math.isfinite(cost) and cost >= 0, "must be a number of US dollars", "write for example 0.045"
)


class Price(Value):
    """Of one thing in some regions."""

    what: str
    regions: Annotated[tuple[str, ...], NOT_EMPTY, Form("an array of texts", '["us-*"]')]
    """Patterns such as `us-*`."""
    usd_hour: Annotated[int | float, _IS_COST, Form("a number of US dollars", "0.045")]
    date: Annotated[dt.date, Form("a date", "2026-11-23")]
    """When the source said so."""
    source: str


class Prices(Value):
    """A price table, by the names that its file has."""

    price: Annotated[tuple[Price, ...], Form("rows, each below [[price]]", "[]")]

    def of(self, what: str, region: str) -> Price | None:
        """The first row that fits."""
        fitting = (row for row in self.price if row.what == what)
        return next((row for row in fitting if any(fnmatchcase(region, each) for each in row.regions)), None)


def prices(path: Path = PRICES) -> Prices:
    """The table in a file. Raises BlueprintError with all mistakes; prices.toml of this folder is a model."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(
            (), Quoted(error), "cannot be read", f"take {PRICES.name} of the project as a model", str(path)
        )
        raise BlueprintError([problem]) from None
    table, problems = toml.read(Prices, text, str(path))
    if problems:
        raise BlueprintError(problems)
    return table
