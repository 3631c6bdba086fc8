"""Charts and manifests: what the CDK's kubectl function does, against a cluster that is only its contents.

It fails where the function would: without a way to the cluster, without access to it, and on what kubectl and Helm
refuse. Read cdk.out/asset.*/apply/__init__.py and helm/__init__.py, which it follows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from tools.local.emulator import ec2, eks
from tools.local.emulator.ec2 import Made, Properties
from tools.local.helm import release_of
from tools.local.kubernetes import Contents, RefusedError, manifests_of

CLUSTERS: dict[tuple[str, str, str], Contents] = defaultdict(Contents)
"""What is in each cluster, by account, region and name; what was in it when it went, until there is another."""


def create_manifest(logical_id: str, properties: Properties, stack: str) -> Made:
    version = _connect(properties)
    manifests = manifests_of(properties["Manifest"])
    if str(properties.get("Overwrite", "false")).lower() == "true":
        contents(properties).apply(manifests, version, None)
    else:
        contents(properties).create(manifests, version)
    return _physical_id(logical_id, stack), {}


def update_manifest(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    version = _connect(new)
    contents(new).apply(manifests_of(new["Manifest"]), version, new.get("PruneLabel"))
    return physical_id, {}


def delete_manifest(physical_id: str, properties: Properties) -> None:
    _connect(properties)
    contents(properties).delete(manifests_of(properties["Manifest"]))


def put_release(logical_id: str, properties: Properties, stack: str) -> Made:
    version = _connect(properties)
    release = release_of(properties, version)
    contents(properties).install(
        release,
        create_namespace=_true(properties.get("CreateNamespace")),
        nodes=eks.has_nodes(properties["ClusterName"]),
        wait=_true(properties.get("Wait")),
    )
    return _physical_id(logical_id, stack), {}


def update_release(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    put_release("", new, stack)
    return physical_id, {}


def delete_release(physical_id: str, properties: Properties) -> None:
    _connect(properties)
    contents(properties).uninstall(str(properties.get("Namespace") or "default"), properties["Release"])


def forget(cluster: str) -> None:
    """A new cluster is empty."""
    CLUSTERS.pop((get_account_id(), get_region(), cluster), None)


def contents(properties: Properties) -> Contents:
    return CLUSTERS[get_account_id(), get_region(), properties["ClusterName"]]


def _connect(properties: Properties) -> str:
    """The cluster's Kubernetes version. Refuses when the function could not have asked the cluster anything."""
    cluster = properties["ClusterName"]
    version = eks.version_of(cluster)
    if version is None:
        raise RefusedError(
            f"aws eks update-kubeconfig: ResourceNotFoundException: No cluster found for name: {cluster}."
        )
    handler = _function(_function(properties["ServiceToken"])["Environment"]["Variables"]["USER_ON_EVENT_FUNCTION_ARN"])
    lost = [subnet for subnet in handler["VpcConfig"]["SubnetIds"] if not ec2.reaches_aws(subnet)]
    if lost:
        raise RefusedError(f"i/o timeout: subnet {lost[0]} of the kubectl function has no way to EKS")
    if not eks.administers(cluster, handler["Role"]):
        raise RefusedError(f"You must be logged in to the server (Unauthorized): {handler['Role']} is no administrator")
    return version


def _function(arn: str) -> dict[str, Any]:
    function = lambda_svc._functions.get(arn.rpartition(":")[2])
    if function is None:
        raise RefusedError(f"Function not found: {arn}")
    config: dict[str, Any] = function["config"]
    return config


def _physical_id(logical_id: str, stack: str) -> str:
    return f"{stack}/{logical_id}"


def _true(value: object) -> bool:
    return str(value).lower() == "true"
