"""CloudWatch's alarms, while a wave is watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from blueprint.fleet import Promotion
from blueprint.planning.document import Plan
from tools.progress import write_over
from tools.status import CannotError

SECONDS = 30
"""Between two looks: alarms are evaluated once a minute, or more seldom."""
_PAGE = 100
"""Names in one call. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""


class SeenAlarms(NamedTuple):
    """Alarms that speak against going on."""

    ringing: Sequence[str] = ()
    missing: Sequence[str] = ()


def watched(
    clusters: Sequence[tuple[Promotion, Plan]],
    client: Callable[[str], Any] = lambda region: boto3.client("cloudwatch", region_name=region),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, SeenAlarms]:
    """What speaks against each cluster: the first that is seen, or nothing when the time is over."""
    until = clock() + 60 * max((promotion.soak_minutes for promotion, _ in clusters), default=0)
    asked = [(plan, client(plan.facts.region), names(promotion, plan)) for promotion, plan in clusters]
    while True:
        found = {plan.facts.name: _seen(cloudwatch, alarms) for plan, cloudwatch, alarms in asked}
        left = until - clock()
        if left <= 0 or any(any(each) for each in found.values()):
            return found
        write_over(f"watching for {left / 60:.0f} min more")
        sleep(min(left, SECONDS))


def names(promotion: Promotion, plan: Plan) -> list[str]:
    """Of the alarms of a cluster."""
    facts = plan.facts
    known = {"{cluster}": facts.name, "{account}": facts.account, "{region}": facts.region}
    found = []
    for alarm in promotion.alarms:
        for placeholder, value in known.items():
            alarm = alarm.replace(placeholder, value)  # noqa: PLW2901  # one after the other
        found.append(alarm)
    return found


def _seen(cloudwatch: Any, alarms: Sequence[str]) -> SeenAlarms:
    try:
        states = _states(cloudwatch, alarms)
    except (BotoCoreError, ClientError) as error:
        raise CannotError(f"CloudWatch does not tell what its alarms say: {error}") from None
    ringing = [name for name in alarms if states.get(name) == "ALARM"]
    return SeenAlarms(ringing, [name for name in alarms if name not in states])


def _states(cloudwatch: Any, alarms: Sequence[str]) -> Mapping[str, str]:
    """Nothing is asked where there is no alarm: without names, the answer would be all of the account."""
    states: dict[str, str] = {}
    for at in range(0, len(alarms), _PAGE):
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=alarms[at : at + _PAGE], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for page in pages:
            for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())):
                states[alarm["AlarmName"]] = alarm["StateValue"]
    return states
