"""What a hub takes of its spokes from Git."""

from __future__ import annotations

import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from blueprint import Blueprint
from blueprint.inventory import blueprints
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.references import resolved
from examples.hub_and_spokes.fleet import FOLDER, HUB, REPOSITORY
from examples.hub_and_spokes.pay_eu import PAY_EU
from examples.hub_and_spokes.pay_us import PAY_US
from examples.hub_and_spokes.platform_hub import PLATFORM_HUB
from examples.hub_and_spokes.shop_eu import SHOP_EU
from examples.hub_and_spokes.shop_us import SHOP_US
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
    return {path: each for one in (PLATFORM_HUB, *SPOKES) for path, each in written(one).items()}


@pytest.fixture(scope="module")
def followed() -> dict[str, Any]:
    """The Application of the hub that brings the others."""
    made = plan(PLATFORM_HUB)
    assert made.delivery
    found = resolved(made.delivery.addons, facts(made))
    (own,) = (each for each in found if each["metadata"]["name"] == "blueprint.spokes")
    assert isinstance(own, dict)
    return own


def taken(tree: dict[str, Any], followed: dict[str, Any]) -> dict[str, Any]:
    """What the hub finds. Argo CD matches the path below the folder, `*` being anything: reposerver/repository.go."""
    source = followed["spec"]["source"]
    assert source["path"] == FOLDER
    assert source["repoURL"] == REPOSITORY
    return {path: each for path, each in tree.items() if fnmatch.fnmatchcase(path, source["directory"]["include"])}


def test_the_hub_finds_what_begins_each_spoke_and_nothing_else(tree: dict[str, Any], followed: dict[str, Any]) -> None:
    found = taken(tree, followed)
    by_cluster: dict[str, list[str]] = {}
    for path, each in found.items():
        by_cluster.setdefault(PurePosixPath(path).parts[0], []).append(each["kind"])
    assert {*by_cluster} == {each.name for each in SPOKES}
    assert {tuple(sorted(kinds)) for kinds in by_cluster.values()} == {
        ("AppProject", "Application", "Application", "Secret")
    }
    names = [(each["kind"], each["metadata"]["name"]) for each in found.values()]
    assert len({*names}) == len(names)


def test_clusters_are_known_by_their_arn_and_no_credentials_are_in_git(
    tree: dict[str, Any], followed: dict[str, Any]
) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html (register remote clusters)"""
    secrets = [each for each in taken(tree, followed).values() if each["kind"] == "Secret"]
    assert {each["stringData"]["server"] for each in secrets} == {
        f"arn:aws:eks:{each.region}:{each.account}:cluster/{each.name}" for each in SPOKES
    }
    for each in secrets:
        assert {*each["stringData"]} == {"name", "server"}
        assert each["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "cluster"
        assert "${" not in str(each)


def test_what_the_hub_is_let_do_by_its_first_project_is_what_it_takes(
    tree: dict[str, Any], followed: dict[str, Any]
) -> None:
    made = plan(PLATFORM_HUB)
    assert made.delivery
    (project,) = (
        each for each in resolved(made.delivery.addons, facts(made)) if each["metadata"]["name"] == "blueprint"
    )
    allowed = {each["kind"] for each in project["spec"]["namespaceResourceWhitelist"]}
    assert {each["kind"] for each in taken(tree, followed).values()} == allowed
    assert project["spec"]["destinations"] == [{"server": OF_HUB, "namespace": "argocd"}]


def test_applications_stand_in_the_hub_and_apply_to_their_own_cluster(tree: dict[str, Any]) -> None:
    for spoke in SPOKES:
        own = f"arn:aws:eks:{spoke.region}:{spoke.account}:cluster/{spoke.name}"
        mine = {path: each for path, each in tree.items() if path.startswith(f"{spoke.name}/")}
        steps = [each for path, each in mine.items() if "/resources/" in path]
        assert {each["spec"]["destination"]["server"] for each in steps if each["kind"] == "Application"} == {own}
        for project in (each for each in steps if each["kind"] == "AppProject"):
            assert {each["server"] for each in project["spec"]["destinations"]} == {own}
        roots = [each for path, each in mine.items() if "/hub/" in path and each["kind"] == "Application"]
        assert {each["spec"]["destination"]["server"] for each in roots} == {OF_HUB}


def test_argo_cd_knows_every_field(tree: dict[str, Any], followed: dict[str, Any]) -> None:
    found = [each for each in tree.values() if str(each.get("apiVersion", "")).startswith("argoproj.io/")]
    assert len(found) > 20
    assert [wrong for each in (followed, *found) for wrong in unknown(each)] == []


def test_names_of_clusters_never_meet(tree: dict[str, Any]) -> None:
    """All stand in one namespace of the hub, and label values end after 63 characters."""
    named = [
        (each["kind"], each["metadata"]["name"])
        for each in tree.values()
        if each.get("kind") in ("Application", "AppProject")
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
