"""The cluster stack: control plane, who administers it, what it runs on, and the add-ons that EKS installs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aws_cdk import CfnOutput, Fn, aws_ec2, aws_route53
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint.auto_node_class import OWN_NODES
from blueprint.cluster import LOG_TYPES
from blueprint.components import Components
from blueprint.contribution import ManagedAddon
from blueprint.planning.document import ControlPlane, Plan, RemoteNodes, Subnet
from blueprint.references import CLUSTER_CERTIFICATE, CLUSTER_ENDPOINT, CLUSTER_SECURITY_GROUP, name_of, resolved
from stacks.acknowledge import ENGINE, NIST, acknowledge
from stacks.base import PARTITION_ONLY, BlueprintStack, given, service_role
from stacks.compute import add_compute
from stacks.handed import hand_over, handed_by, reading_role
from stacks.kubectl import kubectl_target
from stacks.permissions import IdentityProvider, access_entry, role_of
from stacks.retained import retain, retained_key, retained_logs
from stacks.vended import vended_logs


class ClusterStack(BlueprintStack):
    """`target` is the cluster as later stacks see it; charts and manifests are installed into it. `references` is what
    these know of it.
    """

    def __init__(self, scope: Construct, plan: Plan, network: Mapping[str, str]) -> None:
        super().__init__(scope, "cluster", plan, stateful=True)
        self.key_arn = key = retained_key(self, plan, "Secrets and logs").attr_arn
        cluster = self._control_plane(plan, network, key)
        nodes = (*plan.network.of_kind("private"), *plan.network.of_kind("local"))
        # All in one place: EKS keeps one entry for a principal, so one that goes from a team to the administrators must
        # not be made in one stack while another still has it. https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
        access = _after(Construct(self, "Access"), cluster)
        for entry in (*plan.admins, *plan.people):
            access_entry(access, plan, entry, PARTITION_ONLY)
        updating: list[Construct] = [cluster]
        if plan.control_plane.identity_providers:
            updating.append(_after(Construct(self, "IdentityProviders"), cluster))
            _identity_providers(updating[-1], plan)
        if (auto := plan.control_plane.auto_mode) and auto.logs:
            vended_logs(_after(Construct(self, "AutoModeLogs"), *updating), plan, cluster.attr_arn, auto.logs, key)
        # Nodes come after what makes them ready, other add-ons after the nodes that run them; it all goes in reverse.
        before = _after(Construct(self, "AddonsBeforeNodes"), cluster)
        compute = _after(Construct(self, "Compute"), before, cluster)
        addons = _after(Construct(self, "Addons"), compute, before, cluster)
        self.identity_provider = IdentityProvider(self, cluster)
        known = {
            **PARTITION_ONLY,
            **network,
            name_of(CLUSTER_SECURITY_GROUP): cluster.attr_cluster_security_group_id,
            name_of(CLUSTER_ENDPOINT): cluster.attr_endpoint,
            name_of(CLUSTER_CERTIFICATE): cluster.attr_certificate_authority_data,
        }
        managed = [addon for part in plan.addons for addon in part.contribution.managed_addons]
        for addon in managed:
            _addon(before if addon.before_nodes else addons, plan, addon, self.identity_provider, known)
        subnets = [(each.zone, resolved(each.id, network)) for each in nodes]
        add_compute(compute, plan, cluster, subnets, resolved(plan.facts.vpc_id, network))
        CfnOutput(
            self,
            "UpdateKubeconfig",
            value=f"aws eks update-kubeconfig --name {plan.facts.name} --region {plan.facts.region}",
            description="Makes kubectl use this cluster",
        )
        self._target: eks.ICluster | None = None
        if plan.installer:
            self._target, installer = kubectl_target(self, plan, plan.installer, cluster, network, key)
            self.export(installer)
        self._hybrid_nodes(plan, cluster)
        for name in plan.control_plane.certificate_authorities:
            own = _after(Construct(self, f"CertificateAuthority-{name}"), cluster)
            authority = eks.CfnCertificateAuthority(own, "Authority", cluster_name=plan.facts.name)
            CfnOutput(own, "Id", value=authority.attr_id, description=f"Of the certificate authority {name}")
        joining = [*self._own_nodes_of_auto_mode(plan, cluster, known)]
        objects = [one for addon in managed for one in addon.objects]
        if objects := [*objects, *(one for part in plan.addons for one in part.contribution.first_objects)]:
            # Applied as in later stacks, of which these are too late: EKS waits for its add-ons to be ready.
            first = eks.KubernetesManifest(
                self, "Objects", cluster=self.target, manifest=resolved(objects, known), overwrite=True
            )
            first.node.add_dependency(before, self.node.find_child("KubectlAccess"), *joining)
            _after(addons, first)
        group = cluster.attr_cluster_security_group_id
        self.references = {**_hosted_zones(self, plan, network), name_of(CLUSTER_SECURITY_GROUP): group}
        self.export(*self.references.values())
        self.export(self.identity_provider.issuer, self.identity_provider.arn, key)
        if handed := handed_by(plan):
            hand_over(self, plan, known, "cluster")
            reading_role(self, plan, handed)

    @property
    def target(self) -> eks.ICluster:
        """With the function that installs charts and manifests."""
        assert self._target  # noqa: S101  # a plan without an installer has nothing for it
        return self._target

    def _control_plane(self, plan: Plan, network: Mapping[str, str], key: str) -> eks.CfnCluster:
        """Every property that EKS cannot change without a new cluster is stated, with the value for good."""
        model = plan.control_plane
        # EKS would make this group itself, without retention; so it stands before the cluster.
        logs = retained_logs(self, "Logs", key, model.log_retention_days, f"/aws/eks/{plan.facts.name}/cluster")
        cluster = eks.CfnCluster(
            self,
            "Cluster",
            name=plan.facts.name,
            version=model.version,
            role_arn=resolved(model.role_arn, PARTITION_ONLY) or service_role(self, "Role", plan, model.role).attr_arn,
            access_config={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            bootstrap_self_managed_addons=False,
            encryption_config=[
                {"provider": {"keyArn": resolved(model.key, PARTITION_ONLY) or key}, "resources": ["secrets"]}
            ],
            resources_vpc_config={
                "subnetIds": _ids(model.subnets, network),
                "securityGroupIds": [*model.security_groups, *self._from_hybrid_nodes(plan, network)] or None,
                "controlPlaneEgressMode": model.egress_mode or None,
                "endpointPrivateAccess": True,
                "endpointPublicAccess": bool(model.public_ranges),
                "publicAccessCidrs": list(model.public_ranges) or None,
            },
            logging={"clusterLogging": {"enabledTypes": [{"type": name} for name in model.log_types]}},
            upgrade_policy={"supportType": model.support_policy},
            deletion_protection=model.deletion_protection,
            control_plane_scaling_config={"tier": model.scaling_tier} if model.scaling_tier else None,
            zonal_shift_config=None if model.zonal_shift is None else {"enabled": model.zonal_shift},
            rollback_config=given(timeoutMinutes=model.rollback_timeout_minutes),
            active_certificate_authority_id=model.active_certificate_authority or None,
            remote_network_config=_remote(model.hybrid),
            **_components(model.components),
            **self._auto_mode(plan, model),
        )
        cluster.node.add_dependency(logs)
        if missing := [name for name in LOG_TYPES if name not in model.log_types]:
            why = f"the blueprint says log_types without {', '.join(missing)}"
            acknowledge(cluster, {f"{ENGINE}EKS-CONTROL-PLANE-LOGS": why})
        return cluster

    def _from_hybrid_nodes(self, plan: Plan, network: Mapping[str, str]) -> Iterator[str]:
        """Lets these and their pods reach the API.

        https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-networking.html (cluster security group)
        """
        if hybrid := plan.control_plane.hybrid:
            yield aws_ec2.CfnSecurityGroup(
                self,
                "FromHybridNodes",
                group_description="Hybrid nodes and their pods reach the Kubernetes API",
                vpc_id=resolved(plan.facts.vpc_id, network),
                security_group_ingress=[
                    {
                        "ipProtocol": "tcp",
                        "fromPort": 443,
                        "toPort": 443,
                        "cidrIp": cidr,
                        "description": f"HTTPS from hybrid nodes {each.name}",
                    }
                    for each in hybrid
                    for cidr in each.ranges
                ],
            ).attr_group_id

    def _hybrid_nodes(self, plan: Plan, cluster: eks.CfnCluster) -> None:
        """The role that machines take on, and that lets them join."""
        for each in plan.control_plane.hybrid:
            own = _after(Construct(self, f"HybridNodes-{each.name}"), cluster)
            role = service_role(own, "Role", plan, each.role)
            access_entry(own, plan, each.access, {f"role-arn:{each.name}": role.attr_arn}, "Access")
            CfnOutput(own, "RoleArn", value=role.attr_arn, description=f"What the machines of {each.name} take on")

    def _own_nodes_of_auto_mode(
        self, plan: Plan, cluster: eks.CfnCluster, known: dict[str, str]
    ) -> Iterator[eks.CfnAccessEntry]:
        """Lets in nodes that no class of EKS makes; what refers to their role is `known` from then on."""
        auto = plan.control_plane.auto_mode
        if auto and auto.own_role and auto.own_access:
            role = service_role(self, "AutoModeOwnNodeRole", plan, auto.own_role)
            known |= {f"role-arn:{OWN_NODES}": role.attr_arn, f"role-name:{OWN_NODES}": role.ref}
            entry = access_entry(self, plan, auto.own_access, known, "AutoModeOwnNodeAccess")
            entry.node.add_dependency(cluster)
            yield entry

    def _auto_mode(self, plan: Plan, model: ControlPlane) -> dict[str, Any]:
        """The three switches of Auto Mode, which EKS takes together or not at all."""
        auto = model.auto_mode
        compute: dict[str, Any] = {"enabled": bool(auto)}
        if auto:
            compute["nodePools"] = list(auto.node_pools)
            if auto.role:
                compute["nodeRoleArn"] = service_role(self, "AutoModeNodeRole", plan, auto.role).attr_arn
        return {
            "compute_config": compute,
            "storage_config": {"blockStorage": {"enabled": bool(auto)}},
            "kubernetes_network_config": {
                "ipFamily": model.ip_family,
                "serviceIpv4Cidr": model.service_cidr or None,
                "elasticLoadBalancing": {"enabled": bool(auto)},
            },
        }


def _remote(hybrid: Sequence[RemoteNodes]) -> dict[str, Any] | None:
    """Where hybrid nodes and their pods have addresses; EKS takes one list of each."""
    nodes = [cidr for each in hybrid for cidr in each.node_ranges]
    pods = [cidr for each in hybrid for cidr in each.pod_ranges]
    return given(
        remoteNodeNetworks=[{"cidrs": nodes}] if nodes else None, remotePodNetworks=[{"cidrs": pods}] if pods else None
    )


def _components(components: Components) -> dict[str, Any]:
    """What is not chosen is left out."""
    ttl, ports = components.event_ttl_minutes, components.node_ports
    sync, scoring = components.autoscaler_sync_seconds, components.scoring
    weights = [{"name": name, "weight": weight} for name, weight in sorted(components.weights.items())]
    return {
        "kube_api_server_config": given(
            eventTtl=ttl and f"{ttl}m",
            serviceNodePortRange=ports and {"minPort": ports.first, "maxPort": ports.last},
        ),
        "kube_controller_manager_config": given(
            horizontalPodAutoscalerControllerConfig=sync and {"horizontalPodAutoscalerSyncPeriod": f"{sync}s"},
            podGcControllerConfig=given(terminatedPodGcThreshold=components.terminated_pods),
        ),
        "kube_scheduler_config": scoring
        and {"nodeResourcesFit": {"scoringStrategy": given(type=scoring, resources=weights or None)}},
    }


def _identity_providers(scope: Construct, plan: Plan) -> None:
    """EKS makes one at a time. https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateIdentityProviderConfig.html"""
    before: Construct | None = None
    for provider in plan.control_plane.identity_providers:
        claims = [{"key": key, "value": value} for key, value in sorted(provider.required_claims.items())]
        made = eks.CfnIdentityProviderConfig(
            scope,
            provider.name,
            cluster_name=plan.facts.name,
            identity_provider_config_name=provider.name,
            type="oidc",
            oidc=given(
                issuerUrl=provider.issuer_url,
                clientId=provider.client_id,
                usernameClaim=provider.username_claim,
                usernamePrefix=provider.username_prefix,
                groupsClaim=provider.groups_claim,
                groupsPrefix=provider.groups_prefix if provider.groups_claim else None,
                requiredClaims=claims or None,
            ),
        )
        if before:
            made.node.add_dependency(before)
        before = made


def _hosted_zones(scope: Construct, plan: Plan, network: Mapping[str, str]) -> dict[str, str]:
    """Their ids, by the references to them."""
    found = {}
    for zone in plan.hosted_zones:
        below = Construct(scope, f"{'PrivateZone' if zone.private else 'Zone'} {zone.domain}")
        vpc = {"vpcId": resolved(plan.facts.vpc_id, network), "vpcRegion": plan.facts.region}
        made = aws_route53.CfnHostedZone(below, "Zone", name=zone.domain, vpcs=[vpc] if zone.private else None)
        retain(made)
        found[name_of(zone.id)] = made.ref
        if zone.private:
            continue
        why = "queries of public zones are logged in us-east-1 alone, by a log group that is of the whole account"
        acknowledge(made, {f"{NIST}Route53QueryLogging": why})
        names = Fn.join(" ", made.attr_name_servers)
        CfnOutput(below, "NameServers", value=names, description=f"What the parent domain names for {zone.domain}")
    return found


def _ids(subnets: Sequence[Subnet], network: Mapping[str, str]) -> list[str]:
    return [resolved(subnet.id, network) for subnet in subnets]


def _after(scope: Construct, *others: Construct) -> Construct:
    """Everything in the scope comes after the others. One call for all of it: each is a call to another process."""
    scope.node.add_dependency(*others)
    return scope


def _addon(
    scope: Construct, plan: Plan, addon: ManagedAddon, provider: IdentityProvider, known: Mapping[str, str]
) -> None:
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
    values = resolved(addon.configuration, known)
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
