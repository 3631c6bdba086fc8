"""The pipeline of AWS that delivers a fleet. `make code-pipeline`, then `cdk deploy --app pipeline Pipeline`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import jsii
from aws_cdk import (
    Duration,
    Environment,
    Stack,
    aws_events,
    aws_events_targets,
    aws_iam,
    aws_kms,
    aws_logs,
    aws_s3,
    aws_sns,
    pipelines,
)
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_codestarnotifications as notifications
from constructs import Construct

from blueprint import iam
from blueprint.code_pipeline import CodeCommit, CodeConnections, S3Archive
from blueprint.planning.code_pipeline import BUILD_MINUTES, NOTHING, PipelinePlan, looks_with
from blueprint.planning.document import Plan
from blueprint.planning.fleet import PlannedWave
from blueprint.references import resolved
from stacks.acknowledge import NAG, NIST, acknowledge
from stacks.base import PARTITION, PARTITION_ONLY, URL_SUFFIX, own_scope
from stacks.narrowed import NarrowedPolicy, shown
from stacks.retained import retain, retained_logs
from stacks.stage import ClusterStage

NAME = "blueprints-pipeline"
ALLOW = "ALLOW"
_WAVE = "Wave-"
"""No cluster is called so."""
PYTHON, NODE = "3.12", "20"
"""Of the build image: https://github.com/aws/aws-codebuild-docker-images/blob/master/ubuntu/standard/7.0/runtimes.yml"""
LOG_DAYS = 365
"""Who deployed what is asked for later."""
NOTIFIER = "codestar-notifications.amazonaws.com"
_AGAIN = "artifacts are made anew from the source by another run"
_ARTIFACTS = {
    f"{NAG}S1": "only the pipeline's roles read artifacts, and CloudTrail has what they do",
    f"{NIST}S3BucketLoggingEnabled": "only the pipeline's roles read artifacts, and CloudTrail has what they do",
    f"{NIST}S3BucketReplicationEnabled": _AGAIN,
    f"{NIST}S3BucketVersioningEnabled": _AGAIN,
}
_RUNTIMES: Mapping[str, Any] = {
    "version": "0.2",
    "env": {"shell": "bash"},
    "phases": {"install": {"runtime-versions": {"python": PYTHON, "nodejs": NODE}}},
}
EVENTS = (
    "codepipeline-pipeline-pipeline-execution-failed",
    "codepipeline-pipeline-pipeline-execution-canceled",
    "codepipeline-pipeline-pipeline-execution-succeeded",
    "codepipeline-pipeline-manual-approval-needed",
)
"""https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html#events-ref-pipeline"""


class PipelineStack(Stack):
    """Source, build, the pipeline's own update, the code of functions, and a stage for each wave."""

    def __init__(self, scope: Construct, plan: PipelinePlan, stages: Mapping[str, ClusterStage]) -> None:
        of = plan.pipeline
        super().__init__(
            scope,
            "Pipeline",
            stack_name=NAME,
            env=Environment(account=of.account, region=of.region),
            description="Pipeline that delivers EKS clusters",
        )
        self._plan = plan
        self._key = self._own_key()
        logs = retained_logs(self, "Logs", self._key.attr_arn, LOG_DAYS)
        self._logging = codebuild.LoggingOptions(
            cloud_watch=codebuild.CloudWatchLoggingOptions(
                log_group=aws_logs.LogGroup.from_log_group_name(self, "Logged", logs.ref)
            )
        )
        self._pipeline = codepipeline.Pipeline(
            self,
            "Fleet",
            pipeline_name=NAME,
            pipeline_type=codepipeline.PipelineType.V2,
            # Of those that wait before a stage, the newest goes on.
            execution_mode=codepipeline.ExecutionMode.SUPERSEDED,
            cross_account_keys=True,
            enable_key_rotation=True,
            restart_execution_on_update=True,
            use_pipeline_role_for_actions=True,
            variables=[
                codepipeline.Variable(
                    variable_name=ALLOW,
                    default_value=NOTHING,
                    description="Logical ids of what no deploy can take back, for the guard to let pass",
                )
            ],
        )
        self._source = self._from(of.source)
        made = pipelines.CodePipeline(
            self,
            "Delivery",
            code_pipeline=self._pipeline,
            synth=self._synth(),
            # A change set that nobody looks at would only double the actions.
            use_change_sets=False,
            # One build for all: one role, and a template that does not grow with the fleet.
            publish_assets_in_parallel=False,
            cli_version=plan.programs.cli,
            code_build_defaults=pipelines.CodeBuildOptions(
                logging=self._logging, partial_build_spec=codebuild.BuildSpec.from_object(_RUNTIMES)
            ),
        )
        ready = self._looking("Ready", plan.programs.ready, BUILD_MINUTES)
        watch = self._looking("Watch", plan.programs.watch, plan.watch_minutes)
        for wave in plan.waves:
            self._wave(made, wave, stages, ready, watch)
        made.build_pipeline()
        self._name()
        self._publish()
        self._narrow()
        self._tell()

    def _own_key(self) -> aws_kms.CfnKey:
        """Of logs and notices; artifacts have one of their own."""
        of = self._plan.pipeline
        account = {"Principal": {"AWS": f"arn:{PARTITION}:iam::{of.account}:root"}, "Action": "kms:*"}
        logs = {
            "Principal": {"Service": f"logs.{of.region}.{URL_SUFFIX}"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            "Condition": {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:{PARTITION}:logs:{of.region}:{of.account}:log-group:*"
                }
            },
        }
        # https://docs.aws.amazon.com/dtconsole/latest/userguide/notification-target-create.html
        notices = {
            "Principal": {"Service": NOTIFIER},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Condition": {"StringEquals": {"kms:ViaService": f"sns.{of.region}.{URL_SUFFIX}"}},
        }
        # In a key policy, * is this key.
        statements = [{"Effect": "Allow", "Resource": "*", **each} for each in (account, logs, notices)]
        key = aws_kms.CfnKey(
            self,
            "Key",
            description="Logs and notices of the pipeline that delivers EKS clusters",
            enable_key_rotation=True,
            key_policy={"Version": "2012-10-17", "Statement": statements},
        )
        retain(key)
        return key

    def _from(self, source: CodeConnections | CodeCommit | S3Archive) -> pipelines.CodePipelineSource:
        if isinstance(source, CodeConnections):
            return pipelines.CodePipelineSource.connection(
                source.repository, source.branch, connection_arn=source.connection, code_build_clone_output=True
            )
        if isinstance(source, CodeCommit):
            repository = codecommit.Repository.from_repository_name(self, "Repository", source.repository)
            return pipelines.CodePipelineSource.code_commit(repository, source.branch, code_build_clone_output=True)
        bucket = aws_s3.Bucket.from_bucket_name(self, "Bucket", source.bucket)
        # Its own ways are to ask once a minute, and a trail of CloudTrail that somebody has to make.
        aws_events.Rule(
            self,
            "Uploaded",
            event_pattern=aws_events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [source.bucket]}, "object": {"key": [source.key]}},
            ),
            targets=[aws_events_targets.CodePipeline(self._pipeline)],
        )
        return pipelines.CodePipelineSource.s3(bucket, source.key, trigger=actions.S3Trigger.NONE)

    def _synth(self) -> pipelines.CodeBuildStep:
        """Without any role of a cluster's account: the same bytes as everywhere."""
        programs = self._plan.programs
        reviewing = [_program(programs.review)] if self._plan.reviewed else []
        return pipelines.CodeBuildStep(
            "Synth",
            input=self._source,
            env={ALLOW: f"#{{variables.{ALLOW}}}"},
            commands=[_program(programs.setup), *reviewing, _program(programs.synth)],
            primary_output_directory=programs.folder,
            timeout=Duration.minutes(BUILD_MINUTES),
        )

    def _looking(self, id: str, program: str, minutes: int) -> codebuild.PipelineProject:
        """One for all clusters, of which each action names one."""
        programs = self._plan.programs
        project = codebuild.PipelineProject(
            self,
            id,
            build_spec=codebuild.BuildSpec.from_object(
                {
                    **_RUNTIMES,
                    "phases": {
                        **_RUNTIMES["phases"],
                        "build": {"commands": [_program(programs.setup), _program(programs.look + program)]},
                    },
                }
            ),
            environment=codebuild.BuildEnvironment(build_image=codebuild.LinuxBuildImage.STANDARD_7_0),
            encryption_key=self._pipeline.artifact_bucket.encryption_key,
            logging=self._logging,
            timeout=Duration.minutes(minutes),
        )
        for statement in resolved(iam.policy([self._plan.looks]), PARTITION_ONLY)["Statement"]:
            project.add_to_role_policy(aws_iam.PolicyStatement.from_json(statement))
        return project

    def _wave(
        self,
        made: pipelines.CodePipeline,
        wave: PlannedWave,
        stages: Mapping[str, ClusterStage],
        ready: codebuild.IProject,
        watch: codebuild.IProject,
    ) -> None:
        """Whether its accounts are ready, then whoever approves, then all its clusters, then what becomes of them."""
        files = cast("pipelines.FileSet", self._source.primary_output)  # which a source has
        before: list[pipelines.Step] = [_Look("Ready", ready, files, plan) for plan in wave.clusters]
        if wave.promotion.approval:
            names = ", ".join(plan.facts.name for plan in wave.clusters)
            approval = pipelines.ManualApprovalStep("Approve", comment=f"Deploy {names}?")
            for each in before:
                approval.add_step_dependency(each)
            before.append(approval)
        after = [_Look("Watch", watch, files, plan) for plan in wave.clusters]
        added = made.add_wave(f"{_WAVE}{wave.name}", pre=before, post=after)
        for plan in wave.clusters:
            added.add_stage(stages[plan.facts.name])

    def _publish(self) -> None:
        """Uploads with the command line that this project pins: cdk-assets, which the CDK takes for it, reads no newer
        assembly than of version 54 in its newest release, 4.7.3, and this one is of 55.
        """
        clusters = " ".join(f"'{plan.facts.name}/*'" for wave in self._plan.waves for plan in wave.clusters)
        program = {
            **_RUNTIMES,
            "phases": {
                "install": {
                    **_RUNTIMES["phases"]["install"],
                    "commands": [f"npm install -g aws-cdk@{self._plan.programs.cli}"],
                },
                "build": {"commands": [f"cdk publish-assets --app . --unstable=publish-assets {clusters}"]},
            },
        }
        for construct in self.node.find_all():
            if isinstance(construct, codebuild.CfnProject) and "/Assets/" in construct.node.path:
                construct.add_property_override("Source.BuildSpec", json.dumps(program, indent=2))

    def _name(self) -> None:
        """Calls each stage as its wave: the CDK calls that of one cluster as the cluster, like another wave perhaps."""
        alone = {wave.clusters[0].facts.name: wave.name for wave in self._plan.waves if len(wave.clusters) == 1}
        made = cast("codepipeline.CfnPipeline", self._pipeline.node.default_child)
        for index, stage in enumerate(self._pipeline.stages):
            name = alone.get(stage.stage_name, stage.stage_name.removeprefix(_WAVE))
            made.add_property_override(f"Stages.{index}.Name", name)

    def _tell(self) -> None:
        """Whoever subscribes hears of failures, of what is done, and of approvals that wait."""
        of = self._plan.pipeline
        topic = aws_sns.CfnTopic(self, "Notices", kms_master_key_id=self._key.attr_key_id)
        for email in of.emails:
            scope = own_scope(self, email, of.emails)
            aws_sns.CfnSubscription(scope, email, topic_arn=topic.ref, protocol="email", endpoint=email)
        publish = {"Action": "sns:Publish", "Resource": topic.ref}
        aws_sns.CfnTopicPolicy(
            self,
            "NoticesPolicy",
            topics=[topic.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": NOTIFIER},
                        **publish,
                        "Condition": {"StringEquals": {"aws:SourceAccount": of.account}},
                    },
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        **publish,
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                ],
            },
        )
        notifications.CfnNotificationRule(
            self,
            "Told",
            name=NAME,
            detail_type="FULL",
            event_type_ids=[*EVENTS],
            resource=self._pipeline.pipeline_arn,
            targets=[{"targetType": "SNS", "targetAddress": topic.ref}],
        )

    def _narrow(self) -> None:
        """Takes from roles what the CDK gives to those of any pipeline, and this one does not need."""
        of, support = self._plan.pipeline, self._pipeline.cross_region_support
        publishes = self.resolve(resolved(iam.policy([self._plan.publishes]), PARTITION_ONLY)["Statement"])
        updates = resolved(iam.policy([self._plan.updates]), PARTITION_ONLY)["Statement"]
        own = NarrowedPolicy(
            updates=self.resolve(updates),
            keys=[self.resolve(f"arn:{PARTITION}:kms:{region}:{of.account}:key/*") for region in sorted(support)],
            aliases=[self._alias(support[region].replication_bucket) for region in sorted(support)],
        )
        for construct in self.node.find_all():
            if isinstance(construct, aws_iam.CfnPolicy):
                document = self.resolve(construct.policy_document)
                own_roles = publishes if "/Assets/" in construct.node.path else []
                document["Statement"] = [*own.statements(document["Statement"]), *own_roles]
                construct.policy_document = document
                acknowledge(construct, own.reasons(document["Statement"]))
        for stack in (self, *(each.stack for each in support.values())):
            acknowledge(stack, _ARTIFACTS)

    def _alias(self, bucket: aws_s3.IBucket) -> str:
        """Of the key of artifacts in another region, whose ARN the CDK writes with it."""
        key = cast("aws_kms.IKey", bucket.encryption_key)  # which artifacts of cross-account pipelines have
        return shown(self.resolve(key.key_arn)).rpartition(":")[2]


def _program(text: str) -> str:
    """One command of a build, which ends where one of its lines fails: by itself it would go on."""
    return f"(\nset -euo pipefail\n{text})"


@jsii.implements(pipelines.ICodePipelineActionFactory)
class _Look(pipelines.Step):
    """A build that looks at one cluster."""

    def __init__(self, kind: str, project: codebuild.IProject, files: pipelines.FileSet, plan: Plan) -> None:
        super().__init__(f"{kind}-{plan.facts.name}")
        self._project, self._files, self._plan = project, files, plan

    def produce_action(
        self, stage: codepipeline.IStage, *, action_name: str, artifacts: pipelines.ArtifactMap, run_order: float
    ) -> pipelines.CodePipelineActionFactoryResult:
        """What the CDK asks for; of all that it gives, what is needed here."""
        plan = self._plan
        given = {
            "CLUSTER": plan.facts.name,
            "REGION": plan.facts.region,
            "ROLE": resolved(looks_with(plan), PARTITION_ONLY),
        }
        stage.add_action(
            actions.CodeBuildAction(
                action_name=action_name,
                run_order=run_order,
                input=artifacts.to_code_pipeline(self._files),
                project=self._project,
                environment_variables={
                    name: codebuild.BuildEnvironmentVariable(value=value) for name, value in given.items()
                },
            )
        )
        return pipelines.CodePipelineActionFactoryResult(run_orders_consumed=1, project=self._project)
