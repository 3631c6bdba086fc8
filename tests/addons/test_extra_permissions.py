"""AWS permissions that a user gives an add-on beside its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.cert_manager import CertManager
from addons.core_dns import CoreDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import plan
from blueprint.addons import CallsAws, EksAddon, HelmAddon, Statement
from blueprint.contribution import Grant
from blueprint.workload import PodSelector
from tests.addons.support import FACTS
from tests.blueprint.examples import SMALL, changed, part, places, with_addons
from tools import contracts

MORE = (Statement(("s3:GetObject",), ("arn:${blueprint:partition}:s3:::settings/one",)),)


def grant(addon: EksAddon | HelmAddon) -> Grant:
    contribution = addon.contribute(FACTS)
    managed = [each.grant for each in contribution.managed_addons if each.grant]
    (found,) = (*contribution.grants, *managed)
    return found


@pytest.mark.parametrize("addon", [Karpenter(), AwsEbsCsiDriver()], ids=lambda addon: addon.name)
def test_they_stand_behind_the_addons_own(addon: EksAddon | HelmAddon) -> None:
    own = grant(addon)
    assert grant(changed(addon, extra_permissions=MORE)) == replace(own, statements=(*own.statements, *MORE))


def test_an_action_that_aws_does_not_know_is_refused() -> None:
    wrong = CertManager(extra_permissions=(*MORE, Statement(("s3:GetObjekt",), ("arn:aws:s3:::settings/one",))))
    assert places(with_addons(wrong)) == [f"addons[{len(SMALL.addons)}].extra_permissions[1].actions"]


def test_they_alone_make_a_role() -> None:
    """The service account that the chart's values name, which has none while the add-on needs nothing of AWS."""
    assert CertManager().contribute(FACTS).grants == ()
    found = grant(CertManager(extra_permissions=MORE))
    assert (found.name, found.statements) == ("cert-manager/cert-manager", MORE)


def test_they_come_by_irsa_where_the_pods_run_on_fargate() -> None:
    facts = replace(FACTS, fargate=(PodSelector("cert-manager"),))
    contribution = CertManager(extra_permissions=MORE).contribute(facts)
    assert contribution.grants[0].irsa
    assert "eks.amazonaws.com/role-arn" in contribution.releases[0].values["serviceAccount"]["annotations"]


@pytest.mark.parametrize(
    "addon", [ExternalSecrets(), ArgoCd(domain="argocd.example.com"), CoreDns()], ids=lambda addon: addon.name
)
def test_an_addon_without_a_service_account_takes_none(addon: EksAddon | HelmAddon) -> None:
    assert places(with_addons(changed(addon, extra_permissions=MORE))) == [
        f"addons[{len(SMALL.addons)}].extra_permissions"
    ]
    plan(with_addons(addon))


class WithoutPermissions(VpcCni):
    """A network plugin on the permissions of the nodes."""

    service_account = ""


def test_nor_does_one_of_a_class_that_takes_it_away() -> None:
    assert places(replace(SMALL, addons=(WithoutPermissions(extra_permissions=MORE), *SMALL.addons[1:]))) == [
        "addons[0].extra_permissions"
    ]


def test_they_are_judged_as_all_statements_are() -> None:
    everything = replace(Karpenter(), extra_permissions=(Statement(("s3:*",), ("arn:aws:s3:::x",)),))
    assert places(with_addons(everything)) == [f"addons[{len(SMALL.addons)}].extra_permissions[0].actions"]


def test_what_they_refer_to_must_be_the_addons_own() -> None:
    queue = Statement(("sqs:SendMessage",), ("${blueprint:queue-arn:elsewhere}",))
    assert places(with_addons(Karpenter(extra_permissions=(queue,)))) == [f"addons[{len(SMALL.addons)}]"]
    own = Statement(("sqs:SendMessage",), ("${blueprint:queue-arn:karpenter-interruption}",))
    made = part(plan(with_addons(Karpenter(extra_permissions=(own,)))), "karpenter")
    assert own in made.grants[0].statements


def test_the_role_of_pods_on_fargate_is_named_where_the_chart_reads_it() -> None:
    """values.yaml of argo-workflows 1.0.18, cluster-autoscaler 9.59.0, flux2 2.18.3, keda 2.20.2, kube-prometheus-stack
    88.5.3 and velero 12.1.0; of others as `helm create` writes it.
    """
    elsewhere = {
        "argo-workflows": ("server", "serviceAccount"),
        "cluster-autoscaler": ("rbac", "serviceAccount"),
        "flux": ("imageReflectionController", "serviceAccount"),
        "keda": ("serviceAccount", "operator"),
        "kube-prometheus-stack": ("prometheus", "serviceAccount"),
        "velero": ("serviceAccount", "server"),
    }
    charts = [cls for cls in contracts.classes() if issubclass(cls, HelmAddon) and issubclass(cls, CallsAws)]
    found = {cls.name: cls.service_account_annotations for cls in charts}
    assert found.keys() >= elsewhere.keys()
    assert found == {name: (*elsewhere.get(name, ("serviceAccount",)), "annotations") for name in found}
