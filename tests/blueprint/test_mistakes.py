"""Mistakes of a first day: each ends in a report, and what it says helps with what was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.loaders
import pytest
from botocore.loaders import Loader

from addons.ack_capability import AckCapability
from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import Blueprint, Cluster, ExistingNetwork, ManagedNodes, NewNetwork, PrivateEndpoint, Role
from blueprint.addons import Chart, HelmAddon
from blueprint.contribution import Contribution
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plan
from blueprint.regions import REGIONS
from blueprint.teams import ApplicationTeam
from blueprint.value import Value
from examples.existing_vpc import EXISTING_VPC
from tests.blueprint.examples import SMALL, Probe, assert_readable, changed, with_addons
from tests.blueprint.honesty import assert_honest


def report(blueprint: Blueprint) -> BlueprintError:
    with pytest.raises(BlueprintError) as raised:
        plan(blueprint)
    assert_readable(raised.value, of_faults=True)
    return raised.value


def hook(name: str, answer: Callable[[], Any], base: type = Probe) -> type[Any]:
    """An add-on, or a team, with a method that gives this."""
    return type(
        "Own", (base,), {name: lambda *_: answer(), "name": "own"} if base is Probe else {name: lambda *_: answer()}
    )


def fails(error: BaseException) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


class WordlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "name", ["contribute", "problems_on", "values", "objects", "services", "hosted_zones", "off_aws"]
)
@pytest.mark.parametrize(
    "error", [ValueError("oh"), SystemExit(0), KeyError("x"), RecursionError(), WordlessError()], ids=repr
)
def test_a_method_that_raises(name: str, error: BaseException) -> None:
    (found,) = report(with_addons(hook(name, fails(error))())).problems
    assert found.place == f"blueprint.addons[{len(SMALL.addons)}]"
    assert found.rule.endswith("does not come to an end")
    assert type(error).__name__ in str(found)
    assert re.search(r"blueprint/test_mistakes\.py:\d+", found.fix)


@pytest.mark.parametrize("name", ["contribute", "problems_on", "values", "objects", "services", "hosted_zones"])
@pytest.mark.parametrize(
    "answer", [None, 1, "text", Contribution, object(), {"a": 1}, (None,)], ids=lambda answer: type(answer).__name__
)
def test_a_method_that_gives_something_else(name: str, answer: object) -> None:
    """Whatever it is, but a mapping is right for values."""
    if name == "values" and isinstance(answer, dict):
        return
    found = report(with_addons(hook(name, lambda: answer)())).problems
    assert {problem.path[:2] for problem in found} == {("blueprint", "addons")}
    assert all(problem.rule.startswith("Own.") for problem in found)


def test_a_method_that_raises_when_it_is_asked_again() -> None:
    """Each is asked once before, and then where its answer is needed."""
    answers = iter([False] * (len(SMALL.addons) + 1))
    (found,) = report(with_addons(hook("follows", lambda: next(answers))())).problems
    assert (found.place, found.value) == ("blueprint", "StopIteration: ")
    assert found.rule == "what is asked of its parts does not come to an end"
    assert re.fullmatch(r"correct blueprint/test_mistakes\.py:\d+", found.fix)


@pytest.mark.parametrize("answer", [fails(ValueError("oh")), lambda: None])
def test_a_team_that_cannot_say_what_it_adds(answer: Callable[[], Any]) -> None:
    team = hook("contribute", answer, ApplicationTeam)("search", owners=(Role("Lead"),))
    (found,) = report(changed(SMALL, teams=(team,))).problems
    assert found.place == "blueprint.teams[0]"
    assert found.rule.startswith("Own.contribute() ")


CHART = Chart("probe", "https://charts.example.com", "1.0.0")
FACTS: list[tuple[Mapping[str, Any], str, str]] = [
    ({"namespace": "own", "chart": CHART}, "Own is only a base, without name", "define name in Own"),
    ({"name": "own", "chart": CHART}, "Own is only a base, without namespace", "define namespace in Own"),
    ({"name": "own", "namespace": "own"}, "Own is only a base, without chart", "define chart in Own"),
    (
        {"name": 3, "namespace": "own", "chart": CHART},
        "Own.name must be str",
        'write it as text: "3", in the class',
    ),
    ({"name": "My Own", "namespace": "own", "chart": CHART}, "Own.name 1 to 63 lowercase", "in the class"),
    ({"name": "own", "namespace": "Own_", "chart": CHART}, "Own.namespace 1 to 63 lowercase", "in the class"),
    ({"name": "own", "namespace": "own", "chart": "podinfo"}, "Own.chart must be Chart", "write chart=Chart(…)"),
    (
        {"name": "own", "namespace": "own", "chart": CHART, "requires": ("karpenter",)},
        "Own.requires[0] must be a type of Addon",
        "in the class",
    ),
    (
        {"name": "own", "namespace": "own", "chart": CHART, "requires": Karpenter},
        "Own.requires must be a tuple of a type of Addon",
        "in the class",
    ),
    (
        {"name": "own", "namespace": "own", "chart": CHART, "timeout_minutes": "6"},
        "Own.timeout_minutes must be int",
        "write timeout_minutes=6",
    ),
    (
        {"name": "own", "namespace": "own", "chart": CHART, "pod_security": "none"},
        "Own.pod_security must be",
        "in the class",
    ),
]


@pytest.mark.parametrize(("facts", "rule", "fix"), FACTS)
def test_a_class_that_says_something_wrong_of_itself(facts: Mapping[str, Any], rule: str, fix: str) -> None:
    own = type("Own", (HelmAddon,), dict(facts))
    found = report(with_addons(own(), own())).problems
    assert found[0].rule.startswith(rule)
    assert fix in found[0].fix


def test_rules_of_a_value_that_raise() -> None:
    (found,) = report(with_addons(hook("problems", fails(ValueError("oh")))())).problems
    assert found.place == f"blueprint.addons[{len(SMALL.addons)}]"
    assert found.rule == "Own.problems() does not come to an end"


WRITTEN: list[tuple[Callable[[], Blueprint], str, str]] = [
    (lambda: changed(SMALL, addons=(*CORE, Karpenter)), "is the class", "write Karpenter()"),
    (lambda: changed(SMALL, teams=(ApplicationTeam,)), "is the class", "write ApplicationTeam(…)"),
    (
        lambda: changed(SMALL, cluster=changed(SMALL.cluster, endpoint=PrivateEndpoint)),
        "is the class",
        "write PrivateEndpoint()",
    ),
    (lambda: changed(SMALL, addons=(*CORE, None)), "must be Addon", "leave it out"),
    (
        lambda: changed(SMALL, addons=(*CORE, "karpenter")),
        "must be Addon, not a name",
        "write Karpenter(), from addons.karpenter import Karpenter",
    ),
    (lambda: changed(SMALL, addons=(CORE, Karpenter())), "must be Addon, not a tuple of it", "put a * in front of it"),
    (lambda: changed(SMALL, addons=Karpenter()), "must be a tuple of Addon", "write addons=(Karpenter(…),)"),
    (lambda: changed(SMALL, network=changed(SMALL.network, zones="abc")), "must be a tuple", "zones=('a', 'b', 'c')"),
    (
        lambda: with_addons(changed(AckCapability(), disabled_services="iam")),
        "must be a tuple",
        "disabled_services=('iam',)",
    ),
    (lambda: changed(SMALL, network=changed(SMALL.network, zones="a")), "must be a tuple", "write zones=('a',)"),
    (lambda: changed(SMALL, region="eu-centrl-1"), "must be a region in which EKS is", "us-west-2"),
    (lambda: changed(SMALL, region="us-mars-1"), "must be a region in which EKS is", "us-west-2"),
    (
        lambda: changed(SMALL, compute=(ManagedNodes("a", instance_types=("m7g.lagre",)),)),
        "must be the name of an EC2 instance type",
        "m7g.large",
    ),
]


@pytest.mark.parametrize(("make", "rule", "fix"), WRITTEN)
def test_the_fix_is_for_what_was_written(make: Callable[[], Blueprint], rule: str, fix: str) -> None:
    blueprint = make()
    found = report(blueprint).problems[0]
    assert_honest(found, blueprint, found.path[1:])
    assert found.rule.startswith(rule)
    assert fix in found.fix


def foreign() -> Iterator[tuple[type[Value], str, str]]:
    for cls in (Blueprint, Cluster, NewNetwork, ExistingNetwork, ManagedNodes):
        yield from ((cls, word, fix) for word, fix in cls.words_of_others.items())


# What AWS does not call so. https://github.com/terraform-aws-modules: terraform-aws-eks v21 variables.tf and its
# modules, and those of v20; terraform-aws-vpc v6 variables.tf.
TERRAFORM = {
    *("azs", "one_nat_gateway_per_az", "single_nat_gateway", "enable_nat_gateway", "enable_ipv6"),
    *("private_subnets", "public_subnets", "control_plane_subnet_ids"),
    *("iam_role_additional_policies", "enable_monitoring", "pre_bootstrap_user_data", "enable_efa_support"),
    *("bootstrap_extra_args", "cloudinit_pre_nodeadm", "ami_release_version"),
    *("enable_cluster_creator_admin_permissions", "endpoint_public_access_cidrs", "enabled_log_types", "iam_role_arn"),
    *("eks_managed_node_groups", "self_managed_node_groups", "cluster_addons", "iam_role_permissions_boundary"),
    *("iam_role_path", "cluster_endpoint_public_access"),
}
# https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/assets/schema.json, in snake_case
EKSCTL = {
    *(
        "node_groups",
        "managed_node_groups",
        "auto_mode_config",
        "iam_roles_anywhere",
        "efa_enabled",
        "ssh",
        "ami",
        "spot",
    ),
    *("volume_iops", "volume_throughput", "nat"),
}
# https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_eks_v2.html, and aws_ec2.Vpc
CDK = {
    *("max_azs", "masters_role", "endpoint_access", "secrets_encryption_key", "pod_execution_role", "subnet_selection"),
}
# https://github.com/aws-quickstart/cdk-eks-blueprints/tree/1.19.0/lib, in snake_case
TYPESCRIPT = {"resource_providers", "cluster_provider", "node_group_type", "add_ons"}
OF_OTHER_VALUES = {"zones", "flow_log_retention_days", "node_class"}
"""Fields here, of a value beside it or of an earlier version."""


def test_the_words_of_others_are_theirs() -> None:
    """A word that nobody writes would help nobody."""
    known = TERRAFORM | EKSCTL | CDK | TYPESCRIPT | OF_OTHER_VALUES
    for service in ("eks", "ec2", "autoscaling", "iam"):
        for shape in Loader().load_service_model(service, "service-2")["shapes"].values():
            for name in shape.get("members", ()):
                word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
                known |= {word, f"{word}s", word.removesuffix("s")}
    for cls in with_words_of_others():
        assert {*cls.words_of_others} - known == set(), cls


def with_words_of_others(below: type[Value] = Value) -> Iterator[type[Value]]:
    for cls in below.__subclasses__():
        if "words_of_others" in vars(cls):
            yield cls
        yield from with_words_of_others(cls)


@pytest.mark.parametrize(("cls", "word", "fix"), [*foreign()])
def test_the_words_of_others_lead_to_ours(cls: type[Value], word: str, fix: str) -> None:
    """And what the fix names is there."""
    value: Any = {
        Blueprint: SMALL,
        Cluster: SMALL.cluster,
        NewNetwork: SMALL.network,
        ExistingNetwork: EXISTING_VPC.network,
        ManagedNodes: SMALL.compute[0],
    }[cls]
    assert word not in {*vars(value)}, "it is a field"
    fields = {"name", "account", "region", *vars(value)}
    for named in re.findall(r"^write (\w+)(?:=|$|,)", fix):
        assert named in fields
    wrong = changed(value, **{word: 1})
    (where,) = [name for name, held in vars(SMALL).items() if held is value or held == (value,)] or ["network"]
    blueprint = wrong if cls is Blueprint else changed(SMALL, **{where: (wrong,) if cls is ManagedNodes else wrong})
    assert [(problem.rule, problem.fix) for problem in report(blueprint).problems] == [
        (f"unknown field {word!r} of {type(value).__name__}", fix)
    ]


def test_eks_is_in_these_regions() -> None:
    """As the SDK of today knows; a newer one may know more."""
    partitions = botocore.loaders.create_loader().load_data("endpoints")["partitions"]
    known = {region for each in partitions for region in each["services"].get("eks", {}).get("endpoints", {})}
    assert {region for region in known if not region.startswith("fips-")} == {*REGIONS}


def test_a_class_of_one_s_own_hides_none_of_the_model() -> None:
    hook("contribute", Contribution, ApplicationTeam)
    (found,) = report(changed(SMALL, teams=(Role("Lead"),))).problems
    assert "ApplicationTeam" in found.rule
