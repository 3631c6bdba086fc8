"""Where the network cuts off what no policy selects, policies stand before the pods that they are for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons.core import core
from addons.external_dns import ExternalDns
from addons.vpc_cni import VpcCni
from blueprint import plan
from tests.blueprint.examples import SMALL
from tests.stacks.test_behaviour import EKS, HELM, MANIFEST, waits_for
from tests.templates import Templates, of_type, synthesized
from tools.assembly import objects


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    addons = (*core(VpcCni(enforcing_mode="strict")), ExternalDns(zones=("Z1",)))
    return synthesized([plan(replace(SMALL, addons=addons))], tmp_path_factory.mktemp("strict"), validate=True)


def test_before_coredns_and_after_the_network(made: Templates) -> None:
    """EKS waits for CoreDNS to be ready, which asks the API server for all that it answers with."""
    template = made["dev", "cluster"]
    ((policies, resource),) = of_type(template, MANIFEST).items()
    assert {one["kind"] for one in objects(resource)} == {"NetworkPolicy"}
    addons = {each["Properties"]["AddonName"]: id for id, each in of_type(template, f"{EKS}Addon").items()}
    (nodes,) = of_type(template, f"{EKS}Nodegroup")
    assert policies in waits_for(template, addons["coredns"])
    assert addons["vpc-cni"] in waits_for(template, policies)
    assert nodes not in waits_for(template, policies)
    # It acts as the function's role, whose access entry must be there before, and go after.
    entries = of_type(template, f"{EKS}AccessEntry")
    assert any("KubectlAccess" in id for id in waits_for(template, policies) & entries.keys())


def test_with_the_namespace_before_the_release(made: Templates) -> None:
    template = made["dev", "addons"]
    spaces = {
        id: [one["kind"] for one in objects(each)]
        for id, each in of_type(template, MANIFEST).items()
        if any(one["kind"] == "Namespace" for one in objects(each))
    }
    assert set(map(tuple, spaces.values())) == {("Namespace", "NetworkPolicy", "NetworkPolicy")}
    (release,) = of_type(template, HELM)
    assert spaces.keys() <= waits_for(template, release)


def test_in_the_cluster_stack_stands_only_what_add_ons_of_eks_wait_for(fleet: Templates) -> None:
    """Node pools of Auto Mode, on which they run, and policies where its nodes cut off what no policy selects."""
    found = {
        (cluster, one["kind"])
        for (cluster, stack), template in fleet.items()
        if stack == "cluster"
        for each in of_type(template, MANIFEST).values()
        for one in objects(each)
    }
    assert found == {("auto-pools", kind) for kind in ("NetworkPolicy", "NodeClass", "NodePool")}
