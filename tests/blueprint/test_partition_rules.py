"""What partitions lack, held against botocore's table of endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader

from addons.aws_guardduty_agent import AwsGuardDutyAgent
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.kube_prometheus_stack import KubePrometheusStack
from blueprint import Blueprint, FargateProfile, FargateSelector, plan
from blueprint.addons import NewWorkspace
from blueprint.partition_rules import LACKING
from blueprint.regions import partition_of
from examples.ipv6 import IPV6
from tests.blueprint.examples import SMALL, assert_reported, changed, part
from tests.stacks.fleet import plans_of_examples

CHINA, GOVERNMENT = "cn-north-1", "us-gov-west-1"
FARGATE = FargateProfile("jobs", selectors=(FargateSelector("jobs"),))
# Of these, an endpoint in a VPC has another name than botocore's table.
NAMES = {"aps-workspaces": "aps", "ecr.api": "api.ecr", "ecr.dkr": "api.ecr"}
UNKNOWN = {"guardduty-data", "networkflowmonitorreports"}
"""What agents call, and no SDK: botocore's table has neither."""


@pytest.fixture(scope="module")
def partitions() -> Mapping[str, Mapping[str, Any]]:
    """The services of each."""
    path = Path(botocore.__file__).parent / "data" / "endpoints.json"
    found = json.loads(path.read_text(encoding="utf-8"))["partitions"]
    return {each["partition"]: each["services"] for each in found}


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_what_add_ons_call_is_there_or_refused(partition: str, partitions: Mapping[str, Mapping[str, Any]]) -> None:
    parts = [part for made in plans_of_examples().values() for part in made.parts]
    calls = {service for part in parts for service in part.contribution.aws_services} - UNKNOWN
    assert {"aps-workspaces", "shield", "sqs"} <= calls
    lacking = {each for each in calls if not partitions[partition].get(NAMES.get(each, each), {}).get("endpoints")}
    assert lacking == LACKING.get(partition, frozenset())


def there(region: str, **fields: Any) -> Blueprint:
    return changed(SMALL, region=region, **fields)


@pytest.mark.parametrize(
    ("blueprint", "place", "rule", "fix"),
    [
        (
            there(GOVERNMENT, compute=(*SMALL.compute, FARGATE)),
            "compute[1]",
            "no pods on Fargate in us-gov-west-1",
            "on nodes",
        ),
        *(
            (
                there(region, cluster=changed(SMALL.cluster, certificate_authorities=("2026",))),
                "cluster.certificate_authorities",
                f"makes no certificate authorities of a cluster in {region}",
                "leave them out",
            )
            for region in (CHINA, GOVERNMENT)
        ),
        (changed(IPV6, region=CHINA, teams=()), "cluster.ip_family", "no cluster of IPv6 in cn-north-1", "dualstack"),
        (
            there(CHINA, addons=(*CORE, KubePrometheusStack(workspace=NewWorkspace()))),
            f"addons[{len(CORE)}]",
            "calls aps-workspaces, which cn-north-1 does not have",
            "leave out the option",
        ),
        *(
            (
                there(region, addons=(*CORE, AwsLoadBalancerController(shield=True))),
                f"addons[{len(CORE)}]",
                f"calls shield, which {region} does not have",
                "leave out the option",
            )
            for region in (CHINA, GOVERNMENT)
        ),
    ],
)
def test_mistakes(blueprint: Blueprint, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_the_other_partitions_have_it() -> None:
    """Fargate in China; Prometheus in GovCloud, by the table."""
    assert plan(there(CHINA, compute=(*SMALL.compute, FARGATE))).compute[1].name == "jobs"
    made = plan(there(GOVERNMENT, addons=(*CORE, KubePrometheusStack(workspace=NewWorkspace()))))
    assert part(made, "kube-prometheus-stack").aws_services == ("aps-workspaces",)


@pytest.mark.parametrize(("region", "service"), [("us-west-2", ""), (CHINA, ""), (GOVERNMENT, "-fips")])
def test_the_endpoint_of_guardduty_s_agent(region: str, service: str) -> None:
    """https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-guardduty.html"""
    made = plan(there(region, addons=(*CORE, AwsGuardDutyAgent())))
    assert part(made, "aws-guardduty-agent").aws_services == (f"guardduty-data{service}",)


def test_each_region_is_of_its_partition() -> None:
    """As botocore 1.44.5 has it: data/partitions.json."""
    for partition in Loader().load_data("partitions")["partitions"]:
        regions = [name for name in partition["regions"] if not name.endswith("-global")]
        assert regions
        assert {partition_of(name) for name in regions} == {partition["id"]}
