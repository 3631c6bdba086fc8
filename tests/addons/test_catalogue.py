"""Charts that have no class here: any of them is said by value. Ten go further, in tests/stacks/test_every_value.py."""

from __future__ import annotations

from dataclasses import replace

from blueprint import plan
from examples.bare import BARE
from tests.values.catalogue import releases
from tools import contracts


def test_each_is_planned() -> None:
    """All in one cluster: what they would do to each other there, nobody knows of charts by value."""
    assert len(releases()) > 80
    made = plan(replace(BARE, addons=(*BARE.addons, *releases())))
    planned = {release.chart.name for part in made.addons for release in part.contribution.releases}
    assert planned >= {each.chart for each in releases()}


def test_none_has_a_class() -> None:
    """A class says more: what has one leaves the catalogue."""
    typical = map(contracts.typical, contracts.classes())
    ours = {release.chart.name for addon in typical for release in contracts.releases(addon)}
    assert not ours & {each.chart for each in releases()}
