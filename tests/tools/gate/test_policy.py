"""The policy: what it says, and every mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.compare import dangers
from tools.gate.policy import FILE, RULES, Approvals, Policy, PolicyError, load, parse

CLUSTERS = ("dev", "prod", "prod-eu")


def test_the_projects_own_policy_is_valid(root: Path) -> None:
    policy = load(root)
    assert policy.approvals == Approvals()
    assert policy.action("leaves-behind", "prod-eu") == "block"
    assert policy.action("leaves-behind", "dev") == "warn"
    assert policy.action("replaces-state", "dev") == "warn"
    assert policy.action("replaces-state", "prod") == "block"


def test_an_empty_file_and_none_mean_the_defaults(tmp_path: Path) -> None:
    assert parse("", CLUSTERS) == Policy() == load(tmp_path)
    assert {rule: Policy().action(rule, "dev") for rule in RULES} == dict(RULES)


def test_the_guide_states_the_defaults(root: Path) -> None:
    guide = (root / "docs" / "review-in-pull-requests.md").read_text(encoding="utf-8")
    for rule, action in RULES.items():
        assert any(line.startswith(f"| `{rule}` | {action} |") for line in guide.splitlines()), rule


def test_every_rule_of_the_review_is_known() -> None:
    assert set(RULES) == {*dangers.RULES, "edits-review"}


def test_a_rule_that_nobody_knows_blocks() -> None:
    assert Policy().action("brand-new", "dev") == "block"


def test_the_last_glob_that_matches_counts() -> None:
    text = """
    [dangers]
    moves = "warn"
    [clusters."prod*"]
    moves = "block"
    opens-endpoint = "warn"
    [clusters.prod-eu]
    moves = "warn"
    """
    policy = parse(text, CLUSTERS)
    assert [policy.action("moves", name) for name in CLUSTERS] == ["warn", "block", "warn"]
    assert [policy.action("opens-endpoint", name) for name in CLUSTERS] == ["block", "warn", "warn"]


def test_all_mistakes_are_one_report() -> None:
    text = """
    colour = "red"
    [approvals]
    label = " spaced"
    review = "yes"
    permission = "root"
    needs = "some"
    reviewers = []
    [dangers]
    delets-state = "block"
    moves = "ignore"
    [clusters."staging*"]
    moves = true
    """
    with pytest.raises(PolicyError) as caught:
        parse(text, CLUSTERS)
    assert [problem.place.removeprefix(f"{FILE}: ") for problem in caught.value.problems] == [
        "colour",
        "approvals.reviewers".replace(".", ": "),
        "approvals.review",
        "approvals.permission",
        "approvals.needs",
        "approvals.label",
        "dangers.delets-state",
        "dangers.moves",
        "clusters.'staging*'.moves",
        "clusters.'staging*'",
    ]
    report = str(caught.value)
    assert report.startswith("10 problems; no pull request can be judged.")
    assert "write one of deletes-state, replaces-state" in report
    assert "a glob over dev, prod, prod-eu" in report


@pytest.mark.parametrize("table", ["approvals", "dangers", "clusters"])
def test_what_is_no_table_is_reported(table: str) -> None:
    with pytest.raises(PolicyError, match="it must be a table"):
        parse(f'{table} = "x"', CLUSTERS)


def test_a_cluster_that_is_no_table_is_reported() -> None:
    with pytest.raises(PolicyError, match="it must be a table"):
        parse('[clusters]\nprod = "block"', CLUSTERS)


@pytest.mark.parametrize("text", ["[", "a = 1\na = 2", "x = " + "[" * 5000])
def test_what_is_no_toml_is_reported(text: str) -> None:
    with pytest.raises(PolicyError, match="the file must be TOML"):
        parse(text, CLUSTERS)


def test_unhashable_choices_are_reported() -> None:
    with pytest.raises(PolicyError, match="there is no such choice"):
        parse("[approvals]\nneeds = [1]", CLUSTERS)
    with pytest.raises(PolicyError, match="a danger blocks or warns"):
        parse("[dangers]\nmoves = {a = 1}", CLUSTERS)


def test_something_must_approve() -> None:
    with pytest.raises(PolicyError, match="something must approve"):
        parse('[approvals]\nlabel = ""\nreview = false', CLUSTERS)


def test_a_file_that_is_no_text_is_reported(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff")
    with pytest.raises(PolicyError, match="must be UTF-8"):
        load(tmp_path)


def test_names_of_clusters_come_from_the_files(tmp_path: Path) -> None:
    (tmp_path / "clusters").mkdir()
    for name in ("__init__", "prod_eu"):
        (tmp_path / "clusters" / f"{name}.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / FILE).write_text('[clusters.prod-eu]\nmoves = "warn"\n')
    assert load(tmp_path).action("moves", "prod-eu") == "warn"
    (tmp_path / FILE).write_text('[clusters."__init__"]\nmoves = "warn"\n')
    with pytest.raises(PolicyError, match="must match a file"):
        load(tmp_path)
