"""A fleet: what it refuses, each mistake alone and all in one report, and what follows from it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import ROOT
from blueprint import (
    BlueGreen,
    CodeCommit,
    CodeConnections,
    CodePipeline,
    Environment,
    Fleet,
    GitHubActions,
    GitLabCi,
    NewNetwork,
    Promotion,
    S3Archive,
    Traffic,
    Wave,
)
from blueprint.errors import BlueprintError, Problem
from blueprint.fleet_rules import between_values, out_of_reach, overlaps
from blueprint.inventory import planned, planned_fleet
from blueprint.planning.fleet import FleetPlan, fleet_plan
from blueprint.planning.planner import plan
from blueprint.value import problems_in
from tests.blueprint.examples import SMALL, assert_readable

EXAMPLE = ROOT / "examples" / "fleet"
NAMES = ("a", "b", "c")
LONG = ".".join(["x" * 61, *["x" * 60] * 3]) + ".example"
"""With the name of a cluster before it, too long by one character."""
GOOD = Fleet(
    environments=(
        Environment("dev", waves=(Wave("dev", clusters=("a",)),)),
        Environment("prod", waves=(Wave("one", clusters=("b",)), Wave("two", clusters=("c",)))),
    )
)


def environments(*waves: Wave, name: str = "prod") -> tuple[Environment, ...]:
    return (Environment(name, waves=waves),)


def one_wave(*names: Any, **fields: Any) -> Fleet:
    return Fleet(environments=environments(Wave("all", clusters=names)), **fields)


def found(fleet: Fleet) -> list[Problem]:
    return [*problems_in(fleet), *between_values(fleet, NAMES)]


def test_a_good_one() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("fleet", "place", "value", "rule"),
    [
        (one_wave("a", "b", "c", "d"), "environments[0].waves[0].clusters[3]", "d", "unknown cluster"),
        (one_wave("a", "b"), "environments", "c", "in no wave"),
        (one_wave("a", "b", "c", "a"), "environments[0].waves[0].clusters[3]", "a", "duplicate cluster"),
        (
            Fleet(environments=(*GOOD.environments, *environments(Wave("three", clusters=("a",)), name="more"))),
            "environments[2].waves[0].clusters[0]",
            "a",
            "environments[0].waves[0].clusters[0] has it already",
        ),
        (
            Fleet(environments=environments(Wave("x", clusters=("a", "b")), Wave("x", clusters=("c",)))),
            "environments[0].waves[1].name",
            "prod-x",
            "duplicate wave",
        ),
        (
            # prod-x of both, though neither name is there twice
            Fleet(
                environments=(
                    Environment("prod", waves=(Wave("x-y", clusters=("a", "b")),)),
                    Environment("prod-x", waves=(Wave("y", clusters=("c",)),)),
                )
            ),
            "environments[1].waves[0].name",
            "prod-x-y",
            "duplicate wave",
        ),
        (
            Fleet(environments=(*environments(Wave("x", clusters=("a", "b"))), *environments(Wave("y", ("c",))))),
            "environments[1].name",
            "prod",
            "duplicate environment",
        ),
        (Fleet(environments=()), "environments", (), "must not be empty"),
        (one_wave(), "environments[0].waves[0].clusters", (), "must not be empty"),
        (one_wave(*NAMES, 1), "environments[0].waves[0].clusters[3]", 1, "must be"),
        (
            replace(GOOD, promotion=Promotion(soak_minutes=301)),
            "promotion.soak_minutes",
            301,
            "must be 0 to 300 minutes",
        ),
        (replace(GOOD, promotion=Promotion(alarms=("{who}",))), "promotion.alarms[0]", "{who}", "CloudWatch alarm"),
        (replace(GOOD, promotion=Promotion(alarms=("$(x)",))), "promotion.alarms[0]", "$(x)", "CloudWatch alarm"),
        (replace(GOOD, connected=(("a", "d"),)), "connected[0][1]", "d", "unknown cluster"),
        (replace(GOOD, pairs=(BlueGreen("b", "d", live="blue"),)), "pairs[0].green", "d", "unknown cluster"),
        (replace(GOOD, pairs=(BlueGreen("b", "b", live="blue"),)), "pairs[0].green", "b", "duplicate cluster of a"),
        (replace(GOOD, pairs=(BlueGreen("b", "c", live="blue"),)), "pairs[0]", "c", "b takes the traffic"),
        (replace(GOOD, pairs=(BlueGreen("a", "b", live="green"),)), "pairs[0]", "a", "in the environment prod"),
        (replace(one_wave(*NAMES), pairs=(BlueGreen("a", "b", live="blue"),)), "pairs[0]", "b", "in an earlier wave"),
        (
            replace(
                GOOD,
                pairs=(
                    BlueGreen("b", "c", live="green", traffic=Traffic("Z1", ("a.example.com", "b.example.com"))),
                    BlueGreen("a", "d", live="blue", traffic=Traffic("Z1", ("b.example.com",))),
                ),
            ),
            "pairs[1].traffic.names[0]",
            "b.example.com",
            "duplicate name that a pair shares",
        ),
        (
            replace(GOOD, pairs=(BlueGreen("b", "c" * 64, live="green", traffic=Traffic("Z1", ("x.example.com",))),)),
            "pairs[0].traffic.names[0]",
            "x.example.com",
            "which is too long: 63 characters before the first dot",
        ),
        (
            replace(GOOD, pairs=(BlueGreen("b", "c", live="green", traffic=Traffic("Z1", (LONG,))),)),
            "pairs[0].traffic.names[0]",
            LONG,
            "253 in all",
        ),
        (
            replace(GOOD, pairs=(BlueGreen("b", "c", live="pink"),)),  # type: ignore[arg-type]  # as a user may
            "pairs[0].live",
            "pink",
            "must be",
        ),
    ],
)
def test_a_mistake(fleet: Fleet, place: str, value: object, rule: str) -> None:
    told = [(each.place, str(each.value), rule in each.rule) for each in found(fleet) if each.place == place]
    assert told == [(place, str(value), True)]


GITHUB = GitHubActions("example/clusters")
CONNECTION = "arn:aws:codeconnections:us-west-2:444444444444:connection/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
CONNECTED = CodeConnections(CONNECTION, "example/clusters")
AWS = CodePipeline(account="444444444444", region="us-west-2", source=CONNECTED)


@pytest.mark.parametrize(
    ("pipeline", "place", "rule"),
    [
        *(
            (GitHubActions(name), "pipelines[0].repository", "owner/name")
            for name in ("clusters", "a/b/c", "a/*", "a/b'", "a/b ", "/b", "a/", "https://github.com/a/b")
        ),
        *(
            (replace(GITHUB, branch=name), "pipelines[0].branch", "name of a branch")
            for name in ("", "*", "main*", "a b", "'", "${{ x }}", "refs/heads/", "-x", "a\n")
        ),
        *(
            (replace(GITHUB, drift_schedule=name), "pipelines[0].drift_schedule", "five fields")
            for name in ("", "daily", "1 2 3 4", "1 2 3 4 5 6", '1 2 3 4 5"')
        ),
        (replace(GITHUB, owner_id="1"), "pipelines[0].repository_id", "both numbers"),
        (replace(GITHUB, repository_id="1"), "pipelines[0].owner_id", "both numbers"),
        (replace(GITHUB, owner_id="0123", repository_id="1"), "pipelines[0].owner_id", "must be the number"),
        (GitLabCi("clusters"), "pipelines[0].project", "path of a project"),
        *(
            (replace(AWS, source=replace(CONNECTED, connection=arn)), "pipelines[0].source.connection", "ARN of a")
            for arn in ("", "*", CONNECTION.replace("0a1b2c3d-", "*"), CONNECTION.replace(":connection/", ":host/"))
        ),
        *(
            (replace(AWS, source=replace(CONNECTED, repository=name)), "pipelines[0].source.repository", "owner/name")
            for name in ("clusters", "a/b ", "a/*", "https://github.com/a/b", "a/b\n")
        ),
        *(
            (replace(AWS, source=source), f"pipelines[0].source.{field}", rule)
            for source, field, rule in (
                (replace(CONNECTED, branch="*"), "branch", "name of a branch"),
                (CodeCommit("a.git"), "repository", "name of a repository"),
                (CodeCommit("a", branch="*"), "branch", "name of a branch"),
                (S3Archive("A"), "bucket", "name of an S3 bucket"),
                (S3Archive("sources", "*.zip"), "key", "ZIP archive"),
                (S3Archive("sources", "clusters.tar"), "key", "ZIP archive"),
            )
        ),
        (replace(AWS, region="cn-north-1"), "pipelines[0].source.connection", "the pipeline in aws-cn"),
        (replace(AWS, emails=("nobody",)), "pipelines[0].emails[0]", "e-mail address"),
        (replace(AWS, account="1"), "pipelines[0].account", "12 digits"),
        (GitLabCi("a/b:ref_type:branch"), "pipelines[0].project", "path of a project"),
    ],
)
def test_a_mistake_in_a_pipeline(pipeline: Any, place: str, rule: str) -> None:
    assert [(each.place, rule in each.rule) for each in found(replace(GOOD, pipelines=(pipeline,)))] == [(place, True)]


def test_two_pipelines_of_a_kind() -> None:
    (problem,) = found(replace(GOOD, pipelines=(GITHUB, GitLabCi("a/b"), replace(GITHUB, branch="other"))))
    assert (problem.place, problem.value) == ("pipelines[2]", "GitHubActions")


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_good_pipeline_of_aws(service: str) -> None:
    """https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html: both are there."""
    source = replace(CONNECTED, connection=CONNECTION.replace("codeconnections", service), repository="a/b/c")
    assert found(replace(GOOD, pipelines=(replace(AWS, source=source), GITHUB))) == []
    assert [each.place for each in found(replace(GOOD, pipelines=(AWS, AWS)))] == ["pipelines[1]"]


def test_a_pipeline_of_aws_reaches_its_own_partition() -> None:
    clusters = {"a": replace(SMALL, name="a"), "b": replace(SMALL, name="b", region="cn-north-1")}
    (problem,) = out_of_reach(replace(GOOD, pipelines=(GITHUB, AWS)), clusters)
    assert (problem.place, problem.value) == ("pipelines[1].region", "us-west-2")
    assert problem.rule.startswith("b is in aws-cn")
    assert [*out_of_reach(replace(GOOD, pipelines=(GITHUB,)), clusters)] == []


def test_a_wave_waits_for_nothing_unless_it_is_said() -> None:
    plain = Wave("a", clusters=("a",))
    assert (plain.promotion, Environment("a", waves=(plain,)).promotion) == (None, None)
    default = Fleet(environments=()).promotion
    assert (default.approval, default.soak_minutes, default.alarms) == (False, 0, ())


def test_the_one_without_traffic_comes_first() -> None:
    shared = Traffic("Z1", ("a.example.com", LONG[1:]), live_percent=1)
    assert found(replace(GOOD, pairs=(BlueGreen("b", "c", live="green", traffic=shared),))) == []


def test_what_is_near_an_unknown_name() -> None:
    fleet = one_wave("prod-eu", "prod-su")
    (problem, _) = between_values(fleet, ("prod-eu", "prod-us"))
    assert problem.fix == 'write "prod-us"'


def test_connected_networks_have_no_address_in_common() -> None:
    clusters = {
        "a": replace(SMALL, name="a", network=NewNetwork(cidr="10.0.0.0/16")),
        "b": replace(SMALL, name="b", network=NewNetwork(cidr="10.0.128.0/20")),
        "c": replace(SMALL, name="c", network=NewNetwork(cidr="10.1.0.0/16")),
    }
    fleet = replace(GOOD, connected=(("a", "c"), ("c", "b", "a")))
    (problem,) = overlaps(fleet, clusters)
    assert (problem.place, str(problem.value)) == ("connected[1][2]", "10.0.0.0/16")
    assert problem.rule.startswith("b has 10.0.128.0/20")
    assert [*overlaps(replace(GOOD, connected=(("a", "c"), ("b", "c"))), clusters)] == []
    assert [*overlaps(replace(GOOD, connected=(("a", "b"),)), {"a": clusters["a"]})] == [], (
        "nothing of one with mistakes"
    )


HOSTILE: list[Any] = [None, 1, "x", (), (None,), ("x",), [Wave("x", ("a",))], (Wave, Environment), ((),), {"a": 1}]


@pytest.mark.parametrize("thing", HOSTILE, ids=repr)
@pytest.mark.parametrize("field", ["environments", "promotion", "pairs", "connected", "pipelines"])
def test_nothing_that_stands_there_ends_in_a_traceback(field: str, thing: Any) -> None:
    for fleet in (
        replace(GOOD, **{field: thing}),
        Fleet(environments=(Environment(thing, waves=thing, defaults=thing, promotion=thing),)),
        Fleet(environments=environments(Wave(thing, clusters=thing, promotion=thing))),
        replace(GOOD, pairs=(BlueGreen(thing, thing, live=thing),), connected=(thing,)),
        replace(GOOD, pipelines=(CodePipeline(thing, thing, thing, emails=thing),)),
        replace(GOOD, promotion=Promotion(approval=thing, soak_minutes=thing, alarms=thing)),
    ):
        clusters = {"a": replace(SMALL, network=thing, region=thing)}
        every = [*found(fleet), *out_of_reach(fleet, clusters), *overlaps(fleet, clusters)]
        assert_readable(BlueprintError([*every, Problem(("at",), 1, "a rule", "a fix")]))


class TestPlan:
    def test_a_wave_has_what_is_said_nearest_to_it(self) -> None:
        first, second, third = (Promotion(soak_minutes=minutes) for minutes in (1, 2, 3))
        fleet = Fleet(
            promotion=first,
            environments=(
                Environment("dev", waves=(Wave("dev", clusters=("a",)),)),
                Environment("prod", promotion=second, waves=(Wave("x", ("b",)), Wave("y", ("c",), promotion=third))),
            ),
        )
        clusters = {name: replace(SMALL, name=name) for name in NAMES}
        made = fleet_plan(fleet, clusters, {name: plan(each) for name, each in clusters.items()})
        assert [(wave.name, wave.environment, wave.promotion) for wave in made.waves] == [
            ("dev", "dev", first),
            ("prod-x", "prod", second),
            ("prod-y", "prod", third),
        ]
        assert [each.facts.name for each in made.clusters] == ["a", "b", "c"]

    def test_what_differs_from_the_defaults(self) -> None:
        fleet = Fleet(environments=(Environment("dev", defaults=SMALL, waves=(Wave("dev", clusters=("a", "b")),)),))
        other = replace(
            SMALL,
            name="b",
            cluster=replace(SMALL.cluster, version="1.36"),
            compute=(replace(SMALL.compute[0], max=9),),  # type: ignore[call-arg]  # a node group
            addons=SMALL.addons[1:],
            tags={"a": "b"},
        )
        clusters = {"a": replace(SMALL, name="a"), "b": other}
        made = fleet_plan(fleet, clusters, {name: plan(SMALL) for name in clusters})
        assert made.differences == {"a": (), "b": ("cluster.version", "compute[0].max", "addons", "tags")}


@pytest.fixture(scope="module")
def fleet() -> FleetPlan:
    return planned_fleet(EXAMPLE)


class TestExample:
    def test_three_accounts_in_two_regions(self, fleet: FleetPlan) -> None:
        places = {
            (wave.environment, each.facts.account, each.facts.region) for wave in fleet.waves for each in wave.clusters
        }
        assert len(places) == 6
        assert {(environment, account) for environment, account, _ in places} == {
            ("dev", "111111111111"),
            ("stage", "222222222222"),
            ("prod", "333333333333"),
        }
        assert {region for *_, region in places} == {"us-west-2", "eu-west-1"}

    def test_each_of_its_clusters_can_be_planned_alone(self, fleet: FleetPlan) -> None:
        (made,) = planned(EXAMPLE, ["prod-eu-green"])
        assert made in fleet.clusters


Files = Callable[..., FleetPlan]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """The fleet of these files, with the clusters a and b; they are imported as `inventory`."""
    folder = tmp_path / "inventory"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    text = "from dataclasses import replace\nfrom tests.blueprint.examples import SMALL\n"

    def write(fleet: str | None, **clusters: str) -> FleetPlan:
        for name, fields in {"a": "", "b": "", **clusters}.items():
            (folder / f"{name}.py").write_text(f"{text}{name.upper()} = replace(SMALL, name='{name}'{fields})\n")
        if fleet is not None:
            (folder / "fleet.py").write_text(f"from blueprint import *\n{fleet}\n")
        importlib.invalidate_caches()
        return planned_fleet(folder)

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "inventory"]:
        del sys.modules[name]


WAVES = "FLEET = Fleet(environments=(Environment('dev', waves=(Wave('dev', clusters=({names})),)),))"


def test_a_fleet_in_a_file(files: Files) -> None:
    made = files(WAVES.format(names="'b', 'a'"))
    assert [each.facts.name for each in made.clusters] == ["b", "a"]


def test_mistakes_of_the_fleet_and_of_its_clusters_are_one_report(files: Files) -> None:
    with pytest.raises(BlueprintError) as raised:
        files(WAVES.format(names="'b', 'x'"), b=", region='nowhere'", c=", account=1")
    assert_readable(raised.value)
    assert [each.place for each in raised.value.problems] == [
        "inventory/b.py: B.region",
        "inventory/c.py: C.account",
        "inventory/fleet.py: FLEET.environments",
        "inventory/fleet.py: FLEET.environments",
        "inventory/fleet.py: FLEET.environments[0].waves[0].clusters[1]",
    ]


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        (None, "inventory/fleet.py", "<missing>"),
        ("", "inventory/fleet.py", "<no Fleet>"),
        ("A = Fleet(environments=())\nB = Fleet(environments=())", "inventory/fleet.py", "A, B"),
        ("1 / 0", "inventory/fleet.py:2", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", "inventory/fleet.py:2", "SystemExit: 0"),
    ],
)
def test_a_file_without_one(files: Files, text: str | None, place: str, value: str) -> None:
    with pytest.raises(BlueprintError) as raised:
        files(text)
    assert [(each.place, str(each.value)) for each in raised.value.problems] == [(place, value)]


def test_nothing_is_imported_while_a_team_is_more_than_data(files: Files, tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "own.py").write_text("import os\n")
    with pytest.raises(BlueprintError) as raised:
        files("raise SystemExit('imported')")
    assert [each.place for each in raised.value.problems] == ["teams/own.py:1"]
