"""Charts from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.review.dangers.support import differing, only, resource, told
from tools.assembly import CHART


def chart(repository: Any = "https://charts.example.com", name: Any = "web", version: str = "1.0.0") -> dict[str, Any]:
    return {"It": resource(CHART, {"Repository": repository, "Chart": name, "Version": version})}


OWN = "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/charts/web"


@pytest.mark.parametrize(
    ("before", "after", "another"),
    [
        (chart(), chart("https://charts.example.org"), True),
        (chart(), chart("https://charts.example.com/evil"), True),
        (chart(), chart("https://charts.example.com.evil.example"), True),
        (chart(), chart("oci://public.ecr.aws/x/web"), True),
        (chart(), chart("oci://222222222222.dkr.ecr.us-west-2.amazonaws.com/charts/web"), True),
        (chart(), chart("oci://111111111111.dkr.ecr.us-west-2.amazonaws.com.evil.example/charts/web"), True),
        (chart(), chart(name="web2"), True),
        (chart(), chart({"Ref": "Anything"}), True),
        (chart(OWN), chart(), True),
        (chart(), chart(OWN), False),
        (chart(), chart(version="2.0.0"), False),
        ({}, chart("https://charts.example.org"), False),
        (chart(), {}, False),
    ],
)
def test_charts(before: dict[str, Any], after: dict[str, Any], *, another: bool) -> None:
    assert told(differing(before, after)) == [("changes-source", "It")] * another


def test_names_both_addresses() -> None:
    danger = only(differing(chart(), chart("https://charts.example.org")))
    assert danger.what == "it comes from another address"
    assert danger.why == "Repository: https://charts.example.com -> https://charts.example.org"
