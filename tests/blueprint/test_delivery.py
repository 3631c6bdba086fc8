"""What comes from Git by a plan, and what the installer brings in any case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.core import CORE
from addons.flux import Flux
from blueprint import ArgoCdDelivery, Blueprint, FargateProfile, FargateSelector, FluxDelivery, KubectlProvider, plan
from blueprint.addons import KubernetesManifests
from blueprint.delivery import Delivery
from blueprint.planning.delivery import variable
from blueprint.planning.document import Plan
from blueprint.planning.file import dumped, loaded
from blueprint.references import resolved
from examples.argo_delivery import ARGO_DELIVERY
from examples.flux_delivery import FLUX_DELIVERY
from examples.launched import LAUNCHED
from examples.teams import TEAMS
from tests.blueprint.examples import SMALL, TEAM, assert_reported

ARGO, FLUX = ArgoCdDelivery("https://git.example.com/platform"), FluxDelivery("https://git.example.com/platform")


def in_git(made: Plan) -> set[str]:
    return {part.name for part in made.parts if part.in_git}


def kept(made: Plan) -> set[str]:
    """Parts whose charts and objects the installer brings."""
    parts = {part.name for part in made.parts if part.contribution.releases or part.contribution.objects}
    return parts - in_git(made)


def test_nothing_comes_from_git_unless_somebody_says_so() -> None:
    made = plan(TEAMS)
    assert made.delivery is None
    assert in_git(made) == set()
    assert made.installer
    assert made.installer.retain is False


@pytest.mark.parametrize(("blueprint", "engine"), [(ARGO_DELIVERY, "argo-cd"), (FLUX_DELIVERY, "flux")])
def test_the_installer_brings_the_engine_and_nothing_else(blueprint: Blueprint, engine: str) -> None:
    """But for what copies the key by which Flux reads the repository."""
    made = plan(blueprint)
    assert kept(made) - {"external-secrets"} == {engine}
    assert ("external-secrets" in kept(made)) == (engine == "flux")
    assert {"karpenter", "cert-manager", "payments"} <= in_git(made)
    assert made.delivery
    groups = {one["apiVersion"].partition("/")[0] for one in (*made.delivery.addons, *made.delivery.teams)}
    assert any(group.endswith(made.delivery.engine) for group in groups)


@pytest.mark.parametrize(("engine", "delivery"), [(ArgoCd(domain="argocd.example.com"), ARGO), (Flux(), FLUX)])
def test_what_launches_the_engine_s_nodes_cannot_wait_for_it(engine: Any, delivery: Delivery) -> None:
    """On Fargate Karpenter runs, and the engine on nothing but what Karpenter launches."""
    addons = (*LAUNCHED.addons, engine)
    assert kept(plan(replace(LAUNCHED, addons=addons, delivery=delivery))) >= {engine.name, "karpenter"}
    profiles = (*LAUNCHED.compute, FargateProfile("git", selectors=(FargateSelector(engine.namespace),)))
    on_fargate = plan(replace(LAUNCHED, compute=profiles, addons=addons, delivery=delivery))
    assert "karpenter" in in_git(on_fargate)


@pytest.mark.parametrize(("delivery", "write"), [(ARGO, "ArgoCd()"), (FLUX, "Flux()")])
def test_the_engine_must_be_there(delivery: Delivery, write: str) -> None:
    rule = f"it needs the add-on {'argo-cd' if delivery is ARGO else 'flux'}"
    assert_reported(replace(SMALL, delivery=delivery), "delivery", rule, f"add {write} to addons")


def test_flux_takes_no_address_without_a_scheme() -> None:
    """source-controller v1.8.2 config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml: ^(http|https|ssh)://.*$"""
    short = "git@git.example.com:platform.git"
    addons = (*SMALL.addons, Flux(), ArgoCd(domain="argocd.example.com"))
    fix = 'write "ssh://git@git.example.com/platform.git"'
    wrong = replace(SMALL, addons=addons, delivery=FluxDelivery(short))
    assert_reported(wrong, "delivery.repository", "Flux takes addresses with a scheme only", fix)
    assert plan(replace(SMALL, addons=addons, delivery=ArgoCdDelivery(short))).delivery


@pytest.mark.parametrize(
    "delivery", [KubectlProvider(retain=True), replace(ARGO, retain=True), replace(FLUX, retain=True)]
)
def test_what_leaves_the_templates_may_stay_in_the_cluster(delivery: Delivery) -> None:
    addons = (*SMALL.addons, Flux(), ArgoCd(domain="argocd.example.com"))
    installer = plan(replace(SMALL, addons=addons, delivery=delivery)).installer
    assert installer
    assert installer.retain


@pytest.mark.parametrize("blueprint", [ARGO_DELIVERY, FLUX_DELIVERY])
def test_all_of_it_is_in_the_document(blueprint: Blueprint) -> None:
    made = plan(blueprint)
    assert loaded(dumped(made)) == made


def test_first_objects_hold_what_aws_decides_and_no_more() -> None:
    made = plan(ARGO_DELIVERY)
    assert made.delivery
    addons, teams = (
        next(one for one in first if one["kind"] == "Application")
        for first in (made.delivery.addons, made.delivery.teams)
    )
    assert {*addons["spec"]["source"]["helm"]["valuesObject"]["facts"]} == {
        "instance-profile:karpenter-nodes",
        "queue-name:karpenter-interruption",
        "subnet-id:private:us-west-2a",
        "subnet-id:private:us-west-2b",
        "vpc-id",
    }
    assert {*teams["spec"]["source"]["helm"]["valuesObject"]["facts"]} == {"role-arn:shop/secrets-reader"}


def test_the_registration_is_what_applicationsets_of_the_gitops_bridge_read() -> None:
    """terraform-aws-eks-blueprints, patterns/gitops/getting-started-argocd/main.tf:82-116 (`addons`, `addons_metadata`)
    and README.md:100-120; the label of a cluster: argo-cd v3.4.4 docs/operator-manual/declarative-setup.md (Clusters).
    """
    made = plan(ARGO_DELIVERY)
    assert made.delivery
    (secret,) = (resolved(one, {"vpc-id": "vpc-1"}) for one in made.delivery.addons if one["kind"] == "Secret")
    assert secret["metadata"]["annotations"] == {
        "aws_cluster_name": "argo-delivery",
        "aws_region": "us-west-2",
        "aws_account_id": "111111111111",
        "aws_vpc_id": "vpc-1",
    }
    labels = secret["metadata"]["labels"]
    assert labels["argocd.argoproj.io/secret-type"] == "cluster"
    assert labels["aws_cluster_name"] == "argo-delivery"
    assert labels["kubernetes_version"] == ARGO_DELIVERY.cluster.version
    assert labels["enable_aws_load_balancer_controller"] == labels["enable_cert_manager"] == "true"
    assert "bearerToken" not in secret["stringData"]["config"]


def test_the_registration_has_labels_that_kubernetes_takes() -> None:
    """At most 63 characters behind the prefix, of which there is none."""
    long = KubernetesManifests("a" * 63, directory="examples/workloads/priorities", namespace="kube-system")
    made = plan(replace(ARGO_DELIVERY, addons=(*ARGO_DELIVERY.addons, long)))
    assert made.delivery
    (secret,) = (one for one in made.delivery.addons if one["kind"] == "Secret")
    assert all(len(key.rpartition("/")[2]) <= 63 for key in secret["metadata"]["labels"])
    assert "enable_karpenter" in secret["metadata"]["labels"]


def test_a_stack_of_which_nothing_comes_from_git_begins_nothing() -> None:
    alone = replace(SMALL, addons=(*CORE, ArgoCd(domain="argocd.example.com")), teams=(), delivery=ARGO)
    made = plan(replace(alone, addons=tuple(each for each in alone.addons if each.name != "aws-ebs-csi-driver")))
    assert made.delivery
    assert [one["kind"] for one in made.delivery.addons] == ["AppProject", "Secret"]
    assert made.delivery.teams == ()
    with_team = plan(replace(alone, teams=(TEAM,)))
    assert with_team.delivery
    assert [one["metadata"]["name"] for one in with_team.delivery.teams] == ["blueprint.teams"]


def test_variables_of_flux_are_such_and_differ() -> None:
    """kustomize-controller docs/spec/v1/kustomizations.md: ^[_[:alpha:]][_[:alpha:][:digit:]]*$"""
    names = [
        "vpc-id",
        "role-arn:a/b-c",
        "role-arn:a-b/c",
        "role-arn:a/b.c",
        "role-arn:a/b_c",
        "subnet-id:private:us-west-2a",
    ]
    made = [variable(name) for name in names]
    assert all(name.isidentifier() and name.isascii() for name in made)
    assert len({*made}) == len(names)
    assert made[0] == "vpc_id"
