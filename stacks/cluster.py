"""The cluster stack: control plane, who administers it, what it runs on, and the add-ons that EKS installs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput, aws_ec2, aws_iam
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint.cluster import LOG_TYPES, PublicEndpoint
from blueprint.compute import AutoMode
from blueprint.contribution import ManagedAddon
from blueprint.plan import Plan
from blueprint.references import resolved
from stacks.base import BlueprintStack, service_role
from stacks.compute import add_compute, node_role
from stacks.kubectl import kubectl_target
from stacks.permissions import PARTITION_ONLY, IdentityProvider, access_entry, role_of
from stacks.retained import retained_key, retained_logs


class ClusterStack(BlueprintStack):
    """`target` is the cluster as later stacks see it; charts and manifests are installed into it."""

    def __init__(self, scope: Construct, plan: Plan, vpc: aws_ec2.Vpc) -> None:
        super().__init__(scope, "cluster", plan, stateful=True)
        cluster = self._control_plane(plan, vpc)
        admins = Construct(self, "Admins")
        for entry in plan.admins:
            access_entry(admins, plan, entry, PARTITION_ONLY).node.add_dependency(cluster)
        # Nodes come after what makes them ready, other add-ons after the nodes that run them; it all goes in reverse.
        addons = [addon for part in plan.addons for addon in part.contribution.managed_addons]
        scope = Construct(self, "Addons")
        first = [_addon(scope, plan, addon, [cluster]) for addon in addons if addon.before_nodes]
        compute = add_compute(self, plan, cluster, vpc, [*first, cluster])
        for addon in addons:
            if not addon.before_nodes:
                _addon(scope, plan, addon, [*compute, *first, cluster])
        self.identity_provider = IdentityProvider(self, cluster) if plan.irsa else None
        CfnOutput(
            self,
            "UpdateKubeconfig",
            value=f"aws eks update-kubeconfig --name {plan.facts.name} --region {plan.facts.region}",
            description="Makes kubectl use this cluster",
        )
        self.target = kubectl_target(self, plan, cluster, vpc)

    def _control_plane(self, plan: Plan, vpc: aws_ec2.Vpc) -> eks.CfnCluster:
        """Every property that EKS cannot change without a new cluster is stated, with the value for good."""
        model = plan.blueprint.cluster
        group = f"/aws/eks/{plan.facts.name}/cluster"
        key = retained_key(self, plan, "Secrets and control plane logs", log_groups=group)
        # EKS would make this group itself, without retention; so it stands before the cluster.
        logs = retained_logs(self, "Logs", key, model.log_retention_days, group)
        public = model.endpoint.allow if isinstance(model.endpoint, PublicEndpoint) else None
        cluster = eks.CfnCluster(
            self,
            "Cluster",
            name=plan.facts.name,
            version=model.version,
            role_arn=self._cluster_role(plan).attr_arn,
            access_config={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            bootstrap_self_managed_addons=False,
            encryption_config=[{"provider": {"keyArn": key.key_arn}, "resources": ["secrets"]}],
            resources_vpc_config={
                "subnetIds": vpc.select_subnets(subnet_group_name="control-plane").subnet_ids,
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
                role = node_role(self, "AutoModeNodeRole")
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
        return service_role(self, "Role", "eks.amazonaws.com", names, actions)


def _addon(scope: Construct, plan: Plan, addon: ManagedAddon, after: Sequence[Construct]) -> eks.CfnAddon:
    own = Construct(scope, addon.name)
    associations = None
    if addon.grant:
        role = role_of(own, "Role", plan, addon.grant, PARTITION_ONLY)
        associations = [{"serviceAccount": addon.grant.service_account, "roleArn": role.attr_arn}]
    values = resolved(addon.configuration, PARTITION_ONLY)
    installed = eks.CfnAddon(
        own,
        "Addon",
        cluster_name=plan.facts.name,
        addon_name=addon.name,
        addon_version=addon.version,
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        pod_identity_associations=associations,
        resolve_conflicts="OVERWRITE",
    )
    installed.node.add_dependency(*after)
    return installed
