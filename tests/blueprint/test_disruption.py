"""When Karpenter may take nodes away: what its definition and its controller read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.disruption import DisruptionBudget
from blueprint.node_pool import NodePool
from blueprint.value import problems_in
from tests.addons.support import FACTS
from tests.blueprint.examples import changed

# karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.sh_nodepools.yaml, spec.disruption: `pattern` of each field.
# Kubernetes looks for them anywhere in the text, so they carry anchors of their own.
CRD = {
    "nodes": r"^((100|[0-9]{1,2})%|[0-9]+)$",
    "schedule": r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$",
    "duration": r"^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$",
    "consolidateAfter": r"^(([0-9]+(s|m|h))+|Never)$",
}
POLICIES = ["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"]
REASONS = ["Underutilized", "Empty", "Drifted"]


def disruption(pool: NodePool) -> Any:
    return pool.manifest(FACTS)["spec"]["disruption"]


def wrong(value: NodePool | DisruptionBudget) -> list[str]:
    return [problem.place for problem in problems_in(value)]


def test_a_pool_that_says_nothing() -> None:
    """The policy is Karpenter's default, stated: from Kubernetes 1.37 on Auto Mode has another."""
    assert disruption(NodePool()) == {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "5m",
        "budgets": [{"nodes": "10%"}],
    }


def test_a_pool_that_keeps_still_in_working_hours() -> None:
    pool = NodePool(
        consolidation_policy="WhenEmpty",
        consolidate_after="1h30m",
        budgets=(
            DisruptionBudget("20%", reasons=("Empty", "Drifted")),
            DisruptionBudget("0", schedule="0 9 * * mon-fri", duration="8h", reasons=("Underutilized",)),
        ),
    )
    assert wrong(pool) == []
    assert disruption(pool) == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "1h30m",
        "budgets": [
            {"nodes": "20%", "reasons": ["Drifted", "Empty"]},
            {"nodes": "0", "reasons": ["Underutilized"], "schedule": "0 9 * * mon-fri", "duration": "8h"},
        ],
    }


# Each was given to what Karpenter reads schedules by: ParseStandard("TZ=UTC " + text) of robfig/cron v3.0.1.
RIGHT = [
    *(f"@{name}" for name in ("annually", "yearly", "monthly", "weekly", "daily", "midnight", "hourly")),
    *("* * * * *", "? ? ? ? ?", "*/15 * * * *", "5 * * * *", "0 9 * * mon-fri", "0 0 1,15 * *", "5/15 9-17/2 * * *"),
    *("0 0 29 Feb ?", "0 0 * JAN-DEC SUN", "0,59 0-23 1-31 1-12 0-6", "0 0 1 1 6"),
]
WRONG = [
    *("", "@", "@reboot", "@Daily", "TZ=UTC 0 9 * * *", "CRON_TZ=UTC @daily", "* * * *", "* * * * * *"),
    *("60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 7"),
    *("5-3 * * * *", "*/0 * * * *", "*/-1 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "-1 * * * *", "1- * * * *"),
    *("x * * * *", "* * * fri *", "* * * * jan", "1.5 * * * *", "* L * * *"),
]
# It would take these; the definition not the first, and the others are slips.
UNTIDY = ["@every 1h", "0 9  * * *", " 0 9 * * *", "0\t9\t*\t*\t*", "0 9 * * *\n", "1,, * * * *"]


@pytest.mark.parametrize("schedule", RIGHT)
def test_schedules_that_karpenter_reads(schedule: str) -> None:
    assert wrong(DisruptionBudget(schedule=schedule, duration="1h")) == []
    assert re.search(CRD["schedule"], schedule)


@pytest.mark.parametrize("schedule", WRONG)
def test_schedules_that_would_block_every_disruption(schedule: str) -> None:
    """GetAllowedDisruptions of Karpenter's pkg/apis/v1/nodepool.go: "If the budget is misconfigured, fail closed"."""
    assert wrong(DisruptionBudget(schedule=schedule, duration="1h")) == ["schedule"]


@pytest.mark.parametrize("schedule", UNTIDY)
def test_untidy_schedules(schedule: str) -> None:
    assert wrong(DisruptionBudget(schedule=schedule, duration="1h")) == ["schedule"]


def test_schedule_and_duration_go_together() -> None:
    """The definition's rule: self.all(x, has(x.schedule) == has(x.duration))."""
    assert wrong(DisruptionBudget(schedule="@daily")) == ["duration"]
    assert wrong(DisruptionBudget(duration="8h")) == ["schedule"]
    assert wrong(DisruptionBudget(schedule="@daily", duration="8h")) == []


LIKE_TIMES = st.text("0123456789hms%Never ", max_size=6)


@given(LIKE_TIMES)
def test_the_definition_takes_what_is_taken_here(text: str) -> None:
    for field, value in (
        ("nodes", DisruptionBudget(text)),
        ("duration", DisruptionBudget(schedule="@daily", duration=text)),
        ("consolidateAfter", NodePool(consolidate_after=text)),
    ):
        assert re.search(CRD[field], text) or wrong(value)


@pytest.mark.parametrize("nodes", ["0", "5", "0%", "9%", "99%", "100%", "1000"])
def test_numbers_and_percentages(nodes: str) -> None:
    assert wrong(DisruptionBudget(nodes)) == []


@pytest.mark.parametrize("duration", ["8h", "90m", "1h30m", "100h"])
def test_durations(duration: str) -> None:
    assert wrong(DisruptionBudget(schedule="@daily", duration=duration)) == []


@pytest.mark.parametrize("time", ["0s", "30s", "5m", "1h30m10s", "Never"])
def test_quiet_times(time: str) -> None:
    assert disruption(NodePool(consolidate_after=time))["consolidateAfter"] == time
    assert wrong(NodePool(consolidate_after=time)) == []


@pytest.mark.parametrize(
    ("pool", "place"),
    [
        (NodePool(consolidate_after="5 minutes"), "consolidate_after"),
        (NodePool(consolidate_after="never"), "consolidate_after"),
        (NodePool(budgets=(DisruptionBudget("101%"),)), "budgets[0].nodes"),
        (NodePool(budgets=(DisruptionBudget("ten"),)), "budgets[0].nodes"),
        (NodePool(budgets=(DisruptionBudget(schedule="@daily", duration="30s"),)), "budgets[0].duration"),
        (NodePool(budgets=(DisruptionBudget(schedule="@daily", duration="0h"),)), "budgets[0].duration"),
        (NodePool(budgets=(DisruptionBudget(reasons=("Empty", "Empty")),)), "budgets[0].reasons"),
        (NodePool(budgets=()), "budgets"),
        (NodePool(budgets=(DisruptionBudget(),) * 51), "budgets"),
    ],
)
def test_what_the_definition_refuses(pool: NodePool, place: str) -> None:
    assert wrong(pool) == [place]


def test_the_policies_and_reasons_are_those_of_the_definition() -> None:
    for policy in POLICIES:
        pool = changed(NodePool(), consolidation_policy=policy)
        assert (wrong(pool), disruption(pool)["consolidationPolicy"]) == ([], policy)
    assert wrong(changed(NodePool(), consolidation_policy="WhenUnderutilized")) == ["consolidation_policy"]
    assert wrong(changed(DisruptionBudget(), reasons=tuple(REASONS))) == []
    assert wrong(changed(DisruptionBudget(), reasons=("Expired",))) == ["reasons[0]"]


def test_a_team_s_pool_keeps_its_budgets() -> None:
    own = NodePool(budgets=(DisruptionBudget("1"),), consolidate_after="Never").owned_by("blueprint/team", "shop")
    assert disruption(own)["budgets"] == [{"nodes": "1"}]
    assert disruption(own)["consolidateAfter"] == "Never"
