"""What is written for Argo CD: fences, order, what is kept, and no field that it does not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from examples.argo_delivery import ARGO_DELIVERY
from examples.operations import OPERATIONS
from tests.blueprint.examples import changed
from tests.tools.gitops.engines import DELIVERIES, applications, delivered, first_objects
from tests.tools.gitops.fields import unknown
from tools.gitops.folder import texts

MADE = plan(replace(ARGO_DELIVERY, delivery=DELIVERIES["argo-cd"]))


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """By kind and name, what the first Applications bring, and they themselves."""
    return brought(MADE, tmp_path_factory.mktemp("clone"))


def brought(made: Plan, folder: Path) -> dict[tuple[str, str], Any]:
    assert made.delivery
    for name, text in texts(made, made.delivery).items():
        path = folder / "deploy/gitops" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return {(one["kind"], one["metadata"]["name"]): one for one in [*first_objects(made), *applications(made, folder)]}


def application(objects: dict[tuple[str, str], Any], name: str) -> Any:
    return objects["Application", name]


def test_argo_cd_knows_every_field(objects: dict[tuple[str, str], Any]) -> None:
    found = [one for one in objects.values() if one["apiVersion"].startswith("argoproj.io/")]
    assert len(found) > 25
    assert [wrong for one in found for wrong in unknown(one)] == []


def test_each_waits_for_what_it_stands_on(objects: dict[tuple[str, str], Any]) -> None:
    """Waves of one Application: argo-cd v3.4.4 docs/user-guide/sync-waves.md."""

    def wave(kind: str, name: str) -> int:
        return int(objects[kind, name]["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])

    order = [
        ("AppProject", "blueprint.addons"),
        ("Application", "addons.karpenter.release.karpenter-crd"),
        ("Application", "addons.karpenter.release"),
        ("Application", "addons.karpenter.objects"),
    ]
    waves = [wave(*each) for each in order]
    assert waves == sorted({*waves})
    assert wave("Application", "addons.cert-manager.namespaces") < wave("Application", "addons.cert-manager.release")
    team = [wave("Application", f"teams.shop.{step}") for step in ("namespaces", "objects", "release.podinfo")]
    assert team == sorted({*team})


def test_a_part_waits_for_all_that_those_before_it_wait_for(tmp_path: Path) -> None:
    """`status` comes after `priorities`, and that after an add-on of which nothing comes from Git."""
    # With room for both engines.
    wide = replace(OPERATIONS, compute=tuple(changed(each, max=9, min=5) for each in OPERATIONS.compute))
    found = brought(delivered(wide, DELIVERIES["argo-cd"]), tmp_path)
    names = ("addons.priorities.objects", "addons.status.namespaces", "addons.status.objects")
    waves = [found["Application", name]["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] for name in names]
    assert waves == ["0", "1", "2"]


def test_charts_of_a_team_reach_its_namespaces_only(objects: dict[tuple[str, str], Any]) -> None:
    """argo-cd v3.4.4 docs/user-guide/projects.md"""
    release = application(objects, "teams.shop.release.podinfo")["spec"]
    assert release["project"] == "blueprint.teams.shop"
    spec = objects["AppProject", "blueprint.teams.shop"]["spec"]
    assert {each["namespace"] for each in spec["destinations"]} == {"shop", "shop-jobs"}
    assert spec["sourceRepos"] == [release["source"]["repoURL"]]
    assert spec["clusterResourceWhitelist"] == []
    allowed = {each["kind"] for each in spec["namespaceResourceWhitelist"]}
    assert allowed.isdisjoint({"*", "Secret", "Role", "RoleBinding", "NetworkPolicy", "ResourceQuota", "LimitRange"})
    own = objects["AppProject", "shop-pages"]["spec"] if ("AppProject", "shop-pages") in objects else spec
    assert own["namespaceResourceWhitelist"] == spec["namespaceResourceWhitelist"]


def test_only_the_first_applications_are_of_the_project_that_makes_applications(
    objects: dict[tuple[str, str], Any],
) -> None:
    of = {name: one["spec"]["project"] for (kind, name), one in objects.items() if kind == "Application"}
    assert {name for name, project in of.items() if project == "blueprint"} == {"blueprint.addons", "blueprint.teams"}
    kinds = objects["AppProject", "blueprint"]["spec"]["namespaceResourceWhitelist"]
    assert [each["kind"] for each in kinds] == ["Application", "AppProject"]
    assert "clusterResourceWhitelist" not in objects["AppProject", "blueprint"]["spec"]


def test_no_namespace_goes_without_a_word(objects: dict[tuple[str, str], Any]) -> None:
    """argo-cd v3.4.4 docs/user-guide/sync-options.md (Resource Pruning With Confirmation)"""
    asked = {
        name
        for (kind, name), one in objects.items()
        if kind == "Application" and "Prune=confirm" in one["spec"]["syncPolicy"].get("syncOptions", ())
    }
    assert asked == {name for kind, name in objects if kind == "Application" and name.endswith(".namespaces")}
    for name in asked:
        options = application(objects, name)["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert options == "Prune=confirm"


def test_certificates_that_a_chart_makes_up_stay(objects: dict[tuple[str, str], Any]) -> None:
    """eks-charts 3.5.0 stable/aws-load-balancer-controller/templates/webhook.yaml: a Secret, and caBundle twice."""
    spec = application(objects, "addons.aws-load-balancer-controller.release")["spec"]
    assert {each["kind"]: each["jqPathExpressions"] for each in spec["ignoreDifferences"]} == {
        "Secret": [".data"],
        "MutatingWebhookConfiguration": [".webhooks[]?.clientConfig.caBundle"],
        "ValidatingWebhookConfiguration": [".webhooks[]?.clientConfig.caBundle"],
    }
    assert "RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]
    assert "ignoreDifferences" not in application(objects, "addons.cert-manager.release")["spec"]


def test_oci_charts_are_named_as_argo_cd_does(objects: dict[tuple[str, str], Any]) -> None:
    """argo-cd v3.4.4 util/helm/client.go:439 (IsHelmOciRepo): an address without a scheme."""
    source = application(objects, "addons.karpenter.release")["spec"]["source"]
    assert (source["repoURL"], source["chart"]) == ("public.ecr.aws/karpenter", "karpenter")


def test_no_name_is_one_of_a_team_or_an_add_on(objects: dict[tuple[str, str], Any]) -> None:
    """Theirs are `<team>-<workload>` and `bootstrap`: without a dot."""
    ours = {name for kind, name in objects if kind in ("Application", "AppProject")} - {"blueprint"}
    assert all("." in name and len(name) <= 63 for name in ours)
