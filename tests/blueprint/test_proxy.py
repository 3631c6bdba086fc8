"""A proxy: who is told of it, in its own words, and what is reached without it."""

from __future__ import annotations

import ipaddress
import json
import tomllib
from typing import Any

import pytest
from botocore.utils import should_bypass_proxies

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.karpenter.node_class import NodeClass
from blueprint import (
    AutoMode,
    AutoNodeClass,
    Blueprint,
    Cluster,
    FargateProfile,
    FargateSelector,
    ManagedNodes,
    Proxy,
    Role,
    SelfManagedNodes,
    plan,
)
from blueprint.node_pool import NodePool
from blueprint.planning.document import NodeGroup
from tests.blueprint.examples import SMALL, assert_reported, changed, part, places, with_network
from tests.blueprint.test_existing_network import NETWORK as EXISTING_NETWORK
from tests.blueprint.test_user_data import parts_of
from tests.templates import plain

PROXY = Proxy("http://proxy.example.com:3128", without=(".example.com",))
ISOLATED = with_network(nat="none")
NODES = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
NEAR = ["localhost", "127.0.0.1", "169.254.169.254", "169.254.170.23", ".cluster.local", ".svc", ".internal"]
API = [".eks.amazonaws.com", ".eks.amazonaws.com.cn", ".api.amazonwebservices.com.cn"]


def behind(base: Blueprint = ISOLATED, **fields: Any) -> Blueprint:
    return changed(base, **{"proxy": PROXY, "compute": (NODES,), "addons": CORE, **fields})


def test_what_is_near_and_what_has_an_endpoint_is_reached_without_it() -> None:
    """IMDS and the agent of Pod Identity: AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html,
    eks/latest/userguide/pod-id-how-it-works.html. Without internet all of the region has endpoints.
    """
    here = ["10.0.0.0/16", "172.20.0.0/16"]
    assert list(plan(behind()).facts.without_proxy) == [*NEAR, *here, *API, ".us-west-2.amazonaws.com", ".example.com"]
    routed = plan(behind(with_network(nat="one", interface_endpoints=("ecr.dkr", "sts")))).facts.without_proxy
    names = [f"{name}.us-west-2.amazonaws.com" for name in ("dkr.ecr", "s3", "sts")]
    assert list(routed) == [
        *NEAR,
        *here,
        *API,
        *(each for name in names for each in (name, f".{name}")),
        ".example.com",
    ]
    china = plan(behind(changed(ISOLATED, region="cn-north-1"))).facts.without_proxy
    assert ".cn-north-1.amazonaws.com.cn" in china


IPV6 = Cluster("1.36", admins=(Role("A"),), ip_family="ipv6")


def test_an_ipv6_cluster_reaches_its_services_without_it() -> None:
    """EKS chooses their range, of fc00::/7: eks/latest/userguide/cni-ipv6.html. The names of its API are those of
    cluster-endpoint.html (eks-cluster.region.api.aws).
    """
    told = plan(behind(with_network(nat="one", ipv6=True), cluster=IPV6)).facts.without_proxy
    assert "172.20.0.0/16" not in told
    assert ".eks-cluster.us-west-2.api.aws" in told
    ranges = [ipaddress.IPv6Network(each) for each in told if "::/" in each]
    for service in ("fd1c:99::1", "fc00:1::a", "fd00:ec2::254", "fd00:ec2::23"):
        assert any(ipaddress.IPv6Address(service) in each for each in ranges)
    assert not any(ipaddress.IPv6Address("2600:1f14::1") in each for each in ranges)
    assert set(plan(behind()).facts.without_proxy).isdisjoint({"fc00::/7", ".eks-cluster.us-west-2.api.aws"})


@pytest.mark.parametrize("url", ["http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::254]/latest/meta-data"])
def test_python_asks_no_proxy_for_credentials_of_pods(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows no ranges of IPv6. Go's http.ProxyFromEnvironment does, of which we have tried the same text."""
    told = plan(behind(with_network(nat="one", ipv6=True), cluster=IPV6)).facts.proxy_environment
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, told["NO_PROXY"])
    assert should_bypass_proxies(url)
    assert not should_bypass_proxies("http://[2600:1f14::1]/")


def test_ranges_of_both_families_that_are_known() -> None:
    there = changed(EXISTING_NETWORK, ipv6_cidrs=("2600:1f14:12:3400::/56",))
    for field in ("nodes", "load_balancers"):
        numbered = (
            changed(each, ipv6_cidr=f"2600:1f14:12:34{number}{len(field):x}::/64")
            for number, each in enumerate(getattr(there, field))
        )
        there = changed(there, **{field: tuple(numbered)})
    for cluster, known in ((IPV6, True), (SMALL.cluster, False)):
        told = plan(behind(changed(SMALL, network=there), cluster=cluster)).facts.without_proxy
        assert ("2600:1f14:12:3400::/56" in told) is known


def test_programs_are_told_by_the_variables_that_they_read() -> None:
    facts = plan(behind()).facts
    assert dict(facts.proxy_environment) == {
        "HTTP_PROXY": PROXY.address,
        "HTTPS_PROXY": PROXY.address,
        "NO_PROXY": ",".join(facts.without_proxy),
    }
    assert dict(plan(SMALL).facts.proxy_environment) == {}


def told(user_data: str) -> dict[str, Any]:
    """The `instance` of a NodeConfig: amazon-eks-ami v20260724 nodeadm/test/e2e/cases/nodeadm-http-proxy/run.sh."""
    ((kind, config),) = parts_of(user_data)
    assert kind == "application/node.eks.aws"
    instance = json.loads(config)["spec"]["instance"]
    assert isinstance(instance, dict)
    return instance


def test_nodes_of_every_kind_are_told() -> None:
    """Bottlerocket: bottlerocket-core-kit sources/api/pluto/src/proxy.rs; https://bottlerocket.dev/en/os/latest/api/settings/network"""
    groups = (
        NODES,
        ManagedNodes("rocket", instance_types=("m7g.large",), ami_type="BOTTLEROCKET_ARM_64"),
        SelfManagedNodes("own", instance_types=("m7g.large",), instance_store=None),
        SelfManagedNodes("hard", instance_types=("m7g.large",), os="BOTTLEROCKET", bottlerocket={"network": {"x": 1}}),
    )
    classes = (NodeClass(), NodeClass("hard", os="BOTTLEROCKET"), NodeClass("both", script="#!/bin/sh\necho"))
    pools = tuple(NodePool(each.name, node_class=each.name) for each in classes)
    made = plan(behind(compute=groups, addons=(*CORE, Karpenter(node_classes=classes, node_pools=pools))))
    environment = {"environment": {"default": dict(made.facts.proxy_environment)}}
    network = {"https-proxy": PROXY.address, "no-proxy": list(made.facts.without_proxy)}
    data = {group.name: group.launch.user_data for group in made.compute if isinstance(group, NodeGroup)}
    assert told(data["system"]) == told(data["own"]) == environment
    assert tomllib.loads(data["rocket"])["settings"] == {"network": network}
    assert tomllib.loads(data["hard"])["settings"]["network"] == {**network, "x": 1}
    objects = {
        each["metadata"]["name"]: each for each in part(made, "karpenter").objects if each["kind"] == "EC2NodeClass"
    }
    assert told(objects["default"]["spec"]["userData"]) == environment
    assert tomllib.loads(objects["hard"]["spec"]["userData"])["settings"] == {"network": network}
    kinds = [kind for kind, _ in parts_of(objects["both"]["spec"]["userData"])]
    assert kinds == ["text/x-shellscript", "application/node.eks.aws"]


def test_nodes_of_auto_mode_are_told_by_their_class() -> None:
    """AdvancedNetworking of NodeClass: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""
    classes = (AutoNodeClass("own"), AutoNodeClass("other", https_proxy="http://192.0.2.4:3128"))
    auto = AutoMode(
        node_pools=(),
        node_classes=classes,
        own_node_pools=tuple(NodePool(each.name, node_class=each.name) for each in classes),
    )
    made = plan(behind(compute=(auto,), addons=()))
    every = [each for one in made.parts for each in one.contribution.every_object]
    objects = {each["metadata"]["name"]: each for each in every if each["kind"] == "NodeClass"}
    networking = {name: plain(objects[name]["spec"]["advancedNetworking"]) for name in ("own", "other")}
    assert networking["own"] == {"httpsProxy": PROXY.address, "noProxy": list(made.facts.without_proxy)}
    assert networking["other"] == {"httpsProxy": "http://192.0.2.4:3128"}


def test_add_ons_that_call_the_internet_are_told_where_their_charts_take_it() -> None:
    dns = ExternalDns(zones=("Z0123456789ABC",), extra_values={"logLevel": "debug"})
    acme = CertManager(zones={"example.com": "Z0123456789ABC"}, acme_email="platform@example.com")
    argo = ArgoCd(domain="argocd.example.com")
    made = plan(behind(addons=(*CORE, dns, acme, argo, AwsLoadBalancerController())))
    environment = [{"name": name, "value": value} for name, value in made.facts.proxy_environment.items()]
    values = {name: part(made, name).releases[0].values for name in ("external-dns", "cert-manager", "argo-cd")}
    region = {"name": "AWS_REGION", "value": "us-west-2"}
    assert list(values["external-dns"]["env"]) == [region, *environment]
    assert list(values["cert-manager"]["extraEnv"]) == [region, *environment]
    assert list(values["argo-cd"]["global"]["env"]) == environment
    assert "PROXY" not in str(part(made, "aws-load-balancer-controller").releases[0].values)


@pytest.mark.parametrize(
    ("blueprint", "place", "rule", "fix"),
    [
        (behind(proxy=Proxy("proxy:3128")), "proxy.address", "address of a proxy", "http://proxy.example.com:3128"),
        (behind(proxy=Proxy("http://me:secret@proxy:3128")), "proxy.address", "without credentials", "http://proxy"),
        (behind(proxy=changed(PROXY, without=("a b",))), "proxy.without[0]", "host name, a domain", ".example.com"),
        (
            behind(addons=(*CORE, ExternalDns(zones=("Z1",), extra_values={"env": []}))),
            f"addons[{len(CORE)}]",
            "calls route53",
            "remove it",
        ),
    ],
)
def test_mistakes(blueprint: Blueprint, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_what_takes_no_proxy_pulls_from_ecr_alone() -> None:
    """Fargate and the built-in node pools of Auto Mode; the function that installs takes one in any case."""
    addons = (*CORE, ExternalDns(zones=("Z1",)))
    fargate = FargateProfile("jobs", selectors=(FargateSelector("jobs"),))
    assert "registry.k8s.io/external-dns/external-dns" in part(plan(behind(addons=addons)), "external-dns").images
    assert places(behind(addons=addons, compute=(NODES, fargate))) == [f"addons[{len(CORE)}]"]
    assert places(behind(addons=addons, compute=(NODES, AutoMode()))) == [f"addons[{len(CORE)}]"]
