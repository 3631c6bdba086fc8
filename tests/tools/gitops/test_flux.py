"""What is written for Flux: fences, order, what is kept, and no field that it does not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from addons.flux import Flux
from addons.karpenter import Karpenter
from blueprint import Blueprint, FluxDelivery
from blueprint.planning.planner import plan
from blueprint.repositories import AwsRole, Password, PrivateRepository
from blueprint.teams import SecretsManagerSecret
from blueprint.teams.workloads.kinds import KINDS
from examples.flux_delivery import FLUX_DELIVERY
from tests.tools.gitops.engines import DELIVERIES, REPOSITORY, documents, first_objects, kustomizations, written
from tests.tools.gitops.fields import unknown
from tools.gitops.folder import texts


def files(blueprint: Blueprint = FLUX_DELIVERY) -> dict[str, list[Any]]:
    made = plan(blueprint)
    assert made.delivery
    return {name: documents(text) for name, text in texts(made, made.delivery).items()}


FILES = files()


def of_steps() -> dict[str, Any]:
    """Kustomizations of what the plan brings; those that teams follow are objects of theirs."""
    return {name: one for name, one in of_kind("Kustomization").items() if name.startswith(("addons.", "teams."))}


def of_kind(kind: str) -> dict[str, Any]:
    return {
        one["metadata"]["name"]: one
        for found in FILES.values()
        for one in found
        if one["kind"] == kind and "metadata" in one
    }


def test_flux_knows_every_field() -> None:
    first = [one for one in first_objects(plan(FLUX_DELIVERY)) if one["kind"] != "ConfigMap"]
    found = [*first, *(one for kind in KNOWN for one in of_kind(kind).values())]
    assert {one["kind"] for one in found} == {*KNOWN, "GitRepository"}
    assert [wrong for one in found for wrong in unknown(one)] == []


KNOWN = ("HelmRelease", "HelmRepository", "Kustomization", "OCIRepository")


def test_all_that_is_written_is_applied(tmp_path: Path) -> None:
    """By the first Kustomizations, which bring others, each for a folder."""
    made = plan(replace(FLUX_DELIVERY, delivery=DELIVERIES["flux"]))
    paths = {
        one["spec"]["path"].rpartition("flux-delivery/")[2] for one in kustomizations(made, written(made, tmp_path))
    }
    folders = {name.removeprefix("flux-delivery/").rpartition("/")[0] for name in FILES}
    assert paths == folders - {"addons", "teams"}


def test_each_waits_for_what_it_stands_on() -> None:
    """kustomize-controller v1.8.3 docs/spec/v1/kustomizations.md (Dependencies): until they are ready."""
    found = of_steps()
    after = {name: [each["name"] for each in one["spec"].get("dependsOn", ())] for name, one in found.items()}
    assert all(one["spec"]["wait"] for one in found.values())
    assert {name for names in after.values() for name in names} <= {*found}
    assert after["addons.karpenter.objects"] == ["addons.karpenter.release"]
    assert after["addons.karpenter.release"] == ["addons.karpenter.release.karpenter-crd"]
    assert after["addons.podinfo.namespaces"] == ["addons.cert-manager.release"]
    assert after["teams.payments.release.podinfo"] == ["teams.payments.objects", "teams.payments.rights"]
    assert after["teams.payments.rights"] == ["teams.payments.objects"]


def test_charts_of_a_team_are_installed_by_rights_that_reach_its_namespaces_only() -> None:
    """Of all other kinds the API server refuses: Role-based access control has no denials to get round.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/
    """
    release = of_kind("HelmRelease")["teams.payments.release.podinfo"]["spec"]
    name = "blueprint.teams.payments"
    assert release["serviceAccountName"] == name
    assert release["storageNamespace"] == release["targetNamespace"] == "payments-jobs"
    rights = [one for path, found in FILES.items() if "teams.payments.rights/" in path for one in found]
    bindings = [one for one in rights if one["kind"] == "RoleBinding"]
    assert {one["metadata"]["namespace"] for one in bindings} == {"payments", "payments-jobs"}
    account = {"kind": "ServiceAccount", "name": name, "namespace": "flux-system"}
    assert all(one["subjects"] == [account] for one in bindings)
    (role,) = (one for one in rights if one["kind"] == "ClusterRole")
    assert all(one["roleRef"]["name"] == role["metadata"]["name"] for one in bindings)
    changed = {name for rule in role["rules"] if "create" in rule["verbs"] for name in rule["resources"]}
    assert len(changed) == len(KINDS) + 1
    assert changed >= {"ingresses", "poddisruptionbudgets", "statefulsets", "secrets"}
    assert changed.isdisjoint({"roles", "rolebindings", "networkpolicies", "resourcequotas", "limitranges", "*"})
    assert not [one for one in rights if one["kind"] == "ClusterRoleBinding"]


def test_whoever_installs_is_named() -> None:
    """Others have no rights: flux2-2.18.3 templates/helm-controller.yaml (--default-service-account)."""
    for kind, account in (("Kustomization", "kustomize-controller"), ("HelmRelease", "helm-controller")):
        named = {one["spec"]["serviceAccountName"] for name, one in of_kind(kind).items() if name.startswith("addons.")}
        assert named == {account}
    (flux,) = (addon for addon in FLUX_DELIVERY.addons if isinstance(addon, Flux))
    (release,) = next(part.contribution.releases for part in plan(FLUX_DELIVERY).addons if part.name == flux.name)
    assert release.values["multitenancy"]["enabled"] is True


def test_no_namespace_is_pruned_and_no_right_by_which_charts_are_uninstalled() -> None:
    """kustomize-controller v1.8.3 docs/spec/v1/kustomizations.md (Prune, Deletion policy)"""
    for name, one in of_steps().items():
        stays = name.endswith((".namespaces", ".rights"))
        assert one["spec"]["prune"] is not stays
        assert one["spec"].get("deletionPolicy", "MirrorPrune") == ("MirrorPrune" if stays else "WaitForTermination")


def test_facts_stand_in_what_needs_them_alone() -> None:
    """Elsewhere a dollar is a dollar: substitution happens where there is something to substitute."""
    with_facts = {
        name for name, one in of_kind("Kustomization").items() if "substituteFrom" in one["spec"].get("postBuild", {})
    }
    assert with_facts == {
        "addons.aws-load-balancer-controller.release",
        "addons.karpenter.objects",
        "addons.karpenter.release",
    }
    podinfo = of_kind("HelmRelease")["addons.podinfo.release"]["spec"]
    assert podinfo["values"]["ui"]["message"] == "costs $5, or ${FREE}"
    (facts,) = (one for one in first_objects(plan(FLUX_DELIVERY)) if one["kind"] == "ConfigMap")
    assert len(facts["data"]) == 5
    assert any(isinstance(addon, Karpenter) for addon in FLUX_DELIVERY.addons)


def test_credentials_are_named_and_not_written() -> None:
    (source,) = (one for one in first_objects(plan(FLUX_DELIVERY)) if one["kind"] == "GitRepository")
    assert source["spec"]["secretRef"] == {"name": "ssh-git-github-com-example-platform"}
    mine = plan(replace(FLUX_DELIVERY, delivery=FluxDelivery(REPOSITORY, credentials="platform-git")))
    (source,) = (one for one in first_objects(mine) if one["kind"] == "GitRepository")
    assert source["spec"]["secretRef"] == {"name": "platform-git"}
    open_source = plan(replace(FLUX_DELIVERY, delivery=DELIVERIES["flux"]))
    (source,) = (one for one in first_objects(open_source) if one["kind"] == "GitRepository")
    assert "secretRef" not in source["spec"]


def test_charts_of_private_registries_come_by_the_controller_s_role() -> None:
    """source-controller v1.8.2 docs/spec/v1/ocirepositories.md (Provider: aws)"""
    mirror = "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/karpenter"
    karpenter = Karpenter(chart_repository=mirror, chart_version="1.14.1+ours")
    flux = Flux(
        private_repositories=(
            PrivateRepository("oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/", AwsRole()),
            PrivateRepository("https://charts.jetstack.io", Password(SecretsManagerSecret("charts"), username="me")),
        )
    )
    addons = (*(each for each in FLUX_DELIVERY.addons if not isinstance(each, Karpenter | Flux)), karpenter, flux)
    found = files(replace(FLUX_DELIVERY, addons=addons))
    sources = {
        one["metadata"]["name"]: one["spec"]
        for each in found.values()
        for one in each
        if one["kind"] == "OCIRepository"
    }
    assert sources["addons.karpenter.release"]["provider"] == "aws"
    assert sources["addons.karpenter.release"]["ref"] == {"tag": "1.14.1_ours"}
    assert "provider" not in sources["addons.podinfo.release"]
    (charts,) = (
        one["spec"]
        for each in found.values()
        for one in each
        if one["kind"] == "HelmRepository" and "secretRef" in one["spec"]
    )
    assert charts["url"] == "https://charts.jetstack.io"
    assert charts["secretRef"] == {"name": "https-charts-jetstack-io"}
