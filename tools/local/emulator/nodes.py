"""Which nodes a cluster has: those that joined. What stops a node is read in the programs on it, not in templates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services import autoscaling, ec2
from ministack.services import eks as service
from ministack.services import iam as iam_service

from tools.local.emulator import ec2 as network
from tools.local.emulator import eks, fargate, iam
from tools.local.emulator.user_data import KubernetesTaint, UserDataError, parse

# Called on a node under its own role. nodeadm asks for the node's name before there is a kubelet and gives up after ten
# minutes: amazon-eks-ami v20260714, nodeadm/internal/api/status.go:47; Bottlerocket's pluto after five:
# bottlerocket-core-kit v3.1.0, sources/api/pluto/src/ec2.rs:68.
_NAME = ("ec2:DescribeInstances",)
# The images of vpc-cni and kube-proxy are in ECR: the kubelet gets the token (amazon-eks-ami,
# nodeadm/internal/kubelet/image-credential-provider.go:37), containerd pulls.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_EKS.html
_IMAGES = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
_SERVICES = ("ec2", "ecr.api", "ecr.dkr", "s3")
# eks-pod-identity-agent, internal/cloud/eksauth/service.go:59
_POD_IDENTITY = "eks-auth:AssumeRoleForPodIdentity"
# amazon-vpc-cni-k8s v1.22.0, docs/iam-policy.md, IPv4 mode: what gives pods addresses.
_ADDRESSES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:ModifyNetworkInterfaceAttribute",
)
# https://github.com/aws/amazon-vpc-resource-controller-k8s (AmazonEKSVPCResourceController)
_WINDOWS_ADDRESSES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "ec2:ModifyNetworkInterfaceAttribute",
)
# The same, IPv6 mode; the last two since subnets are discovered: eksctl pkg/actions/addon/create.go.
_IPV6_ADDRESSES = (
    *("ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"),
)
_IPV6_PREFIX = "ec2:AssignIpv6Addresses"
"""On the network interface of a node."""
_INTERFACE = "network-interface/eni-0123456789abcdef0"
# Without these a node never becomes ready. https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
_ADDONS = frozenset({"vpc-cni", "kube-proxy"})
# https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html
_BUILTIN_POOLS: Mapping[str, tuple[KubernetesTaint, ...]] = {
    "general-purpose": (),
    "system": (KubernetesTaint("CriticalAddonsOnly", "NoSchedule"),),
}
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
# Addresses: EKS asks for six of its own (network-reqs.html), AWS keeps five, and a node takes a block of sixteen for
# its pods (nodes and pods of Auto Mode share the subnet).
_SMALLEST_SUBNET = 6 + 5 + 16


def have_room(cluster: str, namespace: str, tolerated: Iterable[Mapping[str, Any]], *, on_fargate: bool = True) -> bool:
    """Whether pods of a namespace with these tolerations find a place; `on_fargate` says whether they would go there.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate.html
    """
    taken = fargate.profiles(cluster, namespace)
    if taken and on_fargate:
        return any(runs_pods(cluster, each) for each in taken)
    listed = list(tolerated)
    return any(all(_tolerated(taint, listed) for taint in taints) for taints in _places(cluster))


def takes(pool: Mapping[str, Any], tolerated: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nodes of an object of kind NodePool take pods with these tolerations."""
    listed, taints = list(tolerated), pool["spec"]["template"]["spec"].get("taints", ())
    return all(
        _tolerated(KubernetesTaint(each["key"], each["effect"], each.get("value", "")), listed) for each in taints
    )


def runs_pods(cluster: str, profile: Mapping[str, Any]) -> bool:
    """Whether pods start on Fargate, by a profile that takes them."""
    return fargate.may_pull(profile) and not _cut_off(cluster, profile["Subnets"])


def tolerations(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All tolerations in the values of a chart or an add-on, whichever of its pods they are for."""
    found: list[Mapping[str, Any]] = list(values.get("tolerations", ()))
    for each in values.values():
        if isinstance(each, Mapping):
            found += tolerations(each)
    return found


def stopped(
    cluster: str, role_arn: str, subnets: Iterable[str], groups: Iterable[str] = (), *, windows: bool = False
) -> str | None:
    """Why nodes of a role, in subnets, with security groups of their own, do not become ready; None if they do."""
    missing = sorted(_ADDONS - set(eks.addons(cluster)))
    if missing:
        return f"no {', '.join(missing)}"
    if not iam.assumable(role_arn, "ec2.amazonaws.com", {}):
        return f"EC2 cannot assume {role_arn}"
    if own := list(groups):
        control_plane = service._clusters[cluster]["resourcesVpcConfig"]["clusterSecurityGroupId"]
        if control_plane not in own:
            # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
            return f"the cluster's security group {control_plane} is not on the nodes"
    return (_not_windows(cluster) if windows else None) or _lacking(cluster, role_arn) or _cut_off(cluster, subnets)


def _not_windows(cluster: str) -> str | None:
    """Why a cluster gives pods on Windows no addresses: https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html"""
    told = json.loads(service._addons[f"{cluster}/vpc-cni"].get("configurationValues") or "{}")
    if told.get("enableWindowsIpam") != "true":
        return "vpc-cni is not told to give addresses to Windows"
    # amazon-vpc-resource-controller-k8s gives them, under the cluster's role.
    role = service._clusters[cluster]["roleArn"]
    lost = [each for each in _WINDOWS_ADDRESSES if not iam.allows(role, each)]
    return f"{iam.name_of(role)} is not allowed {', '.join(lost)}" if lost else None


def _lacking(cluster: str, role_arn: str) -> str | None:
    """What a node's role, or that of its network plugin, is not allowed."""
    calls = [(role_arn, action) for action in (*_NAME, *_IMAGES)]
    association = eks.association(cluster, "kube-system", "aws-node")
    acting = service._addons[f"{cluster}/vpc-cni"]["serviceAccountRoleArn"] or role_arn
    if association:
        if "eks-pod-identity-agent" not in eks.addons(cluster):
            return "aws-node has no credentials: no eks-pod-identity-agent"
        calls.append((role_arn, _POD_IDENTITY))
        acting = association["roleArn"]
        if not _serves_pods(cluster, association):
            return f"aws-node has no credentials: {iam.name_of(acting)} does not trust its service account"
    calls += [(acting, action) for action in (_IPV6_ADDRESSES if _is_ipv6(cluster) else _ADDRESSES)]
    denied = [f"{iam.name_of(role)} is not allowed {action}" for role, action in calls if not iam.allows(role, action)]
    arn = service._clusters[cluster]["arn"].replace(":eks:", ":ec2:").replace(f"cluster/{cluster}", _INTERFACE)
    if _is_ipv6(cluster) and not iam.allows(acting, _IPV6_PREFIX, arn):
        denied.append(f"{iam.name_of(acting)} is not allowed {_IPV6_PREFIX}")
    return ", ".join(denied) or None


def _is_ipv6(cluster: str) -> bool:
    return bool(service._clusters[cluster]["kubernetesNetworkConfig"].get("ipFamily") == "ipv6")


def _serves_pods(cluster: str, association: Mapping[str, Any]) -> bool:
    """Whether EKS may give the role of an association to its pods.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html , pod-id-abac.html
    """
    tags = {
        "eks-cluster-arn": service._clusters[cluster]["arn"],
        "eks-cluster-name": cluster,
        "kubernetes-namespace": association["namespace"],
        "kubernetes-service-account": association["serviceAccount"],
    }
    keys = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    return iam.assumable(association["roleArn"], "pods.eks.amazonaws.com", keys, "sts:TagSession")


def _cut_off(cluster: str, subnets: Iterable[str]) -> str | None:
    """What nodes in the subnets do not reach."""
    needed = [*_SERVICES, *(["eks-auth"] if eks.association(cluster, "kube-system", "aws-node") else [])]
    for subnet in subnets:
        if _is_ipv6(cluster) and not network.has_ipv6(subnet, assigned=True):
            # https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html (auto-assign)
            return f"{subnet} assigns no IPv6 addresses"
        if lost := network.unreachable(subnet, needed):
            return f"{subnet} does not reach {', '.join(lost)}"
        if not eks.answers(cluster, subnet):
            return f"{subnet} does not reach the Kubernetes API"
    return None


@dataclass(frozen=True)
class Machines:
    """Nodes that are alike."""

    name: str
    """Nobody else's in their cluster."""
    instance_type: str
    subnets: tuple[str, ...]
    count: int
    taints: tuple[KubernetesTaint, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


def _places(cluster: str) -> Iterator[tuple[KubernetesTaint, ...]]:
    """The taints of each kind of node that is there."""
    return (each.taints for each in machines(cluster) if each.count)


def machines(cluster: str) -> Iterator[Machines]:
    """All nodes that have joined."""
    for group in eks.node_groups(cluster):
        yield Machines(
            group["nodegroupArn"],
            group["instanceTypes"][0],
            tuple(group["subnets"]),
            group["scalingConfig"]["desiredSize"],
            tuple(
                KubernetesTaint(each["key"], _EFFECTS[each["effect"]], each.get("value") or "")
                for each in group["taints"] or ()
            ),
            {
                **(group.get("labels") or {}),
                "eks.amazonaws.com/nodegroup": group["nodegroupName"],
                "eks.amazonaws.com/capacityType": group["capacityType"],
            },
        )
    yield from _self_managed(cluster)
    yield from _auto_mode(cluster)


def _auto_mode(cluster: str) -> Iterator[Machines]:
    """The built-in pools start nodes in the subnets that the cluster had when Auto Mode was turned on, whatever it has
    now: https://github.com/aws/containers-roadmap/issues/2793, terraform-aws-modules/terraform-aws-eks #3284 and #3574.

    One in each subnet, as if pods waited for it. What EKS may choose is said of the pools:
    https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html
    """
    record = service._clusters.get(cluster, {})
    subnets = record.get("_auto_mode_subnets")
    config = record.get("computeConfig") or {}
    # https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html
    role = config.get("nodeRoleArn")
    if not (subnets and role and all(iam.allows(role, action) for action in (_POD_IDENTITY, *_IMAGES))):
        return
    if all(network.size(subnet) >= _SMALLEST_SUBNET for subnet in subnets) and not _cut_off(cluster, subnets):
        for pool in config.get("nodePools") or []:
            for kind in ("m7i.4xlarge", "m7g.4xlarge") if pool == "system" else ("m7i.4xlarge",):
                labels = {
                    "eks.amazonaws.com/compute-type": "auto",
                    "karpenter.sh/nodepool": pool,
                    "karpenter.sh/capacity-type": "on-demand",
                }
                yield Machines(f"{pool}/{kind}", kind, subnets, len(subnets), _BUILTIN_POOLS[pool], labels)


def _self_managed(cluster: str) -> Iterator[Machines]:
    """Auto Scaling groups whose nodes know the cluster and are let in. The groups themselves are made in any case.

    https://docs.aws.amazon.com/eks/latest/userguide/worker.html
    """
    record = service._clusters.get(cluster)
    for group in autoscaling._asgs.values() if record else ():
        launched = _launch_data(group)
        try:
            told = parse(launched.get("UserData", ""))
        except UserDataError:
            continue
        role_arn = _role_of(launched.get("IamInstanceProfile", {}).get("Arn", ""))
        entry = service._access_entries.get(service._ae_key(cluster, role_arn), {})
        known = (record["name"], record["endpoint"], record["certificateAuthority"]["data"])
        network_config = record["kubernetesNetworkConfig"]
        subnets = tuple(group["VPCZoneIdentifier"].split(","))
        if (
            (told.cluster, told.endpoint, told.authority) == known
            and told.services in (None, network_config.get("serviceIpv6Cidr") or network_config.get("serviceIpv4Cidr"))
            and entry.get("type") == ("EC2_WINDOWS" if told.windows else "EC2_LINUX")
            and _is_owned(group, cluster)
            and not stopped(cluster, role_arn, subnets, _groups(launched), windows=told.windows)
        ):
            kind = (group.get("_instance_types") or [launched.get("InstanceType", "m5.large")])[0]
            name = group["AutoScalingGroupName"]
            yield Machines(name, kind, subnets, group["DesiredCapacity"], told.taints, told.labels)


def _is_owned(group: Mapping[str, Any], cluster: str) -> bool:
    """https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#worker-node-fail"""
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"] if tag["PropagateAtLaunch"]}
    return tags.get(f"kubernetes.io/cluster/{cluster}") == "owned"


def _launch_data(group: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a group launches: the version of its template that it names."""
    named = group["LaunchTemplate"]
    template = ec2._launch_templates.get(named.get("LaunchTemplateId", ""), {"Versions": []})
    for version in template["Versions"]:
        if str(version["VersionNumber"]) == str(named["Version"]):
            found: Mapping[str, Any] = version["LaunchTemplateData"]
            return found
    return {}


def _groups(launched: Mapping[str, Any]) -> list[str]:
    """Security groups of self-managed nodes: the VPC's default one if none is named, never the cluster's by itself."""
    return groups_of(launched) or ["default"]


def groups_of(launched: Mapping[str, Any]) -> list[str]:
    """Security groups that a template names, at its interfaces if it has some."""
    interfaces = launched.get("NetworkInterfaces") or [{}]
    named: list[str] = launched.get("SecurityGroupIds") or interfaces[0].get("Groups") or []
    return named


def _role_of(profile_arn: str) -> str:
    """The ARN of the role in an instance profile; "" without one."""
    for profile in iam_service._instance_profiles.values():
        if profile["Arn"] == profile_arn:
            return next((iam_service._roles[name]["Arn"] for name in profile["Roles"]), "")
    return ""


def _tolerated(taint: KubernetesTaint, given: Iterable[Mapping[str, Any]]) -> bool:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ ; values are not compared."""
    return taint.effect == "PreferNoSchedule" or any(
        each.get("key") in (None, taint.key) and each.get("effect") in (None, "", taint.effect) for each in given
    )
