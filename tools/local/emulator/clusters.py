"""Clusters and node groups, as strict as EKS is where it matters to a deployment.

The emulator's own API keeps the records; it takes anything in any order. EKS does not.
"""

from __future__ import annotations

from typing import Any

from ministack.services import ec2
from ministack.services import eks as service
from ministack.services.cloudformation import provisioners

from tools.local.emulator import eks, kubectl
from tools.local.emulator.ec2 import Made, Properties


def create_cluster(logical_id: str, properties: Properties, stack: str) -> Made:
    config = properties["ResourcesVpcConfig"]
    subnets = [ec2._subnets[subnet] for subnet in config["SubnetIds"] if subnet in ec2._subnets]
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
        raise eks.ServiceError("Subnets specified must be in at least two different AZs")
    name, attributes = provisioners._eks_cluster_create(logical_id, properties, stack)
    cluster = service._clusters[name]
    cluster |= _settings(properties)
    cluster["resourcesVpcConfig"]["vpcId"] = subnets[0]["VpcId"]
    cluster["status"] = "ACTIVE"
    kubectl.forget(name)
    return name, attributes


def update_cluster(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    cluster = eks.cluster(name)
    _refuse_steps(str(cluster["version"]), str(new["Version"]), name)
    made: Made = provisioners._eks_cluster_update(name, old, new, stack, logical_id)
    service._clusters[made[0]] |= _settings(new)
    return made


def delete_cluster(name: str, properties: Properties) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html"""
    cluster = service._clusters.get(name)
    if cluster is None:
        return
    if cluster["deletionProtection"]:
        raise eks.ServiceError(f"InvalidRequestException: Cluster {name} has deletion protection; turn it off first")
    if eks.node_groups(name):
        raise eks.ServiceError("ResourceInUseException: Cluster has nodegroups attached")
    service._delete_cluster(name)
    for key in [key for key in service._addons if key.startswith(f"{name}/")]:
        del service._addons[key]


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
    step = eks.minor(new) - eks.minor(old)
    if abs(step) > 1:
        raise eks.ServiceError(
            f"InvalidParameterException: Unsupported Kubernetes minor version update from {old} to {new}"
        )
    behind = [
        group["nodegroupName"] for group in eks.node_groups(cluster) if eks.minor(group["version"]) > eks.minor(new)
    ]
    if step < 0 and behind:
        raise eks.ServiceError(f"InvalidParameterException: Nodegroups {', '.join(behind)} are newer than {new}")


def create_node_group(logical_id: str, properties: Properties, stack: str) -> Made:
    name = properties["ClusterName"]
    cluster = eks.cluster(name)
    if eks.minor(str(properties.get("Version") or cluster["version"])) > eks.minor(cluster["version"]):
        raise eks.ServiceError(
            f"InvalidParameterException: Requested Nodegroup version {properties['Version']} is newer than the "
            f"cluster's {cluster['version']}"
        )
    # Without these a node never becomes ready. https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
    missing = sorted({"vpc-cni", "kube-proxy"} - set(eks.addons(name)))
    if missing:
        raise eks.ServiceError(f"NodeCreationFailure: Instances failed to join the cluster: no {', '.join(missing)}")
    template = (properties.get("LaunchTemplate") or {}).get("Id")
    if template and template not in ec2._launch_templates:
        raise eks.ServiceError(f"InvalidRequestException: Launch template {template} not found")
    group, attributes = provisioners._eks_nodegroup_create(logical_id, properties, stack)
    service._nodegroups[f"{name}/{group}"]["capacityType"] = properties.get("CapacityType", "ON_DEMAND")
    return group, attributes


def update_node_group(group: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html"""
    cluster = eks.cluster(new["ClusterName"])
    if eks.minor(str(new.get("Version") or cluster["version"])) > eks.minor(cluster["version"]):
        raise eks.ServiceError(
            f"InvalidParameterException: Requested Nodegroup version {new['Version']} is newer than the cluster's "
            f"{cluster['version']}"
        )
    others = ("ScalingConfig", "Labels", "Taints", "UpdateConfig")
    if old.get("Version") != new.get("Version") and any(old.get(name) != new.get(name) for name in others):
        # https://github.com/eksctl-io/eksctl/issues/2565
        raise eks.ServiceError("Version and ReleaseVersion updates cannot be combined with other updates")
    made: Made = provisioners._eks_nodegroup_update(group, old, new, stack, logical_id)
    return made
