"""One EKS cluster, written down: the value that a file in `clusters/` holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.addons import Addon
from blueprint.cluster import Cluster
from blueprint.compute import Compute
from blueprint.delivery import Delivery, KubectlProvider
from blueprint.errors import Key, Problem
from blueprint.existing_network import ExistingNetwork
from blueprint.fields import NOT_EMPTY, UNIQUE, AccountId, ClusterName, Region, at_most, matches
from blueprint.hosted_zone import NewHostedZone
from blueprint.mirrors import Mirrors
from blueprint.network import NewNetwork
from blueprint.proxy import Proxy
from blueprint.role_settings import Iam
from blueprint.teams.contract import Team
from blueprint.value import Value

# Narrower than AWS allows: controllers take tags as text (a=b,c=d) on their command line, which a chart writes as YAML
# without quotes (eks-charts stable/aws-load-balancer-controller/templates/deployment.yaml:164, 3.5.0).
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
_CHARACTERS = "letters, digits, _ . / + @ : - and spaces between them, none behind a colon"
TagKey = Annotated[
    str,
    matches(
        r"(?!(?i:aws:))(?!.*(: | $))[\w./+@:-][\w ./+@:-]{0,127}",
        f"must be 1 to 128 {_CHARACTERS}, not beginning with aws:",
        'write "cost-center"',
    ),
]
TagValue = Annotated[
    str,
    matches(
        r"(?!.*(: | $))[\w./+@:-][\w ./+@:-]{0,255}",
        f"must be 1 to 256 {_CHARACTERS}",
        'write for example "platform"',
    ),
]

# Controllers tell by these whose a resource is, and refuse to start with one of them or leave it out.
# Karpenter: https://karpenter.sh/docs/concepts/nodeclasses/#spectags. Load balancer controller:
# pkg/config/controller_config.go (trackingTagKeys). EBS driver: pkg/driver/validation.go (validateExtraTags) and, for
# its permissions, eks-cluster. CNI: README.md (ADDITIONAL_ENI_TAGS). Auto Mode: AmazonEKSBlockStoragePolicy and
# AmazonEKSLoadBalancingPolicy. Nodes have a Name of their own.
_RESERVED_TAG = re.compile(
    r"(kubernetes\.io|karpenter\.(sh|k8s\.aws)/|eks:)"
    r"|(elbv2|aga|ingress|service|gateway)\.(k8s\.aws|eks\.amazonaws\.com)[./]|ebs\.csi\.(aws|eks\.amazonaws)\.com/"
    r"|.*k8s\.amazonaws\.com"
    r"|(CSIVolumeName|CSIVolumeSnapshotName|KubernetesCluster|Name|eks-cluster)$"
)


Network = NewNetwork | ExistingNetwork


class Blueprint(Value):
    """A cluster in one account and region, with its network, capacity, add-ons and teams.

    Make another from it with `dataclasses.replace`. `blueprint.planning.plan` checks it and works out what follows.
    """

    create_only = dict.fromkeys(("name", "account", "region"), "it is another cluster; this one stays in its account")

    words_of_others = {
        "cluster_name": "write name",
        "kubernetes_version": 'write it in the control plane: cluster=Cluster(version="1.36", …)',
        "cluster_version": 'write it in the control plane: cluster=Cluster(version="1.36", …)',
        "version": 'write it in the control plane: cluster=Cluster(version="1.36", …)',
        "vpc_id": 'write network=ExistingNetwork(vpc_id="vpc-…", …), or NewNetwork(cidr=…) for a VPC of its own',
        "subnet_ids": "write network=ExistingNetwork(nodes=(ExistingSubnet(…), …), …)",
        "vpc": 'write network=NewNetwork(cidr="10.0.0.0/16"), or ExistingNetwork(…)',
        "resource_providers": "leave it out: what is shared is a field of what uses it",
        "node_groups": 'write compute=(ManagedNodes("system", instance_types=("m7g.large",)),)',
        "managed_node_groups": 'write compute=(ManagedNodes("system", instance_types=("m7g.large",)),)',
        "eks_managed_node_groups": 'write compute=(ManagedNodes("system", instance_types=("m7g.large",)),)',
        "self_managed_node_groups": 'write compute=(SelfManagedNodes("system", instance_types=("m7g.large",)),)',
        "fargate_profiles": 'write compute=(FargateProfile("…", selectors=(FargateSelector("…"),)),)',
        "cluster_provider": "write cluster=Cluster(…) and compute=(…)",
        "auto_mode_config": "write compute=(AutoMode(),)",
        "cluster_addons": "write addons=(*CORE, …), from addons.core import CORE",
        "add_ons": "write addons",
        "iam_role_permissions_boundary": 'write iam=Iam(permissions_boundary="…")',
        "iam_role_path": 'write iam=Iam(path="/platform/")',
        "permissions_boundary": 'write iam=Iam(permissions_boundary="…")',
        "access_entries": "write teams=(…) for people, and cluster=Cluster(admins=(…), …) for break-glass",
        "cluster_endpoint_public_access": "write cluster=Cluster(endpoint=PublicEndpoint(allow=(…)), …)",
    }

    name: ClusterName
    """Name of the EKS cluster and of its stage: `cdk deploy 'name/*'`."""
    account: AccountId
    """The AWS account that it is in."""
    region: Region
    """The AWS region that it is in, for example "us-west-2"."""
    network: Network
    """The VPC and its subnets: one that is made for the cluster, or one that is there already."""
    cluster: Cluster
    """The control plane."""
    compute: Annotated[tuple[Compute, ...], NOT_EMPTY]
    """What pods run on, in any mix."""
    addons: tuple[Addon, ...] = ()
    """Software that the platform team runs in it. One of each class, unless it has a field `name`; the order does
    not matter."""
    teams: tuple[Team, ...] = ()
    """Who works in it, in which namespaces, with which rights."""
    delivery: Delivery = KubectlProvider()
    """How charts and Kubernetes objects of add-ons and teams reach it."""
    tags: Annotated[Mapping[TagKey, TagValue], at_most(40, "tags")] = field(default_factory=dict)
    """AWS tags of every resource that can carry them, also of what controllers make: nodes with their disks and network
    interfaces, volumes and snapshots of claims, load balancers.

    Auto Mode tags load balancers of its IngressClass and volumes of its default StorageClass. AWS offers no place to
    tag the instances, disks and network interfaces of its built-in node pools, nor the load balancers of all Services:
    these carry EKS's own tags only (https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html#tag-prop).
    Access points of `AwsEfsCsiDriver` and log groups of `AmazonCloudWatchObservability` carry none.
    A volume keeps the tags that it was made with."""
    iam: Iam = Iam()
    """What all its IAM roles have in common: a permissions boundary, a path."""
    mirrors: Mirrors = Mirrors()
    """Registries of one's own, from which charts and images of add-ons come."""
    hosted_zones: Annotated[tuple[NewHostedZone, ...], UNIQUE] = ()
    """Hosted zones that are made with it, for add-ons that write records; others are given by their ids."""
    proxy: Proxy | None = None
    """By which nodes, and the function that installs charts, reach the internet where no route leads there."""
    retain: bool = False
    """Whether all that its stacks made stays when it leaves them or they are deleted: resources, charts and objects.

    For the last deploy of a cluster that leaves this project (docs/leaving.md): what is replaced stays, and costs."""

    def problems(self) -> Iterator[Problem]:
        for key in self.tags:
            if _RESERVED_TAG.match(key):
                rule = "controllers use this tag themselves, to tell whose a resource is"
                yield Problem(("tags", Key(key)), key, rule, "choose another key")
