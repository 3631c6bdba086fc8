"""EKS resources, as strict as EKS is where it matters to a deployment.

The emulator's own API keeps the records; it takes anything in any order. EKS does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from ministack.services import ec2, eks
from ministack.services.cloudformation import provisioners

from tools.local.emulator.ec2 import Made, Properties

# Add-ons whose pods EKS runs on every node, so that they are installed before there is one; others need nodes.
# https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
_DAEMON_SETS = frozenset({"vpc-cni", "kube-proxy", "eks-pod-identity-agent"})


class ServiceError(ValueError):
    """An answer of the EKS API that fails the resource."""


# --- Cluster ------------------------------------------------------------------------------------------------------


def create_cluster(logical_id: str, properties: Properties, stack: str) -> Made:
    config = properties["ResourcesVpcConfig"]
    subnets = [ec2._subnets[subnet] for subnet in config["SubnetIds"] if subnet in ec2._subnets]
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
        raise ServiceError("Subnets specified must be in at least two different AZs")
    name, attributes = provisioners._eks_cluster_create(logical_id, properties, stack)
    cluster = eks._clusters[name]
    cluster |= _settings(properties)
    cluster["resourcesVpcConfig"]["vpcId"] = subnets[0]["VpcId"]
    cluster["status"] = "ACTIVE"
    return name, attributes


def update_cluster(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    cluster = _cluster(name)
    _refuse_steps(str(cluster["version"]), str(new["Version"]), name)
    made: Made = provisioners._eks_cluster_update(name, old, new, stack, logical_id)
    eks._clusters[made[0]] |= _settings(new)
    return made


def delete_cluster(name: str, properties: Properties) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html"""
    cluster = eks._clusters.get(name)
    if cluster is None:
        return
    if cluster["deletionProtection"]:
        raise ServiceError(f"InvalidRequestException: Cluster {name} has deletion protection; turn it off first")
    if _node_groups(name):
        raise ServiceError("ResourceInUseException: Cluster has nodegroups attached")
    eks._delete_cluster(name)
    for key in [key for key in eks._addons if key.startswith(f"{name}/")]:
        del eks._addons[key]


def _settings(properties: Properties) -> dict[str, Any]:
    """What DescribeCluster shows and the emulator leaves out."""
    names = ("EncryptionConfig", "UpgradePolicy", "ComputeConfig", "StorageConfig", "KubernetesNetworkConfig")
    shown = {name: properties[name] for name in names if name in properties}
    return {
        **provisioners._pascal_to_camel(shown),
        "deletionProtection": provisioners._cfn_bool(properties.get("DeletionProtection", False)),
    }


def _refuse_steps(old: str, new: str, cluster: str) -> None:
    """EKS goes up one minor at a time, and down one after an upgrade.

    https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
    """
    step = _minor(new) - _minor(old)
    if abs(step) > 1:
        raise ServiceError(
            f"InvalidParameterException: Unsupported Kubernetes minor version update from {old} to {new}"
        )
    behind = [group["nodegroupName"] for group in _node_groups(cluster) if _minor(group["version"]) > _minor(new)]
    if step < 0 and behind:
        raise ServiceError(f"InvalidParameterException: Nodegroups {', '.join(behind)} are newer than {new}")


# --- Node groups --------------------------------------------------------------------------------------------------


def create_node_group(logical_id: str, properties: Properties, stack: str) -> Made:
    name = properties["ClusterName"]
    cluster = _cluster(name)
    if _minor(str(properties.get("Version") or cluster["version"])) > _minor(cluster["version"]):
        raise ServiceError(
            f"InvalidParameterException: Requested Nodegroup version {properties['Version']} is newer than the "
            f"cluster's {cluster['version']}"
        )
    # Without these a node never becomes ready. https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
    missing = sorted({"vpc-cni", "kube-proxy"} - set(_addons(name)))
    if missing:
        raise ServiceError(f"NodeCreationFailure: Instances failed to join the cluster: no {', '.join(missing)}")
    template = (properties.get("LaunchTemplate") or {}).get("Id")
    if template and template not in ec2._launch_templates:
        raise ServiceError(f"InvalidRequestException: Launch template {template} not found")
    group, attributes = provisioners._eks_nodegroup_create(logical_id, properties, stack)
    eks._nodegroups[f"{name}/{group}"]["capacityType"] = properties.get("CapacityType", "ON_DEMAND")
    return group, attributes


def update_node_group(group: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html"""
    cluster = _cluster(new["ClusterName"])
    if _minor(str(new.get("Version") or cluster["version"])) > _minor(cluster["version"]):
        raise ServiceError(
            f"InvalidParameterException: Requested Nodegroup version {new['Version']} is newer than the cluster's "
            f"{cluster['version']}"
        )
    others = ("ScalingConfig", "Labels", "Taints", "UpdateConfig")
    if old.get("Version") != new.get("Version") and any(old.get(name) != new.get(name) for name in others):
        # https://github.com/eksctl-io/eksctl/issues/2565
        raise ServiceError("Version and ReleaseVersion updates cannot be combined with other updates")
    made: Made = provisioners._eks_nodegroup_update(group, old, new, stack, logical_id)
    return made


# --- Add-ons ------------------------------------------------------------------------------------------------------


def create_addon(logical_id: str, properties: Properties, stack: str) -> Made:
    cluster, name = properties["ClusterName"], properties["AddonName"]
    _cluster(cluster)
    _check_addon(properties)
    body = {
        "addonName": name,
        "addonVersion": properties.get("AddonVersion", ""),
        "configurationValues": properties.get("ConfigurationValues", ""),
    }
    _answer(eks._create_addon(cluster, body))
    _associate(properties)
    return f"{cluster}|{name}", {"Arn": eks._addons[f"{cluster}/{name}"]["addonArn"]}


def update_addon(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    cluster, name = physical_id.split("|")
    _check_addon(new)
    body = {"addonVersion": new.get("AddonVersion", ""), "configurationValues": new.get("ConfigurationValues", "")}
    _answer(eks._update_addon(cluster, name, body))
    _dissociate(cluster, eks._addons[f"{cluster}/{name}"]["addonArn"])
    _associate(new)
    return physical_id, {"Arn": eks._addons[f"{cluster}/{name}"]["addonArn"]}


def delete_addon(physical_id: str, properties: Properties) -> None:
    cluster, name = physical_id.split("|")
    addon = eks._addons.get(f"{cluster}/{name}")
    if addon:
        _dissociate(cluster, addon["addonArn"])
        eks._delete_addon(cluster, name)


def _check_addon(properties: Properties) -> None:
    try:
        yaml.safe_load(properties.get("ConfigurationValues") or "{}")
    except yaml.YAMLError:
        raise ServiceError("InvalidParameterException: ConfigurationValue provided is not in valid format") from None
    if properties["AddonName"] not in _DAEMON_SETS and not has_nodes(properties["ClusterName"]):
        # https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting-add-ons.html
        raise ServiceError(f"InsufficientNumberOfReplicas: {properties['AddonName']} has no node to run on")


def _associate(properties: Properties) -> None:
    """Pod identity associations that belong to the add-on."""
    cluster = properties["ClusterName"]
    arn = eks._addons[f"{cluster}/{properties['AddonName']}"]["addonArn"]
    made = []
    for association in properties.get("PodIdentityAssociations") or []:
        body = {"namespace": "kube-system", **provisioners._pascal_to_camel(association)}
        answer = _answer(eks._create_pod_identity_association(cluster, body))["association"]
        eks._pod_identity_associations[eks._pia_key(cluster, answer["associationId"])]["ownerArn"] = arn
        made.append(answer["associationArn"])
    eks._addons[f"{cluster}/{properties['AddonName']}"]["podIdentityAssociations"] = made


def _dissociate(cluster: str, owner: str) -> None:
    for key, association in list(eks._pod_identity_associations.items()):
        if association["clusterName"] == cluster and association.get("ownerArn") == owner:
            del eks._pod_identity_associations[key]


# --- Access entries and pod identity --------------------------------------------------------------------------------


def create_access_entry(logical_id: str, properties: Properties, stack: str) -> Made:
    cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
    body = {
        "principalArn": principal,
        "type": properties.get("Type", "STANDARD"),
        "kubernetesGroups": list(properties.get("KubernetesGroups") or []),
        "username": properties.get("Username", ""),
    }
    entry = _answer(eks._create_access_entry(cluster, body))["accessEntry"]
    _grant(properties)
    return f"{principal}|{cluster}", {"AccessEntryArn": entry["accessEntryArn"]}


def update_access_entry(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    cluster, principal = new["ClusterName"], new["PrincipalArn"]
    body = {"kubernetesGroups": list(new.get("KubernetesGroups") or []), "username": new.get("Username", "")}
    entry = _answer(eks._update_access_entry(cluster, principal, body))["accessEntry"]
    for policy in old.get("AccessPolicies") or []:
        eks._disassociate_access_policy(cluster, principal, policy["PolicyArn"])
    _grant(new)
    return physical_id, {"AccessEntryArn": entry["accessEntryArn"]}


def delete_access_entry(physical_id: str, properties: Properties) -> None:
    eks._delete_access_entry(properties["ClusterName"], properties["PrincipalArn"])


def _grant(properties: Properties) -> None:
    for policy in properties.get("AccessPolicies") or []:
        body = provisioners._pascal_to_camel(policy)
        _answer(eks._associate_access_policy(properties["ClusterName"], properties["PrincipalArn"], body))


def create_pod_identity_association(logical_id: str, properties: Properties, stack: str) -> Made:
    body = provisioners._pascal_to_camel({key: properties[key] for key in ("Namespace", "ServiceAccount", "RoleArn")})
    made = _answer(eks._create_pod_identity_association(properties["ClusterName"], body))["association"]
    arn = made["associationArn"]
    return arn, {"AssociationArn": arn, "AssociationId": made["associationId"]}


def update_pod_identity_association(arn: str, old: Properties, new: Properties, stack: str) -> Made:
    association = arn.rpartition("/")[2]
    _answer(eks._update_pod_identity_association(new["ClusterName"], association, {"roleArn": new["RoleArn"]}))
    return arn, {"AssociationArn": arn, "AssociationId": association}


def delete_pod_identity_association(arn: str, properties: Properties) -> None:
    eks._delete_pod_identity_association(properties["ClusterName"], arn.rpartition("/")[2])


# --- What others ask ------------------------------------------------------------------------------------------------


def has_nodes(cluster: str) -> bool:
    """Whether pods find a place: a node group, or the nodes that Auto Mode starts."""
    auto = eks._clusters[cluster].get("computeConfig") or {} if cluster in eks._clusters else {}
    return bool(_node_groups(cluster)) or provisioners._cfn_bool(auto.get("enabled", False))


def administers(cluster: str, role_arn: str) -> bool:
    """Whether an access entry makes the role an administrator of the cluster."""
    policies = eks._access_policies.items()
    prefix = eks._ae_key(cluster, role_arn) + "\x00"
    return any(key.startswith(prefix) and key.endswith("AmazonEKSClusterAdminPolicy") for key, _ in policies)


def version_of(cluster: str) -> str | None:
    """The Kubernetes version of a cluster that is there."""
    found = eks._clusters.get(cluster)
    return str(found["version"]) if found else None


def _cluster(name: str) -> dict[str, Any]:
    cluster: dict[str, Any] | None = eks._clusters.get(name)
    if cluster is None:
        raise ServiceError(f"ResourceNotFoundException: No cluster found for name: {name}.")
    return cluster


def _node_groups(cluster: str) -> list[dict[str, Any]]:
    return [group for key, group in eks._nodegroups.items() if key.startswith(f"{cluster}/")]


def _addons(cluster: str) -> Iterator[str]:
    return (addon["addonName"] for key, addon in eks._addons.items() if key.startswith(f"{cluster}/"))


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _answer(response: tuple[int, Mapping[str, str], Any]) -> dict[str, Any]:
    """The body of an answer of the emulator's own EKS API."""
    status, _, body = response
    answer: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise ServiceError(f"{answer.get('__type', status)}: {answer.get('message', answer)}")
    return answer
