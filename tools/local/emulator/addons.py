"""Add-ons that EKS installs, with their pod identity associations."""

from __future__ import annotations

import yaml
from ministack.services import eks as service
from ministack.services.cloudformation import provisioners

from tools.local.emulator import access, control_planes, eks, kubectl, nodes
from tools.local.emulator.ec2 import Made, Properties
from tools.local.kubernetes import ADDON_OBJECTS

# Add-ons whose pods EKS runs on every node, so that they are installed before there is one; others need nodes.
# https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
_DAEMON_SETS = frozenset({"vpc-cni", "kube-proxy", "eks-pod-identity-agent"})


def create_addon(logical_id: str, properties: Properties, stack: str) -> Made:
    cluster, name = properties["ClusterName"], properties["AddonName"]
    eks.cluster(cluster)
    _check_addon(properties)
    body = {
        "addonName": name,
        "addonVersion": properties.get("AddonVersion", ""),
        "configurationValues": properties.get("ConfigurationValues", ""),
        "serviceAccountRoleArn": properties.get("ServiceAccountRoleArn", ""),
    }
    eks.answer(service._create_addon(cluster, body))
    if running := control_planes.of(cluster):
        control_planes.define(running, name)
        for _, kind, namespace, brought in ADDON_OBJECTS.get(name, ()):
            if kind in ("ConfigMap", "ServiceAccount"):
                control_planes.bring(running, kind, namespace, brought)
    _associate(properties)
    return f"{cluster}|{name}", {"Arn": service._addons[f"{cluster}/{name}"]["addonArn"]}


def update_addon(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    cluster, name = physical_id.split("|")
    _check_addon(new)
    body = {
        "addonVersion": new.get("AddonVersion", ""),
        "configurationValues": new.get("ConfigurationValues", ""),
        "serviceAccountRoleArn": new.get("ServiceAccountRoleArn", ""),
    }
    eks.answer(service._update_addon(cluster, name, body))
    if "PodIdentityAssociations" in new:
        # An empty list takes them away; without one they stay.
        # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html
        _dissociate(cluster, service._addons[f"{cluster}/{name}"]["addonArn"])
        _associate(new)
    return physical_id, {"Arn": service._addons[f"{cluster}/{name}"]["addonArn"]}


def delete_addon(physical_id: str, properties: Properties) -> None:
    cluster, name = physical_id.split("|")
    addon = service._addons.get(f"{cluster}/{name}")
    if addon:
        _dissociate(cluster, addon["addonArn"])
        service._delete_addon(cluster, name)


def _check_addon(properties: Properties) -> None:
    try:
        values = yaml.safe_load(properties.get("ConfigurationValues") or "{}") or {}
    except yaml.YAMLError:
        raise eks.ServiceError(
            "InvalidParameterException: ConfigurationValue provided is not in valid format"
        ) from None
    if properties["AddonName"] in _DAEMON_SETS:
        return
    # CoreDNS says of itself that it wants EC2, unless it is told otherwise.
    # https://docs.aws.amazon.com/eks/latest/userguide/fargate-getting-started.html
    on_fargate = properties["AddonName"] != "coredns" or values.get("computeType") == "Fargate"
    tolerations = [*_TOLERATED, *nodes.tolerations(values)]
    cluster = properties["ClusterName"]
    if not kubectl.has_room(cluster, "kube-system", tolerations, on_fargate=on_fargate):
        # https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting-add-ons.html
        raise eks.ServiceError(f"InsufficientNumberOfReplicas: {properties['AddonName']} has no node to run on")


# https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html
_TOLERATED = ({"key": "CriticalAddonsOnly", "operator": "Exists"},)


def _associate(properties: Properties) -> None:
    """Pod identity associations that belong to the add-on."""
    cluster = properties["ClusterName"]
    arn = service._addons[f"{cluster}/{properties['AddonName']}"]["addonArn"]
    made = []
    for association in properties.get("PodIdentityAssociations") or []:
        access.refuse_distrust(association["RoleArn"])
        body = {"namespace": "kube-system", **provisioners._pascal_to_camel(association)}
        answer = eks.answer(service._create_pod_identity_association(cluster, body))["association"]
        service._pod_identity_associations[service._pia_key(cluster, answer["associationId"])]["ownerArn"] = arn
        made.append(answer["associationArn"])
    service._addons[f"{cluster}/{properties['AddonName']}"]["podIdentityAssociations"] = made


def _dissociate(cluster: str, owner: str) -> None:
    for key, association in list(service._pod_identity_associations.items()):
        if association["clusterName"] == cluster and association.get("ownerArn") == owner:
            del service._pod_identity_associations[key]
