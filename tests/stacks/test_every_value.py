"""Most kinds of values that are planned, many in each cluster, on through templates, rules and tools.

`make every-value` takes each by itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.managed_nodes import ManagedNodes
from blueprint.planning.document import Launch
from examples.bare import BARE
from stacks import compute
from tests.values import catalogue
from tests.values import through as way
from tests.values.crowds import crowds
from tests.values.through import through
from tests.values.tries import possible
from tests.values.variants import Change, Kind, Variant, classes, spots

pytestmark = pytest.mark.thorough

CLUSTERS = 20


@pytest.fixture(scope="module")
def sample() -> list[Variant]:
    return crowds(CLUSTERS)


def test_the_sample_has_most_kinds_of_values(sample: list[Variant]) -> None:
    kinds = frozenset().union(*(variant.kinds for variant in sample))
    kinds |= {kind for found in spots().values() for spot in found for kind in spot.kinds()}
    there, all_of_them = ({declared(kind) for kind in some} for some in (kinds, possible(classes())))
    assert len(there & all_of_them) > 0.7 * len(all_of_them)


def declared(kind: Kind) -> tuple[str, str, str]:
    """With the class that has the field first: those below it, each add-on with a chart, take it alike."""
    cls, field, value = kind
    base = next(each for each in reversed(cls.__mro__) if field in vars(each).get("__annotations__", {}))
    return base.__name__, field, value


def test_each_ends_in_output(sample: list[Variant], tmp_path: Path) -> None:
    """With a cluster of charts that nobody here knows beside them: rules, review and access take these as well."""
    tried = [*sample, catalogue.some(BARE)]
    synthesized, ends = through(tried, tmp_path)
    assert ends == []
    assert synthesized == len(tried)


def single(field: str, value: object) -> Variant:
    spot = spots()[ManagedNodes][0]
    return Variant(spot.cluster, (Change(spot, field, value),))


def test_what_a_rule_refuses_would_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "acknowledge", lambda *_: None)
    synthesized, (end,) = through([single("node_repair", value=False), single("disk_gib", 20)], tmp_path)
    assert synthesized == 1
    assert "node_repair=False\nEKS-NODE-REPAIR v000/cluster/" in end


def test_a_limit_that_a_rule_has_not_learned_of_yet_stops_nobody(tmp_path: Path) -> None:
    """gp3 has up to 80,000 operations a second: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"""
    spot = spots()[ManagedNodes][0]
    fast = Variant(spot.cluster, (Change(spot, "disk_gib", 160), Change(spot, "disk_iops", 80_000)))
    assert through([fast], tmp_path) == (1, [])


def test_an_exception_of_the_cdk_or_of_a_tool_would_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launch_data = compute._launch_data

    def fail(launch: Launch) -> object:
        if launch.volumes[-1].size_gib == 20:
            raise RuntimeError("no template")
        return launch_data(launch)

    monkeypatch.setattr(compute, "_launch_data", fail)
    monkeypatch.setattr(way, "dangers", None)
    synthesized, ends = through([single("disk_gib", 20), single("disk_gib", 30)], tmp_path)
    assert synthesized == 1
    assert [(end.partition("\n")[0][-11:], end.strip().rpartition("\n")[2]) for end in ends] == [
        ("disk_gib=20", "no template"),
        ("disk_gib=30", "TypeError: 'NoneType' object is not callable"),
    ]
