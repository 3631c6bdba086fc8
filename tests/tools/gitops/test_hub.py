"""What a hub takes of its spokes from Git."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from addons.argo_cd_capability import ArgoCdCapability
from blueprint import ArgoCdDelivery, Blueprint, Iam
from blueprint.inventory import blueprints
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.references import resolved
from examples.argo_spoke import ARGO_SPOKE
from examples.hub_and_spokes.fleet import FOLDER, HUB, REPOSITORY
from examples.hub_and_spokes.pay_eu import PAY_EU
from examples.hub_and_spokes.pay_us import PAY_US
from examples.hub_and_spokes.platform_hub import PLATFORM_HUB
from examples.hub_and_spokes.shop_eu import SHOP_EU
from examples.hub_and_spokes.shop_us import SHOP_US
from tests.blueprint.test_existing_network import NETWORK
from tests.tools.gitops.engines import documents, facts
from tests.tools.gitops.fields import unknown
from tools.gitops.folder import texts

SPOKES = (SHOP_US, SHOP_EU, PAY_US, PAY_EU)
OF_HUB = f"arn:aws:eks:us-west-2:{HUB.account}:cluster/{HUB.name}"


def written(blueprint: Blueprint) -> dict[str, Any]:
    """Each file's object, by its path in the folder of all clusters."""
    made: Plan = plan(blueprint)
    assert made.delivery
    files = {path: text for path, text in texts(made, made.delivery).items() if "/templates/" not in path}
    return {path: each for path, text in files.items() for each in documents(text)}


@pytest.fixture(scope="module")
def tree() -> dict[str, Any]:
    """Of all five clusters, as they stand in the repository."""
    return {path: each for one in (PLATFORM_HUB, *SPOKES, ARGO_SPOKE) for path, each in written(one).items()}


@pytest.fixture(scope="module")
def followed() -> dict[str, Any]:
    """The ApplicationSet of the hub that brings the others."""
    return first(PLATFORM_HUB, "blueprint.spokes")


def first(hub: Blueprint, name: str) -> dict[str, Any]:
    """What the installer applies in a hub, by its name."""
    made = plan(hub)
    assert made.delivery
    (own,) = (each for each in resolved(made.delivery.addons, facts(made)) if each["metadata"]["name"] == name)
    assert isinstance(own, dict)
    return own


def taken(tree: dict[str, Any], followed: dict[str, Any]) -> dict[str, Any]:
    """What the hub finds. Argo CD matches each part of a folder's path by itself: applicationset/generators/git.go
    (filterApps, path.Match).
    """
    (generator,) = followed["spec"]["generators"]
    assert generator["git"]["repoURL"] == REPOSITORY
    (directory,) = generator["git"]["directories"]
    wanted = PurePosixPath(directory["path"]).parts

    def is_wanted(path: str) -> bool:
        parts = PurePosixPath(FOLDER, path).parent.parts
        return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))

    return {path: each for path, each in tree.items() if is_wanted(path)}


def test_the_hub_finds_what_begins_each_spoke_and_nothing_else(tree: dict[str, Any], followed: dict[str, Any]) -> None:
    found = taken(tree, followed)
    by_cluster: dict[str, list[str]] = {}
    for path, each in found.items():
        by_cluster.setdefault(PurePosixPath(path).parts[0], []).append(each["kind"])
    assert {*by_cluster} == {each.name for each in SPOKES}
    assert {tuple(sorted(kinds)) for kinds in by_cluster.values()} == {
        ("AppProject", "Application", "ApplicationSet", "ExternalSecret", "SecretStore")
    }
    names = [(each["kind"], each["metadata"]["name"]) for each in found.values()]
    assert len({*names}) == len(names)


def test_clusters_are_known_by_their_arn_and_no_credentials_are_in_git(
    tree: dict[str, Any], followed: dict[str, Any]
) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html (register remote clusters)"""
    secrets = [each["spec"]["target"] for each in taken(tree, followed).values() if each["kind"] == "ExternalSecret"]
    assert {each["template"]["data"]["server"] for each in secrets} == {
        f"arn:aws:eks:{each.region}:{each.account}:cluster/{each.name}" for each in SPOKES
    }
    for each in secrets:
        assert {*each["template"]["data"]} == {"name", "server"}
        assert each["template"]["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "cluster"
        assert "${" not in str(each)


def test_a_spoke_of_which_nothing_is_needed_is_registered_as_it_is() -> None:
    """In a VPC that is there already, without Karpenter: nothing is read, and nobody waits for anything."""
    known = replace(SHOP_US, network=NETWORK, addons=tuple(each for each in SHOP_US.addons if each.name != "karpenter"))
    found = [each for path, each in written(known).items() if "/hub/" in path]
    assert sorted(each["kind"] for each in found) == ["AppProject", "Application", "Application", "Secret"]
    (secret,) = (each for each in found if each["kind"] == "Secret")
    assert secret["stringData"] == {
        "name": "shop-us",
        "server": "arn:aws:eks:us-west-2:222222222222:cluster/shop-us",
    }
    assert secret["metadata"]["annotations"]["aws_vpc_id"] == NETWORK.vpc_id


def test_each_spoke_has_an_application_of_its_own(followed: dict[str, Any]) -> None:
    """So that one that is not deployed yet, whose registration is not ready, keeps no other from being changed."""
    template = followed["spec"]["template"]
    assert template["metadata"]["name"] == "blueprint.{{ index .path.segments 1 }}"
    assert PurePosixPath(FOLDER, SHOP_US.name, "hub", HUB.name).parts[1] == SHOP_US.name
    assert template["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    assert template["spec"]["source"]["path"] == "{{ .path.path }}"
    deeper = replace(PLATFORM_HUB, delivery=ArgoCdDelivery(REPOSITORY, folder="a/b/", spokes=True))
    own = first(deeper, "blueprint.spokes")["spec"]
    assert own["template"]["metadata"]["name"] == "blueprint.{{ index .path.segments 2 }}"
    assert own["generators"][0]["git"]["directories"] == [{"path": f"a/b/*/hub/{HUB.name}"}]


def test_what_reads_of_a_spoke_goes_after_what_needs_it(tree: dict[str, Any]) -> None:
    """Argo CD deletes by waves from the last to the first: controller/sort_delete.go (FilterObjectsForDeletion)."""
    waves: dict[str, set[int]] = {}
    for path, each in tree.items():
        if "/hub/" in path:
            wave = int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
            waves.setdefault(each["kind"], set()).add(wave)
    assert waves == {
        "AppProject": {-1},
        "SecretStore": {-1},
        "ExternalSecret": {0},
        "Application": {1},
        "ApplicationSet": {1},
    }
    sets = [each["spec"] for path, each in tree.items() if "/hub/" in path and each["kind"] == "ApplicationSet"]
    # A registration that is gone for a moment removes nothing: Controlling-Resource-Modification.md (Policy)
    assert {each["syncPolicy"]["applicationsSync"] for each in sets} == {"create-update"}


def test_a_store_reads_by_the_role_of_its_cluster(tree: dict[str, Any]) -> None:
    found = {path.partition("/")[0]: each for path, each in tree.items() if each.get("kind") == "SecretStore"}
    for each in (*SPOKES, ARGO_SPOKE):
        aws = found[each.name]["spec"]["provider"]["aws"]
        assert aws["role"] == f"arn:aws:iam::{each.account}:role/ArgoCdHubFacts-{each.name}"
        assert aws["region"] == each.region
    below = replace(SHOP_US, iam=Iam(path="/platform/"))
    (store,) = (each for each in written(below).values() if each.get("kind") == "SecretStore")
    assert store["spec"]["provider"]["aws"]["role"].endswith(":role/platform/ArgoCdHubFacts-shop-us")


def test_argo_cd_of_the_chart_signs_in_as_itself(tree: dict[str, Any]) -> None:
    """pkg/apis/application/v1alpha1/types.go:4007 of argo-cd: awsAuthConfig is argocd-k8s-auth with the name."""
    (one,) = (
        each for path, each in tree.items() if path.startswith("argo-spoke/") and each.get("kind") == "ExternalSecret"
    )
    config = one["spec"]["target"]["template"]["data"]["config"]
    known = re.sub(r"{{ index \(fromJson .cluster\).facts \"([^\"]*)\" }}", r"<\1>", config)
    assert json.loads(known) == {
        "awsAuthConfig": {"clusterName": "argo-spoke"},
        "tlsClientConfig": {"insecure": False, "caData": "<cluster-certificate>"},
    }
    steps = [each for path, each in tree.items() if path.startswith("argo-spoke/") and "/resources/" in path]
    targets = [each["spec"]["destination"] for each in steps if each["kind"] == "Application"]
    assert {each["name"] for each in targets} == {"argo-spoke"}
    assert not any("server" in each for each in targets)


def test_what_the_hub_is_let_do_by_its_first_project_is_what_it_takes(
    tree: dict[str, Any], followed: dict[str, Any]
) -> None:
    project = first(PLATFORM_HUB, "blueprint")
    allowed = {(each["group"], each["kind"]) for each in project["spec"]["namespaceResourceWhitelist"]}
    kinds = {(each["apiVersion"].rpartition("/")[0], each["kind"]) for each in taken(tree, followed).values()}
    assert kinds | {("", "Secret")} == allowed  # of a spoke of which nothing is needed
    capability = next(each for each in PLATFORM_HUB.addons if isinstance(each, ArgoCdCapability))
    others = tuple(each for each in PLATFORM_HUB.addons if each is not capability)
    silent = replace(PLATFORM_HUB, addons=(*others, replace(capability, facts_role_name=None)))
    spec = first(silent, "blueprint")["spec"]
    least = {each["kind"] for each in spec["namespaceResourceWhitelist"]}
    assert least == {"Application", "AppProject", "Secret"}, "of a hub that reads nothing"
    assert project["spec"]["destinations"] == [{"server": OF_HUB, "namespace": "argocd"}]


def test_applications_stand_in_the_hub_and_apply_to_their_own_cluster(tree: dict[str, Any]) -> None:
    for spoke in SPOKES:
        own = f"arn:aws:eks:{spoke.region}:{spoke.account}:cluster/{spoke.name}"
        mine = {path: each for path, each in tree.items() if path.startswith(f"{spoke.name}/")}
        steps = [each for path, each in mine.items() if "/resources/" in path]
        assert {each["spec"]["destination"]["server"] for each in steps if each["kind"] == "Application"} == {own}
        for project in (each for each in steps if each["kind"] == "AppProject"):
            assert {each["server"] for each in project["spec"]["destinations"]} == {own}
        begun = [each for path, each in mine.items() if "/hub/" in path]
        roots = [each["spec"] for each in begun if each["kind"] == "Application"]
        roots += [each["spec"]["template"]["spec"] for each in begun if each["kind"] == "ApplicationSet"]
        assert {each["destination"]["server"] for each in roots} == {OF_HUB}


def test_argo_cd_knows_every_field(tree: dict[str, Any], followed: dict[str, Any]) -> None:
    groups = ("argoproj.io/", "external-secrets.io/")
    found = [each for each in tree.values() if str(each.get("apiVersion", "")).startswith(groups)]
    assert len(found) > 20
    assert {"ApplicationSet", "ExternalSecret", "SecretStore"} <= {each["kind"] for each in found}
    assert [wrong for each in (followed, *found) for wrong in unknown(each)] == []


def test_names_of_clusters_never_meet(tree: dict[str, Any]) -> None:
    """All stand in one namespace of the hub, and label values end after 63 characters."""
    named = [
        (each["kind"], each["metadata"]["name"])
        for each in tree.values()
        if each.get("kind") in ("Application", "AppProject", "ApplicationSet")
    ]
    assert len({*named}) == len(named)
    assert max(len(name) for _, name in named) <= 63
    projects = {name for kind, name in named if kind == "AppProject"}
    of_spokes = [each for path, each in tree.items() if each.get("kind") == "Application"]
    assert {each["spec"]["project"] for each in of_spokes} <= projects | {"blueprint"}


def test_the_files_of_the_example_are_the_fleet(root: Path) -> None:
    found, problems = blueprints(root / "examples" / "hub_and_spokes")
    assert problems == []
    assert {each.name for each in found.values()} == {PLATFORM_HUB.name, *(each.name for each in SPOKES)}
    assert len({each.account for each in SPOKES} | {PLATFORM_HUB.account}) == 3
