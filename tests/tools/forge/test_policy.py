"""The policy: what it says, and every mistake in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.forge.policy import FILE, RULES, Approvals, Policy, PolicyError, load, parse
from tools.review import dangers

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
        "approvals.reviewers",
        "approvals.label",
        "approvals.review",
        "approvals.permission",
        "approvals.needs",
        "dangers.delets-state",
        "dangers.moves",
        'clusters."staging*".moves',
        'clusters."staging*"',
    ]
    report = str(caught.value)
    assert report.startswith("10 problems; no pull request can be judged.")
    assert "write one of deletes-state, replaces-state" in report
    assert "a glob over dev, prod, prod-eu" in report


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("approvals = 'x'", "must be a table"),
        ("dangers = 'x'", "must be a table of rules"),
        ("clusters = 'x'", "must be a table of tables"),
        ("clusters.prod = 'block'", "must be a table of rules"),
        ("approvals.review = 1", "must be true or false"),
        ("approvals.label = 1", "must be str"),
        ("approvals.needs = [1]", "must be 'any' or 'all'"),
        ("dangers.moves = {a = 1}", "must be 'block' or 'warn'"),
        ("dangers._mistakes = 'warn'", "there is no such rule"),
        ("_mistakes = [1]", "unknown field '_mistakes' of Policy"),
        ("approvals._mistakes = 1", "unknown field '_mistakes' of Approvals"),
        ("self = 1", "unknown field 'self' of Policy"),
    ],
)
def test_what_has_another_form_is_reported(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(text, CLUSTERS)
    (problem,) = caught.value.problems
    assert problem.rule == says


@pytest.mark.parametrize(
    "wrong", ["approvals = 'x'", "dangers = 'x'", "clusters = 'x'", "clusters.prod = 'x'", "approvals.review = 1"]
)
def test_what_a_report_says_to_write_is_right(wrong: str) -> None:
    """In TOML, not in Python."""
    with pytest.raises(PolicyError) as caught:
        parse(wrong, CLUSTERS)
    (problem,) = caught.value.problems
    key, _ = wrong.split(" = ")
    said = problem.fix.removeprefix("write ").removesuffix(" there")
    parse(f"{key} = {said.partition('=')[2] if said.partition('=')[0] in key else said}", CLUSTERS)


@pytest.mark.parametrize("text", ["[", "a = 1\na = 2", "x = " + "[" * 5000])
def test_what_is_no_toml_is_reported(text: str) -> None:
    with pytest.raises(PolicyError, match="must be a file in TOML"):
        parse(text, CLUSTERS)


def test_nothing_has_to_be_installed(root: Path) -> None:
    code = "from pathlib import Path; from tools.forge.policy import load; print(load(Path()).action('moves', 'dev'))"
    done = subprocess.run(
        (sys.executable, "-S", "-E", "-c", code), cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "block\n"


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
