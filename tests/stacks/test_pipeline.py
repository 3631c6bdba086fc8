"""The pipeline of AWS: what comes after what, and what its roles may do, as AWS would evaluate it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import ROOT
from blueprint import CodeCommit, CodePipeline, S3Archive
from blueprint.errors import BlueprintError
from blueprint.inventory import planned_fleet
from blueprint.planning.code_pipeline import _BESIDE, _BESIDE_OF_A_REGION, PipelinePlan, pipeline_plan
from blueprint.planning.fleet import FleetPlan
from tests.permissions.evaluator import allowed
from tests.stacks.test_roles import filled
from tools.pipelines.aws import programs
from tools.synthesis import synthesize, synthesize_pipeline

FLEET = ROOT / "examples" / "fleet"
OWN = "444444444444"

Template = Mapping[str, Any]


def planned(**fields: Any) -> PipelinePlan:
    fleet = planned_fleet(FLEET)
    assert fleet.code_pipeline
    return pipeline_plan(replace(fleet, code_pipeline=replace(fleet.code_pipeline, **fields)), programs())


@pytest.fixture(scope="module")
def plan() -> PipelinePlan:
    return planned()


@pytest.fixture(scope="module")
def assembly(plan: PipelinePlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pipeline")
    synthesize_pipeline(plan, out)
    report = json.loads((out / "validation-report.json").read_text(encoding="utf-8"))
    assert {each["conclusion"] for each in report["pluginReports"]} == {"success"}
    return out


@pytest.fixture(scope="module")
def template(assembly: Path) -> Template:
    return read(assembly / "Pipeline.template.json")


def read(path: Path) -> Template:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def stages(template: Template) -> dict[str, list[dict[str, Any]]]:
    """Actions of each stage, in the order in which they run."""
    ((_, pipeline),) = of_type(template, "AWS::CodePipeline::Pipeline").items()
    return {
        each["Name"]: sorted(each["Actions"], key=lambda action: (action["RunOrder"], action["Name"]))
        for each in pipeline["Stages"]
    }


def ran(template: Template, stage: str) -> list[list[str]]:
    """Names of the actions that run at once, one group after the other."""
    groups: dict[int, list[str]] = {}
    for action in stages(template)[stage]:
        groups.setdefault(action["RunOrder"], []).append(action["Name"])
    return [groups[order] for order in sorted(groups)]


class TestOrder:
    def test_the_waves_of_the_fleet_after_all_that_is_common(self, template: Template, plan: PipelinePlan) -> None:
        assert [*stages(template)] == [
            *("Source", "Build", "UpdatePipeline", "Assets"),
            *("dev", "stage", "prod-canary", "prod-first", "prod-rest"),
        ]
        assert [*stages(template)][4:] == [wave.name for wave in plan.waves]

    def test_within_a_wave(self, template: Template) -> None:
        assert ran(template, "dev") == [
            ["Ready-dev-eu", "Ready-dev-us"],
            ["dev-eu.network.Deploy", "dev-us.network.Deploy"],
            ["dev-eu.cluster.Deploy", "dev-us.cluster.Deploy"],
            ["dev-eu.addons.Deploy", "dev-us.addons.Deploy"],
            ["dev-eu.teams.Deploy", "dev-us.teams.Deploy"],
            ["Watch-dev-eu", "Watch-dev-us"],
        ]

    def test_somebody_is_asked_where_the_fleet_says_so_and_when_all_is_ready(self, template: Template) -> None:
        asked = {
            name: [action["Name"] for action in found if action["ActionTypeId"]["Category"] == "Approval"]
            for name, found in stages(template).items()
        }
        assert {name for name, approvals in asked.items() if approvals} == {"prod-canary"}
        first, second, third, *_ = ran(template, "prod-canary")
        assert (first, second) == (["Ready-prod-eu-green"], ["Approve"])
        assert third == ["network.Deploy"]

    def test_it_stops_where_something_fails(self, template: Template) -> None:
        """No stage goes on, is skipped or goes back by itself.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works-conditions.html
        """
        ((_, pipeline),) = of_type(template, "AWS::CodePipeline::Pipeline").items()
        for stage in pipeline["Stages"]:
            assert stage.keys() == {"Name", "Actions"}


def test_what_it_is(template: Template) -> None:
    ((_, pipeline),) = of_type(template, "AWS::CodePipeline::Pipeline").items()
    assert pipeline["PipelineType"] == "V2"
    assert pipeline["ExecutionMode"] == "SUPERSEDED"
    assert pipeline["RestartExecutionOnUpdate"] is True
    (variable,) = pipeline["Variables"]
    assert (variable["Name"], variable["DefaultValue"]) == ("ALLOW", "none")
    (build,) = stages(template)["Build"]
    (given,) = (each for each in json.loads(build["Configuration"]["EnvironmentVariables"]) if each["name"] == "ALLOW")
    assert given["value"] == "#{variables.ALLOW}"
    (source,) = stages(template)["Source"]
    assert source["Configuration"]["BranchName"] == "main"
    assert source["Configuration"]["FullRepositoryId"] == "example/clusters"


def test_keys_rotate_and_artifacts_are_encrypted_in_each_region(assembly: Path, template: Template) -> None:
    templates = [template, *map(read, assembly.glob("cross-region-stack-*.template.json"))]
    assert len(templates) == 2, "that of the pipeline, and one for eu-west-1"
    for each in templates:
        keys = of_type(each, "AWS::KMS::Key")
        assert keys
        assert all(key["EnableKeyRotation"] is True for key in keys.values())
        for bucket in of_type(each, "AWS::S3::Bucket").values():
            (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_what_the_key_of_logs_and_notices_lets_others_do(template: Template) -> None:
    """Two services of AWS, as they ask for it, for what is of this account and region:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    https://docs.aws.amazon.com/dtconsole/latest/userguide/notification-target-create.html
    """
    (key,) = (
        key
        for key in of_type(template, "AWS::KMS::Key").values()
        if key.get("Description", "").startswith("Logs and notices")
    )
    account, logs, notices = filled(_substituted(key["KeyPolicy"]))["Statement"]
    every = {"Effect": "Allow", "Resource": "*"}
    assert account == {**every, "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "kms:*"}
    assert logs == {
        **every,
        "Principal": {"Service": "logs.us-west-2.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-west-2:{OWN}:log-group:*"}},
    }
    assert notices == {
        **every,
        "Principal": {"Service": "codestar-notifications.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Condition": {"StringEquals": {"kms:ViaService": "sns.us-west-2.amazonaws.com"}},
    }


def statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def test_nobody_is_trusted_by_a_pattern(assembly: Path, template: Template) -> None:
    """A principal that is everybody may only be refused something."""
    seen = 0
    for each in (template, *map(read, assembly.glob("cross-region-stack-*.template.json"))):
        for properties in (resource.get("Properties", {}) for resource in each["Resources"].values()):
            for name in ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument"):
                for statement in statements(properties.get(name, {"Statement": []})):
                    if "*" in json.dumps(statement.get("Principal", "")):
                        seen += 1
                        assert statement["Effect"] == "Deny"
    assert seen == 3, "two buckets and the topic refuse what is not encrypted on its way"


def policies(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each role, what it may do, with ids in the place of ARNs."""
    text = json.dumps(template)
    for name in template["Resources"]:
        text = text.replace(json.dumps({"Fn::GetAtt": [name, "Arn"]}), json.dumps(f"arn:aws:x:::{name}"))
        text = text.replace(json.dumps({"Ref": name}), json.dumps(name))
    made = json.loads(text.replace('"Fn::Sub": "arn:${AWS::Partition}', '"Fn::Sub": "arn:aws'))
    for policy in of_type(made, "AWS::IAM::Policy").values():
        (role,) = policy["Roles"]
        yield role, filled(_substituted(policy["PolicyDocument"]))


def _substituted(value: Any) -> Any:
    if isinstance(value, dict):
        return value["Fn::Sub"] if [*value] == ["Fn::Sub"] else {key: _substituted(each) for key, each in value.items()}
    return [_substituted(each) for each in value] if isinstance(value, list) else value


BOOTSTRAPPED = "arn:aws:iam::{account}:role/cdk-hnb659fds-{purpose}-role-{account}-{region}"
"""https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"""
PURPOSES = ("deploy", "file-publishing", "image-publishing", "lookup", "cfn-exec")
ACCOUNTS = ("111111111111", "222222222222", "333333333333")
REGIONS = ("us-west-2", "eu-west-1")


def assumed(template: Template) -> dict[str, set[tuple[str, str, str]]]:
    """Of each role, which of the CDK's it may take on, anywhere."""
    places = [(account, region) for account in (*ACCOUNTS, OWN, "555555555555") for region in (*REGIONS, "us-east-1")]
    return {
        role: {
            (purpose, account, region)
            for account, region in places
            for purpose in PURPOSES
            if allowed(
                [document],
                "sts:AssumeRole",
                BOOTSTRAPPED.format(account=account, region=region, purpose=purpose),
                # As the CDK tags them, so that a condition on it would let them through.
                {"iam:ResourceTag/aws-cdk:bootstrap-role": purpose},
            )
        }
        for role, document in policies(template)
    }


def test_roles_take_on_those_of_the_fleet_and_no_others(template: Template) -> None:
    def of(purpose: str, *accounts: str) -> set[tuple[str, str, str]]:
        return {(purpose, account, region) for account in accounts for region in REGIONS}

    found = assumed(template)
    kinds = ("FleetRole", "Synth", "SelfMutation", "FileRole", "ReadyRole", "WatchRole", "CodeBuildActionRole")
    by_kind = {kind: each for kind in kinds for role, each in found.items() if kind in role}
    assert len(found) == len(by_kind) == len(kinds)
    assert by_kind == {
        "FleetRole": of("deploy", *ACCOUNTS),
        "Synth": set(),
        "SelfMutation": of("deploy", OWN) | of("file-publishing", OWN),
        "FileRole": of("file-publishing", *ACCOUNTS) | of("deploy", *ACCOUNTS),
        "ReadyRole": of("lookup", *ACCOUNTS),
        "WatchRole": of("lookup", *ACCOUNTS),
        "CodeBuildActionRole": set(),
    }


def test_roles_may_do_nothing_else(template: Template) -> None:
    """Beside these: read the source, start builds, write logs, and hand artifacts on; no resource is a pattern."""
    connection = "arn:aws:codeconnections:us-west-2:444444444444:connection/"
    for role, document in policies(template):
        for statement in statements(document):
            assert statement["Effect"] == "Allow"
            actions, resources = statement["Action"], statement["Resource"]
            for resource in resources if isinstance(resources, list) else [resources]:
                for action in actions if isinstance(actions, list) else [actions]:
                    assert "Report" not in action  # of tests, which no build here has
                    may = {
                        "sts": resource.startswith("arn:aws:iam::") or "CodeBuildActionRole" in resource,
                        "codeconnections": resource.startswith(connection),
                        "codebuild": resource.startswith("arn:aws:x:::") and "Role" not in resource,
                        "logs": resource.endswith(":log-group:Logs:*"),
                        "s3": "ArtifactsBucket" in resource or "blueprints-pipeline-suppo" in resource,
                        "kms": "EncryptionKey" in resource
                        or (resource == f"arn:aws:kms:eu-west-1:{OWN}:key/*" and "Condition" in statement),
                    }
                    assert may.get(action.partition(":")[0]), (role, action, resource)


def test_the_key_of_another_region_is_the_one_of_its_artifacts(assembly: Path, template: Template) -> None:
    (support,) = map(read, assembly.glob("cross-region-stack-*.template.json"))
    (alias,) = of_type(support, "AWS::KMS::Alias").values()
    (pipeline,) = (document for role, document in policies(template) if "FleetRole" in role)
    key = f"arn:aws:kms:eu-west-1:{OWN}:key/0a1b2c3d"
    assert allowed([pipeline], "kms:Decrypt", key, {"kms:ResourceAliases": [alias["AliasName"]]})
    assert not allowed([pipeline], "kms:Decrypt", key, {"kms:ResourceAliases": ["alias/another"]})


class TestMovingIn:
    """A cluster that somebody deployed by hand goes on as it is."""

    def test_stacks_are_as_make_synth_writes_them(self, assembly: Path, plan: PipelinePlan, tmp_path: Path) -> None:
        clusters = [each for wave in plan.waves for each in wave.clusters if each.facts.name in ("dev-us", "prod-eu")]
        synthesize(clusters, tmp_path, validate=False)
        compared = 0
        for theirs in sorted(tmp_path.glob("assembly-*/*.template.json")):
            ours = assembly / theirs.relative_to(tmp_path)
            compared += 1
            if read(theirs).get("Resources"):
                assert ours.read_bytes() == theirs.read_bytes()
            else:
                assert [each["Type"] for each in read(ours)["Resources"].values()] == [
                    "AWS::CloudFormation::WaitConditionHandle"
                ]
        assert compared == 8
        deployed = {
            action["Configuration"]["StackName"]
            for actions in stages(read(assembly / "Pipeline.template.json")).values()
            for action in actions
            if action["ActionTypeId"]["Provider"] == "CloudFormation"
        }
        for cluster in clusters:
            manifest = read(tmp_path / f"assembly-{cluster.facts.name}" / "manifest.json")
            names = {
                each["properties"]["stackName"]
                for each in manifest["artifacts"].values()
                if each["type"] == "aws:cloudformation:stack"
            }
            assert names <= deployed
            assert len(names) == 4

    def test_no_template_is_empty(self, assembly: Path) -> None:
        """CloudFormation refuses one: "At least one Resources member must be defined"."""
        templates = [*assembly.rglob("*.template.json")]
        assert len(templates) == 2 + 4 * 7
        assert [path.name for path in templates if not read(path).get("Resources")] == []


@pytest.mark.parametrize(
    ("source", "provider"), [(CodeCommit("clusters", branch="release"), "CodeCommit"), (S3Archive("sources"), "S3")]
)
@pytest.mark.thorough
def test_other_sources(source: CodeCommit | S3Archive, provider: str, tmp_path: Path) -> None:
    synthesize_pipeline(planned(source=source, account="111111111111"), tmp_path)
    template = read(tmp_path / "Pipeline.template.json")
    (action,) = stages(template)["Source"]
    assert action["ActionTypeId"]["Provider"] == provider
    ((logical_id, rule),) = of_type(template, "AWS::Events::Rule").items()
    projects = of_type(template, "AWS::CodeBuild::Project").items()
    (build,) = (each for name, each in projects if "Synth" in name)
    if isinstance(source, CodeCommit):
        assert action["Configuration"]["RepositoryName"] == "clusters"
        assert action["Configuration"]["BranchName"] == "release"
        assert rule["EventPattern"]["detail"]["referenceName"] == ["release"]
        assert "guard" in build["Source"]["BuildSpec"]
    else:
        assert action["Configuration"]["S3ObjectKey"] == "clusters.zip"
        assert logical_id.startswith("Uploaded"), "another id makes the rule anew"
        assert action["Configuration"]["PollForSourceChanges"] is False
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
        assert (rule["EventPattern"]["source"], rule["EventPattern"]["detail-type"]) == (["aws.s3"], ["Object Created"])
        assert rule["EventPattern"]["detail"] == {"bucket": {"name": ["sources"]}, "object": {"key": ["clusters.zip"]}}
        assert "guard" not in build["Source"]["BuildSpec"], "an archive has no earlier commit"


def test_who_is_told(template: Template) -> None:
    (rule,) = of_type(template, "AWS::CodeStarNotifications::NotificationRule").values()
    assert {each.rpartition("pipeline-")[2] for each in rule["EventTypeIds"]} == {
        *("execution-failed", "execution-canceled", "execution-succeeded"),
        "manual-approval-needed",
    }
    (subscription,) = of_type(template, "AWS::SNS::Subscription").values()
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "platform@example.com")
    (topic,) = of_type(template, "AWS::SNS::Topic")
    assert [each["TargetAddress"] for each in rule["Targets"]] == [{"Ref": topic}]


def test_no_pipeline_of_aws() -> None:
    with pytest.raises(BlueprintError) as raised:
        pipeline_plan(replace(planned_fleet(FLEET), code_pipeline=None), programs())
    (problem,) = raised.value.problems
    assert (problem.place, problem.value) == ("clusters/fleet.py: FLEET.pipelines", "()")
    assert (problem.rule, problem.fix) == (
        "no pipeline of AWS delivers the fleet",
        "write pipelines=(CodePipeline(…),)",
    )


def places(count: int) -> FleetPlan:
    """A fleet with a cluster in each of so many accounts, in two regions."""
    fleet = planned_fleet(FLEET)
    (cluster, *_) = fleet.clusters
    clusters = tuple(
        replace(cluster, facts=replace(cluster.facts, account=f"{number:012}", region=region))
        for number in range(count)
        for region in REGIONS
    )
    return replace(fleet, waves=(replace(fleet.waves[0], clusters=clusters),))


def test_a_pipeline_reaches_as_many_accounts_as_its_roles_may_name() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: inline ones of 10,240 characters"""
    assert len(pipeline_plan(places(15), programs()).publishes.resources) == 60
    with pytest.raises(BlueprintError) as raised:
        pipeline_plan(places(20), programs())
    (problem,) = raised.value.problems
    assert problem.place == "clusters/fleet.py: FLEET.pipelines"
    assert str(problem.value).endswith(" characters")
    assert problem.rule == "the inline policies of a role hold at most 10240 characters"
    assert problem.fix == "deliver some of its accounts and regions by a fleet and a pipeline of their own"


def test_what_else_roles_may_do_leaves_that_room(template: Template) -> None:
    """Ids that CloudFormation makes up are as long as what stands for them here."""
    sizes = []
    for policy in of_type(template, "AWS::IAM::Policy").values():
        statements = policy["PolicyDocument"]["Statement"]
        rest = [each for each in statements if "sts:AssumeRole" not in each["Action"]]
        if len(rest) < len(statements) and "logs:CreateLogStream" in str(rest):  # a build's
            sizes.append(len(json.dumps(long(rest), separators=(",", ":"))))
    assert len(sizes) == 4
    assert max(sizes) <= _BESIDE + _BESIDE_OF_A_REGION * len(REGIONS)


def long(value: Any) -> Any:
    """Texts as CloudFormation makes them, with 90 characters for what it makes up."""
    if isinstance(value, dict):
        if "Fn::Join" in value:
            return "".join(map(long, value["Fn::Join"][1]))
        if value.keys() & {"Ref", "Fn::GetAtt"}:
            return "aws" if value.get("Ref") == "AWS::Partition" else "x" * 90
        return {key: long(each) for key, each in value.items()}
    return [long(each) for each in value] if isinstance(value, list) else value


def test_accounts_are_bootstrapped_with_trust_of_the_pipelines(plan: PipelinePlan) -> None:
    """https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html"""
    own = [each for each in plan.bootstraps if f"aws://{OWN}/" in each]
    assert own == [f"cdk bootstrap aws://{OWN}/{region}" for region in REGIONS]
    others = [each for each in plan.bootstraps if each not in own]
    assert len(others) == 6
    assert all(f"--trust {OWN} " in each for each in others)


def test_a_watch_may_take_as_long_as_the_longest_wave_says(template: Template) -> None:
    minutes = {
        name: each["TimeoutInMinutes"]
        for name, each in of_type(template, "AWS::CodeBuild::Project").items()
        if name.startswith(("Ready", "Watch"))
    }
    assert sorted(minutes.values()) == [30, 30 + 120]


def test_programs_run_in_the_shell_that_they_are_written_for(template: Template) -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (env/shell): sh, unless it is said."""
    built = {
        name: json.loads(each["Source"]["BuildSpec"])
        for name, each in of_type(template, "AWS::CodeBuild::Project").items()
        if "pipefail" in each["Source"]["BuildSpec"] or "Assets" in name
    }
    assert len(built) == 4
    assert {(each["version"], each["env"]["shell"]) for each in built.values()} == {("0.2", "bash")}


def test_addresses_that_differ_in_a_sign_are_two(tmp_path: Path) -> None:
    emails = ("a.b@example.com", "ab@example.com")
    synthesize_pipeline(planned(emails=emails), tmp_path)
    told = of_type(read(tmp_path / "Pipeline.template.json"), "AWS::SNS::Subscription").values()
    assert sorted(each["Endpoint"] for each in told) == sorted(emails)


def test_pipelines_are_values() -> None:
    fleet = planned_fleet(FLEET)
    assert isinstance(fleet.code_pipeline, CodePipeline)
    assert not any(isinstance(each, CodePipeline) for each in fleet.pipelines), "none that a token is made for"


def test_code_of_functions_is_uploaded_by_the_command_line_that_reads_this_assembly(
    template: Template, assembly: Path, plan: PipelinePlan, root: Path
) -> None:
    projects = of_type(template, "AWS::CodeBuild::Project").items()
    (build,) = (each for name, each in projects if "Assets" in name)
    program = json.loads(build["Source"]["BuildSpec"])["phases"]
    version = read(root / "package-lock.json")["packages"]["node_modules/aws-cdk"]["version"]
    # https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.phases.install.runtime-versions
    assert {*program["install"]["runtime-versions"]} == {"python", "nodejs"}
    assert program["install"]["commands"] == [f"npm install -g aws-cdk@{version}"]
    (command,) = program["build"]["commands"]
    words = shlex.split(command)
    assert words[:5] == ["cdk", "publish-assets", "--app", ".", "--unstable=publish-assets"]
    names = [each.facts.name for wave in plan.waves for each in wave.clusters]
    assert words[5:] == [f"{name}/*" for name in names]
    (update,) = (each for name, each in projects if "SelfMutation" in name)
    assert f"aws-cdk@{version}" in update["Source"]["BuildSpec"]
    # Without credentials it comes as far as to ask for them: it has read the assembly, and found the stacks.
    nowhere = {
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [Path(sys.prefix) / "bin" / "cdk", *words[1:]],
        cwd=assembly,
        env={"PATH": os.environ["PATH"], "HOME": str(assembly.parent), **nowhere},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "no credentials have been configured" in done.stderr + done.stdout


_HERE = """
import sys
from pathlib import Path
from tests.stacks.test_pipeline import planned
from tools.synthesis import synthesize_pipeline
synthesize_pipeline(planned(), Path(sys.argv[1]))
"""


@pytest.mark.thorough
def test_a_build_of_the_pipeline_writes_the_same_bytes(assembly: Path, root: Path, tmp_path: Path) -> None:
    """Elsewhere, with what CodeBuild says of itself, and without credentials.

    https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JSII_NODE") if name in os.environ}
    says = {
        "CODEBUILD_BUILD_ID": "synth:0123",
        "CODEBUILD_INITIATOR": "codepipeline/blueprints-pipeline",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": "0123456789abcdef",
        "AWS_REGION": "ap-southeast-2",
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "CDK_DEFAULT_ACCOUNT": "999999999999",
        "CI": "true",
        "TZ": "Asia/Kolkata",
        "PYTHONHASHSEED": "4242",
    }
    there = tmp_path / "a" / "much" / "deeper" / "folder"
    command = [sys.executable, "-c", _HERE, str(there)]
    environment = {**kept, **says, "PYTHONPATH": str(root)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300, capture_output=True)
    first, second = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (assembly, there)
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
