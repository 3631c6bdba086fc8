"""Pictures within a comment."""

from __future__ import annotations

from dataclasses import replace

from tests.plans import planned
from tests.tools.page.sample import AFTER, HOSTILE
from tests.tools.test_picture import DEV
from tools.review.document import Picture
from tools.review.drawing import drawn


def test_draws_what_changes_only() -> None:
    both = drawn(Picture("dev", DEV, AFTER))
    assert both.startswith("**dev: account 111111111111, us-west-2**\n\n```mermaid\nflowchart LR\n")
    assert both.count("```mermaid\n") == 2
    version = drawn(Picture("dev", DEV, planned(DEV, version="1.36")))
    assert version.count("```mermaid\n") == 1
    assert "Kubernetes 1.35 → 1.36" in version
    assert drawn(Picture("dev", DEV, planned(DEV, teams=()))).count("```mermaid\n") == 1
    assert drawn(Picture("dev", DEV, DEV)) == ""


def test_a_subnet_or_a_range_alone_is_a_change() -> None:
    smaller = replace(DEV.network.subnets[0], cidr="10.0.9.0/25")
    assert "10.0.0.0/24 → 10.0.9.0/25" in drawn(
        Picture("dev", DEV, planned(DEV, subnets=(smaller, *DEV.network.subnets[1:])))
    )
    assert "VPC 10.0.0.0/16 → VPC 10.1.0.0/16" in drawn(Picture("dev", DEV, planned(DEV, cidrs=("10.1.0.0/16",))))


def test_a_name_stays_a_name() -> None:
    for name in HOSTILE:
        found = drawn(Picture(name, None, planned(DEV, name=name, region=name)))
        heading, *charts = found.split("\n\n")
        assert "<" not in heading
        assert [chart.count("```") for chart in charts if chart] == [2, 2]
