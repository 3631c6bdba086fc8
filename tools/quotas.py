"""Quotas of an account, from `facts/quotas.toml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from blueprint import toml
from blueprint.errors import BlueprintError
from blueprint.fields import matches
from blueprint.hints import Form
from blueprint.value import Value

FILE = Path(__file__).parents[1] / "facts" / "quotas.toml"
_CODE = matches(r"L-[0-9A-F]{8}", "must be a code of Service Quotas", "let `make facts` write it")


class ServiceQuota(Value):
    """A quota of Service Quotas."""

    service: str
    """AWS's code of the service: `vpc`."""
    name: str
    """What Service Quotas calls it."""
    code: Annotated[str, _CODE]
    """By which its API knows it."""
    date: Annotated[dt.date, Form("a date", "2026-11-27")]
    """When the source said so."""
    source: str
    default: int = 0
    """AWS's; 0 where nobody wrote it down."""
    counts: Annotated[tuple[str, ...], Form("an array of texts", '["AWS::EC2::VPC"]')] = ()
    """Types of resources of which it is a number."""


class Quotas(Value):
    """All of the file."""

    quota: Mapping[str, ServiceQuota]
    """By what this project calls them."""


def read(text: str) -> Mapping[str, ServiceQuota]:
    """The quotas of a text in TOML. Raises BlueprintError with all mistakes."""
    table, problems = toml.read(Quotas, text, FILE.name)
    if problems:
        raise BlueprintError(problems)
    return table.quota


QUOTAS = read(FILE.read_text(encoding="utf-8"))
