"""Charts and manifests: what the CDK's kubectl function does, against a cluster that is only its contents.

It fails where the function would: without a way to the cluster, without access to it, and on what kubectl and Helm
refuse. Read cdk.out/asset.*/apply/__init__.py and helm/__init__.py, which it follows.

Whatever a create made before it failed stays: CloudFormation does send a Delete, but the function in front of this one
ignores it, by the mark AWSCDK::CustomResourceProviderFramework::CREATE_FAILED (cdk.out/asset.*/cfn-response.js).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from tools.kubernetes.objects import key
from tools.local.emulator import capabilities, control_planes, ec2, eks, failures, iam, nodes
from tools.local.emulator.ec2 import Made, Properties
from tools.local.helm import at_hand, release_of, values_of, waiting_of
from tools.local.kubernetes import (
    ADDON_GROUPS,
    ADDON_OBJECTS,
    CAPABILITY_GROUPS,
    CAPABILITY_OBJECTS,
    Contents,
    InstalledRelease,
    KilledError,
    RefusedError,
    manifests_of,
)

CLUSTERS: dict[tuple[str, str, str], Contents] = defaultdict(Contents)
"""What is in each cluster, by account, region and name; what was in it when it went, until there is another."""


def create_manifest(logical_id: str, properties: Properties, stack: str) -> Made:
    version = _connect(properties)
    if _handled("Create", properties):
        return _physical_id(logical_id, stack), {}
    manifests = manifests_of(properties["Manifest"])
    if str(properties.get("Overwrite", "false")).lower() == "true":
        contents(properties).apply(manifests, version, None)
    else:
        contents(properties).create(manifests, version)
    return _physical_id(logical_id, stack), {}


def update_manifest(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    version = _connect(new)
    if _handled("Update", new):
        return physical_id, {}
    contents(new).apply(manifests_of(new["Manifest"]), version, new.get("PruneLabel"))
    return physical_id, {}


def delete_manifest(physical_id: str, properties: Properties) -> None:
    _connect(properties)
    if _handled("Delete", properties):
        return
    contents(properties).delete(manifests_of(properties["Manifest"]))


def put_release(logical_id: str, properties: Properties, stack: str) -> Made:
    _put_release("Create", properties)
    return _physical_id(logical_id, stack), {}


def update_release(physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
    _put_release("Update", new)
    return physical_id, {}


def _put_release(request: str, properties: Properties) -> None:
    version = _connect(properties)
    handler = _handler(properties)
    _check_repository(properties, handler)
    release = release_of(properties, version)
    running = control_planes.of(properties["ClusterName"])
    if running and (local := at_hand(properties, version)):
        try:
            _call(running, request, _HELM, local)
        finally:
            _record(running, properties, release)
        return
    if running:
        control_planes.define(running, release.chart)
    _record_only(properties, release, handler)


def _record_only(properties: Properties, release: InstalledRelease, handler: dict[str, Any]) -> None:
    """What would become of it: its chart is not at hand, or no cluster is there."""
    cluster = properties["ClusterName"]
    install = partial(
        contents(properties).install,
        release,
        create_namespace=_true(properties.get("CreateNamespace")),
        ready=has_room(cluster, release.namespace, nodes.tolerations(values_of(properties.get("Values"))))
        and not failures.is_stuck(release),
        waiting=waiting_of(properties, int(handler["Timeout"])),
    )
    try:
        install()
    except KilledError:
        # CloudFormation hears nothing. It called the function in front of this one asynchronously, which therefore is
        # called twice again: https://github.com/aws/aws-cdk/issues/5873 ,
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        install()


def _record(running: control_planes.Running, properties: Properties, release: InstalledRelease) -> None:
    """What Helm itself says of it, if it knows it."""
    held, at = contents(properties).releases, (release.namespace, release.name)
    status = control_planes.release_status(running, release.namespace, release.name)
    if status:
        held[at] = replace(release, status=status)
    else:
        held.pop(at, None)


def _check_repository(properties: Properties, handler: dict[str, Any]) -> None:
    """Charts outside of AWS are on the internet; those in ECR come through endpoints."""
    repository = str(properties.get("Repository") or "")
    if not repository:
        return
    private = ".dkr.ecr." in repository
    for subnet in handler["VpcConfig"]["SubnetIds"]:
        if not ec2.has_nat(subnet) and (not private or ec2.unreachable(subnet, ("ecr.api", "ecr.dkr", "s3"))):
            raise RefusedError(f"looks like {repository} is not a valid chart repository or cannot be reached")


def delete_release(physical_id: str, properties: Properties) -> None:
    _connect(properties)
    namespace, name = str(properties.get("Namespace") or "default"), properties["Release"]
    running = control_planes.of(properties["ClusterName"])
    if running and control_planes.release_status(running, namespace, name):
        _call(running, "Delete", _HELM, properties)
    contents(properties).uninstall(namespace, name)


def _handled(request: str, properties: Properties) -> bool:
    """Whether there is a real cluster, which the function's own code has then been asked to change."""
    running = control_planes.of(properties["ClusterName"])
    if running is None:
        return False
    _call(running, request, "Custom::AWSCDK-EKS-KubernetesResource", properties)
    return True


_HELM = "Custom::AWSCDK-EKS-HelmChart"


def _call(running: control_planes.Running, request: str, kind: str, properties: Properties) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html"""
    event = {"RequestType": request, "ResourceType": kind, "ResourceProperties": _as_texts(properties)}
    control_planes.call(running, _handler(properties)["FunctionName"], event)


def _as_texts(properties: Any) -> Any:
    """CloudFormation hands over every scalar as text."""
    if isinstance(properties, dict):
        return {name: _as_texts(each) for name, each in properties.items()}
    if isinstance(properties, list):
        return [_as_texts(each) for each in properties]
    return str(properties).lower() if isinstance(properties, bool) else str(properties)


def forget(cluster: str) -> None:
    """A new cluster is empty."""
    CLUSTERS.pop((get_account_id(), get_region(), cluster), None)


def tell(cluster: str, *, auto_mode: bool) -> None:
    """What EKS itself defines there."""
    CLUSTERS[get_account_id(), get_region(), cluster].auto_mode = auto_mode


def contents(properties: Properties) -> Contents:
    return held(get_account_id(), get_region(), properties["ClusterName"])


def held(account: str, region: str, cluster: str) -> Contents:
    """What is in a cluster; where it is real, the objects that it says kubectl has applied."""
    found = CLUSTERS[account, region, cluster]
    if running := control_planes.at(account, region, cluster):
        found.objects = {key(one): one for one in control_planes.applied(running)}
    return found


def has_room(cluster: str, namespace: str, tolerated: Sequence[Mapping[str, Any]], *, on_fargate: bool = True) -> bool:
    """Whether pods find a place on nodes that are there, or on such as one of the cluster's node pools launches."""
    objects = held(get_account_id(), get_region(), cluster).objects.items()
    pools = [one for (group, kind, _, _), one in objects if (group, kind) == ("karpenter.sh", "NodePool")]
    launched = any(nodes.takes(pool, tolerated) for pool in pools)
    return launched or nodes.have_room(cluster, namespace, tolerated, on_fargate=on_fargate)


def _connect(properties: Properties) -> str:
    """The cluster's Kubernetes version. Refuses when the function could not have asked the cluster anything."""
    cluster = properties["ClusterName"]
    version = eks.version_of(cluster)
    if version is None:
        raise RefusedError(
            f"aws eks update-kubeconfig: ResourceNotFoundException: No cluster found for name: {cluster}."
        )
    front, handler = _function(properties["ServiceToken"]), _handler(properties)
    # The handler asks EKS where the cluster is (its token is only signed, so STS is not called). The one in front calls
    # the handler, and answers CloudFormation by way of S3.
    for function, services in ((handler, ("eks",)), (front, ("lambda", "s3"))):
        for subnet in function["VpcConfig"].get("SubnetIds", ()):
            if lost := ec2.unreachable(subnet, services):
                raise RefusedError(
                    f"i/o timeout: subnet {subnet} of {function['FunctionName']} has no way to {lost[0]}"
                )
    for function, action, resource in (
        (handler, "eks:DescribeCluster", eks.cluster(cluster)["arn"]),
        (front, "lambda:InvokeFunction", handler["FunctionArn"]),
    ):
        if not iam.allows(function["Role"], action, resource):
            raise RefusedError(f"{function['FunctionName']} is not authorized to perform: {action} on {resource}")
    for subnet in handler["VpcConfig"]["SubnetIds"]:
        if not eks.answers(cluster, subnet):
            raise RefusedError(f"i/o timeout: the Kubernetes API does not answer subnet {subnet}")
    if not eks.administers(cluster, handler["Role"]):
        raise RefusedError(f"You must be logged in to the server (Unauthorized): {handler['Role']} is no administrator")
    types = capabilities.types_of(cluster)
    addons = [*eks.addons(cluster)]
    brought = [ADDON_OBJECTS.get(addon, frozenset()) for addon in addons]
    brought += [CAPABILITY_OBJECTS.get(each, frozenset()) for each in types]
    contents(properties).of_addons = frozenset().union(*brought)
    groups = [CAPABILITY_GROUPS[each] for each in types] + [
        ADDON_GROUPS[each] for each in addons if each in ADDON_GROUPS
    ]
    contents(properties).defined = frozenset(groups)
    return version


def _handler(properties: Properties) -> dict[str, Any]:
    return _function(_function(properties["ServiceToken"])["Environment"]["Variables"]["USER_ON_EVENT_FUNCTION_ARN"])


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
