"""What a cluster consists of, read from its templates: what a plan says of it must be that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from blueprint import images
from blueprint.contribution import Chart, Release
from tools.assembly import CHART, MANIFEST, Stack, Template, objects, text
from tools.review.manifests import Name, name_of

_PRUNE = "aws.cdk.eks/prune-"
"""Labels that the CDK adds, so that kubectl can tell what to remove."""


@dataclass(frozen=True)
class Subnet:
    """One subnet. `kind` is `private`, `public` or `control-plane`."""

    kind: str
    zone: str
    cidr: str


@dataclass(frozen=True)
class Capacity:
    """One group of nodes, a Fargate profile, or Auto Mode."""

    name: str
    kind: Literal["managed", "self-managed", "fargate", "auto"]
    instance_types: tuple[str, ...] = ()
    spot: bool = False
    min: int = 0
    max: int = 0
    image: str = ""
    """An AMI type, or where the image id comes from."""
    version: str = ""
    """The Kubernetes minor of managed nodes."""
    selectors: tuple[str, ...] = ()
    """Namespaces of a Fargate profile; node pools of Auto Mode."""


@dataclass(frozen=True)
class Installed:
    """A Helm release, and the resource that installs it."""

    part: str
    stack: str
    id: str
    release: Release


Installer = Literal["EKS", "Helm", "kubectl"]
"""`kubectl` applies a part that is Kubernetes objects alone."""


@dataclass(frozen=True)
class Part:
    """An add-on or a team."""

    name: str
    version: str = ""
    """Of an EKS add-on, or of the charts of a Helm add-on."""
    namespaces: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    """Parts that stand before it."""
    installer: Installer = "kubectl"
    pod_identity: tuple[str, ...] = ()
    """Service accounts whose pods get AWS permissions from the EKS Pod Identity agent."""


@dataclass(frozen=True)
class Contents:
    """One cluster."""

    name: str
    account: str
    region: str
    version: str
    public_ranges: tuple[str, ...]
    """Who reaches the API from the internet; nobody when empty."""
    deletion_protection: bool
    cidrs: tuple[str, ...]
    """Of a VPC that the templates make, and so its subnets, gateways and endpoints."""
    subnets: tuple[Subnet, ...]
    nat_gateways: int
    endpoints: tuple[str, ...]
    """AWS services reached through interface endpoints."""
    capacity: tuple[Capacity, ...]
    addons: tuple[Part, ...]
    teams: tuple[Part, ...]
    releases: tuple[Installed, ...]
    objects: Mapping[Name, Mapping[str, Any]] = field(repr=False)
    """All Kubernetes objects of our own manifests, without the CDK's labels."""


def contents(stacks: Sequence[Stack]) -> Contents:
    """What the stacks of one cluster hold."""
    found = {stack.name: stack for stack in stacks}
    network, cluster = found.get("network"), found["cluster"]
    installing = [found[name] for name in ("addons", "teams") if name in found]
    (control_plane,) = (each["Properties"] for each in cluster.of_type("AWS::EKS::Cluster").values())
    access = control_plane["ResourcesVpcConfig"]
    kinds = ("AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock")
    ranges = [each for kind in kinds for each in network.of_type(kind).values()] if network else []
    endpoints = [each["Properties"] for each in network.of_type("AWS::EC2::VPCEndpoint").values()] if network else []
    return Contents(
        name=cluster.cluster,
        account=cluster.account,
        region=cluster.region,
        version=control_plane["Version"],
        public_ranges=tuple(access.get("PublicAccessCidrs", ["0.0.0.0/0"])) if access["EndpointPublicAccess"] else (),
        deletion_protection=control_plane.get("DeletionProtection", False),
        cidrs=tuple(each["Properties"]["CidrBlock"] for each in ranges if "CidrBlock" in each["Properties"]),
        subnets=tuple(_subnets(network)) if network else (),
        nat_gateways=len(network.of_type("AWS::EC2::NatGateway")) if network else 0,
        endpoints=tuple(sorted(_service(each) for each in endpoints if each["VpcEndpointType"] == "Interface")),
        capacity=tuple(_capacity(cluster, control_plane)),
        addons=_addons(cluster, found.get("addons")),
        teams=tuple(_parts(found["teams"])) if "teams" in found else (),
        releases=tuple(installed for stack in installing for installed in _releases(stack)),
        objects={
            name_of(each): each
            for stack in (*installing, cluster)
            for resource in stack.of_type(MANIFEST).values()
            for each in map(_unlabelled, objects(resource))
        },
    )


def _subnets(network: Stack) -> Iterator[Subnet]:
    for resource in network.of_type("AWS::EC2::Subnet").values():
        properties = resource["Properties"]
        tags = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
        zone = "AvailabilityZoneId" if "AvailabilityZoneId" in properties else "AvailabilityZone"
        yield Subnet(tags["aws-cdk:subnet-name"], text(properties[zone]), properties["CidrBlock"])


def _service(endpoint: Mapping[str, Any]) -> str:
    """`ecr.api` of com.amazonaws.us-west-2.ecr.api."""
    return text(endpoint["ServiceName"]).partition("amazonaws.")[2].partition(".")[2]


def _capacity(cluster: Stack, control_plane: Mapping[str, Any]) -> Iterator[Capacity]:
    auto = control_plane.get("ComputeConfig", {})
    if auto.get("Enabled"):
        yield Capacity("auto-mode", "auto", selectors=tuple(auto.get("NodePools", ())))
    for id, resource in cluster.resources.items():
        name = cluster.paths.get(id, id).removeprefix("Compute/").rpartition("/")[0] or id
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::EKS::Nodegroup":
            scaling = properties["ScalingConfig"]
            launched = cluster.resources[properties["LaunchTemplate"]["Id"]["Ref"]]["Properties"]["LaunchTemplateData"]
            yield Capacity(
                name,
                "managed",
                # That of a capacity block stands in the template.
                tuple(properties.get("InstanceTypes", ())) or (launched["InstanceType"],),
                spot=properties["CapacityType"] == "SPOT",
                min=int(scaling["MinSize"]),
                max=int(scaling["MaxSize"]),
                image=properties.get("AmiType", launched.get("ImageId", "")),
                version=_version(properties),
            )
        elif resource["Type"] == "AWS::AutoScaling::AutoScalingGroup":
            yield _self_managed(name, properties, cluster.resources)
        elif resource["Type"] == "AWS::EKS::FargateProfile":
            selectors = tuple(selector["Namespace"] for selector in properties["Selectors"])
            yield Capacity(name, "fargate", selectors=selectors)


def _version(group: Mapping[str, Any]) -> str:
    """The Kubernetes minor of a managed group: its own property, or what the release of its image is of."""
    release = group.get("ReleaseVersion")
    named = release and images.version_of(images.family(group["AmiType"]), release)
    return str(group.get("Version") or named or "")


def _self_managed(name: str, properties: Mapping[str, Any], resources: Mapping[str, Template]) -> Capacity:
    policy = properties["MixedInstancesPolicy"]
    template = policy["LaunchTemplate"]
    launched = resources[template["LaunchTemplateSpecification"]["LaunchTemplateId"]["Ref"]]
    return Capacity(
        name,
        "self-managed",
        tuple(override["InstanceType"] for override in template["Overrides"]),
        spot=policy["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 0,
        min=int(properties["MinSize"]),
        max=int(properties["MaxSize"]),
        image=text(launched["Properties"]["LaunchTemplateData"]["ImageId"]),
    )


def _addons(cluster: Stack, addons: Stack | None) -> tuple[Part, ...]:
    """Those that EKS installs and the others; one that EKS installs may bring objects as well."""
    found = {part.name: part for part in (_parts(addons) if addons else ())}
    for resource in cluster.of_type("AWS::EKS::Addon").values():
        properties = resource["Properties"]
        name = properties["AddonName"]
        found[name] = replace(
            found.get(name, Part(name)),
            version=properties["AddonVersion"],
            installer="EKS",
            pod_identity=tuple(each["ServiceAccount"] for each in properties.get("PodIdentityAssociations", ())),
        )
    return tuple(found[name] for name in sorted(found))


def _parts(stack: Stack) -> Iterator[Part]:
    """One for each construct right below the stack, less the namespaces, which come before their owners."""
    owners = {id: stack.paths.get(id, id).partition("/")[0] for id in stack.resources}
    for name in sorted({*owners.values()} - {"Namespaces"}):
        own = {id: stack.resources[id] for id, owner in owners.items() if owner == name}
        before = {id for resource in own.values() for id in resource.get("DependsOn", ()) if id in owners}
        spaces = [stack.resources[id] for id in before if owners[id] == "Namespaces"]
        versions = [resource["Properties"]["Version"] for resource in own.values() if resource["Type"] == CHART]
        identities = (each for each in own.values() if each["Type"] == "AWS::EKS::PodIdentityAssociation")
        yield Part(
            name,
            ", ".join(dict.fromkeys(versions)),
            tuple(
                sorted(
                    each["metadata"]["name"]
                    for resource in spaces
                    for each in objects(resource)
                    if each["kind"] == "Namespace"
                )
            ),
            tuple(sorted({owners[id] for id in before} - {name, "Namespaces"})),
            "Helm" if versions else "kubectl",
            tuple(each["Properties"]["ServiceAccount"] for each in identities),
        )


def _releases(stack: Stack) -> Iterator[Installed]:
    for id, resource in stack.of_type(CHART).items():
        properties = resource["Properties"]
        # An OCI chart is its whole address.
        name, repository = properties["Chart"], properties.get("Repository", properties["Chart"])
        release = Release(
            name=properties["Release"],
            chart=Chart(name.rpartition("/")[2], repository, properties["Version"]),
            namespace=properties["Namespace"],
            values=json.loads(text(properties.get("Values", "{}"))),
            timeout_minutes=int(properties["Timeout"].removesuffix("s")) // 60,
        )
        yield Installed(stack.paths.get(id, id).partition("/")[0], stack.name, id, release)


def _unlabelled(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = dict(manifest["metadata"])
    labels = {key: value for key, value in metadata.pop("labels", {}).items() if not key.startswith(_PRUNE)}
    return {**manifest, "metadata": {**metadata, **({"labels": labels} if labels else {})}}
