"""A hub and its spokes: what the templates of a spoke have not, and who administers it instead."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from addons.argo_cd import ArgoCd
from blueprint import ArgoCdDelivery, KubectlProvider
from blueprint.planning.document import Plan
from blueprint.planning.file import dumped
from blueprint.planning.planner import plan
from examples.argo_hub import ARGO_HUB
from examples.argo_spoke import ARGO_SPOKE
from examples.hub_and_spokes.fleet import HUB
from examples.hub_and_spokes.pay_eu import PAY_EU
from examples.hub_and_spokes.platform_hub import PLATFORM_HUB
from tests.blueprint.test_existing_network import NETWORK
from tests.templates import Template, of_type, synthesized
from tools.access.matrix import matrix
from tools.assembly import read
from tools.doctor.checks.needs import types_of
from tools.gitops.assembly import with_git
from tools.review.dangers import dangers
from tools.revision.differences import differences

PLANS: Mapping[str, Plan] = {each.name: plan(each) for each in (PLATFORM_HUB, PAY_EU)}
ROLE = f"arn:aws:iam::{HUB.account}:role/{HUB.role}"
PLANS_OF_CHART = plan(ARGO_SPOKE)
Templates = Mapping[tuple[str, str], Template]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Judged by all rules."""
    return synthesized([*PLANS.values()], tmp_path_factory.mktemp("hub"), validate=True)


def test_a_spoke_has_no_function_with_kubectl(templates: Templates) -> None:
    of_spoke = {stack: json.dumps(template) for (name, stack), template in templates.items() if name == "pay-eu"}
    assert {*of_spoke} == {"network", "cluster", "addons", "teams"}
    for stack, text in of_spoke.items():
        assert "kubectl" not in text.lower().replace("makes kubectl use this cluster", ""), stack
        assert "AWSCDK-EKS" not in text, stack
        assert '"Custom::' not in text or stack == "network", stack
        assert '"AWS::Lambda::' not in text or stack == "network", stack  # that closes the VPC's default group
    assert "AWSCDK-EKS" in json.dumps(templates["platform-hub", "addons"])


def test_types_of_a_spoke_are_those_that_the_doctor_asks_for(templates: Templates) -> None:
    for name, made in PLANS.items():
        own = [template for (cluster, _), template in templates.items() if cluster == name]
        kinds = {each["Type"] for template in own for each in template.get("Resources", {}).values()}
        assert {*types_of(made)} == {kind for kind in kinds if kind.startswith("AWS::")}, name


def test_in_a_vpc_that_is_there_already_it_has_no_function_at_all(tmp_path: Path) -> None:
    made = plan(replace(PAY_EU, region="us-west-2", network=NETWORK))
    found = synthesized([made], tmp_path).values()
    kinds = {each["Type"] for template in found for each in template.get("Resources", {}).values()}
    assert "AWS::Lambda::Function" not in kinds
    assert {*types_of(made)} == {kind for kind in kinds if kind.startswith("AWS::")}


def test_the_hub_administers_it_by_the_role_that_the_hub_makes(templates: Templates) -> None:
    """An access entry is all that another account's capability needs: argocd-register-clusters.html (cross-account)."""
    entries = [each["Properties"] for each in of_type(templates["pay-eu", "cluster"], "AWS::EKS::AccessEntry").values()]
    (own,) = [each for each in entries if HUB.role in json.dumps(each["PrincipalArn"])]
    assert HUB.account in json.dumps(own["PrincipalArn"])
    (policy,) = own["AccessPolicies"]
    assert "AmazonEKSClusterAdminPolicy" in json.dumps(policy["PolicyArn"])
    assert policy["AccessScope"] == {"Type": "cluster"}
    roles = of_type(templates["platform-hub", "addons"], "AWS::IAM::Role").values()
    made = {each["Properties"].get("RoleName"): each["Properties"] for each in roles}
    assert "capabilities.eks.amazonaws.com" in json.dumps(made[HUB.role]["AssumeRolePolicyDocument"])


def test_a_hub_of_the_chart_is_two_roles_and_one_that_reads(tmp_path: Path) -> None:
    """EKS's AmazonEKSAdminViewPolicy lists and watches all kinds: access-policy-permissions.html."""
    made = synthesized([plan(ARGO_HUB), plan(ARGO_SPOKE)], tmp_path)
    roles = [each["Properties"] for each in of_type(made["argo-hub", "addons"], "AWS::IAM::Role").values()]
    named = {each["RoleName"]: each for each in roles if "RoleName" in each}
    assert {*named} == {"ArgoCdHub", "ArgoCdHubServer", "ArgoCdHubFacts"}
    for name, account in (("ArgoCdHub", "argocd-application-controller"), ("ArgoCdHubServer", "argocd-server")):
        assert account in json.dumps(named[name]["AssumeRolePolicyDocument"])
        assert "Policies" not in named[name]
    associations = of_type(made["argo-hub", "addons"], "AWS::EKS::PodIdentityAssociation").values()
    accounts = {(each["Properties"]["Namespace"], each["Properties"]["ServiceAccount"]) for each in associations}
    assert {("argocd", "argocd-application-controller"), ("argocd", "argocd-server")} <= accounts
    (document,) = [each["PolicyDocument"] for each in named["ArgoCdHubFacts"]["Policies"]]
    (statement,) = document["Statement"]
    assert statement["Action"] == ["sts:AssumeRole"] or statement["Action"] == "sts:AssumeRole"
    assert [fnmatch.fnmatchcase(ROLE_OF_SPOKE, plain(each)) for each in statement["Resource"]] == [True, False]
    below = ROLE_OF_SPOKE.replace("role/", "role/platform/")
    assert [fnmatch.fnmatchcase(below, plain(each)) for each in statement["Resource"]] == [False, True]
    entries = of_type(made["argo-spoke", "cluster"], "AWS::EKS::AccessEntry").values()
    by_role = {
        plain(each["Properties"]["PrincipalArn"]).rpartition("/")[2]: plain(
            each["Properties"]["AccessPolicies"][0]["PolicyArn"]
        ).rpartition("/")[2]
        for each in entries
        if each["Properties"].get("AccessPolicies")
    }
    assert by_role["ArgoCdHub"] == "AmazonEKSClusterAdminPolicy"
    assert by_role["ArgoCdHubServer"] == "AmazonEKSAdminViewPolicy"


ROLE_OF_SPOKE = "arn:aws:iam::111111111111:role/ArgoCdHubFacts-argo-spoke"


def plain(value: object) -> str:
    """A text of a template, in the partition of AWS's own regions."""
    if isinstance(value, dict):
        ((kind, parts),) = value.items()
        if kind == "Fn::Join":
            return "".join(map(plain, parts[1]))
        return "aws" if parts == "AWS::Partition" else "?"
    return str(value)


def test_what_a_deploy_decides_is_written_where_the_hub_alone_reads_it(tmp_path: Path) -> None:
    made = synthesized([plan(ARGO_SPOKE)], tmp_path)
    written = {
        stack: [each["Properties"] for each in of_type(template, "AWS::SSM::Parameter").values()]
        for (_, stack), template in made.items()
    }
    assert {stack: len(found) for stack, found in written.items()} == {
        "network": 0,
        "cluster": 1,
        "addons": 1,
        "teams": 0,
    }
    for stack in ("cluster", "addons"):
        (parameter,) = written[stack]
        assert parameter["Name"] == f"/blueprint/argo-spoke/{stack}"
        assert parameter["Type"] == "String"
        told = json.loads(plain(parameter["Value"]))["facts"]
        handed = PLANS_OF_CHART.delivery and PLANS_OF_CHART.delivery.handed
        assert handed
        assert {*told} == {*handed.names[stack]}
        assert {*told.values()} == {"?"}  # each is decided by AWS
    roles = [each["Properties"] for each in of_type(made["argo-spoke", "cluster"], "AWS::IAM::Role").values()]
    (reader,) = [each for each in roles if each.get("RoleName") == "ArgoCdHubFacts-argo-spoke"]
    (trust,) = reader["AssumeRolePolicyDocument"]["Statement"]
    assert plain(trust["Principal"]["AWS"]) == "arn:aws:iam::111111111111:role/ArgoCdHubFacts"
    (statement,) = reader["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Action"] in ("ssm:GetParameter", ["ssm:GetParameter"])
    assert {plain(each) for each in statement["Resource"]} == {
        f"arn:aws:ssm:eu-central-1:111111111111:parameter{parameter['Name']}"
        for found in written.values()
        for parameter in found
    }


def test_who_reads_about_access_sees_the_hub_and_no_installer() -> None:
    rows = {row.who: row.via for row in matrix(PLANS["pay-eu"]).kubernetes if "administrator" in row.via}
    assert ROLE in rows
    assert len(rows) == 2  # and BreakGlass
    of_hub = {row.who for row in matrix(PLANS["platform-hub"]).kubernetes if "administrator" in row.via}
    assert len(of_hub) == 2  # the installer, and BreakGlass


def test_another_spoke_changes_nothing_of_the_hub(templates: Templates, tmp_path: Path) -> None:
    """It is one file: its own."""
    spokes = [PAY_EU, *(replace(PAY_EU, name=f"more-{number}") for number in range(2))]
    again = synthesized([PLANS["platform-hub"], *map(plan, spokes)], tmp_path)
    for (name, stack), template in templates.items():
        if name == "platform-hub":
            assert again[name, stack] == template


BEFORE = {
    "kubectl": replace(PAY_EU, delivery=KubectlProvider()),
    "retained": replace(PAY_EU, delivery=KubectlProvider(retain=True)),
    "own": replace(
        PAY_EU,
        addons=(*PAY_EU.addons, ArgoCd(domain="argocd.example.com")),
        delivery=ArgoCdDelivery("https://github.com/example/platform"),
    ),
}


@pytest.mark.parametrize(
    ("before", "fix"),
    [
        ("kubectl", "first deploy delivery=KubectlProvider(…, retain=True)"),
        ("retained", "cdk deploy --exclusively 'pay-eu/teams'"),
        ("own", "KubectlProvider()"),
    ],
)
@pytest.mark.thorough
def test_a_cluster_that_becomes_a_spoke(before: str, fix: str, tmp_path: Path) -> None:
    """CloudFormation deploys the cluster's stack first, and removes no export that others import:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    plans = plan(BEFORE[before]), PLANS["pay-eu"]
    sides = []
    for number, made in enumerate(plans):
        out = tmp_path / str(number)
        synthesized([made], out)
        sides.append(with_git(read(out), {"pay-eu": dumped(made)}))
    found = [each for one in differences(*sides) for each in dangers(one, plans) if each.rule == "changes-delivery"]
    assert len(found) == 1
    assert fix in found[0].fix
