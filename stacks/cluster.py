"""The cluster stack: control plane, who administers it, what it runs on, and the add-ons that EKS installs."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import CfnOutput, aws_iam
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint import iam
from blueprint.cluster import LOG_TYPES, PublicEndpoint
from blueprint.compute import AutoMode
from blueprint.contribution import ManagedAddon
from blueprint.plan import Plan
from blueprint.references import resolved
from stacks.acknowledge import acknowledge, of_statements
from stacks.base import BlueprintStack, service_role
from stacks.compute import AUTO_MODE_NODE_POLICIES, add_compute, node_role
from stacks.kubectl import kubectl_target
from stacks.network import NetworkStack
from stacks.permissions import PARTITION_ONLY, IdentityProvider, access_entry, role_of
from stacks.retained import retained_key, retained_logs


class ClusterStack(BlueprintStack):
    """`target` is the cluster as later stacks see it; charts and manifests are installed into it."""

    def __init__(self, scope: Construct, plan: Plan, network: NetworkStack) -> None:
        super().__init__(scope, "cluster", plan, stateful=True)
        key = retained_key(self, plan, "Secrets and logs").attr_arn
        cluster = self._control_plane(plan, network.control_plane, key)
        # All in one place: EKS keeps one entry for a principal, so one that goes from a team to the administrators must
        # not be made in one stack while another still has it. https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
        access = _after(Construct(self, "Access"), cluster)
        for entry in (*plan.admins, *plan.people):
            access_entry(access, plan, entry, PARTITION_ONLY)
        # Nodes come after what makes them ready, other add-ons after the nodes that run them; it all goes in reverse.
        before = _after(Construct(self, "AddonsBeforeNodes"), cluster)
        compute = _after(Construct(self, "Compute"), before, cluster)
        addons = _after(Construct(self, "Addons"), compute, before, cluster)
        self.identity_provider = IdentityProvider(self, cluster)
        for addon in (addon for part in plan.addons for addon in part.contribution.managed_addons):
            _addon(before if addon.before_nodes else addons, plan, addon, self.identity_provider)
        add_compute(compute, plan, cluster, network.private.subnet_ids)
        CfnOutput(
            self,
            "UpdateKubeconfig",
            value=f"aws eks update-kubeconfig --name {plan.facts.name} --region {plan.facts.region}",
            description="Makes kubectl use this cluster",
        )
        self.target, installer = kubectl_target(self, plan, cluster, network, key)
        self.export(installer, self.identity_provider.issuer, self.identity_provider.arn)

    def _control_plane(self, plan: Plan, subnets: list[str], key: str) -> eks.CfnCluster:
        """Every property that EKS cannot change without a new cluster is stated, with the value for good."""
        model = plan.blueprint.cluster
        # EKS would make this group itself, without retention; so it stands before the cluster.
        logs = retained_logs(self, "Logs", key, model.log_retention_days, f"/aws/eks/{plan.facts.name}/cluster")
        public = model.endpoint.allow if isinstance(model.endpoint, PublicEndpoint) else None
        cluster = eks.CfnCluster(
            self,
            "Cluster",
            name=plan.facts.name,
            version=model.version,
            role_arn=self._cluster_role(plan).attr_arn,
            access_config={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            bootstrap_self_managed_addons=False,
            encryption_config=[{"provider": {"keyArn": key}, "resources": ["secrets"]}],
            resources_vpc_config={
                "subnetIds": subnets,
                "endpointPrivateAccess": True,
                "endpointPublicAccess": public is not None,
                "publicAccessCidrs": list(public) if public else None,
            },
            logging={"clusterLogging": {"enabledTypes": [{"type": name} for name in LOG_TYPES]}},
            upgrade_policy={"supportType": model.support_policy},
            deletion_protection=model.deletion_protection,
            **self._auto_mode(plan),
        )
        cluster.node.add_dependency(logs)
        return cluster

    def _auto_mode(self, plan: Plan) -> dict[str, Any]:
        """The three switches of Auto Mode, which EKS takes together or not at all."""
        on = plan.facts.auto_mode
        network = {"ipFamily": "ipv4", "serviceIpv4Cidr": plan.blueprint.cluster.service_cidr}
        settings: dict[str, Any] = {
            "compute_config": {"enabled": on},
            "storage_config": {"blockStorage": {"enabled": on}},
            "kubernetes_network_config": {**network, "elasticLoadBalancing": {"enabled": on}},
        }
        for compute in plan.blueprint.compute:
            if isinstance(compute, AutoMode):
                role = node_role(self, "AutoModeNodeRole", AUTO_MODE_NODE_POLICIES)
                pools = {"nodePools": list(compute.node_pools), "nodeRoleArn": role.attr_arn}
                settings["compute_config"] |= pools
        return settings

    def _cluster_role(self, plan: Plan) -> aws_iam.CfnRole:
        """https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html"""
        names, actions = ["AmazonEKSClusterPolicy"], ["sts:AssumeRole"]
        if plan.facts.auto_mode:
            # https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html
            names += [f"AmazonEKS{what}Policy" for what in ("BlockStorage", "Compute", "LoadBalancing", "Networking")]
            actions += ["sts:TagSession"]
        role = service_role(self, "Role", "eks.amazonaws.com", names, actions)
        if plan.cluster_permissions:
            document = resolved(iam.policy(plan.cluster_permissions), PARTITION_ONLY)
            role.policies = [aws_iam.CfnRole.PolicyProperty(policy_name="permissions", policy_document=document)]
            acknowledge(role, of_statements(plan.cluster_permissions))
        return role


def _after(scope: Construct, *others: Construct) -> Construct:
    """Everything in the scope comes after the others. One call for all of it: each is a call to another process."""
    scope.node.add_dependency(*others)
    return scope


def _addon(scope: Construct, plan: Plan, addon: ManagedAddon, provider: IdentityProvider) -> None:
    """Its role comes by an association that EKS makes with it, or by IRSA.

    EKS keeps the association when the property goes, and takes it away when it is empty.
    https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html
    """
    permissions: dict[str, Any] = {}
    if addon.grant:
        by = provider if addon.grant.irsa else None
        role = role_of(scope, f"{addon.name}:role", plan, addon.grant, PARTITION_ONLY, by).attr_arn
        association = {"serviceAccount": addon.grant.service_account, "roleArn": role}
        permissions = {"pod_identity_associations": [association]}
        if by:
            permissions = {"pod_identity_associations": [], "service_account_role_arn": role}
    values = resolved(addon.configuration, PARTITION_ONLY)
    eks.CfnAddon(
        scope,
        addon.name,
        cluster_name=plan.facts.name,
        addon_name=addon.name,
        addon_version=addon.version,
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        resolve_conflicts="OVERWRITE",
        **permissions,
    )
