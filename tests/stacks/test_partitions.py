"""Every example in the partitions that are public: the same file in another region, or what is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.region_info import RegionInfo

from blueprint import Blueprint, Mirrors
from blueprint.planning.planner import plan
from blueprint.regions import dns_suffix, partition_of
from blueprint.value import Value
from blueprint.zones import id_prefix
from examples.isolated import ISOLATED
from tests.blueprint.examples import error_of
from tests.stacks.fleet import FLEET
from tests.templates import of_type, synthesized
from tools.assembly import text

CHINA, GOVERNMENT = "cn-north-1", "us-gov-west-1"
HOME = "us-west-2"


def moved(found: Any, region: str) -> Any:
    """What somebody writes who copies a file for another region."""
    if isinstance(found, str):
        there = found.replace(f"{id_prefix(HOME)}-", f"{id_prefix(region)}-").replace(HOME, region)
        there = there.replace("arn:aws:", f"arn:{partition_of(region)}:")
        return there.replace(f"{region}.amazonaws.com", f"{region}.{dns_suffix(region)}")
    if isinstance(found, Value):
        names = [field.name for field in fields(found) if field.name != "_mistakes"]
        return replace(found, **{name: moved(getattr(found, name), region) for name in names})
    if isinstance(found, tuple):
        return tuple(moved(each, region) for each in found)
    if isinstance(found, Mapping):
        return {moved(key, region): moved(each, region) for key, each in found.items()}
    return found


AT_HOME = [each for each in FLEET if each.region == HOME]
LACKING: Mapping[tuple[str, str], set[str]] = {
    ("isolated", CHINA): {"Amazon ECR caches no other registry in cn-north-1"},
    ("isolated", GOVERNMENT): {"Amazon ECR caches no other registry in us-gov-west-1"},
    ("auto-pools", CHINA): {"there are no such images in cn-north-1"},
    ("ipv6", CHINA): {"EKS makes no cluster of IPv6 in cn-north-1"},
    **{
        (name, CHINA): {"kube-prometheus-stack calls aps-workspaces, which cn-north-1 does not have"}
        for name in ("open-source", "self-service")
    },
    **{
        ("gateways", region): {f"aws-gateway-api-controller calls vpc-lattice, which {region} does not have"}
        for region in (CHINA, GOVERNMENT)
    },
    **{("capabilities", region): {f"EKS has no capabilities in {region}"} for region in (CHINA, GOVERNMENT)},
    **{("hybrid", region): {f"EKS takes no nodes outside of AWS in {region}"} for region in (CHINA, GOVERNMENT)},
    **{
        ("provisioned", region): {f"CloudFormation makes no certificate authorities of a cluster in {region}"}
        for region in (CHINA, GOVERNMENT)
    },
    ("fargate", GOVERNMENT): {"EKS runs no pods on Fargate in us-gov-west-1"},
    ("fargate-roles", GOVERNMENT): {"EKS runs no pods on Fargate in us-gov-west-1"},
    ("launched", GOVERNMENT): {"EKS runs no pods on Fargate in us-gov-west-1"},
    **{
        ("self-managed", region): {f"aws-load-balancer-controller calls shield, which {region} does not have"}
        for region in (CHINA, GOVERNMENT)
    },
}
"""What an example asks for that the partition does not have; all others are the same there."""


@pytest.mark.parametrize("region", [CHINA, GOVERNMENT])
@pytest.mark.parametrize("blueprint", AT_HOME, ids=lambda each: each.name)
def test_each_example_is_planned_or_told_what_is_not_there(blueprint: Blueprint, region: str) -> None:
    there = moved(blueprint, region)
    if expected := LACKING.get((blueprint.name, region)):
        assert {problem.rule for problem in error_of(there).problems} == expected
    else:
        made, home = plan(there), plan(blueprint)
        assert made.facts.region == region
        assert [part.name for part in made.parts] == [part.name for part in home.parts]


def words(found: Any) -> Iterator[str]:
    """All texts in a template, with what CloudFormation joins."""
    if isinstance(found, Mapping):
        if found.keys() & {"Fn::Join", "Fn::Sub"}:
            yield text(found)
        for key, each in found.items():
            yield key
            # Which has both names of a service, in every partition.
            yield from words(each) if key != "kms:ViaService" else ()
    elif isinstance(found, list):
        for each in found:
            yield from words(each)
    elif isinstance(found, str):
        yield found


def services(found: Any) -> Iterator[Any]:
    """Principals of AWS's services in policies."""
    if isinstance(found, Mapping):
        principal = found.get("Principal")
        named = principal.get("Service", []) if isinstance(principal, Mapping) else []
        yield from ([named] if isinstance(named, str | Mapping) else named)
        for each in found.values():
            yield from services(each)
    elif isinstance(found, list):
        for each in found:
            yield from services(each)


@pytest.mark.parametrize("region", [CHINA, GOVERNMENT])
@pytest.mark.thorough
def test_templates_say_what_is_the_partition_s(region: str, tmp_path: Path) -> None:
    """ARNs, names of hosts, and principals as the CDK's table of regions has them."""
    there = [moved(each, region) for each in AT_HOME if (each.name, region) not in LACKING]
    plans = [plan(each) for each in (*there, *(each for each in FLEET if each.region == region))]
    of_region, suffix = RegionInfo.get(region), dns_suffix(region)
    assert (of_region.partition, of_region.domain_suffix) == (partition_of(region), suffix)
    known = set()
    for place, template in synthesized(plans, tmp_path).items():
        for said in words(template):
            assert not re.search(r"arn:aws:", said), (place, said)
            hosts = re.findall(rf"[\w.-]*\.{region}\.amazonaws\.com(?:\.cn)?\b", said)
            wrong = [host for host in hosts if not host.endswith(f"{region}.{suffix}")]
            assert not wrong, (place, wrong)
        known |= {text(each) for each in services(json.loads(json.dumps(template)))}
    assert {"ec2.amazonaws.com", "eks.amazonaws.com"} < known
    for principal in known:
        name = principal.removesuffix(".amazonaws.com").replace(f".{region}", "")
        if not principal.startswith("logs."):  # of a region: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
            assert of_region.service_principal(name) == principal


# eksctl v0.230.0 pkg/apis/eksctl.io/v1alpha5/endpoint_service.go: RequiresChinaPrefix
WITH_PREFIX = {"ec2", "ecr.api", "ecr.dkr", "sts"}
WITHOUT = {"s3", "ssm", "secretsmanager", "logs"}


@pytest.mark.parametrize(("region", "prefix"), [(CHINA, "cn.com.amazonaws"), (GOVERNMENT, "com.amazonaws")])
def test_endpoints_have_the_names_of_the_partition(region: str, prefix: str, tmp_path: Path) -> None:
    copies = {"public.ecr.aws": f"111111111111.dkr.ecr.{region}.{dns_suffix(region)}/public"}
    charts = f"oci://111111111111.dkr.ecr.{region}.{dns_suffix(region)}/charts"
    there = replace(moved(ISOLATED, region), mirrors=Mirrors(images=copies, charts=charts))
    template = synthesized([plan(there)], tmp_path)["isolated", "network"]
    names = [text(each["Properties"]["ServiceName"]) for each in of_type(template, "AWS::EC2::VPCEndpoint").values()]
    split = [name.replace("${AWS::Region}", region).partition(f".{region}.") for name in names]
    found = {name: before for before, _, name in split}
    assert {"ec2", "ecr.api", "ecr.dkr", "s3", "ssm"} <= {*found}
    assert {found[name] for name in WITH_PREFIX & {*found}} == {prefix}
    assert {found[name] for name in WITHOUT & {*found}} == {"com.amazonaws"}
