"""EC2 nodes that the blueprint states: what managed and self-managed groups have in common."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from blueprint import images
from blueprint.compute import Capacity, Compute
from blueprint.disks import DiskIops, DiskSize, DiskThroughput, disk_problems
from blueprint.errors import Key, Problem
from blueprint.fields import (
    JSON_LIKE,
    NO_NULL,
    UNIQUE,
    KmsKeyArn,
    LabelKey,
    LabelValue,
    PlacementGroup,
    ReservationChoice,
    SecurityGroupId,
    StartScript,
    at_most,
    between,
)
from blueprint.images import ImageRelease, OwnImage
from blueprint.instances import (
    Accelerator,
    Architecture,
    DevicePlugin,
    InstanceTypes,
    accelerator,
    architecture,
    efa_interfaces,
    vcpus,
)
from blueprint.machine import CpuOptions, LicenseArn
from blueprint.taints import Taints
from blueprint.user_data import script_problems
from blueprint.value import Rule
from blueprint.versions import KubernetesVersion
from blueprint.zones import AnyZone, is_local

# What the plan works out itself, and what to write for it instead.
_OURS_OF_KUBELET = {
    "registerWithTaints": "write taints",
    "maxPods": "leave it out: a node has room for what its type has",
}
_OURS_OF_BOTTLEROCKET = {
    **dict.fromkeys(("cluster-name", "api-server", "cluster-certificate", "cluster-dns-ip"), "leave it out"),
    "max-pods": "leave it out: a node has room for what its type has",
    "node-labels": "write labels",
    "node-taints": "write taints",
}


def _is_own_label(key: str) -> bool:
    domain = key.rpartition("/")[0]
    reserved = re.fullmatch(r"(.*\.)?(kubernetes|k8s)\.io|eks\.amazonaws\.com", domain)
    return not reserved or domain == "node.kubernetes.io"


# EKS refuses the last of them. https://github.com/eksctl-io/eksctl/issues/4007
NodeLabelKey = Annotated[
    LabelKey,
    Rule(
        _is_own_label,
        "the kubelet may not set labels of kubernetes.io, k8s.io and eks.amazonaws.com on its own node",
        "take a prefix of your own, for example example.com/",
    ),
]


class Nodes(Compute):
    """EC2 nodes in the private subnets: IMDSv2 with hop limit 1, an encrypted gp3 volume, no SSH, a minimal role."""

    words_of_others = {
        "instance_type": 'write instance_types=("m7g.large",)',
        "min_size": "write min",
        "max_size": "write max",
        "desired_size": "write desired, or leave it out: a group starts with min",
        "desired_capacity": "write desired, or leave it out: a group starts with min",
        "capacity_type": 'write capacity="SPOT" or "ON_DEMAND"',
        "spot": 'write capacity="SPOT"',
        "disk_size": "write disk_gib",
        "volume_size": "write disk_gib",
        "subnet_ids": "leave it out: nodes stand in the private subnets of all zones, or write zones",
        "iam_role_additional_policies": "leave it out: pods get permissions by their service accounts, not by nodes",
        "enable_monitoring": "write monitoring=True",
        "volume_iops": "write disk_iops",
        "volume_throughput": "write disk_throughput_mib",
        "pre_bootstrap_user_data": "write script",
        "enable_efa_support": "write efa=True",
        "cpu_options": "write cpu=CpuOptions(…)",
        "enclave_options": "write enclaves=True",
        "license_specifications": "write licenses",
        "efa_enabled": "write efa=True",
        "bootstrap_extra_args": "write kubelet",
        "placement": "write placement_group",
        "block_device_mappings": "write disk_gib, disk_iops, disk_throughput_mib and kms_key_arn",
        "cloudinit_pre_nodeadm": "write script, or kubelet",
        "node_repair_config": "write node_repair=NodeRepair(…)",
        "instance_market_options": "write capacity_block=True",
        "ssh": "leave it out: write session_manager=True, or use kubectl debug node/…",
        "ami_release_version": "write release_version",
        "ami": "write image",
        "ami_id": "write image",
        "image_id": "write image",
        "node_group_type": "write ManagedNodes or SelfManagedNodes",
    }

    instance_types: InstanceTypes
    """In order of preference, all of one architecture and with like accelerators; give several for spot."""
    min: Annotated[int, between(0, 5000, "nodes")] = 2
    """Fewest nodes."""
    max: Annotated[int, between(1, 5000, "nodes")] = 3
    """Most nodes."""
    capacity: Capacity = "ON_DEMAND"
    """SPOT costs less, and EC2 may take it back with two minutes' notice.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""
    labels: Mapping[NodeLabelKey, LabelValue] = field(default_factory=dict)
    """Kubernetes labels of the nodes."""
    taints: Taints = ()
    """Keep pods off that do not tolerate them. EKS allows a node group 50 of them.
    https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html"""
    disk_gib: DiskSize = 50
    """Size of the volume for images and writable layers."""
    disk_iops: DiskIops | None = None
    """Of that volume; 3,000 come with it. EC2 allows 500 for each GiB.
    https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"""
    disk_throughput_mib: DiskThroughput | None = None
    """Of that volume; 125 come with it. EC2 allows a quarter for each operation a second."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes; that of the account and region for EBS when None. Its policy must allow the service-linked
    role of Auto Scaling to use it.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html"""
    instance_store: Literal["RAID0", "RAID10", "Mount"] | None = None
    """What becomes of disks that come with the instance, on Amazon Linux: one volume for containers, images and logs,
    or each by itself under /mnt/k8s-disks. They stay unused when None.
    https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api (LocalStorageOptions)"""
    zones: Annotated[tuple[AnyZone, ...], UNIQUE] = ()
    """Zones of the network that nodes stand in, by letter or by id as the network has them; all of the region's when
    empty. Or Local Zones of it, by name: few instance types are there, and volumes are gp2, which all of them have."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], at_most(4, "security groups"), UNIQUE] = ()
    """More groups of the nodes, of the same VPC, beside that of the cluster. An interface has five at the most.
    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""
    session_manager: bool = False
    """People whom IAM lets may open a shell on the nodes, without SSH. All groups of the kind share a role, and with it
    this. https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html"""
    monitoring: bool = False
    """Metrics of EC2 each minute instead of every five, which cost."""
    placement_group: PlacementGroup | None = None
    """One that is there already, for example of the strategy cluster for nodes that talk much.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html"""
    efa: bool = False
    """Elastic Fabric Adapters on all network cards, for programs that pass messages between nodes (MPI, NCCL), with a
    security group that lets them talk. A group with it stands in one zone, and gains by a `placement_group`.
    https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html"""
    partition: Annotated[int, between(1, 7, "partitions")] | None = None
    """Of a placement group of the strategy partition, the one that nodes stand in; EC2 spreads them when None."""
    capacity_reservation: ReservationChoice | None = None
    """The reservation that nodes are taken from, by its id, or a group of them by its ARN; any open one that fits when
    None, and no reservation at all with "none"."""
    tenancy: Literal["default", "dedicated"] = "default"
    """Whether the account has the machine below for itself, which costs.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/dedicated-instance.html"""
    cpu: CpuOptions | None = None
    """How its processors are used."""
    enclaves: bool = False
    """Whether Nitro Enclaves may be started on the nodes, with memory and cores that they set aside.
    https://docs.aws.amazon.com/enclaves/latest/user/kubernetes.html"""
    licenses: Annotated[tuple[LicenseArn, ...], at_most(10, "licenses"), UNIQUE] = ()
    """License configurations of License Manager that count the nodes."""
    kubelet: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict)
    """More of the kubelet's configuration on Amazon Linux, for example {"imageGCHighThresholdPercent": 70}.
    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1"""
    bottlerocket: Annotated[Mapping[str, Any], JSON_LIKE, NO_NULL] = field(default_factory=dict)
    """More of Bottlerocket's settings, for example {"kernel": {"lockdown": "integrity"}}.
    https://bottlerocket.dev/en/os/latest/api/settings"""
    script: StartScript = ""
    """Runs as root on Amazon Linux, or in PowerShell on Windows, before the kubelet starts, each time that a node boots
    first."""
    image: OwnImage | None = None
    """An image of your own in the place of EKS's, which tells its nodes how to join as EKS's does: from `nodeadm`, or
    Bottlerocket's settings. A parameter is read when the launch template changes, and then only.
    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html (specifying an AMI)"""
    device_plugin: DevicePlugin = "add-on"
    """Who tells Kubernetes of GPUs, Neuron chips and Elastic Fabric Adapters: an add-on of the blueprint, or somebody
    of whom it does not know, such as a DaemonSet that a team applies."""
    version: KubernetesVersion | None = None
    """Kubernetes minor of the nodes; the cluster's when None. Keep it back to upgrade the control plane first. Of an
    image of your own, what it was made for."""
    release_version: ImageRelease | None = None
    """Release of the image, such as "1.36.2-20260625" (AL2023), "1.66.0-1ad6b4a4" (Bottlerocket) or "1.36-2026.10.14"
    (Windows); that of `facts/node_images.toml` when None, and of Windows, whose images go after four months, the newest
    of the day on which the group gets its version. EKS takes none that is older than the one a node group runs."""

    def problems(self) -> Iterator[Problem]:
        if self.min > self.max:
            yield Problem(("min",), self.min, f"min must not exceed max ({self.max})", "lower min or raise max")
        yield from disk_problems(self.disk_gib, self.disk_iops, self.disk_throughput_mib)
        yield from self._system()
        yield from self._efa()
        yield from self._placed()
        if self.device_plugin == "elsewhere" and self.accelerator is None and not self.efa:
            rule = f"{self.instance_types[0]} has neither GPUs nor Neuron chips"
            yield Problem(("device_plugin",), self.device_plugin, rule, "leave it out")
        if self.image and self.release_version:
            rule = f"image names one of your own ({self.image})"
            yield Problem(("release_version",), self.release_version, rule, "leave it out")
        elif self.release_version and not images.is_of(self.family, self.release_version):
            rule = f"the image is {self.family}, whose releases end in {_ENDS[self.family]}"
            yield Problem(
                ("release_version",), self.release_version, rule, "leave it out, or take a release of that image"
            )
        elif self.release_version and self.version and self.own_version != self.version:
            rule = f"version is {self.version}, the image is of {self.own_version}"
            yield Problem(("release_version",), self.release_version, rule, "leave version out, or take an image of it")
        yield from self._windows()
        yield from self._local()
        if self.family == "AL2023" and (old := [name for name in self.instance_types if name.startswith("a1.")]):
            rule = "Amazon Linux 2023 does not run on the first generation of Graviton"
            yield Problem(("instance_types",), old[0], rule, "take a later one, for example m7g")

    def _local(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html (gp2)"""
        local = [zone for zone in self.zones if is_local(zone)]
        if local and len(local) < len(self.zones):
            rule = "a group stands in zones of the region or in Local Zones, whose instance types differ"
            yield Problem(("zones",), self.zones, rule, f"take {', '.join(local)} into a group of its own")
        for name in ("disk_iops", "disk_throughput_mib"):
            if local and (value := getattr(self, name)):
                rule = f"volumes in Local Zones are gp2, whose {name} follows from the size"
                yield Problem((name,), value, rule, "leave it out, and write more disk_gib for more")

    def _system(self) -> Iterator[Problem]:
        """What the image takes of what it is told."""
        yield from script_problems(self.script)
        if self.family == "AL2023" and self.script and not self.script.startswith("#!/"):
            rule = "must be a script whose first line is #! and its interpreter"
            yield Problem(("script",), self.script, rule, "write #!/bin/bash")
        fix = f"write {' or '.join(_TOLD[self.family])}"
        for name in ("kubelet", "bottlerocket", "script", "instance_store"):
            if name not in _TOLD[self.family] and (value := getattr(self, name)):
                yield Problem((name,), value, f"the image is {self.family}, which knows no {name}", fix)
        of_kubernetes = self.bottlerocket.get("kubernetes", {})
        if not isinstance(of_kubernetes, Mapping):
            yield Problem(("bottlerocket", Key("kubernetes")), of_kubernetes, "must be a mapping", "write its settings")
            of_kubernetes = {}
        told = (
            (("kubelet",), self.kubelet, _OURS_OF_KUBELET),
            (("bottlerocket", Key("kubernetes")), of_kubernetes, _OURS_OF_BOTTLEROCKET),
        )
        for path, settings, ours in told:
            for name in sorted(ours.keys() & settings.keys()):
                yield Problem((*path, Key(name)), settings[name], "the plan says that", ours[name])

    def _placed(self) -> Iterator[Problem]:
        """Where EC2 puts them, and how much of a machine they are."""
        if self.partition and not self.placement_group:
            rule, fix = "partitions are those of a placement group", "write placement_group, or leave it out"
            yield Problem(("partition",), self.partition, rule, fix)
        if self.cpu and self.cpu.cores and len(self.instance_types) > 1:
            rule = "a number of cores is one of one type"
            yield Problem(("instance_types",), self.instance_types, rule, "keep one, or leave cores out")
        if self.cpu and (most := vcpus(self.instance_types[0])) and (self.cpu.vcpus or 0) > most:
            rule = f"{self.instance_types[0]} has {most} vCPUs"
            yield Problem(("cpu", "cores"), self.cpu.cores, rule, "write fewer")
        if self.cpu and self.cpu.sev_snp:
            for name in self.instance_types:
                if not name.startswith(("m6a.", "c6a.", "r6a.")):
                    rule = f"{name} does not encrypt its memory so"
                    yield Problem(("cpu", "sev_snp"), self.cpu.sev_snp, rule, "take types of m6a, c6a or r6a")

    def _efa(self) -> Iterator[Problem]:
        if not self.efa:
            return
        if without := [name for name in self.instance_types if not efa_interfaces((name,))]:
            rule = f"{', '.join(without)} takes no Elastic Fabric Adapters"
            yield Problem(("efa",), self.efa, rule, "leave it out, or take types that do, for example c6i.32xlarge")
        if len(self.zones) != 1:
            rule = "Elastic Fabric Adapters reach others of their zone alone"
            yield Problem(("zones",), self.zones, rule, 'write one, for example zones=("a",)')
        if len(self.security_groups) > _MOST_GROUPS_WITH_EFA:
            rule = "an interface has five groups, of which the cluster's and that of the adapters are two"
            yield Problem(("security_groups",), self.security_groups, rule, f"keep {_MOST_GROUPS_WITH_EFA}")
        if self.family == "WINDOWS":
            yield Problem(("efa",), self.efa, "Windows has no Elastic Fabric Adapters on EKS", "leave it out")

    def _windows(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html"""
        if self.family != "WINDOWS":
            return
        if self.architecture != "amd64":
            rule = f"{self.instance_types[0]} is {self.architecture}, and Windows runs on x86 alone"
            yield Problem(("instance_types",), self.instance_types[0], rule, "take others, for example m7i.large")
        if self.accelerator and not self.image:
            rule = "EKS has no image of Windows with drivers for accelerators"
            fix = "take other types, or write image in SelfManagedNodes, with drivers for them"
            yield Problem(("instance_types",), self.instance_types[0], rule, fix)
        if self.disk_gib < _WINDOWS_DISK:
            rule = f"the images of Windows have {_WINDOWS_DISK} GiB"
            yield Problem(("disk_gib",), self.disk_gib, rule, f"write {_WINDOWS_DISK} or more, or leave it out")

    @property
    @abstractmethod
    def family(self) -> images.Family:
        """Whose image the nodes start from."""

    @property
    def architecture(self) -> Architecture:
        return architecture(self.instance_types[0])

    @property
    def accelerator(self) -> Accelerator | None:
        """What all its instance types have beside their processors."""
        return accelerator(self.instance_types[0])

    @property
    def own_version(self) -> str | None:
        """The Kubernetes minor that it names itself; None when it follows the cluster."""
        named = self.release_version and images.version_of(self.family, self.release_version)
        return named or self.version

    def release(self, cluster_version: str) -> str:
        """The release of EKS's image in a cluster of that version."""
        return self.release_version or images.release(self.family, self.own_version or cluster_version)


_ENDS: Mapping[images.Family, str] = {
    "AL2023": "a date, 1.36.2-20260714",
    "BOTTLEROCKET": "a commit, 1.66.0-1ad6b4a4",
    "WINDOWS": "a date with dots, 1.36-2026.10.14",
}
_TOLD: Mapping[images.Family, tuple[str, ...]] = {
    "AL2023": ("kubelet", "script", "instance_store"),
    "BOTTLEROCKET": ("bottlerocket",),
    "WINDOWS": ("script",),
}
"""Fields of what each is told when it starts."""
_MOST_GROUPS_WITH_EFA = 3
_WINDOWS_DISK = 50
"""GiB. https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html (diskSize)"""
