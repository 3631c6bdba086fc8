"""Clusters, as strict as EKS is where it matters to a deployment.

The emulator's own API keeps the records; it takes anything in any order. EKS does not.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterable
from typing import Any

from ministack.services import ec2
from ministack.services import eks as service
from ministack.services.cloudformation import provisioners

from tools.local.emulator import control_planes, eks, fargate, iam, kubectl, refusals
from tools.local.emulator import ec2 as ec2_resources
from tools.local.emulator.ec2 import Made, Properties


def create_cluster(logical_id: str, properties: Properties, stack: str) -> Made:
    subnets = properties["ResourcesVpcConfig"]["SubnetIds"]
    zones = _zones(subnets)
    if len(zones) < 2:
        raise eks.ServiceError("Subnets specified must be in at least two different AZs")
    version = str(properties["Version"])
    eks.refuse(refusals.not_offered(version), refusals.support_policy(version, _policy(properties)))
    _check_role(properties)
    if _is_ipv6(properties) and not all(map(ec2_resources.has_ipv6, subnets)):
        raise eks.ServiceError("InvalidParameterException: subnets of an IPv6 cluster must have IPv6 CIDR blocks")
    name, _ = provisioners._eks_cluster_create(logical_id, properties, stack)
    cluster = service._clusters[name]
    cluster |= _settings(properties)
    cluster["resourcesVpcConfig"]["vpcId"] = ec2._subnets[subnets[0]]["VpcId"]
    cluster["certificateAuthority"]["data"] = base64.b64encode(f"authority of {name}".encode()).decode()
    cluster["status"] = "ACTIVE"
    cluster["_zones"] = zones
    _activate(cluster, properties)
    _start_auto_mode(cluster)
    kubectl.forget(name)
    auto_mode = "_auto_mode_subnets" in cluster
    kubectl.tell(name, auto_mode=auto_mode)
    control_planes.start(name, str(cluster["version"]), _services(cluster), auto_mode=auto_mode)
    return name, _attributes(cluster)


def update_cluster(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    cluster = eks.cluster(name)
    before, after = str(cluster["version"]), str(new["Version"])
    groups = {group["nodegroupName"]: str(group["version"]) for group in eks.node_groups(name)}
    now = time.time()
    eks.refuse(
        refusals.not_offered(after),
        refusals.control_plane_step(before, after, groups, cluster.get("_upgraded"), now),
        refusals.support_policy(after, _policy(new)),
        refusals.update_kinds(old, new),
        refusals.egress(_egress(old), _egress(new)),
        refusals.zones(cluster["_zones"], _zones(new["ResourcesVpcConfig"]["SubnetIds"])),
    )
    _check_role(new)
    _activate(cluster, new)
    made: Made = provisioners._eks_cluster_update(name, old, new, stack, logical_id)
    service._clusters[made[0]] |= _settings(new)
    if after != before:
        service._clusters[made[0]]["_upgraded"] = refusals.Upgraded(before, now)
    _start_auto_mode(service._clusters[made[0]])
    kubectl.tell(name, auto_mode="_auto_mode_subnets" in service._clusters[made[0]])
    control_planes.upgrade(name, str(new["Version"]), _services(service._clusters[made[0]]))
    return made[0], _attributes(service._clusters[made[0]])


MOST_AUTHORITIES = 2
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCertificateAuthority.html"""


def create_authority(logical_id: str, properties: Properties, stack: str) -> Made:
    """A successor of the one that signs, which is EKS's at first."""
    cluster = eks.cluster(properties["ClusterName"])
    known = cluster.setdefault("_authorities", ["eks"])
    if len(known) >= MOST_AUTHORITIES:
        raise eks.ServiceError("ResourceLimitExceededException: Cluster has two certificate authorities")
    id = f"ca-{hashlib.sha256(f'{stack}/{logical_id}'.encode()).hexdigest()[:17]}"
    known.append(id)
    return id, {"Id": id}


def delete_authority(id: str, properties: Properties) -> None:
    cluster = service._clusters.get(properties["ClusterName"], {})
    if cluster.get("_active_authority") == id:
        raise eks.ServiceError("InvalidRequestException: the certificate authority is in use")
    if id in cluster.get("_authorities", ()):
        cluster["_authorities"].remove(id)


def _activate(cluster: dict[str, Any], properties: Properties) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_ActivateCertificateAuthority.html"""
    id = properties.get("ActiveCertificateAuthorityId")
    if id and id not in cluster.get("_authorities", ()):
        raise eks.ServiceError(f"ResourceNotFoundException: No certificate authority found for id: {id}.")
    if id:
        cluster["_active_authority"] = id


def _is_ipv6(properties: Properties) -> bool:
    return bool((properties.get("KubernetesNetworkConfig") or {}).get("IpFamily") == "ipv6")


def _attributes(cluster: dict[str, Any]) -> dict[str, Any]:
    """With the one that the emulator lacks."""
    services = cluster["kubernetesNetworkConfig"].get("serviceIpv6Cidr", "")
    return {**provisioners._eks_cluster_attrs(cluster), "KubernetesNetworkConfig.ServiceIpv6Cidr": services}


def _egress(properties: Properties) -> str | None:
    mode: str | None = properties["ResourcesVpcConfig"].get("ControlPlaneEgressMode")
    return mode


def _policy(properties: Properties) -> str:
    """EKS's own default is to stay: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpgradePolicyRequest.html"""
    return str((properties.get("UpgradePolicy") or {}).get("SupportType", "EXTENDED"))


def _services(cluster: dict[str, Any]) -> str:
    """The addresses of its Services. Control planes on this machine have IPv4 addresses, whatever EKS would give."""
    return str(cluster["kubernetesNetworkConfig"].get("serviceIpv4Cidr", "172.20.0.0/16"))


def _check_role(properties: Properties) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html and auto-cluster-iam-role.html"""
    auto = provisioners._cfn_bool((properties.get("ComputeConfig") or {}).get("Enabled", False))
    arn = properties["RoleArn"]
    if not iam.assumable(arn, "eks.amazonaws.com", {}, *(["sts:TagSession"] if auto else [])):
        raise eks.ServiceError(f"InvalidParameterException: Role with arn: {arn}, could not be assumed by EKS")


def _zones(subnets: Iterable[str]) -> set[str]:
    return {ec2._subnets[subnet]["AvailabilityZone"] for subnet in subnets if subnet in ec2._subnets}


def _start_auto_mode(cluster: dict[str, Any]) -> None:
    """Auto Mode's own NodeClass takes the subnets of the moment in which it is turned on; see nodes.py."""
    config = cluster.get("computeConfig") or {}
    if not provisioners._cfn_bool(config.get("enabled", False)):
        cluster.pop("_auto_mode_subnets", None)
    elif "_auto_mode_subnets" not in cluster:
        cluster["_auto_mode_subnets"] = tuple(cluster["resourcesVpcConfig"]["subnetIds"])
        if config.get("nodePools"):
            eks.admit(cluster["name"], config["nodeRoleArn"], "EC2")


def delete_cluster(name: str, properties: Properties) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html"""
    cluster = service._clusters.get(name)
    if cluster is None:
        return
    if cluster["deletionProtection"]:
        raise eks.ServiceError(f"InvalidRequestException: Cluster {name} has deletion protection; turn it off first")
    if eks.node_groups(name):
        raise eks.ServiceError("ResourceInUseException: Cluster has nodegroups attached")
    if fargate.any_of(name):
        raise eks.ServiceError("ResourceInUseException: Cluster has Fargate profiles attached")
    service._delete_cluster(name)
    control_planes.stop(name)
    for key in [key for key in service._addons if key.startswith(f"{name}/")]:
        del service._addons[key]


def _settings(properties: Properties) -> dict[str, Any]:
    """What DescribeCluster shows and the emulator leaves out."""
    names = ("EncryptionConfig", "UpgradePolicy", "ComputeConfig", "StorageConfig", "KubernetesNetworkConfig")
    shown = {name: properties[name] for name in names if name in properties}
    if _is_ipv6(properties):
        config = {**shown["KubernetesNetworkConfig"], "ServiceIpv6Cidr": "fd5c:2a4e:b1d0::/108"}
        shown["KubernetesNetworkConfig"] = config
    return {
        **provisioners._pascal_to_camel(shown),
        "deletionProtection": provisioners._cfn_bool(properties.get("DeletionProtection", False)),
    }
