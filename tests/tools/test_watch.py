"""`make watch`: alarms that ring, that are not there, and the time that a wave is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from moto import mock_aws

from app import ROOT
from blueprint import Promotion
from blueprint.planning.document import Plan
from tests.plans import planned
from tools.__main__ import main
from tools.commands import watch as command
from tools.fleet.alarms import names, watched
from tools.status import CannotError, Status

PLAN = planned(name="dev", region="us-west-2", account="111111111111")
PROMOTION = Promotion(soak_minutes=2, alarms=("{cluster}-errors", "{account} {region}"))


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("cloudwatch", region_name="us-west-2")


def put(cloudwatch: Any, name: str, state: str = "OK") -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        MetricName="x",
        Namespace="y",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self, then: Callable[[float], None] = lambda _: None) -> None:
        self.now, self._then = 0.0, then

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._then(self.now)


def seen(clock: Clock, promotion: Promotion = PROMOTION, plan: Plan = PLAN) -> tuple[list[str], list[str]]:
    (found,) = watched([(promotion, plan)], clock=clock, sleep=clock.sleep).values()
    return [*found.ringing], [*found.missing]


def test_names_of_alarms() -> None:
    assert names(PROMOTION, PLAN) == ["dev-errors", "111111111111 us-west-2"]


def test_all_is_well_until_the_time_is_over(cloudwatch: Any) -> None:
    put(cloudwatch, "dev-errors")
    put(cloudwatch, "111111111111 us-west-2", "INSUFFICIENT_DATA")
    put(cloudwatch, "of somebody else", "ALARM")
    clock = Clock()
    assert seen(clock) == ([], [])
    assert clock.now == 120


def test_an_alarm_ends_it_at_once(cloudwatch: Any) -> None:
    put(cloudwatch, "dev-errors")
    put(cloudwatch, "111111111111 us-west-2")
    clock = Clock(lambda now: put(cloudwatch, "dev-errors", "ALARM") if now >= 60 else None)
    assert seen(clock) == (["dev-errors"], [])
    assert clock.now == 60


def test_an_alarm_that_is_not_there_is_no_silence(cloudwatch: Any) -> None:
    put(cloudwatch, "dev-errors")
    clock = Clock()
    assert seen(clock) == ([], ["111111111111 us-west-2"])
    assert clock.now == 0


def test_a_composite_alarm_rings_as_well() -> None:
    """Moto tells none, so the answer is one of AWS's documentation."""
    asked: list[dict[str, Any]] = []

    class Paginator:
        def paginate(self, **options: Any) -> list[dict[str, Any]]:
            asked.append(options)
            return [{"CompositeAlarms": [{"AlarmName": "all", "StateValue": "ALARM"}]}]

    class Client:
        def get_paginator(self, name: str) -> Paginator:
            assert name == "describe_alarms"
            return Paginator()

    promotion = Promotion(alarms=("all", *(f"a{number}" for number in range(100))))
    found = watched([(promotion, PLAN)], client=lambda _: Client())["dev"]
    assert found.ringing == ["all"]
    # By itself AWS tells of metric alarms only, and takes a hundred names.
    assert [options["AlarmTypes"] for options in asked] == [["MetricAlarm", "CompositeAlarm"]] * 2
    assert [len(options["AlarmNames"]) for options in asked] == [100, 1]


def test_without_alarms_nothing_is_asked_and_the_time_passes() -> None:
    def refuse(_: str) -> Any:
        class Client:
            def get_paginator(self, name: str) -> Any:
                raise AssertionError(name)

        return Client()

    clock = Clock()
    promotion = Promotion(soak_minutes=1)
    assert watched([(promotion, PLAN)], client=refuse, clock=clock, sleep=clock.sleep)["dev"] == ([], [])
    assert clock.now == 60


def test_without_credentials() -> None:
    class Client:
        def get_paginator(self, name: str) -> Any:
            raise NoCredentialsError

    with pytest.raises(CannotError, match="CloudWatch does not tell"):
        watched([(PROMOTION, PLAN)], client=lambda _: Client())


class TestCommand:
    @pytest.fixture(autouse=True)
    def _example(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command, "CLUSTERS", ROOT / "examples" / "fleet")

    def test_an_alarm(self, cloudwatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
        put(cloudwatch, "prod-us-errors", "ALARM")
        assert main(["watch", "prod-us"]) == Status.REFUSED
        assert capsys.readouterr().err == "prod-us: the alarm prod-us-errors rings\n"

    def test_nothing_to_watch(self, cloudwatch: Any) -> None:
        assert main(["watch", "dev-us", "dev-eu"]) == Status.DONE

    def test_for_programs(self, cloudwatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["watch", "--json", "stage-us"]) == Status.REFUSED
        assert capsys.readouterr().out == '{"stage-us": {"ringing": [], "missing": ["stage-us-errors"]}}\n'

    def test_an_unknown_cluster(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["watch", "prod"]) == Status.REFUSED
        assert "unknown cluster" in capsys.readouterr().err
