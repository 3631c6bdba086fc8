"""The add-ons stack and the teams stack: both install contributions of the plan into the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from aws_cdk import CfnWaitConditionHandle, Duration, RemovalPolicy, aws_aps, aws_events, aws_iam, aws_sqs
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint.contribution import (
    AwsResource,
    BackupPlan,
    BackupVault,
    Bucket,
    Capability,
    Contribution,
    EventRule,
    FileSystem,
    LogGroup,
    MetricsWorkspace,
    MountTargets,
    NodeRole,
    Queue,
    Release,
    RuleGroups,
)
from blueprint.kubernetes import Manifest, is_named_after_content
from blueprint.planning.document import Part, Plan, ServiceRole
from blueprint.references import resolved
from stacks.acknowledge import ENGINE, NAG, acknowledge
from stacks.backups import backup_plan, retained_vault
from stacks.base import PARTITION, PARTITION_ONLY, BlueprintStack, service_role
from stacks.cluster import ClusterStack
from stacks.file_systems import mount_targets, retained_file_system
from stacks.handed import hand_over
from stacks.permissions import access_entry, role_of
from stacks.retained import retain, retained_bucket, retained_logs


class ContributionsStack(BlueprintStack):
    """One construct for each part, named after it, so that logical ids do not depend on what else is installed."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        plan: Plan,
        parts: Sequence[Part],
        cluster: ClusterStack,
        network: Mapping[str, str],
        begins_git: Sequence[Manifest] = (),
        *,
        deploys_empty: bool = False,
    ) -> None:
        super().__init__(scope, id, plan)
        self.add_stack_dependency(cluster)
        namespaces = Construct(self, "Namespaces")
        installed: dict[str, _Part] = {}
        for part in parts:
            if part.has_resources:
                installed[part.name] = _Part(self, plan, part, cluster, network, namespaces)
                before = [installed[name] for name in part.after if name in installed]
                if before:
                    installed[part.name].node.add_dependency(*before)
        known = {**PARTITION_ONLY, **network}
        for each in installed.values():
            known |= each.references
        if begins_git:
            first = Construct(self, "Git")
            _manifest(first, "objects", cluster, plan, resolved(begins_git, known))
            if installed:
                first.node.add_dependency(*installed.values())
        handed = hand_over(self, plan, known, id)
        empty = not installed and not begins_git and not handed
        if empty and deploys_empty:
            # CloudFormation takes no template without resources. Of this one, nothing is made in AWS.
            CfnWaitConditionHandle(self, "Nothing")
        elif empty:
            # An app without this stack would leave in the account what the stack held before.
            why = "the CDK CLI deploys no stack without resources, and deletes one that has lost them"
            acknowledge(self, {f"{ENGINE}F0001": why}, always=True)


class _Part(Construct):
    """What one add-on or team adds, each step after the one before, and so removed in reverse."""

    def __init__(
        self,
        scope: Construct,
        plan: Plan,
        part: Part,
        cluster: ClusterStack,
        network: Mapping[str, str],
        namespaces: Construct,
    ) -> None:
        super().__init__(scope, part.name)
        self._plan, self._cluster = plan, cluster
        self.references = {**PARTITION_ONLY, **network}
        contribution = part.contribution
        done: list[Construct] = []
        for resource in contribution.resources:
            done += self._aws_resource(resource)
        done += self._permissions(contribution)
        done += self._capabilities(contribution, done)
        if part.in_git:
            return
        # Each by itself and named after itself only: one that goes to another team is changed, and so never deleted.
        done += [
            self._manifest(namespaces, namespace.name, [namespace.manifest(), *namespace.objects], prune=False)
            for namespace in contribution.namespaces
        ]
        objects = [one for one in contribution.objects if not is_named_after_content(one)]
        if objects and contribution.objects_first:
            done = [self._manifest(self, "objects", objects, done)]
        for release in contribution.releases:
            done = [self._release(release, done)]
        if objects and not contribution.objects_first:
            self._manifest(self, "objects", objects, done)
        # Each by itself: when another takes its place, CloudFormation deletes it, which kubectl's pruning would not.
        for one in filter(is_named_after_content, contribution.objects):
            self._manifest(self, one["metadata"]["name"], [one], done)

    def _aws_resource(self, resource: AwsResource) -> list[Construct]:
        if isinstance(resource, Queue):
            return self._queue(resource)
        if isinstance(resource, LogGroup):
            id = resource.name.strip("/").replace("/", ".")
            return [retained_logs(self, id, self._cluster.key_arn, resource.retention_days, resource.name)]
        if isinstance(resource, MetricsWorkspace):
            workspace = aws_aps.CfnWorkspace(
                self,
                "workspace",
                alias=resource.name,
                alert_manager_definition=resolved(resource.alert_manager, PARTITION_ONLY) or None,
            )
            retain(workspace)
            self.references[f"workspace-id:{resource.name}"] = workspace.attr_workspace_id
            return [workspace]
        if isinstance(resource, RuleGroups):
            workspace_arn = resolved(resource.workspace, self.references)
            data = resolved(resource.data, PARTITION_ONLY)
            id = f"rules-{resource.name}"
            return [aws_aps.CfnRuleGroupsNamespace(self, id, name=resource.name, workspace=workspace_arn, data=data)]
        if isinstance(resource, Bucket | BackupVault | FileSystem):
            return self._kept(resource)
        if isinstance(resource, MountTargets):
            return mount_targets(self, self._plan, resource, self.references)
        if isinstance(resource, BackupPlan):
            return backup_plan(self, self._plan, resource)
        if isinstance(resource, EventRule):
            target = {"id": "queue", "arn": self.references[f"queue-arn:{resource.queue}"]}
            pattern = resolved(resource.pattern, self.references)
            return [aws_events.CfnRule(self, resource.name, event_pattern=pattern, targets=[target])]
        if isinstance(resource, Capability):
            planned, name = _of_capability(resource), resource.role_name
            role = service_role(self, f"{resource.name}:role", self._plan, planned, self.references, name=name)
            self.references[f"role-arn:{resource.name}"] = role.attr_arn
            return [role]
        return self._node_role(resource)

    def _kept(self, resource: Bucket | BackupVault | FileSystem) -> list[Construct]:
        """What outlives the stack, with what is in it."""
        if isinstance(resource, Bucket):
            return retained_bucket(self, resource)
        if isinstance(resource, BackupVault):
            return [retained_vault(self, resource)]
        made = retained_file_system(self, resource)
        self.references[f"file-system-id:{resource.name}"] = made.ref
        return [made]

    def _capabilities(self, contribution: Contribution, after: Sequence[Construct]) -> list[Construct]:
        """After the access entry of its role: EKS makes one that lacks, and with what it gives itself alone."""
        made: list[Construct] = []
        for each in contribution.resources:
            if isinstance(each, Capability):
                capability = eks.CfnCapability(
                    self,
                    each.name,
                    cluster_name=self._plan.facts.name,
                    capability_name=each.name,
                    type=each.kind,
                    role_arn=self.references[f"role-arn:{each.name}"],
                    delete_propagation_policy="RETAIN",  # the only one that there is
                    configuration=resolved(each.configuration, self.references) or None,
                )
                capability.node.add_dependency(*after)
                if "endpointPrefix" in each.configuration.get("argoCd", {}):
                    why = "the schema in the CDK is older than this property of CloudFormation"
                    acknowledge(capability, {f"{ENGINE}F3002": why}, always=True)
                made.append(capability)
        return made

    def _queue(self, queue: Queue) -> list[Construct]:
        made = aws_sqs.CfnQueue(
            self, queue.name, sqs_managed_sse_enabled=True, message_retention_period=queue.retention_seconds
        )
        acknowledge(made, {f"{NAG}SQS3": "a notice that nobody reads in time is out of date, so none is kept"})
        arn = made.attr_arn
        self.references |= {f"queue-name:{queue.name}": made.attr_queue_name, f"queue-arn:{queue.name}": arn}
        facts = self._plan.facts
        rules = f"arn:{PARTITION}:events:{facts.region}:{facts.account}:rule/*"
        events = {
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        anybody = {"Principal": "*", "Action": "sqs:*", "Resource": arn}
        statements = [
            {"Effect": "Allow", **events, "Condition": {"ArnLike": {"aws:SourceArn": rules}}},
            {"Effect": "Deny", **anybody, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ]
        policy = aws_sqs.CfnQueuePolicy(
            self,
            f"{queue.name}-policy",
            queues=[made.ref],
            policy_document={"Version": "2012-10-17", "Statement": statements},
        )
        return [made, policy]

    def _node_role(self, resource: NodeRole) -> list[Construct]:
        of_nodes = ServiceRole("ec2.amazonaws.com", resource.managed_policies, resource.statements)
        role = service_role(self, resource.name, self._plan, of_nodes)
        profile = aws_iam.CfnInstanceProfile(self, f"{resource.name}-profile", roles=[role.ref], path=role.path)
        self.references |= {
            f"role-arn:{resource.name}": role.attr_arn,
            f"instance-profile:{resource.name}": profile.ref,
        }
        return [role, profile]

    def _permissions(self, contribution: Contribution) -> list[Construct]:
        made: list[Construct] = []
        for grant in contribution.grants:
            provider = self._cluster.identity_provider if grant.irsa else None
            name = grant.name.replace("/", ".")
            role = role_of(self, f"{name}:role", self._plan, grant, self.references, provider)
            arn = role.attr_arn
            self.references |= {f"role-arn:{grant.name}": arn}
            made.append(role)
            if not provider:
                association = eks.CfnPodIdentityAssociation(
                    self,
                    name,
                    cluster_name=self._plan.facts.name,
                    namespace=grant.namespace,
                    service_account=grant.service_account,
                    role_arn=arn,
                )
                made.append(association)
        return made + [access_entry(self, self._plan, entry, self.references) for entry in contribution.access]

    def _manifest(
        self,
        scope: Construct,
        id: str,
        objects: Sequence[Manifest],
        after: Sequence[Construct] = (),
        *,
        prune: bool = True,
    ) -> Construct:
        """Applied from the first time on.

        Created, it would fail on what is there already: objects that Kubernetes makes by itself in each namespace, and
        what an attempt that failed left behind, since the CDK's provider deletes nothing of a failed create.
        https://github.com/aws/aws-cdk/blob/v2.275.0/packages/@aws-cdk/custom-resource-handlers/lib/aws-eks-v2/kubectl-handler/apply/__init__.py
        """
        made = _manifest(scope, id, self._cluster, self._plan, resolved(objects, self.references), prune=prune)
        if after:
            made.node.add_dependency(*after)
        return made

    def _release(self, release: Release, after: Sequence[Construct]) -> Construct:
        chart = eks.HelmChart(
            self,
            f"release-{release.name}",
            cluster=self._cluster.target,
            release=release.name,
            namespace=release.namespace,
            # The namespace is the blueprint's or Kubernetes' own, never Helm's: it has labels and an owner.
            create_namespace=False,
            values=resolved(release.values, self.references) or None,
            timeout=_minutes(release.timeout_minutes),
            atomic=True,
            wait=True,
            chart=release.chart.name,
            # Of an OCI chart the handler takes the whole address from here.
            repository=release.chart.repository,
            version=release.chart.version,
            removal_policy=_removal_policy(self._plan),
        )
        if after:
            chart.node.add_dependency(*after)
        return chart


def _of_capability(capability: Capability) -> ServiceRole:
    """https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html"""
    actions = ("sts:AssumeRole", "sts:TagSession")
    return ServiceRole("capabilities.eks.amazonaws.com", statements=capability.statements, actions=actions)


def _manifest(
    scope: Construct, id: str, cluster: ClusterStack, plan: Plan, objects: Sequence[Manifest], *, prune: bool = True
) -> Construct:
    return eks.KubernetesManifest(
        scope,
        id,
        cluster=cluster.target,
        manifest=objects,
        overwrite=True,
        prune=prune,
        removal_policy=_removal_policy(plan),
    )


def _removal_policy(plan: Plan) -> RemovalPolicy | None:
    """Of what leaves a template: what is retained CloudFormation forgets, and does not ask the installer to remove."""
    return RemovalPolicy.RETAIN if plan.installer and plan.installer.retain else None


_minutes = cache(Duration.minutes)
