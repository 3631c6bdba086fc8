"""What charts bring of which a cluster has one, by their contracts: two that bring the same are refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from addons.argo_events import ArgoEvents
from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from addons.envoy_gateway import EnvoyGateway
from addons.external_dns import ExternalDns
from addons.gpu_operator import GpuOperator
from addons.keda import Keda
from addons.nvidia_dra_driver import NvidiaDraDriver
from blueprint import Mirrors, plan
from blueprint.addons import Addon, EksAddonByName, HelmRelease, KubernetesManifests
from blueprint.addons.installed import brought, stated
from blueprint.addons.lock import locked_chart, locked_repository
from tests.addons.support import FACTS
from tests.blueprint.examples import SMALL, assert_reported, error_of, with_addons
from tests.stacks.fleet import FLEET
from tools import contracts

ENVOY = EnvoyGateway(scheme=None)
ZONE = "Z0123456789ABC"


def by_value(name: str, chart: str, **more: Any) -> HelmRelease:
    """A chart of the lock, under a name and with values of one's own."""
    repository = locked_repository(chart)
    return HelmRelease(name, **{"chart": chart, "repository": repository, "version": "1.0.0", "namespace": name} | more)


@pytest.mark.parametrize(
    ("addons", "both"),
    [
        # envoyproxy/gateway v1.9.0 charts/gateway-helm/charts/crds/crds
        ((ENVOY, by_value("own", "gateway-helm")), "backends.gateway.envoyproxy.io and 22 more"),
        # kedacore/charts keda/templates/crds, and its APIService for metrics, whose name has nothing of the release
        ((Keda(), by_value("scaling", "keda")), "APIService.apiregistration.k8s.io v1beta1.external.metrics.k8s.io"),
        # argo-helm charts/argo-events/templates/crds
        ((by_value("a", "argo-events"), by_value("b", "argo-events", version="2.0.0")), "eventbus.argoproj.io"),
        # kubernetes-sigs/aws-efs-csi-driver charts/aws-efs-csi-driver/templates/csidriver.yaml
        ((AwsEfsCsiDriver(), by_value("efs", "aws-efs-csi-driver")), "CSIDriver.storage.k8s.io efs.csi.aws.com"),
    ],
    ids=["definitions", "objects", "by value", "of EKS"],
)
def test_two_that_bring_the_same_are_refused_by_both_their_names(addons: tuple[Addon, ...], both: str) -> None:
    first, second = sorted(addons, key=lambda addon: addon.name)
    at = 3 + addons.index(second)
    (problem,) = error_of(with_addons(*addons)).problems
    assert (problem.path[-2:], problem.value) == (("addons", at), second.name)
    assert f"{second.name} conflicts with {first.name} (addons[{3 + addons.index(first)}]): both bring" in problem.rule
    assert both in problem.rule
    assert problem.fix.startswith("remove one of them")


def test_an_add_on_of_eks_by_its_name_is_what_its_class_is() -> None:
    named = EksAddonByName("aws-efs-csi-driver", version="v2.1.0-eksbuild.1")
    problems = error_of(with_addons(named, by_value("efs", "aws-efs-csi-driver"))).problems
    assert [problem.rule.partition(":")[0] for problem in problems] == [
        "efs conflicts with aws-efs-csi-driver (addons[3])"
    ]


@pytest.mark.parametrize(
    "values",
    [{"crds": {"enabled": False}}, {"installCRDs": False}, {"sub": {"crds": {"create": False}}}, {"crds": False}],
)
def test_what_leaves_its_definitions_out_goes_with_whoever_brings_them(values: dict[str, Any]) -> None:
    plan(with_addons(ENVOY, by_value("own", "gateway-helm", values=values)))


def test_a_value_about_definitions_is_not_yet_one_that_leaves_them_out() -> None:
    kept = by_value("own", "gateway-helm", values={"crds": {"keep": False, "enabled": True}})
    assert_reported(with_addons(ENVOY, kept), "addons[4]", "conflicts with envoy-gateway", "by a value of its chart")


def test_one_chart_may_stand_there_twice() -> None:
    """Its definitions are the same, and its objects have names of the release: helm create's fullname."""
    plan(with_addons(ExternalDns(zones=(ZONE,)), ExternalDns(name="external-dns-private", zones=(ZONE,))))
    same = by_value("dns", "external-dns", version=ExternalDns.chart.version)
    plan(with_addons(ExternalDns(zones=(ZONE,)), same))


def test_a_chart_of_that_name_from_elsewhere_is_another_one() -> None:
    plan(with_addons(ENVOY, by_value("own", "gateway-helm", repository="oci://registry.example.com/gateway-helm")))
    mirrored = replace(SMALL, mirrors=Mirrors(charts="oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/charts"))
    both = with_addons(Keda(), by_value("scaling", "keda"), base=mirrored)
    assert [problem.rule for problem in error_of(both).problems if "both bring" in problem.rule]


def test_an_object_of_ones_own_is_told_from_that_of_a_chart() -> None:
    """Under the name of an APIService of Keda's: kedacore/charts keda/templates/metrics-server/apiservice.yaml."""
    own = KubernetesManifests("own", directory="manifests", namespace="own")
    made = own.contribute(FACTS)
    service = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.own"}}
    assert stated(replace(made, objects=(service,))) == {"APIService.apiregistration.k8s.io v1.own"}


def test_what_contracts_say_is_what_is_compared() -> None:
    """And nothing of what stands in namespaces."""
    made = ArgoEvents().contribute(FACTS)
    (contract,) = contracts.read("argo-events").values()
    found = {*brought("argo-events", made)}
    assert {f"CustomResourceDefinition.apiextensions.k8s.io {each}" for each in contract["definitions"]} <= found
    assert found <= {*contract["objects"]}
    assert not [each for each in found if "/" in each.partition(" ")[2]]


def test_no_two_of_ours_bring_the_same() -> None:
    """Of all classes with a contract, but for those that exclude each other: whoever has the rest hears of no such
    conflict.
    """
    owners: dict[str, set[type[Addon]]] = {}
    for cls in contracts.classes():
        for title in brought(cls.name, contracts.typical(cls).contribute(contracts.FACTS)):
            owners.setdefault(title, set()).add(cls)
    together = {pair for classes in owners.values() for pair in permutations(classes, 2)}
    assert {(one.name, other.name) for one, other in together if not excluded(one, other)} == set()
    assert excluded(NvidiaDraDriver, GpuOperator)  # which bring the same definitions
    assert (NvidiaDraDriver, GpuOperator) in together


def excluded(one: type[Addon], other: type[Addon]) -> bool:
    return issubclass(other, one.conflicts) or issubclass(one, other.conflicts)


def test_the_lock_knows_where_charts_are() -> None:
    assert locked_repository("keda") == locked_chart("keda").repository
    assert locked_repository("never-heard-of") == ""
    assert FLEET  # each of which is planned: none of its conflicts is a mistake of this rule
