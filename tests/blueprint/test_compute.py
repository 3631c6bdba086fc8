"""Groups of nodes, Fargate and Auto Mode."""

from __future__ import annotations

import pytest

from blueprint import AutoMode, FargateProfile, FargateSelector, ManagedNodes, SelfManagedNodes, Taint, plan
from blueprint.compute import Architecture, architecture
from blueprint.value import problems_in
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

TYPES = "compute[0].instance_types"
X86 = {"instance_types": ("m7i.large",)}
APPS = FargateSelector("apps")


def fargate(*selectors: FargateSelector) -> object:
    return changed(SMALL, compute=(*SMALL.compute, FargateProfile("apps", selectors=selectors)))


MISTAKES = [
    mistake("no compute", changed(SMALL, compute=()), "compute", "must not be empty", "give at least one"),
    mistake("no instance types", with_nodes(instance_types=()), TYPES, "must not be empty", "give at least one"),
    mistake("a family", with_nodes(instance_types=("m7g",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("a size", with_nodes(instance_types=(".large",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("garbage", with_nodes(instance_types=("huge one",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("wildcard", with_nodes(instance_types=("m7g.*",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("capitals", with_nodes(instance_types=("M7G.LARGE",)), f"{TYPES}[0]", "EC2 instance type", '"m7g.large"'),
    mistake("a type twice", with_nodes(instance_types=("m7g.large",) * 2), TYPES, "may stand once", "remove"),
    mistake(
        "21 types",
        with_nodes(instance_types=tuple(f"m{n}g.large" for n in range(1, 22))),
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
        "Windows", with_nodes(ami_type="WINDOWS_CORE_2022_x86_64"), "compute[0].ami_type", "BOTTLEROCKET", "ami_type="
    ),
    mistake(
        "image id", with_nodes(ami_type="ami-0123456789abcdef0"), "compute[0].ami_type", "BOTTLEROCKET", "ami_type="
    ),
    mistake(
        "latest release",
        with_nodes(release_version="latest"),
        "compute[0].release_version",
        "release of an EKS",
        "1.35.2-",
    ),
    mistake("capacity", with_nodes(capacity="spot"), "compute[0].capacity", "'ON_DEMAND' or 'SPOT'", "'ON_DEMAND'"),
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
        "a taint twice", with_nodes(taints=(Taint("a", "1"), Taint("a", "2"))), "compute[0].taints", "once", "remove"
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
        changed(with_cluster(version="1.36"), compute=(changed(SMALL.compute[0], version="1.32"),)),
        "compute[0].version",
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
        "unique names",
        "rename one",
    ),
    mistake(
        "Auto Mode twice", changed(AUTO, compute=(AutoMode(), AutoMode())), "compute[1]", "compute[0] turns", "keep one"
    ),
    mistake(
        "Auto Mode twice, named", changed(AUTO, compute=(AutoMode("a"), AutoMode("b"))), "compute[1]", "already", "keep"
    ),
    mistake(
        "no node pool", changed(AUTO, compute=(AutoMode(node_pools=()),)), "compute[0].node_pools", "empty", "give"
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
        "may stand once",
        "remove",
    ),
    mistake("no selectors", fargate(), "compute[1].selectors", "must not be empty", "give at least one"),
    mistake("six selectors", fargate(*[APPS] * 6), "compute[1].selectors", "at most 5 selectors", "5 or fewer"),
    mistake(
        "wildcard selector", fargate(FargateSelector("apps-*")), "compute[1].selectors[0].namespace", "1 to 63", '"'
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


@pytest.mark.parametrize("version", ["1.35", "1.34", "1.33", "1.32", None])
def test_nodes_may_wait_for_three_minors(version: str | None) -> None:
    assert plan(with_nodes(version=version)).facts.version == "1.35"


@pytest.mark.parametrize(
    "key", ["pool", "example.com/pool", "node.kubernetes.io/pool", "mykubernetes.io/pool", "a/k8s.io"]
)
def test_labels_that_a_node_may_have(key: str) -> None:
    assert list(problems_in(changed(SMALL.compute[0], labels={key: "a"}), "")) == []


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
        "t4g.nano",
    ],
)
def test_names_of_instance_types(name: str) -> None:
    assert list(problems_in(ManagedNodes("a", instance_types=(name,)), "")) == []


@pytest.mark.parametrize(
    ("nodes", "image"),
    [
        (ManagedNodes("a", instance_types=("m7g.large",)), "AL2023_ARM_64_STANDARD"),
        (ManagedNodes("a", instance_types=("m7i.large",)), "AL2023_x86_64_STANDARD"),
        (ManagedNodes("a", instance_types=("g5g.xlarge",), ami_type="AL2023_ARM_64_NVIDIA"), "AL2023_ARM_64_NVIDIA"),
    ],
)
def test_image_of_managed_nodes(nodes: ManagedNodes, image: str) -> None:
    assert list(problems_in(nodes, "")) == []
    assert nodes.image == image


def test_every_kind_of_compute_in_one_cluster() -> None:
    kinds = (
        *SMALL.compute,
        SelfManagedNodes("x86", instance_types=("m7i.large",), os="BOTTLEROCKET"),
        FargateProfile("apps", selectors=(APPS,)),
        AutoMode(),
    )
    facts = plan(changed(SMALL, compute=kinds)).facts
    assert facts.architectures == {"amd64", "arm64"}
    assert (facts.has_nodes, facts.auto_mode, facts.fargate_namespaces) == (True, True, frozenset({"apps"}))
