"""Logs of Fargate: what its log router is told, and who may write.

https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from addons.fargate_logs import FargateLogs
from blueprint import FargateProfile, FargateSelector, Plan, plan
from blueprint.contribution import LogGroup
from blueprint.planning.document import FargateNodes
from examples.fargate_roles import FARGATE_ROLES
from tests.blueprint.examples import SMALL, assert_reported, changed, part, with_addons

GROUP = "/aws/eks/fargate-roles/fargate"


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(FARGATE_ROLES)


def profiles(made: Plan) -> dict[str, FargateNodes]:
    return {each.name: each for each in made.compute if isinstance(each, FargateNodes)}


def test_it_is_where_fargate_looks_for_it(made: Plan) -> None:
    (space,) = part(made, "fargate-logs").namespaces
    labels = space.manifest()["metadata"]["labels"]
    assert (space.name, labels["aws-observability"]) == ("aws-observability", "enabled")
    (config,) = part(made, "fargate-logs").objects
    assert config["metadata"] == {"name": "aws-logging", "namespace": "aws-observability"}
    assert sum(map(len, config["data"].values())) < 5300  # "Can't exceed 5300 characters."


def test_it_has_what_fargate_takes(made: Plan) -> None:
    """[FILTER], [OUTPUT] and [PARSER], each under its own key; supported filters and outputs are listed on the page."""
    (config,) = part(made, "fargate-logs").objects
    data = config["data"]
    assert {name: set(re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)) for name, text in data.items()} == {
        "flb_log_cw": set(),
        "filters.conf": {"FILTER"},
        "output.conf": {"OUTPUT"},
        "parsers.conf": {"PARSER"},
    }
    assert set(re.findall(r"Name (\w+)", data["filters.conf"])) <= {
        *("grep", "parser", "record_modifier", "rewrite_tag", "throttle", "nest", "modify", "kubernetes")
    }
    told = dict(re.findall(r"^    (\S+) (.+)$", data["output.conf"], re.MULTILINE))
    assert (told["Name"], told["region"], told["log_group_name"]) == ("cloudwatch_logs", "us-west-2", GROUP)
    assert told["auto_create_group"] == "false"
    assert part(made, "fargate-logs").resources == (LogGroup(GROUP, 30),)
    assert data["flb_log_cw"] == "false"
    (config,) = part(
        plan(replace(FARGATE_ROLES, addons=(*FARGATE_ROLES.addons[:-1], FargateLogs(router_logs=True)))), "fargate-logs"
    ).objects
    assert config["data"]["flb_log_cw"] == "true"


def test_roles_of_profiles_may_write_there_and_nowhere_else(made: Plan) -> None:
    role = profiles(made)["system"].role
    assert role
    (statement,) = role.statements
    assert {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"} == set(statement.actions)
    assert all(f":log-group:{GROUP}" in resource for resource in statement.resources)
    without = profiles(plan(replace(FARGATE_ROLES, addons=FARGATE_ROLES.addons[:-1])))["system"].role
    assert without
    assert without.statements == ()


def test_it_needs_fargate() -> None:
    assert_reported(with_addons(FargateLogs()), "addons[3]", "has no FargateProfile", "add one")


def test_a_profile_may_have_a_role_that_is_there(made: Plan) -> None:
    given = profiles(made)["given"]
    assert (given.role, given.role_arn) == (None, "arn:${blueprint:partition}:iam::111111111111:role/fargate/Reports")


def test_a_profile_may_stand_in_some_zones(made: Plan) -> None:
    assert profiles(made)["batch"].zones == ("us-west-2a",)
    profile = FargateProfile("apps", selectors=(FargateSelector("apps"),), zones=("d",))
    assert_reported(
        changed(SMALL, compute=(*SMALL.compute, profile)), "compute[1].zones", "no subnet for nodes in d", "a, b"
    )
