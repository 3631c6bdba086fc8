"""EKS Capabilities: what of them stands in a cluster. Their controllers are AWS's, and run nowhere here."""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import eks as service

from tools.local.emulator import control_planes, eks, iam, refusals
from tools.local.emulator.ec2 import Made, Properties
from tools.local.kubernetes import CAPABILITY_OBJECTS

CAPABILITIES: dict[tuple[str, str, str], dict[str, Properties]] = {}
"""By account, region and cluster, those of each type."""


def create_capability(logical_id: str, properties: Properties, stack: str) -> Made:
    cluster, kind, role = properties["ClusterName"], properties["Type"], properties["RoleArn"]
    eks.cluster(cluster)
    if kind in _of(cluster):
        raise eks.ServiceError(f"ResourceInUseException: the cluster has a capability of type {kind} already")
    found = iam.find(role)
    if found is None:
        raise eks.ServiceError(f"InvalidParameterException: Role provided in the request does not exist: {role}")
    eks.refuse(refusals.capability_trust(found["AssumeRolePolicyDocument"]))
    if service._ae_key(cluster, role) not in service._access_entries:
        # Made by EKS, with its own policies alone: docs/gitops.md says what these lack.
        eks.answer(service._create_access_entry(cluster, {"principalArn": role, "type": "STANDARD"}))
    _of(cluster)[kind] = properties
    if running := control_planes.of(cluster):
        if chart := _DEFINED_LIKE.get(kind):
            control_planes.define(running, chart)
        for _, object_kind, namespace, name in CAPABILITY_OBJECTS.get(kind, ()):
            control_planes.bring(running, object_kind, namespace, name)
    return f"{cluster}|{properties['CapabilityName']}", {"Arn": _arn(properties)}


def update_capability(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    _of(new["ClusterName"])[new["Type"]] = new
    return physical_id, {"Arn": _arn(new)}


def delete_capability(physical_id: str, properties: Properties) -> None:
    """What it brought stays: RETAIN is the only policy that there is."""
    _of(properties["ClusterName"]).pop(properties["Type"], None)


def types_of(cluster: str) -> tuple[str, ...]:
    """Of the capabilities of a cluster."""
    return tuple(_of(cluster))


_DEFINED_LIKE = {"ARGOCD": "argo-cd"}
"""The chart that brings the same definitions, where some are at hand."""


def _of(cluster: str) -> dict[str, Properties]:
    return CAPABILITIES.setdefault((get_account_id(), get_region(), cluster), {})


def _arn(properties: Properties) -> str:
    of_cluster = str(eks.cluster(properties["ClusterName"])["arn"]).replace(":cluster/", ":capability/")
    return f"{of_cluster}/{properties['Type'].lower()}/{properties['CapabilityName']}"
