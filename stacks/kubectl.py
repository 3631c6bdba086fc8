"""How charts and manifests reach the cluster: the CDK's kubectl provider, a Lambda function in the private subnets."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from aws_cdk import Annotations, aws_ec2, aws_iam, aws_lambda, aws_logs
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint.access import AccessEntry
from blueprint.planning.document import Installer, Plan
from blueprint.references import resolved
from stacks.acknowledge import NAG, NIST, acknowledge, aws_managed
from stacks.base import limit_roles
from stacks.permissions import access_entry
from stacks.retained import retain

_WHY = "the CDK writes this function and its role; CloudFormation waits for its answer and reports its failures"
_ECR_PUBLIC = (
    '{"Fn::If":["KubectlHandlerHasEcrPublicB773CD87",{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},'
    '":iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"]]},{"Ref":"AWS::NoValue"}]}'
)
_CDK_OWNED = {
    **aws_managed(
        (
            "AmazonEC2ContainerRegistryReadOnly",
            "service-role/AWSLambdaBasicExecutionRole",
            "service-role/AWSLambdaVPCAccessExecutionRole",
        ),
        _WHY,
    ),
    f"{NAG}IAM4[Policy::{_ECR_PUBLIC}]": _WHY,
    f"{NAG}IAM5[Resource::<KubectlHandler44EFEE3B.Arn>:*]": _WHY,
    f"{NAG}L1": _WHY,
    **{f"{NIST}{rule}": _WHY for rule in ("IAMNoInlinePolicy", "LambdaConcurrency", "LambdaDLQ")},
}


def kubectl_target(
    scope: Construct,
    plan: Plan,
    installer: Installer,
    cluster: eks.CfnCluster,
    network: Mapping[str, str],
    key_arn: str,
) -> tuple[eks.ICluster, str]:
    """The cluster with a kubectl provider, which administers it while charts and manifests are installed.

    Beside it what their resources call: the ARN of the provider's function. `key_arn` is that of the logs' key.
    """
    name = plan.facts.name
    group = cluster.attr_cluster_security_group_id
    reached = eks.Cluster.from_cluster_attributes(
        scope, "Reached", cluster_name=name, vpc=_vpc(scope, plan, network), cluster_security_group_id=group
    )
    provider = eks.KubectlProvider(
        scope,
        "Kubectl",
        cluster=reached,
        kubectl_layer=_layer(scope, installer.kubectl_layer),
        private_subnets=_subnets(scope, plan, network),
        environment=dict(plan.facts.proxy_environment) or None,
    )
    node = provider.node
    node.add_dependency(cluster)
    limit_roles(provider, plan)
    acknowledge(provider, _CDK_OWNED)
    framework = node.find_child("Provider")
    for function in (node.find_child("Handler"), framework.node.find_child("framework-onEvent")):
        logs = cast("aws_logs.CfnLogGroup", function.node.find_child("LogGroup").node.default_child)
        logs.kms_key_id, logs.retention_in_days = key_arn, plan.control_plane.log_retention_days
        retain(logs)
    role = cast("aws_iam.IRole", provider.role)  # a provider that the CDK itself makes has one
    entry = access_entry(scope, plan, AccessEntry(role.role_arn, policies=installer.policies), {}, "KubectlAccess")
    entry.node.add_dependency(cluster)
    target = eks.Cluster.from_cluster_attributes(scope, "Target", cluster_name=name, kubectl_provider=provider)
    return target, provider.service_token


def _vpc(scope: Construct, plan: Plan, network: Mapping[str, str]) -> aws_ec2.IVpc:
    return aws_ec2.Vpc.from_vpc_attributes(
        scope,
        "Network",
        vpc_id=resolved(plan.facts.vpc_id, network),
        availability_zones=list(plan.network.zones),
    )


def _subnets(scope: Construct, plan: Plan, network: Mapping[str, str]) -> list[aws_ec2.ISubnet]:
    """Those of nodes. The CDK warns that it does not know their routes, which nothing here asks for."""
    found = [
        aws_ec2.Subnet.from_subnet_attributes(
            scope,
            f"Subnet{number}",
            subnet_id=resolved(subnet.id, network),
            availability_zone=subnet.zone,
        )
        for number, subnet in enumerate(plan.network.of_kind("private"))
    ]
    for subnet in found:
        Annotations.of(subnet).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId", "no route is asked for")
    return found


def _layer(scope: Construct, number: int) -> aws_lambda.ILayerVersion:
    # Only the one in use: each is a package of 35 MB that jsii would load.
    module = import_module(f"aws_cdk.lambda_layer_kubectl_v{number}")
    layer = getattr(module, f"KubectlV{number}Layer")
    return cast("aws_lambda.ILayerVersion", layer(scope, "KubectlLayer"))
