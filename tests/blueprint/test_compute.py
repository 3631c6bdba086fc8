"""Groups of nodes, Fargate and Auto Mode."""

from __future__ import annotations

import re
from typing import Any

import pytest

from blueprint import (
    AutoMode,
    CpuOptions,
    FargateProfile,
    FargateSelector,
    ManagedNodes,
    NodeRepair,
    SelfManagedNodes,
    Taint,
    WarmPool,
    images,
    plan,
)
from blueprint.instances import Architecture, architecture
from blueprint.planning.document import NodeGroup
from blueprint.value import problems_in
from blueprint.versions import SUPPORTED
from examples.shared import KEY
from tests.blueprint.examples import (
    AUTO,
    SMALL,
    TABLE,
    assert_reported,
    changed,
    mistake,
    places,
    with_cluster,
    with_nodes,
)

SIZES = ("medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge")
TYPES = "compute[0].instance_types"
X86 = {"instance_types": ("m7i.large",)}
APPS = FargateSelector("apps")
AL2023 = "/aws/service/eks/optimized-ami"


def fargate(*selectors: FargateSelector) -> object:
    return changed(SMALL, compute=(*SMALL.compute, FargateProfile("apps", selectors=selectors)))


GROUP = "compute[0]"
KUBELET, SETTINGS, REPAIR = f"{GROUP}.kubelet", f"{GROUP}.bottlerocket['kubernetes']", f"{GROUP}.node_repair"
FOREIGN = KEY.replace("us-west-2", "eu-west-1")
BLOCK = "cr-0a1b2c3d4e5f60718"
GROUPS = tuple(f"sg-0000000000000000{number}" for number in range(5))


def bottlerocket(**fields: Any) -> object:
    return with_nodes(ami_type="BOTTLEROCKET_ARM_64", **fields)


def settings(**of_kubernetes: Any) -> object:
    return bottlerocket(bottlerocket={"kubernetes": of_kubernetes})


def repair(**fields: Any) -> object:
    return with_nodes(node_repair=changed(NodeRepair(), **fields))


def block(**fields: Any) -> object:
    sound = {"capacity_block": True, "capacity_reservation": BLOCK, "zones": ("a",)}
    return with_nodes(**{**sound, **fields})


def efa(**fields: Any) -> object:
    sound = {"instance_types": ("c6i.32xlarge",), "efa": True, "zones": ("a",), "device_plugin": "elsewhere"}
    nodes = changed(SMALL.compute[0], **{"name": "mpi", **sound, **fields})
    return changed(SMALL, compute=(nodes, changed(SMALL.compute[0], name="linux")))


MISTAKES = [
    mistake("no compute", changed(SMALL, compute=()), "compute", "must not be empty", "give at least one"),
    mistake("no instance types", with_nodes(instance_types=()), TYPES, "must not be empty", "give at least one"),
    mistake("a family", with_nodes(instance_types=("m7g",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("a size", with_nodes(instance_types=(".large",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("garbage", with_nodes(instance_types=("huge one",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("wildcard", with_nodes(instance_types=("m7g.*",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("capitals", with_nodes(instance_types=("M7G.LARGE",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("a type twice", with_nodes(instance_types=("m7g.large",) * 2), TYPES, "no duplicate", "remove"),
    mistake(
        "21 types",
        with_nodes(instance_types=tuple(f"m{n}g.{size}" for n in (6, 7, 8) for size in SIZES)),
        TYPES,
        "at most 20",
        "20 or fewer",
    ),
    mistake(
        "two architectures", with_nodes(instance_types=("m7g.large", "m7i.large")), TYPES, "cannot share", "one group"
    ),
    mistake("min above max", with_nodes(min=4, max=3), "compute[0].min", "must not exceed max (3)", "lower min"),
    mistake("negative min", with_nodes(min=-1), "compute[0].min", "0 to 5000 nodes", "write a number"),
    mistake("max 0", with_nodes(min=0, max=0), "compute[0].max", "1 to 5000 nodes", "write a number"),
    mistake("small disk", with_nodes(disk_gib=8), "compute[0].disk_gib", "20 to 16384 GiB", "write a number"),
    mistake(
        "all unavailable",
        with_nodes(max_unavailable_percent=0),
        "compute[0].max_unavailable_percent",
        "1 to 100",
        "write a number of 1 to 100 percent",
    ),
    mistake(
        "x86 image on Arm",
        with_nodes(ami_type="AL2023_x86_64_STANDARD"),
        "compute[0].ami_type",
        "m7g.large is arm64",
        "leave",
    ),
    mistake(
        "Arm image on x86",
        with_nodes(ami_type="BOTTLEROCKET_ARM_64", **X86),
        "compute[0].ami_type",
        "the image is arm64",
        "out",
    ),
    mistake(
        "retired image",
        with_nodes(ami_type="AL2_x86_64"),
        "compute[0].ami_type",
        "'AL2023_x86_64_STANDARD'",
        "ami_type=",
    ),
    mistake(
        "old Windows",
        with_nodes(ami_type="WINDOWS_CORE_2016_x86_64"),
        "compute[0].ami_type",
        "BOTTLEROCKET",
        "ami_type=",
    ),
    mistake(
        "image id", with_nodes(ami_type="ami-0123456789abcdef0"), "compute[0].ami_type", "BOTTLEROCKET", "ami_type="
    ),
    mistake(
        "latest release",
        with_nodes(release_version="latest"),
        "compute[0].release_version",
        "release of an EKS",
        "1.36.2-",
    ),
    mistake("capacity", with_nodes(capacity="spot"), "compute[0].capacity", "'ON_DEMAND' or 'SPOT'", "='SPOT'"),
    mistake(
        "label of Kubernetes",
        with_nodes(labels={"kubernetes.io/arch": "arm64"}),
        "compute[0].labels['kubernetes.io/arch']",
        "may not set labels",
        "a prefix of your own",
    ),
    mistake(
        "label of a role",
        with_nodes(labels={"node-role.kubernetes.io/worker": ""}),
        "compute[0].labels['node-role.kubernetes.io/worker']",
        "may not set labels",
        "a prefix of your own",
    ),
    mistake(
        "label of k8s.io",
        with_nodes(labels={"node.k8s.io/pool": "a"}),
        "compute[0].labels['node.k8s.io/pool']",
        "may not set labels",
        "a prefix of your own",
    ),
    mistake(
        "label of EKS",
        with_nodes(labels={"eks.amazonaws.com/nodegroup": "a"}),
        "compute[0].labels['eks.amazonaws.com/nodegroup']",
        "eks.amazonaws.com",
        "a prefix of your own",
    ),
    mistake(
        "a taint twice",
        with_nodes(taints=(Taint("a", "1"), Taint("a", "2"))),
        "compute[0].taints",
        "no duplicate",
        "remove",
    ),
    mistake(
        "effect of Kubernetes",
        with_nodes(taints=(changed(Taint("a"), effect="NoSchedule"),)),
        "compute[0].taints[0].effect",
        "'NO_SCHEDULE', 'NO_EXECUTE' or",
        "'NO_SCHEDULE'",
    ),
    mistake(
        "taint as text", with_nodes(taints=("a=b:NoSchedule",)), "compute[0].taints[0]", "must be Taint", "Taint(…)"
    ),
    mistake("newer nodes", with_nodes(version="1.36"), "compute[0].version", "(1.35), never newer", "leave it out"),
    mistake(
        "newer image",
        with_nodes(release_version="1.36.1-20260901"),
        "compute[0].release_version",
        "(1.35), never newer",
        "leave it out",
    ),
    mistake(
        "an image of another version",
        with_nodes(version="1.35", release_version="1.34.1-20260901"),
        "compute[0].release_version",
        "version is 1.35, the image is of 1.34",
        "leave version out",
    ),
    mistake("unknown nodes", with_nodes(version="1.20"), "compute[0].version", "that EKS offers", '"1.36"'),
    mistake(
        "too old nodes",
        changed(with_cluster(version="1.36"), compute=(changed(SMALL.compute[0], release_version="1.32.13-20260714"),)),
        "compute[0].release_version",
        "at most 3 minors older",
        "leave it out",
    ),
    mistake(
        "a name twice", changed(SMALL, compute=SMALL.compute * 2), "compute[1].name", "compute[0].name has it", "rename"
    ),
    mistake(
        "a name twice among kinds",
        changed(SMALL, compute=(*SMALL.compute, AutoMode("system"))),
        "compute[1].name",
        "duplicate name",
        "rename one",
    ),
    mistake(
        "Auto Mode twice", changed(AUTO, compute=(AutoMode(), AutoMode())), "compute[1]", "compute[0] turns", "keep one"
    ),
    mistake(
        "Auto Mode twice, named", changed(AUTO, compute=(AutoMode("a"), AutoMode("b"))), "compute[1]", "already", "keep"
    ),
    mistake(
        "no node pool", changed(AUTO, compute=(AutoMode(node_pools=()),)), "compute[0].node_pools", "runs", "name a"
    ),
    mistake(
        "unknown pool",
        changed(AUTO, compute=(changed(AutoMode(), node_pools=("gpu",)),)),
        "compute[0].node_pools[0]",
        "'general-purpose' or 'system'",
        "'general-purpose'",
    ),
    mistake(
        "a pool twice",
        changed(AUTO, compute=(AutoMode(node_pools=("system", "system")),)),
        "compute[0].node_pools",
        "no duplicate",
        "remove",
    ),
    mistake("no selectors", fargate(), "compute[1].selectors", "must not be empty", "give at least one"),
    mistake("six selectors", fargate(*[APPS] * 6), "compute[1].selectors", "at most 5 selectors", "5 or fewer"),
    mistake(
        "a regular expression as selector",
        fargate(FargateSelector("apps-[ab]")),
        "compute[1].selectors[0].namespace",
        "1 to 63",
        '"prod-*"',
    ),
    # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html: 500 for each GiB, 0.25 MiB for each of them
    mistake("too many", with_nodes(disk_gib=20, disk_iops=10_001), f"{GROUP}.disk_iops", "at most 10000", "raise disk"),
    mistake("too fast", with_nodes(disk_throughput_mib=751), f"{GROUP}.disk_throughput_mib", "at most 750", "raise d"),
    mistake(
        "too fast for its operations",
        with_nodes(disk_iops=4_000, disk_throughput_mib=1_001),
        f"{GROUP}.disk_throughput_mib",
        "a volume of 4000 operations a second has at most 1000 MiB",
        "raise disk_iops",
    ),
    mistake("foreign key", with_nodes(kms_key_arn=FOREIGN), f"{GROUP}.kms_key_arn", "another region", "us-west-2"),
    mistake("no such zone", with_nodes(zones=("a", "f")), f"{GROUP}.zones", "no subnet for nodes in f", "a, b"),
    mistake("five groups", with_nodes(security_groups=GROUPS), f"{GROUP}.security_groups", "at most 4", "4 or fewer"),
    mistake(
        "cores of two types",
        with_nodes(instance_types=("m7i.large", "m6i.large"), cpu=CpuOptions(cores=1, threads_per_core=1)),
        f"{GROUP}.instance_types",
        "a number of cores is one of one type",
        "keep one",
    ),
    mistake(
        "more cores than there are",
        with_nodes(instance_types=("m7i.large",), cpu=CpuOptions(cores=8, threads_per_core=1)),
        f"{GROUP}.cpu.cores",
        "m7i.large has 2 vCPUs",
        "write fewer",
    ),
    mistake(
        "memory that is not encrypted so",
        with_nodes(instance_types=("m7i.large",), cpu=CpuOptions(sev_snp=True)),
        f"{GROUP}.cpu.sev_snp",
        "m7i.large does not encrypt",
        "m6a",
    ),
    mistake(
        "a partition of nothing", with_nodes(partition=2), f"{GROUP}.partition", "of a placement group", "leave it out"
    ),
    mistake("a reservation", with_nodes(capacity_reservation="mine"), f"{GROUP}.capacity_reservation", "id of", "cr-"),
    mistake(
        "no adapters", efa(instance_types=("m7g.large",)), f"{GROUP}.efa", "m7g.large takes no Elastic", "c6i.32xlarge"
    ),
    mistake("adapters in all zones", efa(zones=()), f"{GROUP}.zones", "their zone alone", 'zones=("a",)'),
    mistake("adapters in two zones", efa(zones=("a", "b")), f"{GROUP}.zones", "their zone alone", 'zones=("a",)'),
    mistake("adapters and groups", efa(security_groups=GROUPS[:4]), f"{GROUP}.security_groups", "are two", "keep 3"),
    mistake(
        "adapters on Windows",
        efa(ami_type="WINDOWS_CORE_2022_x86_64"),
        f"{GROUP}.efa",
        "Windows has no",
        "leave it out",
    ),
    mistake(
        "adapters of which nobody tells",
        efa(device_plugin="add-on"),
        f"{GROUP}.efa",
        "nobody tells",
        "aws-efa-k8s-device",
    ),
    mistake("no script", with_nodes(script="yum update"), f"{GROUP}.script", "first line is #!", "#!/bin/bash"),
    mistake(
        "threads without cores",
        with_nodes(instance_types=("m7i.large",), cpu=CpuOptions(threads_per_core=1)),
        "compute[0].cpu.cores",
        "EC2 takes cores and threads_per_core together",
        "write both, or neither",
    ),
    mistake(
        "a release of an image of one's own",
        with_nodes(image="ami-00000000000000000", release_version="1.35.0-20260714"),
        "compute[0].release_version",
        "image names one of your own (ami-00000000000000000)",
        "leave it out",
    ),
    mistake(
        "a type of an image of one's own",
        with_nodes(image="ami-00000000000000000", ami_type="AL2023_ARM_64_STANDARD"),
        "compute[0].ami_type",
        "image names one of your own (ami-00000000000000000)",
        "write os where it is Bottlerocket",
    ),
    mistake(
        "the system of an image of EKS",
        with_nodes(os="BOTTLEROCKET"),
        "compute[0].os",
        "the AMI type says it of EKS's images",
        "write ami_type, or image as well",
    ),
    mistake("ends a part", with_nodes(script="#!/bin/sh\n--NodeConfig--"), f"{GROUP}.script", "ends a part", "halves"),
    mistake("settings", with_nodes(bottlerocket={"kernel": {}}), f"{GROUP}.bottlerocket", "is AL2023", "write kubelet"),
    *(
        mistake(f"{name} of others", bottlerocket(**{name: value}), f"{GROUP}.{name}", "BOTTLEROCKET", "write bottle")
        for name, value in {"kubelet": {"a": 1}, "script": "#!/bin/sh", "instance_store": "RAID0"}.items()
    ),
    mistake(
        "taints",
        with_nodes(kubelet={"registerWithTaints": []}),
        f"{KUBELET}['registerWithTaints']",
        "the plan says that",
        "write taints",
    ),
    mistake("pods", with_nodes(kubelet={"maxPods": 9}), f"{KUBELET}['maxPods']", "the plan says that", "leave it out"),
    mistake("labels", settings(**{"node-labels": {}}), f"{SETTINGS}['node-labels']", "the plan says", "write labels"),
    mistake("name", settings(**{"cluster-name": "x"}), f"{SETTINGS}['cluster-name']", "the plan says", "leave it out"),
    mistake("null", bottlerocket(bottlerocket={"a": [{"b": None}]}), f"{GROUP}.bottlerocket", "no None", "leave the s"),
    mistake("text", bottlerocket(bottlerocket={"kubernetes": "x"}), SETTINGS, "must be a mapping", "its settings"),
    mistake("both", repair(parallel=1, parallel_percent=9), f"{REPAIR}.parallel_percent", "exclude each", "keep one"),
    mistake("both", repair(stop_above=1, stop_above_percent=9), f"{REPAIR}.stop_above_percent", "exclude", "keep one"),
    mistake(
        "waits", with_nodes(warm_pool=WarmPool(2, 1)), f"{GROUP}.warm_pool.max_prepared", "more instances", "raise"
    ),
    *(
        mistake(
            f"{field} on Bottlerocket",
            bottlerocket(warm_pool=changed(WarmPool(), **{field: value})),
            f"{GROUP}.warm_pool.{field}",
            "EKS does not do so",
            f"leave {field} out",
        )
        for field, value in {"state": "HIBERNATED", "reuse": True}.items()
    ),
    mistake(
        "Spot reserved", with_nodes(capacity="SPOT", capacity_reservation=BLOCK), f"{GROUP}.capacity", "no res", "le"
    ),
    mistake("block of any", block(capacity_reservation=None), f"{GROUP}.capacity_reservation", "has an id", "the id"),
    mistake(
        "block of two", block(zones=("a", "b")), f"{GROUP}.zones", "of one type, in one zone", "write one in zones"
    ),
    mistake("block of types", block(instance_types=("m7g.large", "m6g.large")), TYPES, "of one type", "write one in"),
    mistake("room for 4 pods", with_nodes(instance_types=("t4g.micro",)), f"{TYPES}[0]", "room for 4 pods", "larger"),
    mistake(
        "GPUs beside none",
        with_nodes(instance_types=("m7i.large", "g5.xlarge")),
        TYPES,
        "GPU and Neuron instances need different images",
        "one group of nodes for each kind",
    ),
    mistake(
        "first Graviton",
        with_nodes(instance_types=("a1.large",)),
        TYPES,
        "does not run on the first generation of Graviton",
        "m7g",
    ),
    mistake(
        "accelerators without an image",
        with_nodes(instance_types=("dl1.24xlarge",)),
        "compute[0].ami_type",
        "no image with drivers for the accelerators of dl1.24xlarge",
        "AL2023_x86_64_STANDARD",
    ),
    mistake(
        "accelerators without an image, self-managed",
        changed(SMALL, compute=(SelfManagedNodes("system", instance_types=("g4ad.xlarge",)),)),
        TYPES,
        "no image with drivers",
        "write image",
    ),
    mistake(
        "a release of Bottlerocket for Amazon Linux",
        with_nodes(release_version="1.66.0-1ad6b4a4"),
        "compute[0].release_version",
        "the image is AL2023, whose releases end in a date",
        "leave it out",
    ),
    mistake(
        "a release of Amazon Linux for Bottlerocket",
        with_nodes(ami_type="BOTTLEROCKET_ARM_64", release_version="1.35.6-20260714"),
        "compute[0].release_version",
        "the image is BOTTLEROCKET, whose releases end in a commit",
        "leave it out",
    ),
    mistake(
        "a release of Bottlerocket before the Kubernetes version",
        with_nodes(ami_type="BOTTLEROCKET_ARM_64", release_version="1.47.0-6154605b"),
        "compute[0].release_version",
        "Bottlerocket has images for Kubernetes 1.35 since 1.53.0",
        "later release",
    ),
    mistake(
        "desired below min", with_nodes(min=2, desired=1), "compute[0].desired", "from min (2) to max (3)", "leave"
    ),
    mistake(
        "desired above max", with_nodes(max=3, desired=4), "compute[0].desired", "from min (2) to max (3)", "leave"
    ),
    mistake(
        "desired by whom",
        with_nodes(desired="managed"),
        "compute[0].desired",
        "must be int, 'unmanaged' or None",
        "desired=1",
    ),
    mistake(
        "six labels",
        fargate(FargateSelector("apps", labels=dict.fromkeys("abcdef", "x"))),
        "compute[1].selectors[0].labels",
        "at most 5 labels",
        "5 or fewer",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_field_hides_no_other_rule_and_makes_up_none() -> None:
    assert places(with_nodes(instance_types="m7g.large", ami_type="AL2023_ARM_64_STANDARD", min=9)) == [
        "compute[0].instance_types",
        "compute[0].min",
    ]
    assert places(with_nodes(min="9", labels={"k8s.io/a": "b"}, taints=(Taint("a"),) * 2, disk_gib=1)) == [
        "compute[0].min",
        "compute[0].labels['k8s.io/a']",
        "compute[0].taints",
        "compute[0].disk_gib",
    ]


@pytest.mark.parametrize("version", ["1.35", "1.34", "1.33", None])
def test_nodes_may_wait(version: str | None) -> None:
    assert plan(with_nodes(version=version)).facts.version == "1.35"


@pytest.mark.parametrize(
    "key", ["pool", "example.com/pool", "node.kubernetes.io/pool", "mykubernetes.io/pool", "a/k8s.io"]
)
def test_labels_that_a_node_may_have(key: str) -> None:
    assert problems_in(changed(SMALL.compute[0], labels={key: "a"})) == []


@pytest.mark.parametrize(
    ("expected", "families"),
    [
        ("arm64", "a1 t4g m6g m7g m8gd c7gn c6gn r8gb m8gb x2gd g5g im4gn is4gen i8g i4g hpc7g p6e-gb200"),
        ("amd64", "t3 t3a m5 m5dn m7i m7i-flex m7a c5n r7iz g4dn g4ad g5 g6 g6e gr6 p4d p5en p6-b200 i7ie hpc7a"),
        ("amd64", "x2idn x2iedn x1e z1d d3en h1 i3en inf2 trn1n trn2 dl1 f2 vt1 u7i-12tb u-6tb1"),
    ],
)
def test_architecture_of_each_family(expected: Architecture, families: str) -> None:
    assert {family: architecture(f"{family}.large") for family in families.split()} == dict.fromkeys(
        families.split(), expected
    )


@pytest.mark.parametrize(
    "name",
    [
        "m7g.large",
        "c7gn.metal",
        "m7i.metal-24xl",
        "m7i-flex.8xlarge",
        "p6e-gb200.36xlarge",
        "u-6tb1.112xlarge",
        "t4g.small",
    ],
)
def test_names_of_instance_types(name: str) -> None:
    assert problems_in(ManagedNodes("a", instance_types=(name,))) == []


@pytest.mark.parametrize(
    ("nodes", "image"),
    [
        (ManagedNodes("a", instance_types=("m7g.large",)), "AL2023_ARM_64_STANDARD"),
        (ManagedNodes("a", instance_types=("m7i.large",)), "AL2023_x86_64_STANDARD"),
        (ManagedNodes("a", instance_types=("g5g.xlarge",)), "AL2023_ARM_64_NVIDIA"),
        (ManagedNodes("a", instance_types=("g5.xlarge", "g6.xlarge")), "AL2023_x86_64_NVIDIA"),
        (ManagedNodes("a", instance_types=("p5.48xlarge",)), "AL2023_x86_64_NVIDIA"),
        (ManagedNodes("a", instance_types=("inf2.xlarge",)), "AL2023_x86_64_NEURON"),
        (ManagedNodes("a", instance_types=("trn1.2xlarge",)), "AL2023_x86_64_NEURON"),
        (
            ManagedNodes("a", instance_types=("g4ad.xlarge",), ami_type="AL2023_x86_64_STANDARD"),
            "AL2023_x86_64_STANDARD",
        ),
        (
            ManagedNodes("a", instance_types=("g5.xlarge",), ami_type="BOTTLEROCKET_x86_64_NVIDIA"),
            "BOTTLEROCKET_x86_64_NVIDIA",
        ),
    ],
)
def test_image_of_managed_nodes(nodes: ManagedNodes, image: str) -> None:
    assert problems_in(nodes) == []
    assert nodes.type_of_image == image


def test_every_kind_of_compute_in_one_cluster() -> None:
    kinds = (
        *SMALL.compute,
        SelfManagedNodes("x86", instance_types=("m7i.large",), os="BOTTLEROCKET"),
        FargateProfile("apps", selectors=(APPS,)),
        AutoMode(),
    )
    facts = plan(changed(SMALL, compute=kinds)).facts
    assert facts.architectures == {"amd64", "arm64"}
    assert (facts.has_nodes, facts.auto_mode, facts.fargate) == (True, True, (APPS.planned,))


class TestReleases:
    """The pinned ones stand in facts/node_images.toml."""

    def test_every_version_has_a_release_of_each_family(self) -> None:
        for version in SUPPORTED:
            al2023 = ManagedNodes("a", instance_types=("m7g.large",)).release(version)
            assert re.fullmatch(rf"{re.escape(version)}\.\d+-20\d{{6}}", al2023)
            bottlerocket = SelfManagedNodes("a", instance_types=("m7g.large",), os="BOTTLEROCKET").release(version)
            assert not images.is_older(bottlerocket, images.first_bottlerocket(version))

    @pytest.mark.parametrize(
        ("nodes", "own", "release"),
        [
            (ManagedNodes("a", instance_types=("m7g.large",)), None, "1.36.2-20260714"),
            (ManagedNodes("a", instance_types=("m7g.large",), version="1.35"), "1.35", "1.35.6-20260714"),
            (
                ManagedNodes("a", instance_types=("m7g.large",), release_version="1.35.8-20260930"),
                "1.35",
                "1.35.8-20260930",
            ),
            (
                ManagedNodes(
                    "a",
                    instance_types=("m7g.large",),
                    ami_type="BOTTLEROCKET_ARM_64",
                    release_version="1.61.0-8ef015e0",
                ),
                None,
                "1.61.0-8ef015e0",
            ),
            (
                SelfManagedNodes(
                    "a",
                    instance_types=("m7g.large",),
                    os="BOTTLEROCKET",
                    version="1.35",
                    release_version="1.54.0-5043decc",
                ),
                "1.35",
                "1.54.0-5043decc",
            ),
        ],
    )
    def test_whose_version_it_is(self, nodes: ManagedNodes | SelfManagedNodes, own: str | None, release: str) -> None:
        """A release of Amazon Linux is of one Kubernetes minor, Bottlerocket's number says nothing of it."""
        assert (nodes.own_version, nodes.release("1.36")) == (own, release)
        assert not problems_in(nodes)

    @pytest.mark.parametrize(
        ("nodes", "parameter"),
        [
            (
                SelfManagedNodes("a", instance_types=("m7g.large",)),
                f"{AL2023}/1.36/amazon-linux-2023/arm64/standard/amazon-eks-node-al2023-arm64-standard-1.36-v20260714/image_id",
            ),
            (
                SelfManagedNodes("a", instance_types=("g6.xlarge",), release_version="1.35.8-20260930"),
                f"{AL2023}/1.35/amazon-linux-2023/x86_64/nvidia/amazon-eks-node-al2023-x86_64-nvidia-1.35-v20260930/image_id",
            ),
            (
                SelfManagedNodes("a", instance_types=("inf2.xlarge",)),
                f"{AL2023}/1.36/amazon-linux-2023/x86_64/neuron/amazon-eks-node-al2023-x86_64-neuron-1.36-v20260714/image_id",
            ),
            (
                SelfManagedNodes("a", instance_types=("m7i.large",), os="BOTTLEROCKET"),
                "/aws/service/bottlerocket/aws-k8s-1.36/x86_64/1.66.0/image_id",
            ),
            (
                SelfManagedNodes("a", instance_types=("g5g.xlarge",), os="BOTTLEROCKET", version="1.35"),
                "/aws/service/bottlerocket/aws-k8s-1.35-nvidia/arm64/1.66.0/image_id",
            ),
            (
                SelfManagedNodes("a", instance_types=("inf2.xlarge",), os="BOTTLEROCKET"),
                "/aws/service/bottlerocket/aws-k8s-1.36/x86_64/1.66.0/image_id",
            ),
        ],
    )
    def test_the_parameter_of_a_release(self, nodes: SelfManagedNodes, parameter: str) -> None:
        """As Karpenter asks for it (karpenter-provider-aws v1.14.1 pkg/providers/amifamily/al2023.go:82-88, and
        bottlerocket.go:43-52), and Bottlerocket's QUICKSTART-EKS.md:98-105 says.
        """
        assert nodes.image_parameter("1.36") == parameter


@pytest.mark.parametrize(
    ("selector", "namespace", "labels", "selected"),
    [
        (FargateSelector("prod-*"), "prod-a", {}, True),
        (FargateSelector("prod-*"), "prod", {}, False),
        (FargateSelector("prod?"), "prod1", {}, True),
        (FargateSelector("prod?"), "prod12", {}, False),
        (FargateSelector("a", labels={"x": "y"}), "a", {"x": "y", "z": ""}, True),
        (FargateSelector("a", labels={"x": "y"}), "a", {"x": "z"}, False),
        (FargateSelector("a", labels={"x": "y"}), "a", {}, False),
        (FargateSelector("a", labels={"x": "y"}), "a", None, True),
        (FargateSelector("a", labels={"x": "y"}), "b", None, False),
        (FargateSelector("a", labels={"key?": "value*"}), "a", {"key1": "value"}, True),
        (FargateSelector("a", labels={"key?": "value*"}), "a", {"key": "value"}, False),
    ],
)
def test_which_pods_a_profile_takes(
    selector: FargateSelector, namespace: str, labels: dict[str, str] | None, selected: bool
) -> None:
    """With the guide's own examples of wildcards: prod*, prod?, key?=value?.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html#fargate-profile-wildcards
    """
    assert selector.planned.selects(namespace, labels) is selected
    assert not problems_in(selector)


class TestOwnImages:
    """amazon-eks-user-guide, latest/ug/nodes/launch-templates.adoc:428-448 (specifying an AMI)"""

    IMAGE = "ami-0a1b2c3d4e5f60718"

    def group(self, nodes: ManagedNodes | SelfManagedNodes) -> NodeGroup:
        (found,) = plan(changed(SMALL, compute=(nodes,))).compute
        assert isinstance(found, NodeGroup)
        return found

    def test_eks_tells_these_nodes_nothing(self) -> None:
        """EKS "doesn't merge any user data"; taints come by the kubelet too, since EKS's come later."""
        own = ManagedNodes(
            "a",
            instance_types=("m7g.large",),
            image=self.IMAGE,
            min=3,
            labels={"a": "b"},
            taints=(Taint("c", effect="PREFER_NO_SCHEDULE"),),
        )
        other = SelfManagedNodes("a", instance_types=("m7g.large",), min=3, labels=own.labels, taints=own.taints)
        found = self.group(own)
        assert found.launch.user_data == self.group(other).launch.user_data
        assert "certificateAuthority" in found.launch.user_data
        assert (found.image, found.release, found.launch.image_id) == ("CUSTOM", "", self.IMAGE)

    def test_bottlerocket_is_told_in_its_own_way(self) -> None:
        own = ManagedNodes("a", instance_types=("m7g.large",), image=self.IMAGE, min=3, os="BOTTLEROCKET")
        other = SelfManagedNodes("a", instance_types=("m7g.large",), min=3, os="BOTTLEROCKET")
        found = self.group(own)
        assert found.launch.user_data == self.group(other).launch.user_data
        assert [volume.device for volume in found.launch.volumes] == ["/dev/xvda", "/dev/xvdb"]

    def test_a_parameter_names_it_too(self) -> None:
        for kind in (ManagedNodes, SelfManagedNodes):
            found = self.group(kind("a", instance_types=("m7g.large",), image="/images/al2023", min=3))
            assert (found.launch.image_parameter, found.launch.image_id) == ("/images/al2023", "")
            assert found.image_words == "/images/al2023"

    @pytest.mark.parametrize(
        ("nodes", "place"),
        [
            (ManagedNodes("a", instance_types=("m7g.large",), image="ami-1"), "image"),
            (ManagedNodes("a", instance_types=("m7g.large",), image="/aws/service/x"), "image"),
            (
                ManagedNodes("a", instance_types=("m7g.large",), image=IMAGE, ami_type="AL2023_ARM_64_STANDARD"),
                "ami_type",
            ),
            (
                ManagedNodes("a", instance_types=("m7g.large",), image=IMAGE, release_version="1.36.2-20260714"),
                "release_version",
            ),
            (ManagedNodes("a", instance_types=("m7g.large",), os="BOTTLEROCKET"), "os"),
            (
                ManagedNodes("a", instance_types=("m7g.large",), image=IMAGE, os="BOTTLEROCKET", script="#!/bin/sh"),
                "script",
            ),
        ],
    )
    def test_what_goes_with_none(self, nodes: ManagedNodes, place: str) -> None:
        assert [problem.path[0] for problem in problems_in(nodes)] == [place]

    def test_drivers_for_other_accelerators_may_be_in_one(self) -> None:
        for kind in (ManagedNodes, SelfManagedNodes):
            assert problems_in(kind("a", instance_types=("g4ad.xlarge",), image=self.IMAGE)) == []
