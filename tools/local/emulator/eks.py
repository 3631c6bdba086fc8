"""What the modules for EKS resources share: the records of the emulator's EKS, and what may be asked of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import eks as service

from tools.local.emulator import ec2


class ServiceError(ValueError):
    """An answer of the EKS API that fails the resource."""


def refuse(*reasons: str | None) -> None:
    """Fails the resource for the first reason that there is."""
    for reason in reasons:
        if reason:
            raise ServiceError(reason)


def administers(cluster: str, role_arn: str) -> bool:
    """Whether an access entry makes the role an administrator of the cluster."""
    prefix = service._ae_key(cluster, role_arn) + "\x00"
    return any(
        key.startswith(prefix)
        and key.endswith("AmazonEKSClusterAdminPolicy")
        and policy["accessScope"]["type"] == "cluster"
        for key, policy in service._access_policies.items()
    )


def version_of(cluster: str) -> str | None:
    """The Kubernetes version of a cluster that is there."""
    found = service._clusters.get(cluster)
    return str(found["version"]) if found else None


def cluster(name: str) -> dict[str, Any]:
    found: dict[str, Any] | None = service._clusters.get(name)
    if found is None:
        raise ServiceError(f"ResourceNotFoundException: No cluster found for name: {name}.")
    return found


def has_auto_mode(name: str) -> bool:
    """Whether EKS runs its nodes."""
    return "_auto_mode_subnets" in service._clusters.get(name, {})


def node_groups(cluster: str) -> list[dict[str, Any]]:
    return [group for key, group in service._nodegroups.items() if key.startswith(f"{cluster}/")]


def addons(cluster: str) -> Iterator[str]:
    return (addon["addonName"] for key, addon in service._addons.items() if key.startswith(f"{cluster}/"))


def association(cluster: str, namespace: str, service_account: str) -> dict[str, Any] | None:
    """The pod identity association of a service account."""
    for key, found in service._pod_identity_associations.items():
        if key.startswith(f"{cluster}\x00") and (found["namespace"], found["serviceAccount"]) == (
            namespace,
            service_account,
        ):
            made: dict[str, Any] = found
            return made
    return None


def answers(cluster: str, subnet: str) -> bool:
    """Whether the Kubernetes API answers a subnet of the VPC: within it, or from anywhere through NAT.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    config = service._clusters[cluster]["resourcesVpcConfig"]
    public = config["endpointPublicAccess"] and "0.0.0.0/0" in config["publicAccessCidrs"]
    return bool(config["endpointPrivateAccess"] or (public and ec2.has_nat(subnet)))


def admit(cluster: str, role_arn: str, kind: str) -> None:
    """The access entry that EKS makes for the role of nodes that it starts, unless there is one. A principal has one,
    and its type is for good, so nodes of another system do not join with it.

    https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    found = service._access_entries.get(service._ae_key(cluster, role_arn))
    if found is None:
        answer(service._create_access_entry(cluster, {"principalArn": role_arn, "type": kind}))
    elif found["type"] != kind:
        raise ServiceError(f"NodeCreationFailure: the access entry of {role_arn} is of type {found['type']}")


def minor(version: str) -> int:
    return int(version.partition(".")[2])


def answer(response: tuple[int, Mapping[str, str], Any]) -> dict[str, Any]:
    """The body of an answer of the emulator's own EKS API."""
    status, _, body = response
    answer: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise ServiceError(f"{answer.get('__type', status)}: {answer.get('message', answer)}")
    return answer
