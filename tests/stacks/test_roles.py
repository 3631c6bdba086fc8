"""The roles of pipelines: whom they trust and what they may do, as AWS would evaluate it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from app import ROOT
from blueprint import GitHubActions, GitLabCi, Promotion
from blueprint.inventory import planned_fleet
from blueprint.planning.fleet import FleetPlan
from blueprint.planning.pipeline_roles import READING_PARAMETERS, AccountRoles, PipelineRole, account_roles
from tests.permissions.evaluator import allowed, trusted
from tools.doctor.calls import ACTIONS
from tools.pipelines.reading import NOT_READING, READING
from tools.resource_types import TYPES
from tools.status import FindingsError
from tools.synthesis import synthesize_roles

ASSUME = "sts:AssumeRoleWithWebIdentity"
GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
BY_NAME = GitHubActions("example/clusters", branch="release")
BY_ID = GitHubActions("example/clusters", branch="release", owner_id="123456", repository_id="456789")
LAB = GitLabCi("example/platform/clusters", branch="release")

Template = Mapping[str, Any]


@pytest.fixture(scope="module")
def fleet() -> FleetPlan:
    return planned_fleet(ROOT / "examples" / "fleet")


@pytest.fixture(scope="module")
def templates(fleet: FleetPlan, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Template]]:
    """By the pipelines, and the account."""
    found = {}
    for name, pipelines in {
        "by name": (BY_NAME,),
        "by id": (BY_ID, replace(LAB, makes_provider=False)),
    }.items():
        out = tmp_path_factory.mktemp("roles")
        accounts = account_roles(replace(fleet, pipelines=pipelines), sorted(ACTIONS.values()), READING)
        synthesize_roles(accounts, out)
        report = json.loads((out / "validation-report.json").read_text(encoding="utf-8"))
        assert {each["conclusion"] for each in report["pluginReports"]} == {"success"}
        files = sorted((out / "assembly-roles").glob("*.template.json"))
        read = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in files}
        found[name] = {
            account: template
            for account in ("111111111111", "222222222222", "333333333333")
            for path, template in read.items()
            if account in path
        }
    return found


def filled(document: Any) -> Any:
    """In the partition of most regions, with the providers' own ARNs."""
    text = json.dumps(document)
    for name, value in (("AWS::Partition", "aws"), ("AWS::URLSuffix", "amazonaws.com")):
        text = text.replace(json.dumps({"Ref": name}), json.dumps(value))
    return _joined(json.loads(text))


def _joined(found: Any) -> Any:
    if isinstance(found, dict) and "Fn::Join" in found:
        between, parts = found["Fn::Join"]
        return between.join(map(str, map(_joined, parts)))
    if isinstance(found, dict):
        return {key: _joined(each) for key, each in found.items()}
    return [_joined(each) for each in found] if isinstance(found, list) else found


def role(template: Template, name: str) -> dict[str, Any]:
    (found,) = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::IAM::Role" and each["Properties"]["RoleName"] == name
    ]
    made = filled(found)
    assert isinstance(made, dict)
    return made


def token(issuer: str = GITHUB, **claims: str) -> dict[str, str]:
    """What AWS reads in a token, by its condition keys."""
    return {f"{issuer}:{name}": value for name, value in claims.items()}


def github(sub: str, ref: str = "refs/heads/release", aud: str = "sts.amazonaws.com") -> dict[str, str]:
    return token(sub=sub, ref=ref, aud=aud)


def gitlab(sub: str, aud: str = "sts.amazonaws.com") -> dict[str, str]:
    return token(GITLAB, sub=sub, aud=aud)


def trusts(template: Template, name: str, given: Mapping[str, str]) -> bool:
    return trusted(role(template, name)["AssumeRolePolicyDocument"], ASSUME, given)


DEPLOY = "blueprints-deploy-prod-us"
# https://docs.github.com/en/actions/reference/security/oidc
OF_NAME, OF_ID = "repo:example/clusters", "repo:example@123456/clusters@456789"


@pytest.mark.parametrize(("pipelines", "own", "other"), [("by name", OF_NAME, OF_ID), ("by id", OF_ID, OF_NAME)])
class TestGitHub:
    def test_the_deploy_of_a_cluster(
        self, pipelines: str, own: str, other: str, templates: dict[str, dict[str, Template]]
    ) -> None:
        template = templates[pipelines]["333333333333"]
        assert trusts(template, DEPLOY, github(f"{own}:environment:prod-us"))
        for refused in (
            github(f"{other}:environment:prod-us"),  # the other form, which is of another repository perhaps
            github(f"{own}:environment:prod-eu"),
            github(f"{own}:environment:PROD-US"),
            github(f"{own}:environment:prod-us-2"),
            github(f"{own}:ref:refs/heads/release"),  # a job without an environment, for which nobody is asked
            github(f"{own}:pull_request"),
            github(f"{own}:environment:prod-us", ref="refs/heads/another"),
            github(f"{own}:environment:prod-us", ref="refs/pull/1/merge"),
            github(f"{own}:environment:prod-us", ref="refs/tags/release"),
            github(f"{own}:environment:prod-us", aud="https://github.com/example"),
            github("repo:example/other:environment:prod-us"),
            github("repo:stranger/clusters:environment:prod-us"),
            github("repo:example@1/clusters@456789:environment:prod-us"),
            github("repo:example@123456/clusters@1:environment:prod-us"),
            github("repo:example@123456/renamed@456789:environment:prod-us"),
            github("*"),
            {},
        ):
            assert not trusts(template, DEPLOY, refused), refused

    @pytest.mark.parametrize("name", ["blueprints-check", "blueprints-drift"])
    def test_jobs_that_only_read(
        self, pipelines: str, own: str, other: str, name: str, templates: dict[str, dict[str, Template]]
    ) -> None:
        template = templates[pipelines]["333333333333"]
        assert trusts(template, name, github(f"{own}:ref:refs/heads/release"))
        for refused in (
            github(f"{other}:ref:refs/heads/release"),
            github(f"{own}:ref:refs/heads/main", ref="refs/heads/main"),
            github(f"{own}:pull_request", ref="refs/pull/1/merge"),
            github(f"{own}:environment:prod-us"),
        ):
            assert not trusts(template, name, refused), refused


def test_gitlab(templates: dict[str, dict[str, Template]]) -> None:
    """https://docs.gitlab.com/ci/secrets/id_token_authentication/ (sub)"""
    template = templates["by id"]["333333333333"]
    own = "project_path:example/platform/clusters:ref_type:branch:ref:release"
    for name in (DEPLOY, "blueprints-check", "blueprints-drift"):
        assert trusts(template, name, gitlab(own))
        assert not trusts(templates["by name"]["333333333333"], name, gitlab(own)), "no pipeline of this fleet"
        for refused in (
            own.replace("release", "main"),
            own.replace("branch", "tag"),
            own.replace("platform", "other"),
            f"{own}-2",
        ):
            assert not trusts(template, name, gitlab(refused)), refused
        # Claims of one issuer do not count for the other.
        assert not trusts(template, name, token(GITHUB, sub=own, aud="sts.amazonaws.com", ref="refs/heads/release"))


def test_clusters_whose_names_differ_in_a_sign_have_two_roles(fleet: FleetPlan, tmp_path: Path) -> None:
    """And the one that was there first keeps its own, whichever wave the other comes into."""
    wave = fleet.waves[0]
    one, two = (replace(wave.clusters[0], facts=replace(wave.clusters[0].facts, name=name)) for name in ("a-b", "ab"))
    found = []
    for number, clusters in enumerate(((one,), (one, two), (two, one))):
        waves = (replace(wave, clusters=clusters),)
        accounts = account_roles(replace(fleet, waves=waves, pipelines=(BY_NAME,)), ["ec2:DescribeVpcs"], READING)
        synthesize_roles(accounts, tmp_path / str(number))
        (path,) = (tmp_path / str(number) / "assembly-roles").glob("*.template.json")
        resources = json.loads(path.read_text(encoding="utf-8"))["Resources"].items()
        found.append({each["Properties"].get("RoleName", ""): id for id, each in resources})
    alone, both, turned = found
    assert both == turned == {**alone, "blueprints-deploy-ab": both["blueprints-deploy-ab"]}


def test_a_gitlab_of_one_s_own(fleet: FleetPlan, tmp_path: Path) -> None:
    """AWS knows it by its name: https://docs.gitlab.com/ci/cloud_services/aws/ (Provider URL, Conditions)."""
    own = replace(LAB, host="gitlab.example.com")
    accounts = account_roles(replace(fleet, pipelines=(own,)), ["ec2:DescribeVpcs"], READING)
    synthesize_roles(accounts, tmp_path)
    (path,) = (tmp_path / "assembly-roles").glob("*333333333333*.template.json")
    template = json.loads(path.read_text(encoding="utf-8"))
    (provider,) = [each for each in template["Resources"].values() if each["Type"] == "AWS::IAM::OIDCProvider"]
    assert provider["Properties"]["Url"] == "https://gitlab.example.com"
    subject = "project_path:example/platform/clusters:ref_type:branch:ref:release"
    claims = {"sub": subject, "aud": "sts.amazonaws.com"}
    assert trusts(template, DEPLOY, token("gitlab.example.com", **claims))
    assert not trusts(template, DEPLOY, token(GITLAB, **claims)), "gitlab.com has projects of the same path"


def test_a_role_names_the_issuers_of_its_account(templates: dict[str, dict[str, Template]]) -> None:
    for account, template in templates["by id"].items():
        providers = {
            name: each["Properties"]
            for name, each in template["Resources"].items()
            if each["Type"] == "AWS::IAM::OIDCProvider"
        }
        ((made, properties),) = providers.items()
        assert properties == {"Url": f"https://{GITHUB}", "ClientIdList": ["sts.amazonaws.com"]}
        statements = role(template, "blueprints-check")["AssumeRolePolicyDocument"]["Statement"]
        given = f"arn:aws:iam::{account}:oidc-provider/{GITLAB}"
        assert [each["Principal"] for each in statements] == [{"Federated": {"Ref": made}}, {"Federated": given}]


class TestRights:
    def may(self, template: Template, name: str, action: str, resource: str) -> bool:
        policies = [each["PolicyDocument"] for each in role(template, name)["Policies"]]
        return allowed(policies, action, resource, {})

    def test_a_deploy_takes_on_the_roles_of_the_cdk_and_no_others(
        self, templates: dict[str, dict[str, Template]]
    ) -> None:
        """https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"""
        template = templates["by name"]["333333333333"]
        bootstrapped = "arn:aws:iam::333333333333:role/cdk-hnb659fds-{}-role-333333333333-{}"
        asked = {
            (purpose, region): self.may(template, DEPLOY, "sts:AssumeRole", bootstrapped.format(purpose, region))
            for purpose in ("deploy", "file-publishing", "image-publishing", "lookup", "cfn-exec")
            for region in ("us-west-2", "eu-west-1")
        }
        assert {each for each, may in asked.items() if may} == {
            ("deploy", "us-west-2"),
            ("file-publishing", "us-west-2"),
        }
        (document,) = (each["PolicyDocument"] for each in role(template, DEPLOY)["Policies"])
        assert [each["Action"] for each in document["Statement"]] == ["sts:AssumeRole"], "nothing else at all"

    def test_what_only_reads_changes_nothing(self, templates: dict[str, dict[str, Template]]) -> None:
        reading = ("Describe", "Detect", "Get", "List", "Simulate")
        for name in ("blueprints-check", "blueprints-drift"):
            for policy in role(templates["by name"]["333333333333"], name)["Policies"]:
                statements = policy["PolicyDocument"]["Statement"]
                actions = [action for each in statements for action in each["Action"]]
                assert [each for each in actions if not each.partition(":")[2].startswith(reading)] == []
                anything = [each for each in statements if "parameter/blueprint/*" not in str(each["Resource"])]
                assert not [action for each in anything for action in each["Action"] if action in SECRETS]

    def test_the_doctor_and_the_watch_may_do_what_they_do(self, templates: dict[str, dict[str, Template]]) -> None:
        template = templates["by name"]["111111111111"]
        for action in (*ACTIONS.values(), "cloudwatch:DescribeAlarms"):
            assert self.may(template, "blueprints-check", action, "*")

    def test_of_parameters_it_reads_those_of_spokes_alone(self, templates: dict[str, dict[str, Template]]) -> None:
        template = templates["by name"]["111111111111"]
        below = "arn:aws:ssm:us-west-2:111111111111:parameter"
        for action in READING_PARAMETERS:
            assert self.may(template, "blueprints-drift", action, f"{below}/blueprint/dev/addons")
            assert not self.may(template, "blueprints-drift", action, f"{below}/shop/password")

    def test_drift_is_looked_for_in_stacks_of_clusters(self, templates: dict[str, dict[str, Template]]) -> None:
        """With what the CDK's command line calls: `detectStackDrift` in aws-cdk/lib/index.js of 2.1148.1."""
        template = templates["by name"]["111111111111"]
        stack = "arn:aws:cloudformation:eu-west-1:111111111111:stack/{}/0123"
        for call in ("DetectStackDrift", "DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts"):
            for name in ("dev-eu-network", "dev-eu-cluster", "dev-eu-addons", "dev-eu-teams"):
                assert self.may(template, "blueprints-drift", f"cloudformation:{call}", stack.format(name))
            assert not self.may(template, "blueprints-drift", f"cloudformation:{call}", stack.format("payroll"))


SECRETS = ("secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt", "s3:GetObject")


def test_what_cloudformation_reads_is_what_its_schemas_say() -> None:
    found: set[str] = set()
    for kind in (kind for kind, known in TYPES.items() if known.creates):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        found |= {*schema.get("handlers", {}).get("read", {}).get("permissions", ())}
    assert {*READING, *READING_PARAMETERS} == found - {*NOT_READING}
    assert {*READING}.isdisjoint(READING_PARAMETERS)
    assert {*NOT_READING} <= found


def test_a_session_lasts_as_long_as_the_longest_watch(fleet: FleetPlan) -> None:
    def minutes(soak: int) -> dict[str, int]:
        waves = tuple(replace(each, promotion=Promotion(soak_minutes=soak)) for each in fleet.waves)
        account, *_ = account_roles(replace(fleet, waves=waves, pipelines=(BY_NAME,)), (), ())
        return {each.name: each.session_minutes for each in account.roles if each.name != "blueprints-drift"}

    assert minutes(0)["blueprints-check"] == 60, "the least that IAM takes"
    assert minutes(300)["blueprints-check"] == 330 <= 720, "the most"
    assert minutes(300)["blueprints-deploy-dev-us"] == 60


def test_where_aws_does_not_read_the_branch(fleet: FleetPlan) -> None:
    """It does in commercial regions: a condition on what is never there would refuse every deploy elsewhere."""
    plan = replace(fleet.clusters[0], facts=replace(fleet.clusters[0].facts, region="us-gov-west-1"))
    wave = replace(fleet.waves[0], clusters=(plan,))
    (account,) = account_roles(replace(fleet, waves=(wave,), pipelines=(BY_NAME,)), (), ())
    ((_, claims),) = account.roles[-1].trusted
    assert claims == {"aud": "sts.amazonaws.com", "sub": f"{OF_NAME}:environment:dev-us"}


def test_a_finding_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no traceback, as with `make synth`."""
    from tools.__main__ import main
    from tools.commands import roles as command

    def failing(_: object, out: Path) -> None:
        (out / "manifest.json").write_text("{}", encoding="utf-8")
        raise FindingsError("a role that may do everything")

    monkeypatch.setattr(command, "CLUSTERS", ROOT / "examples" / "fleet")
    monkeypatch.setattr(command, "synthesize_roles", failing)
    assert main(["roles", "--output", str(tmp_path / "out")]) == 1
    assert "a role that may do everything\n\nThe findings above" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_what_the_rules_find_in_few_stacks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the CDK's own words, and not as its error."""
    from aws_cdk import aws_iam

    from stacks import roles as stacks

    class Bad(stacks.RolesStage):
        def __init__(self, scope: Any, accounts: Any) -> None:
            super().__init__(scope, accounts)
            (stack, *_) = self.node.children
            document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
            aws_iam.CfnManagedPolicy(stack, "Everything", policy_document=document)  # type: ignore[arg-type]  # a Construct

    monkeypatch.setattr(stacks, "RolesStage", Bad)
    role = PipelineRole("blueprints-check", "Looks", (("gitlab.com", {"aud": "x"}),), (), 60)
    account = AccountRoles("111111111111", "us-west-2", {"gitlab.com": "https://gitlab.com"}, (role,))
    with pytest.raises(FindingsError, match="Everything"):
        synthesize_roles([account], tmp_path)


def test_roles_written_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools.__main__ import main
    from tools.commands import roles as command

    monkeypatch.setattr(command, "CLUSTERS", ROOT / "examples" / "fleet")
    written: list[Path] = []
    monkeypatch.setattr(command, "synthesize_roles", lambda _, out: written.append(out))
    assert main(["roles", "--output", str(tmp_path / "out"), "--json"]) == 0
    assert written == [tmp_path / "out"]
    names = json.loads(capsys.readouterr().out)
    assert names["111111111111"] == [
        "blueprints-check",
        "blueprints-drift",
        "blueprints-deploy-dev-us",
        "blueprints-deploy-dev-eu",
    ]
    none = replace(planned_fleet(ROOT / "examples" / "fleet"), pipelines=())
    monkeypatch.setattr(command, "planned_fleet", lambda _: none)
    assert main(["roles", "--output", str(tmp_path / "none")]) == 1
    assert "no pipeline needs a role" in capsys.readouterr().err
