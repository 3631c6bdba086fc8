"""Registries that ECR caches: rules that are there, and images that a network without internet lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from blueprint import plan
from examples.isolated import ISOLATED
from examples.managed import MANAGED
from tests.blueprint.examples import changed
from tests.tools.doctor.account import Account, refused
from tools.doctor.checks.registry import caches, first_pulls, is_there
from tools.mirrored import images_of

PLAN = plan(ISOLATED)
ECR = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
IMAGES = sorted({mirror for part in PLAN.parts for _, mirror in images_of(part) if mirror})


def rules(*pairs: tuple[str, str]) -> Mapping[str, Any]:
    found = [{"ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": url} for prefix, url in pairs]
    return {"pullThroughCacheRules": found}


def test_nothing_is_asked_without_a_cache(account: Account) -> None:
    made = plan(MANAGED)
    assert account.found(caches, made) == account.found(first_pulls, made) == []
    assert account.calls == []


def test_a_rule_that_is_there(account: Account) -> None:
    account.answers("DescribePullThroughCacheRules", rules(("other", "quay.io"), ("public", "public.ecr.aws")))
    (found,) = account.found(caches, PLAN)
    assert (found.status, found.what) == ("ok", "ECR caches public.ecr.aws below public")


@pytest.mark.parametrize(
    ("there", "what", "fix"),
    [
        ((), "ECR caches nothing below public", "make registry-cache, then cdk deploy --app registry-cache registry-"),
        ((("public", "quay.io"),), "ECR caches quay.io below public", "take another prefix in mirrors"),
    ],
)
def test_a_rule_that_is_not(account: Account, there: tuple[tuple[str, str], ...], what: str, fix: str) -> None:
    account.answers("DescribePullThroughCacheRules", rules(*there))
    (found,) = account.found(caches, PLAN)
    assert (found.status, found.what) == ("problem", what)
    assert found.fix.startswith(fix)
    assert "registry-cache/111111111111-us-west-2" in found.fix


def test_images_that_were_never_pulled(account: Account) -> None:
    assert IMAGES
    assert all(image.startswith(f"{ECR}/public/") for image in IMAGES)
    asked: list[Mapping[str, Any]] = []

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(given)
        if given["repositoryName"].endswith("aws-load-balancer-controller"):
            raise refused("RepositoryNotFoundException")
        return {"imageDetails": [{}]}

    account.answers("DescribeImages", answer)
    (found,) = account.found(first_pulls, PLAN)
    (missing,) = (image for image in IMAGES if "aws-load-balancer-controller" in image)
    assert found.status == "problem"
    assert found.what == f"1 of {len(IMAGES)} images are not in the cache yet"
    assert found.fix == f"pull each once from elsewhere: crane manifest {missing}"
    tags = {each["repositoryName"]: each["imageIds"] for each in asked}
    assert tags["public/eks/aws-load-balancer-controller"] == [{"imageTag": missing.rpartition(":")[2]}]


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        ("host/name:1", {"repositoryName": "name", "imageIds": [{"imageTag": "1"}]}),
        ("host/name:1@sha256:0", {"repositoryName": "name", "imageIds": [{"imageDigest": "sha256:0"}]}),
        ("host/name/more", {"repositoryName": "name/more"}),
    ],
)
def test_how_an_image_is_asked_for(account: Account, image: str, asked: Mapping[str, Any]) -> None:
    given: list[Mapping[str, Any]] = []

    def answer(one: Mapping[str, Any]) -> Mapping[str, Any]:
        given.append(one)
        return {"imageDetails": []}

    account.answers("DescribeImages", answer)
    assert not is_there(image, account.aws)
    assert given == [asked]


def test_a_tag_that_is_missing_is_missing(account: Account) -> None:
    account.refuses("DescribeImages", "ImageNotFoundException")
    (found,) = account.found(first_pulls, PLAN)
    assert found.what == f"{len(IMAGES)} of {len(IMAGES)} images are not in the cache yet"


def test_all_are_there(account: Account) -> None:
    account.answers("DescribeImages", {"imageDetails": [{}]})
    (found,) = account.found(first_pulls, PLAN)
    assert (found.status, found.what) == ("ok", f"all {len(IMAGES)} images that are known are in the cache")


def test_with_internet_nodes_fill_it(account: Account) -> None:
    assert account.found(first_pulls, plan(changed(MANAGED, mirrors=ISOLATED.mirrors))) == []
