"""Who may do what: access entries, pod identity associations, and the cluster's OpenID Connect provider."""

from __future__ import annotations

import uuid

from ministack.core.responses import get_account_id, get_region
from ministack.services import eks as service
from ministack.services import iam as iam_service
from ministack.services.cloudformation import provisioners

from tools.local.emulator import control_planes, eks, iam, refusals
from tools.local.emulator.ec2 import Made, Properties


def create_access_entry(logical_id: str, properties: Properties, stack: str) -> Made:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html ; the API refuses a second one."""
    cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
    kind = properties.get("Type", "STANDARD")
    if kind.startswith("EC2_") and (properties.get("KubernetesGroups") or properties.get("AccessPolicies")):
        raise eks.ServiceError(f"InvalidParameterException: groups and policies are not allowed for type {kind}")
    if not iam.exists(principal):
        # https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2969
        raise eks.ServiceError("InvalidParameterException: The specified principalArn is invalid: invalid principal.")
    eks.refuse(refusals.access_groups(properties.get("KubernetesGroups") or []))
    body = {
        "principalArn": principal,
        "type": kind,
        "kubernetesGroups": list(properties.get("KubernetesGroups") or []),
        "username": properties.get("Username", ""),
    }
    entry = eks.answer(service._create_access_entry(cluster, body))["accessEntry"]
    _grant(properties)
    control_planes.follow_access(cluster)
    return f"{principal}|{cluster}", {"AccessEntryArn": entry["accessEntryArn"]}


def update_access_entry(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    cluster, principal = new["ClusterName"], new["PrincipalArn"]
    eks.refuse(refusals.access_groups(new.get("KubernetesGroups") or []))
    body = {"kubernetesGroups": list(new.get("KubernetesGroups") or []), "username": new.get("Username", "")}
    entry = eks.answer(service._update_access_entry(cluster, principal, body))["accessEntry"]
    for policy in old.get("AccessPolicies") or []:
        service._disassociate_access_policy(cluster, principal, policy["PolicyArn"])
    _grant(new)
    control_planes.follow_access(cluster)
    return physical_id, {"AccessEntryArn": entry["accessEntryArn"]}


def delete_access_entry(physical_id: str, properties: Properties) -> None:
    service._delete_access_entry(properties["ClusterName"], properties["PrincipalArn"])
    control_planes.follow_access(properties["ClusterName"])


def _grant(properties: Properties) -> None:
    """Of nodes of Auto Mode EKS takes one policy, for which the emulator has no use: nothing here asks what nodes may.

    https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html (access entry)
    """
    if properties.get("Type") == "EC2":
        names = [policy["PolicyArn"].rpartition("/")[2] for policy in properties.get("AccessPolicies") or []]
        if others := [name for name in names if name != "AmazonEKSAutoNodePolicy"]:
            raise eks.ServiceError(f"InvalidParameterException: {', '.join(others)} is not allowed for type EC2")
        return
    for policy in properties.get("AccessPolicies") or []:
        body = provisioners._pascal_to_camel(policy)
        eks.answer(service._associate_access_policy(properties["ClusterName"], properties["PrincipalArn"], body))


def refuse_distrust(role_arn: str) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html"""
    role = iam.find(role_arn)
    if role is None:
        raise eks.ServiceError(f"ResourceNotFoundException: Role provided in the request does not exist: {role_arn}")
    eks.refuse(refusals.pod_identity_trust(role["AssumeRolePolicyDocument"]))


def create_pod_identity_association(logical_id: str, properties: Properties, stack: str) -> Made:
    refuse_distrust(properties["RoleArn"])
    body = provisioners._pascal_to_camel({key: properties[key] for key in ("Namespace", "ServiceAccount", "RoleArn")})
    made = eks.answer(service._create_pod_identity_association(properties["ClusterName"], body))["association"]
    arn = made["associationArn"]
    return arn, {"AssociationArn": arn, "AssociationId": made["associationId"]}


def update_pod_identity_association(arn: str, old: Properties, new: Properties, stack: str) -> Made:
    refuse_distrust(new["RoleArn"])
    association = arn.rpartition("/")[2]
    eks.answer(service._update_pod_identity_association(new["ClusterName"], association, {"roleArn": new["RoleArn"]}))
    return arn, {"AssociationArn": arn, "AssociationId": association}


def delete_pod_identity_association(arn: str, properties: Properties) -> None:
    service._delete_pod_identity_association(properties["ClusterName"], arn.rpartition("/")[2])


def create_identity_provider(logical_id: str, properties: Properties, stack: str) -> Made:
    """Who vouches for people; the emulator's own restarts a cluster for it, and takes one only."""
    cluster, name = properties["ClusterName"], properties["IdentityProviderConfigName"]
    eks.cluster(cluster)
    others = [key.partition("\x00")[2] for key in service._idp_configs if key.startswith(f"{cluster}\x00")]
    eks.refuse(refusals.identity_provider(properties, others))
    place = f"{get_region()}:{get_account_id()}:identityproviderconfig/{cluster}/oidc/{name}"
    arn = f"arn:aws:eks:{place}/{uuid.uuid4()}"
    service._idp_configs[f"{cluster}\x00{name}"] = {"oidc": properties["Oidc"], "status": "ACTIVE", "arn": arn}
    return name, {"IdentityProviderConfigArn": arn}


def delete_identity_provider(name: str, properties: Properties) -> None:
    service._idp_configs.pop(f"{properties['ClusterName']}\x00{name}", None)


def create_oidc_provider(logical_id: str, properties: Properties, stack: str) -> Made:
    before = set(iam_service._oidc_providers)
    clients = {f"ClientIDList.member.{number}": id for number, id in enumerate(properties["ClientIdList"], 1)}
    iam_service._create_oidc_provider({"Url": properties["Url"], **clients})
    made = set(iam_service._oidc_providers) - before
    if not made:
        raise eks.ServiceError(f"EntityAlreadyExists: Provider with url {properties['Url']} already exists.")
    (arn,) = made
    return arn, {"Arn": arn}


def delete_oidc_provider(arn: str, properties: Properties) -> None:
    iam_service._oidc_providers.pop(arn, None)
