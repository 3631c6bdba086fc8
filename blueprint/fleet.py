"""All clusters as one, in `clusters/fleet.py`: environments and waves, in the order in which a change reaches them.

A wave begins when the one before it is done, has been watched for as long as it says, and none of its alarms rings; its
clusters are deployed at once. What fails stops all that comes later.
"""

from __future__ import annotations

from typing import Annotated, Literal

from blueprint.blueprint import Blueprint
from blueprint.code_pipeline import CodePipeline
from blueprint.fields import NOT_EMPTY, UNIQUE, AccountId, ClusterName, DnsName, between, matches
from blueprint.pipelines import GitHubActions, GitLabCi
from blueprint.value import Value

LONGEST_SOAK_MINUTES = 300
"""A job of GitHub's own runners ends after 6 hours:
https://docs.github.com/en/actions/reference/limits"""

StepName = Annotated[
    str,
    matches(
        r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?",
        "1 to 30 lowercase letters, digits and hyphens, beginning with a letter",
        'write for example "canary"',
    ),
]
AlarmName = Annotated[
    str,
    matches(
        # Narrower than CloudWatch: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        r"([\w ./:-]|\{(cluster|account|region)\}){1,255}",
        "must be the name of a CloudWatch alarm, in letters, digits, spaces and _ . / : -, in which {cluster}, "
        "{account} and {region} stand for those of each cluster",
        'write for example "{cluster}-errors"',
        longest=255,
    ),
]


class Promotion(Value):
    """What has to happen before a change goes on."""

    approval: bool = False
    """Whether somebody has to say yes before the wave begins."""
    soak_minutes: Annotated[int, between(0, LONGEST_SOAK_MINUTES, "minutes")] = 0
    """How long a wave is watched when it is deployed, before the next one may begin."""
    alarms: Annotated[tuple[AlarmName, ...], UNIQUE] = ()
    """CloudWatch alarms in the account and region of each cluster of the wave, metric or composite. One that rings, or
    is not there, while the wave is watched stops all later waves."""


class Wave(Value):
    """Clusters that a change reaches at once."""

    name: StepName
    """Of the wave in its environment: "canary"."""
    clusters: Annotated[tuple[ClusterName, ...], NOT_EMPTY]
    """Their names, as in their blueprints."""
    promotion: Promotion | None = None
    """In the place of its environment's."""


class Environment(Value):
    """Clusters of one purpose: development, production."""

    name: StepName
    """For example "prod"."""
    waves: Annotated[tuple[Wave, ...], NOT_EMPTY]
    """In the order in which a change reaches them."""
    defaults: Blueprint | None = None
    """What its clusters are made from, by `dataclasses.replace`. `make fleet` shows in which fields they differ."""
    promotion: Promotion | None = None
    """In the place of the fleet's, for all its waves."""


class Traffic(Value):
    """Names that people use, and that two clusters share by weighted records of Route 53; `make traffic` writes them.

    Each cluster answers to the name behind its own, in the same zone: `prod-eu.shop.example.com`. A deploy fails while
    one of them does not: Route 53 takes no record that points nowhere.
    """

    zone: Annotated[
        str,
        matches(r"Z[A-Z0-9]{1,31}", "must be the id of a Route 53 hosted zone", 'write for example "Z0123456789ABC"'),
    ]
    """Hosted zone of the names, public or private."""
    names: Annotated[tuple[DnsName, ...], NOT_EMPTY, UNIQUE]
    """For example "shop.example.com"."""
    live_percent: Annotated[int, between(1, 100, "percent")] = 100
    """How many of the answers name the live cluster; the rest name the other one. Resolvers keep an answer for a
    minute, and some programs for longer."""
    account: AccountId | None = None
    """That has the zone; None is that of the blue cluster."""
    ipv6: bool = False
    """Whether there are AAAA records as well, of load balancers in both families."""


class BlueGreen(Value):
    """Two clusters of which one takes the traffic, and the other is made anew or upgraded."""

    blue: ClusterName
    """The name of one."""
    green: ClusterName
    """The name of the other."""
    live: Literal["blue", "green"]
    """Which one takes the traffic. A change reaches the other first."""
    traffic: Traffic | None = None
    """The names that both answer to."""


class Fleet(Value):
    """All clusters of a folder, each in one wave."""

    environments: Annotated[tuple[Environment, ...], NOT_EMPTY]
    """In the order in which a change reaches them."""
    promotion: Promotion = Promotion()
    """What holds for all waves for which nothing else is said."""
    pairs: tuple[BlueGreen, ...] = ()
    """Clusters that replace each other."""
    pipelines: tuple[GitHubActions | GitLabCi | CodePipeline, ...] = ()
    """What delivers it: `make pipelines` writes those of GitHub and GitLab, `make roles` what these need in AWS, and
    `make code-pipeline` that of AWS."""
    connected: tuple[Annotated[tuple[ClusterName, ...], UNIQUE], ...] = ()
    """Groups of clusters whose networks are connected, by peering or a transit gateway: no two in a group may have an
    address in common."""
