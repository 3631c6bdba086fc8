"""What self-managed nodes are told, read back by others' parsers: TOML, MIME, JSON."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from email import message_from_string
from typing import Any

import pytest

from blueprint import ManagedNodes, SelfManagedNodes, Taint
from blueprint.planning.user_data import more_user_data, user_data
from tests.addons.support import FACTS
from tests.blueprint.examples import changed

NODES = SelfManagedNodes("a", instance_types=("m7g.large",))
TWO = (Taint("example.com/t", "v"), Taint("example.com/t", "v", effect="NO_EXECUTE"), Taint("b"))


def bottlerocket(facts: Any = FACTS, **fields: Any) -> dict[str, Any]:
    text = user_data(changed(NODES, os="BOTTLEROCKET", **fields), facts)
    found: dict[str, Any] = tomllib.loads(text)["settings"]["kubernetes"]
    return found


def node_config(facts: Any = FACTS, **fields: Any) -> dict[str, Any]:
    message = message_from_string(user_data(changed(NODES, **fields), facts))
    assert message.get_content_type() == "multipart/mixed"
    _, part = message.walk()
    assert part.get_content_type() == "application/node.eks.aws"
    config: dict[str, Any] = json.loads(str(part.get_payload()))
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    found: dict[str, Any] = config["spec"]
    return found


def test_bottlerocket_is_told_its_cluster() -> None:
    """Keys of settings.kubernetes: https://bottlerocket.dev/en/os/1.50.x/api/settings/kubernetes"""
    assert bottlerocket() == {
        "cluster-name": "prod",
        "api-server": "${blueprint:cluster-endpoint}",
        "cluster-certificate": "${blueprint:cluster-certificate}",
        "cluster-dns-ip": "172.20.0.10",
    }
    assert bottlerocket(replace(FACTS, service_cidr="10.100.0.0/16"))["cluster-dns-ip"] == "10.100.0.10"


def test_two_taints_of_one_key_are_one_list() -> None:
    """A key that stands twice is no TOML. node-taints: bottlerocket sources/models/src/lib.rs, bottlerocket#1897"""
    told = bottlerocket(taints=TWO, labels={"example.com/pool": "a", "b": ""})
    assert told["node-taints"] == {"example.com/t": ["v:NoSchedule", "v:NoExecute"], "b": [":NoSchedule"]}
    assert told["node-labels"] == {"b": "", "example.com/pool": "a"}


def test_amazon_linux_is_told_its_cluster() -> None:
    """What nodeadm requires: nodeadm/internal/api/validation.go:5-17."""
    assert node_config() == {
        "cluster": {
            "name": "prod",
            "apiServerEndpoint": "${blueprint:cluster-endpoint}",
            "certificateAuthority": "${blueprint:cluster-certificate}",
            "cidr": "172.20.0.0/16",
        }
    }


def test_amazon_linux_registers_with_labels_and_taints() -> None:
    """As Karpenter has it: pkg/providers/amifamily/bootstrap/nodeadm.go."""
    kubelet = node_config(taints=TWO, labels={"example.com/pool": "a", "b": ""})["kubelet"]
    assert kubelet["flags"] == ["--node-labels=b=,example.com/pool=a"]
    assert kubelet["config"]["registerWithTaints"] == [
        {"key": "example.com/t", "value": "v", "effect": "NoSchedule"},
        {"key": "example.com/t", "value": "v", "effect": "NoExecute"},
        {"key": "b", "effect": "NoSchedule"},
    ]


@pytest.mark.parametrize(("types", "pods"), [(("m7g.large",), 110), (("m7g.medium",), 98), (("m7g.16xlarge",), 250)])
def test_prefixes_of_addresses_make_room_for_more_pods(types: tuple[str, ...], pods: int) -> None:
    """Neither nodeadm nor Bottlerocket sees that the CNI gives out prefixes: amazon-eks-ami#2045."""
    facts = replace(FACTS, prefix_delegation=True)
    assert bottlerocket(facts, instance_types=types)["max-pods"] == pods
    expression = node_config(facts, instance_types=types)["kubelet"]["maxPodsExpression"]
    # Interfaces and addresses of each, as EC2's DescribeInstanceTypes has them.
    enis, ips = {"m7g.large": (3, 10), "m7g.medium": (2, 4), "m7g.16xlarge": (15, 50)}[types[0]]
    assert _cel(expression, enis, ips) == pods
    assert "max-pods" not in bottlerocket()


@pytest.mark.parametrize(("types", "pods"), [(("m7g.large",), 110), (("m7g.medium",), 50), (("t4g.small",), 98)])
def test_an_interface_that_is_not_for_pods_takes_room(types: tuple[str, ...], pods: int) -> None:
    """`((default_enis - 1) * (ips_per_eni - 1)) + 2`: amazon-eks-ami nodeadm/…/kubelet/eni_max_pods_test.go:111."""
    own = replace(FACTS, pod_subnets=(("eu-west-1a", "subnet-1"),))
    prefixes = replace(own, prefix_delegation=True)
    enis, ips = {"m7g.large": (3, 10), "m7g.medium": (2, 4), "t4g.small": (3, 4)}[types[0]]
    assert bottlerocket(prefixes, instance_types=types)["max-pods"] == pods
    expression = node_config(prefixes, instance_types=types)["kubelet"]["maxPodsExpression"]
    assert _cel(expression, enis, ips) == pods
    expression = node_config(own, instance_types=types)["kubelet"]["maxPodsExpression"]
    assert _cel(expression, enis, ips) == (enis - 1) * (ips - 1) + 2
    assert "kubelet" not in node_config()


def _cel(expression: str, enis: int, ips: int) -> int:
    """The conditional of CEL, which nodeadm evaluates with these two variables (internal/kubelet/eni_max_pods.go)."""
    condition, _, rest = expression.partition(" ? ")
    if not rest:
        condition, rest = "True", f"{expression} : 0"
    then, _, other = rest.partition(" : ")
    names = {"default_enis": enis, "ips_per_eni": ips}
    chosen = then if eval(condition, {}, names) else other  # noqa: S307  # text of ours
    result: int = eval(chosen, {}, names)  # noqa: S307  # text of ours
    return result


def parts_of(text: str) -> list[tuple[str, str]]:
    return [(part.get_content_type(), str(part.get_payload())) for part in message_from_string(text).walk()][1:]


def test_a_script_stands_before_the_configuration_and_both_are_whole() -> None:
    """cloud-init takes parts by their type: https://cloudinit.readthedocs.io/en/latest/explanation/format.html"""
    script = "#!/bin/bash\nset -e\necho '--' \"$HOME\"\n"
    (kind, told), (_, config) = parts_of(user_data(changed(NODES, script=script), FACTS))
    assert (kind, told.strip()) == ("text/x-shellscript", script.strip())
    assert json.loads(config)["spec"]["cluster"]["name"] == "prod"


def test_what_the_kubelet_is_told_beside_labels_and_taints() -> None:
    """spec.kubelet.config and spec.instance.localStorage: nodeadm/api/v1alpha1/nodeconfig_types.go:60-133."""
    told = node_config(kubelet={"podPidsLimit": 9}, taints=TWO[:1], labels={"a": "b"}, instance_store="RAID10")
    assert told["kubelet"]["config"] == {
        "podPidsLimit": 9,
        "registerWithTaints": [{"key": "example.com/t", "value": "v", "effect": "NoSchedule"}],
    }
    assert told["kubelet"]["flags"] == ["--node-labels=a=b"]
    assert told["instance"] == {"localStorage": {"strategy": "RAID10"}}


def test_settings_of_bottlerocket_are_joined_with_ours() -> None:
    more = {"kernel": {"lockdown": "integrity"}, "kubernetes": {"image-gc-high-threshold-percent": "70"}}
    text = user_data(changed(NODES, os="BOTTLEROCKET", bottlerocket=more, labels={"a": "b"}), FACTS)
    told = tomllib.loads(text)["settings"]
    assert told["kernel"] == {"lockdown": "integrity"}
    assert told["kubernetes"] == bottlerocket(labels={"a": "b"}) | more["kubernetes"]


MANAGED = ManagedNodes("a", instance_types=("m7g.large",))


def test_a_managed_group_says_only_what_is_its_own() -> None:
    """EKS joins it with its own: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html"""
    assert more_user_data(MANAGED, FACTS) == ""
    assert more_user_data(changed(MANAGED, labels={"a": "b"}, taints=TWO), FACTS) == ""
    ((kind, config),) = parts_of(more_user_data(changed(MANAGED, kubelet={"podPidsLimit": 9}), FACTS))
    assert kind == "application/node.eks.aws"
    assert json.loads(config)["spec"] == {"kubelet": {"config": {"podPidsLimit": 9}}}
    ((kind, _),) = parts_of(more_user_data(changed(MANAGED, script="#!/bin/sh"), FACTS))
    assert kind == "text/x-shellscript"
    rocket = changed(MANAGED, ami_type="BOTTLEROCKET_ARM_64", bottlerocket={"kernel": {"lockdown": "none"}})
    assert tomllib.loads(more_user_data(rocket, FACTS)) == {"settings": {"kernel": {"lockdown": "none"}}}
