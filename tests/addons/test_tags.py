"""The blueprint's tags arrive on what add-ons make in AWS: every one that may make something that carries tags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from policy_sentry.querying.actions import get_action_data

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from blueprint import plan
from blueprint.addons.by_value import ByValue
from blueprint.planning.document import Part
from tests.blueprint.examples import SMALL
from tests.stacks.fleet import FLEET
from tests.templates import plain

TAGS = {"cost-center": "42", "example.com/team": "platform"}


def made() -> Iterator[Part]:
    """Each add-on that examples have, once, with tags of its cluster; of those first the options that make more."""
    seen: set[str] = set()
    richer = (AwsLoadBalancerController(wafv2=True, shield=True), CertManager(zones={"example.com": "Z1"}))
    for blueprint in (replace(SMALL, addons=(*CORE, *richer)), *FLEET):
        by_value = {each.name for each in blueprint.addons if isinstance(each, ByValue)}
        for part in plan(replace(blueprint, tags=TAGS, teams=())).addons:
            if part.name not in seen | by_value:
                seen.add(part.name)
                yield part


MADE = list(made())


@cache
def managed(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(aws_managed_policies_data)[name]["Document"]
    return found


def actions(part: Part) -> Iterator[str]:
    """All that the add-on's service accounts may do, policies of AWS included."""
    grants = [*part.contribution.grants, *(addon.grant for addon in part.contribution.managed_addons if addon.grant)]
    for grant in grants:
        yield from (action for statement in grant.statements for action in statement.actions)
        for policy in grant.managed_policies:
            for statement in managed(policy.rpartition("/")[2])["Statement"]:
                named = statement["Action"]
                yield from [named] if isinstance(named, str) else named


def makes(action: str) -> bool:
    """Whether the request makes something that can be given tags at once, by IAM's own tables."""
    service, _, name = action.partition(":")
    if not name.startswith(("Allocate", "Copy", "Create", "Import", "Request", "Run")):
        return False
    data = get_action_data(service, name)
    return any("aws:RequestTag/${TagKey}" in each["condition_keys"] for each in data[service])


MAKERS = [part for part in MADE if any(map(makes, actions(part)))]
NO_PLACE = {
    # https://github.com/aws/containers-roadmap/issues/2755: not in the configuration schema of the add-on
    "aws-efs-csi-driver",
    # aws-application-networking-k8s v2.1.3 pkg/k8s/utils.go:358: by an annotation of each Gateway and route alone
    "aws-gateway-api-controller",
    # helm-charts 93a934e charts/amazon-cloudwatch-observability/values.yaml:150: Fluent Bit makes groups without tags
    "amazon-cloudwatch-observability",
}
"""Where AWS takes no tags; the add-on says so."""


def test_these_make_something() -> None:
    names = {part.name for part in MAKERS}
    assert {"aws-ebs-csi-driver", "aws-load-balancer-controller", "karpenter", "vpc-cni"} <= names
    assert not names & {"external-dns", "cert-manager", "argo-cd"}


def pairs(data: Any) -> Iterator[tuple[str, str]]:
    """Every mapping's entries of text, at any depth; JSON and `a=b,c=d` within text are looked into."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if isinstance(value, str):
                yield key, value
            yield from pairs(value)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from pairs(item)
    elif isinstance(data, str) and data.startswith("{"):
        yield from pairs(json.loads(data))
    elif isinstance(data, str):
        yield from ((key, value) for key, _, value in (each.partition("=") for each in data.split(",")) if value)


@pytest.mark.parametrize("part", [each for each in MAKERS if each.name not in NO_PLACE], ids=lambda part: part.name)
def test_the_tags_arrive(part: Part) -> None:
    contribution = part.contribution
    given = [addon.configuration for addon in contribution.managed_addons]
    given += [release.values for release in contribution.releases]
    assert set(pairs([*given, *contribution.objects])) >= TAGS.items()


def test_where_each_controller_looks_for_them() -> None:
    values = {addon.name: plain(addon.configuration) for part in MADE for addon in part.contribution.managed_addons}
    # aws-ebs-csi-driver v1.64.0 charts/aws-ebs-csi-driver/templates/_helpers.tpl:72, docs/tagging.md:11
    assert values["aws-ebs-csi-driver"]["controller"]["extraVolumeTags"] == {**TAGS, "eks-cluster": "dev"}
    # amazon-vpc-cni-k8s v1.22.4 README.md (ADDITIONAL_ENI_TAGS): text that is JSON
    assert json.loads(values["vpc-cni"]["env"]["ADDITIONAL_ENI_TAGS"]) == TAGS
    assert "env" not in plan(SMALL).parts[-1].contribution.managed_addons[0].configuration
