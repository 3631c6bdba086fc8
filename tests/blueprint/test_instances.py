"""What the names of instance types say, against EC2's own description of each, which moto carries along.

moto/ec2/resources/instance_types.json.gz is what `aws ec2 describe-instance-types` answers.
"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.loaders
import moto
import pytest

from blueprint.instances import (
    CATEGORIES,
    TYPES,
    accelerator,
    allocatable_millicpus,
    architecture,
    efa_interfaces,
    pods_with_prefixes,
    vcpus,
)

# Macs run no Kubernetes; DescribeInstanceTypes tells nothing of the chips of a type that was not out when moto asked.
IGNORED = ("mac", "trn2u.")
REFUSED = (".nano", ".micro")


@cache
def types() -> dict[str, dict[str, Any]]:
    path = Path(moto.__file__).parent / "ec2" / "resources" / "instance_types.json.gz"
    found: dict[str, dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))
    return {name: each for name, each in found.items() if not name.startswith(IGNORED) and not name.endswith(REFUSED)}


def test_there_are_many() -> None:
    assert len(types()) > 1300


def test_all_of_them_are_known() -> None:
    """To the API of EC2; `facts/instance_types.toml` may have more, which that does not know yet."""
    shapes = botocore.loaders.Loader().load_service_model("ec2", "service-2")["shapes"]
    listed = {name for name in shapes["InstanceType"]["enum"] if not name.startswith("mac")}
    assert not listed - TYPES
    assert set(types()) <= TYPES


def test_categories_are_those_of_karpenter() -> None:
    """karpenter-provider-aws v1.14.1 pkg/providers/instancetype/types.go:52, instanceTypeScheme."""
    scheme = re.compile(r"(^[a-z]+)(\-[0-9]+tb)?([0-9]+).*\.")
    assert {found[1] for name in types() if (found := scheme.match(name))} <= set(CATEGORIES)


def test_elastic_fabric_adapters() -> None:
    """Of p6-b300 the first network card takes none (EfaInfo: 16, on 17 cards)."""
    told = {
        name: each["NetworkInfo"].get("EfaInfo", {}).get("MaximumEfaInterfaces", 0) for name, each in types().items()
    }
    assert told["p6-b300.48xlarge"] == 16
    assert {name: efa_interfaces((name,)) for name in told} == {**told, "p6-b300.48xlarge": 0}
    assert efa_interfaces(("p5.48xlarge", "p4d.24xlarge")) == 4
    assert efa_interfaces(("p5.48xlarge", "m7i.large")) == 0


def test_architecture() -> None:
    names = {"arm64": "arm64", "x86_64": "amd64", "i386": "amd64"}
    for name, each in types().items():
        assert architecture(name) in {names[it] for it in each["ProcessorInfo"]["SupportedArchitectures"]}, name


def test_accelerator() -> None:
    others = ("GpuInfo", "FpgaInfo", "InferenceAcceleratorInfo", "MediaAcceleratorInfo")
    for name, each in types().items():
        expected: str | None
        makers = {gpu["Manufacturer"] for gpu in each.get("GpuInfo", {}).get("Gpus", ())}
        if "NVIDIA" in makers:
            expected = "nvidia"
        elif "NeuronInfo" in each:
            expected = "neuron"
        else:
            expected = "other" if any(kind in each for kind in others) else None
        assert accelerator(name) == expected, name


def test_cpus_are_never_fewer_and_mostly_exact() -> None:
    found = {name: (vcpus(name), each["VCpuInfo"]["DefaultVCpus"]) for name, each in types().items()}
    unknown = {name for name, (ours, _) in found.items() if ours is None}
    assert {name.partition(".")[2] for name in unknown} == {"metal"}
    known = {name: (ours or 0, theirs) for name, (ours, theirs) in found.items() if ours is not None}
    assert [name for name, (ours, theirs) in known.items() if ours < theirs] == []
    wrong = {name.partition(".")[0] for name, (ours, theirs) in known.items() if ours > theirs}
    assert wrong == {"m1", "m2", "t2"}  # of 2006 to 2014


@pytest.mark.parametrize("reserved", [False, True])
def test_pods_with_prefixes_have_addresses(*, reserved: bool) -> None:
    """The formula of nodeadm/internal/kubelet/eni_max_pods.go, with prefixes and caps of max-pods-calculator.sh; one
    interface less by its --cni-custom-networking-enabled.
    """
    for name, each in types().items():
        network, count = each["NetworkInfo"], each["VCpuInfo"]["DefaultVCpus"]
        cards = network.get("NetworkCards")
        interfaces = cards[network["DefaultNetworkCardIndex"]] if cards else network
        usable = interfaces["MaximumNetworkInterfaces"] - reserved
        addresses = usable * (network["Ipv4AddressesPerInterface"] - 1) * 16 + 2
        if each.get("Hypervisor") == "nitro":
            assert pods_with_prefixes((name,), reserved=reserved) <= min(addresses, 250 if count > 30 else 110), name


@pytest.mark.parametrize(
    ("names", "pods"),
    [
        (("m7g.large",), 110),
        (("t3.medium",), 110),
        (("m7g.medium", "m7g.large"), 98),
        (("m7g.16xlarge",), 250),
        (("m7g.16xlarge", "m7g.xlarge"), 110),
    ],
)
def test_pods_with_prefixes(names: tuple[str, ...], pods: int) -> None:
    assert pods_with_prefixes(names) == pods


@pytest.mark.parametrize(
    ("name", "left"), [("m7g.medium", 940), ("m7g.large", 1930), ("m7g.xlarge", 3920), ("m7g.2xlarge", 7910)]
)
def test_cpus_left_for_pods(name: str, left: int) -> None:
    """As Karpenter's reference of instance types has them (website/content/en/preview/reference/instance-types.md)."""
    assert allocatable_millicpus(name) == left
