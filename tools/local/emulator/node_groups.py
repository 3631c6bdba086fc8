"""Managed node groups, as strict as EKS is: whether their nodes join, which version they have, how many they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import ec2
from ministack.services import eks as service
from ministack.services.cloudformation import provisioners

from blueprint.eks import NODE_SETTINGS
from tools.local.emulator import control_planes, eks, nodes, refusals
from tools.local.emulator.ec2 import Made, Properties
from tools.quotas import QUOTAS


def create_group(logical_id: str, properties: Properties, stack: str) -> Made:
    name = properties["ClusterName"]
    cluster = eks.cluster(name)
    version = _version(properties, cluster)
    eks.refuse(refusals.new_group(version, str(cluster["version"])))
    template = (properties.get("LaunchTemplate") or {}).get("Id")
    if template and template not in ec2._launch_templates:
        raise eks.ServiceError(f"InvalidRequestException: Launch template {template} not found")
    scaling = properties.get("ScalingConfig")
    if scaling is not None and len(scaling) < len(_SIZES):
        raise eks.ServiceError("InvalidParameterException: scalingConfig must have all of its properties, or none")
    _check_sizes(provisioners._eks_nodegroup_fields(properties).get("scalingConfig") or _DEFAULT_SIZES)
    windows = properties.get("AmiType", "").startswith("WINDOWS")
    why = nodes.stopped(
        name, properties["NodeRole"], properties["Subnets"], _security_groups(template), windows=windows
    )
    if why:
        raise eks.ServiceError(f"NodeCreationFailure: Instances failed to join the kubernetes cluster: {why}")
    eks.admit(name, properties["NodeRole"], "EC2_WINDOWS" if windows else "EC2_LINUX")
    group, attributes = provisioners._eks_nodegroup_create(logical_id, properties, stack)
    service._nodegroups[f"{name}/{group}"] |= {
        "capacityType": properties.get("CapacityType", "ON_DEMAND"),
        "version": version,
    }
    return group, attributes


# https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html
_SIZES = ("minSize", "maxSize", "desiredSize")
_DEFAULT_SIZES = {"minSize": 1, "maxSize": 2, "desiredSize": 1}


def _check_sizes(sizes: Mapping[str, int]) -> None:
    """https://github.com/aws/containers-roadmap/issues/1637"""
    low, high, desired = (sizes[name] for name in _SIZES)
    eks.refuse(refusals.sizes(low, high, desired, QUOTAS["nodes of a group"].default))


def _security_groups(template: str | None) -> list[str]:
    """Those of a launch template, which EKS then takes instead of the cluster's.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    versions = ec2._launch_templates[template]["Versions"] if template else []
    return nodes.groups_of(versions[-1]["LaunchTemplateData"]) if versions else []


def update_group(group: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html"""
    name = new["ClusterName"]
    cluster = eks.cluster(name)
    version = service._nodegroups[f"{name}/{group}"]["version"]
    if _changed(old, new, "Version", "ReleaseVersion"):
        before, version = version, _version(new, cluster)
        eks.refuse(refusals.group_step(before, version, str(cluster["version"])))
        if old.get("ReleaseVersion") and new.get("ReleaseVersion"):
            eks.refuse(refusals.release_step(old["ReleaseVersion"], new["ReleaseVersion"]))
        if _changed(old, new, *NODE_SETTINGS):
            # https://github.com/eksctl-io/eksctl/issues/2565
            raise eks.ServiceError("Version and ReleaseVersion updates cannot be combined with other updates")
    sizes = dict(service._nodegroups[f"{name}/{group}"]["scalingConfig"])
    if _changed(old, new, "ScalingConfig"):
        # What the template leaves out stays as it is.
        sizes |= provisioners._eks_nodegroup_fields(new).get("scalingConfig", {})
        _check_sizes(sizes)
    made: Made = provisioners._eks_nodegroup_update(group, old, new, stack, logical_id)
    service._nodegroups[f"{name}/{made[0]}"]["version"] = version
    if made[0] == group:
        service._nodegroups[f"{name}/{group}"]["scalingConfig"] = sizes
    return made


def _changed(old: Properties, new: Properties, *names: str) -> bool:
    return any(old.get(name) != new.get(name) for name in names)


def _version(properties: Properties, cluster: Mapping[str, Any]) -> str:
    """The Kubernetes version of a node group: that of its image, as far as the release's name tells, or the cluster's.

    https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html ; releases of Bottlerocket have numbers
    of their own.
    """
    version = str(properties.get("Version") or cluster["version"])
    release = properties.get("ReleaseVersion")
    if release and properties.get("AmiType", "").startswith("AL2023"):
        of_image = ".".join(release.split(".")[:2])
        if properties.get("Version", of_image) != of_image:
            raise eks.ServiceError(
                f"InvalidParameterException: Requested release version {release} is not valid for kubernetes version "
                f"{version}."
            )
        version = of_image
    return version


Answer = tuple[int, Mapping[str, str], bytes]


def with_update_nodegroup_config(api: Callable[..., Answer]) -> Callable[..., Answer]:
    """The EKS API with UpdateNodegroupConfig, by which autoscalers and people change sizes."""

    def extended(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
        called = re.fullmatch(r"/clusters/([^/]+)/node-groups/([^/]+)/update-config", path)
        if called is None or method != "POST":
            return api(method, path, headers, body, query)
        group = service._nodegroups.get(f"{called[1]}/{called[2]}")
        if group is None:
            return _refused(404, "ResourceNotFoundException", f"No node group found for name: {called[2]}.")
        sizes = {**group["scalingConfig"], **json.loads(body).get("scalingConfig", {})}
        try:
            _check_sizes(sizes)
        except eks.ServiceError as error:
            return _refused(400, "InvalidParameterException", str(error).partition(": ")[2])
        group["scalingConfig"] = sizes
        control_planes.follow_nodes(called[1])
        made: Answer = service._json_resp(200, {"update": {"id": service.new_uuid(), "status": "Successful"}})
        return made

    return extended


def _refused(status: int, code: str, message: str) -> Answer:
    answer: Answer = service._error(status, code, message)
    return answer
