"""What CloudFormation's drift detection reads of EKS resources: their state in the words of the template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import eks

Reader = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]


def _cluster(name: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    cluster = eks._clusters.get(name)
    if cluster is None:
        return None
    return {"Name": name, "Version": cluster["version"], "DeletionProtection": cluster["deletionProtection"]}


def _node_group(name: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    group = eks._nodegroups.get(f"{properties['ClusterName']}/{name}")
    if group is None:
        return None
    scaling = {key[:1].upper() + key[1:]: value for key, value in group["scalingConfig"].items()}
    return {"Version": group["version"], "ScalingConfig": scaling, "Labels": group["labels"]}


def _addon(physical_id: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    addon = eks._addons.get(physical_id.replace("|", "/"))
    if addon is None:
        return None
    return {"AddonVersion": addon["addonVersion"], "ConfigurationValues": addon["configurationValues"]}


def _access_entry(physical_id: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
    entry = eks._access_entries.get(eks._ae_key(cluster, principal))
    if entry is None:
        return None
    answer = json.loads(eks._list_associated_access_policies(cluster, principal, {})[2])
    policies = []
    for policy in answer["associatedAccessPolicies"]:
        scope = policy["accessScope"]
        namespaces = {"Namespaces": scope["namespaces"]} if scope["namespaces"] else {}
        policies.append({"PolicyArn": policy["policyArn"], "AccessScope": {"Type": scope["type"], **namespaces}})
    return {"KubernetesGroups": entry["kubernetesGroups"], "Username": entry["username"], "AccessPolicies": policies}


def _pod_identity_association(arn: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    association = eks._pod_identity_associations.get(eks._pia_key(properties["ClusterName"], arn.rpartition("/")[2]))
    return association and {"RoleArn": association["roleArn"]}


READERS: dict[str, tuple[Reader, frozenset[str]]] = {
    "AWS::EKS::Cluster": (_cluster, frozenset({"Name", "Version", "DeletionProtection"})),
    "AWS::EKS::Nodegroup": (_node_group, frozenset({"Version", "ScalingConfig", "Labels"})),
    "AWS::EKS::Addon": (_addon, frozenset({"AddonVersion", "ConfigurationValues"})),
    "AWS::EKS::AccessEntry": (_access_entry, frozenset({"KubernetesGroups", "Username", "AccessPolicies"})),
    "AWS::EKS::PodIdentityAssociation": (_pod_identity_association, frozenset({"RoleArn"})),
}
"""Reader and the properties that it reads, by resource type."""
