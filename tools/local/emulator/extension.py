"""What is added to the emulator: resource types that it lacks or takes too lightly, drift, failures on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import eks, lambda_svc, ssm
from ministack.services.cloudformation import drift, provisioners, stacks

from tools.local.emulator import (
    access,
    addons,
    auto_scaling,
    backups,
    capabilities,
    clusters,
    control_planes,
    ec2,
    exports,
    failures,
    fargate,
    iam,
    images,
    kubectl,
    logs,
    node_groups,
    order,
    readers,
)
from tools.local.emulator.ec2 import Made, Properties
from tools.local.emulator.refusals import POLICIES_OF_PRINCIPALS
from tools.resource_types import TYPES as RESOURCE_TYPES

Handlers = dict[str, Any]

TYPES: dict[str, Handlers] = {
    "AWS::AutoScaling::AutoScalingGroup": {"create": auto_scaling.create_group, "update": auto_scaling.update_group},
    "AWS::Backup::BackupPlan": {"delete": backups.delete_plan},
    "AWS::Backup::BackupSelection": {"create": backups.create_selection, "delete": backups.delete_selection},
    "AWS::EC2::EgressOnlyInternetGateway": {
        "create": ec2.create_egress_only_gateway,
        "delete": ec2.delete_egress_only_gateway,
    },
    "AWS::EC2::EIP": {"create": ec2.create_eip, "delete": ec2.delete_eip},
    "AWS::EC2::FlowLog": {"create": ec2.create_flow_log, "delete": ec2.delete_flow_log},
    "AWS::EC2::NatGateway": {"create": ec2.create_nat_gateway, "delete": ec2.delete_nat_gateway},
    "AWS::EC2::SecurityGroupEgress": {"create": ec2.create_rule, "delete": ec2.delete_rule},
    "AWS::EC2::SecurityGroupIngress": {"create": ec2.create_rule, "delete": ec2.delete_rule},
    "AWS::EC2::TransitGatewayAttachment": {
        "create": ec2.create_attachment,
        "update": ec2.update_attachment,
        "delete": ec2.delete_attachment,
    },
    "AWS::EC2::VPCCidrBlock": {"create": ec2.create_cidr_block, "delete": ec2.delete_cidr_block},
    "Custom::VpcRestrictDefaultSG": {"create": ec2.restrict_default_security_group, "delete": lambda *_: None},
    "AWS::EKS::Cluster": {
        "create": clusters.create_cluster,
        "update": clusters.update_cluster,
        "update_with_logical_id": True,
        "delete": clusters.delete_cluster,
    },
    "AWS::EKS::CertificateAuthority": {"create": clusters.create_authority, "delete": clusters.delete_authority},
    "AWS::EKS::Nodegroup": {"create": node_groups.create_group, "update": node_groups.update_group},
    "AWS::EKS::Addon": {"create": addons.create_addon, "update": addons.update_addon, "delete": addons.delete_addon},
    "AWS::EKS::AccessEntry": {
        "create": access.create_access_entry,
        "update": access.update_access_entry,
        "delete": access.delete_access_entry,
    },
    "AWS::EKS::Capability": {
        "create": capabilities.create_capability,
        "update": capabilities.update_capability,
        "delete": capabilities.delete_capability,
    },
    "AWS::EKS::PodIdentityAssociation": {
        "create": access.create_pod_identity_association,
        "update": access.update_pod_identity_association,
        "delete": access.delete_pod_identity_association,
    },
    "AWS::EKS::IdentityProviderConfig": {
        "create": access.create_identity_provider,
        "delete": access.delete_identity_provider,
    },
    "AWS::EKS::FargateProfile": {"create": fargate.create_profile, "delete": fargate.delete_profile},
    "AWS::IAM::OIDCProvider": {"create": access.create_oidc_provider, "delete": access.delete_oidc_provider},
    "AWS::Logs::Delivery": {"create": logs.create_delivery, "delete": logs.delete_delivery},
    "AWS::Logs::DeliveryDestination": {"create": logs.create_destination, "delete": logs.delete_destination},
    "AWS::Logs::DeliverySource": {"create": logs.create_source, "delete": logs.delete_source},
    "AWS::Logs::LogGroup": {"create": logs.create_group, "update": logs.update_group},
    "Custom::AWSCDK-EKS-KubernetesResource": {
        "create": kubectl.create_manifest,
        "update": kubectl.update_manifest,
        "delete": kubectl.delete_manifest,
    },
    "Custom::AWSCDK-EKS-HelmChart": {
        "create": kubectl.put_release,
        "update": kubectl.update_release,
        "delete": kubectl.delete_release,
    },
}


# What decides which nodes a cluster has: what starts them, lets them in, and says of itself that it wants some.
_OF_NODES = (
    *("AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::AccessEntry", "AWS::EKS::Addon", "AWS::EKS::Cluster"),
    *("AWS::EKS::FargateProfile", "AWS::EKS::Nodegroup", "Custom::AWSCDK-EKS-HelmChart"),
    "Custom::AWSCDK-EKS-KubernetesResource",
)


def _with_nodes(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Real clusters get their nodes, or lose them, by what was done."""

    def done(*arguments: Any) -> Any:
        answer = handler(*arguments)
        control_planes.follow_all_nodes()
        return answer

    return done


def install() -> None:
    """Puts it all into the emulator, which has not started yet."""
    for name, handlers in TYPES.items():
        provisioners._RESOURCE_HANDLERS[name] = {**provisioners._RESOURCE_HANDLERS.get(name, {}), **handlers}
    for name in _OF_NODES:
        handlers = provisioners._RESOURCE_HANDLERS[name]
        handlers |= {each: _with_nodes(handlers[each]) for each in ("create", "update", "delete") if each in handlers}
    for name in POLICIES_OF_PRINCIPALS:
        handlers = provisioners._RESOURCE_HANDLERS[name]
        for operation, position in (("create", 1), ("update", 2)):
            handlers[operation] = iam.with_principals(name, handlers[operation], position)
    subnets, vpcs = (provisioners._RESOURCE_HANDLERS[f"AWS::EC2::{kind}"] for kind in ("Subnet", "VPC"))
    subnets["create"] = ec2.with_ipv6(subnets["create"])
    vpcs |= {operation: ec2.with_ipv6_range(vpcs[operation]) for operation in ("create", "update")}
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["create"] = _in_vpc(provisioners._lambda_create)
    replacing = {name: known.replacing for name, known in RESOURCE_TYPES.items() if known.replacing}
    provisioners._REPLACING_PROPERTIES.update(replacing)
    drift._DRIFT_READERS.update(readers.READERS)
    stacks._resolve_stack_outputs = exports.kept(stacks._resolve_stack_outputs)
    stacks._topological_sort = order.either(stacks._topological_sort)
    eks._handle_request_sync = node_groups.with_update_nodegroup_config(eks._handle_request_sync)
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
    eks._VALID_ACCESS_ENTRY_TYPES = (*eks._VALID_ACCESS_ENTRY_TYPES, "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
    ssm._public_parameter = images.known(ssm._public_parameter)
    ec2.install()
    iam.install()
    failures.install()


def _in_vpc(create: Callable[[str, Properties, str], Made]) -> Callable[[str, Properties, str], Made]:
    """The emulator forgets which subnets a function is in."""

    def created(logical_id: str, properties: Properties, stack: str) -> Made:
        name, attributes = create(logical_id, properties, stack)
        lambda_svc._functions[name]["config"]["VpcConfig"] = dict(properties.get("VpcConfig") or {})
        return name, attributes

    return created
