"""Registries that Amazon ECR caches: the rules of the account, and without internet what is there already."""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem
from tools.doctor.lookups import code_of
from tools.mirrored import images_of

NAME = "registry"
_IMAGE = re.compile(r"[^/]+/(?P<name>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>.+))?")


def caches(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Each has its rule, which no stack of the cluster makes."""
    if not plan.image_caches:
        return
    pages = aws.ecr.get_paginator("describe_pull_through_cache_rules").paginate()
    rules = {rule["ecrRepositoryPrefix"]: rule for page in pages for rule in page["pullThroughCacheRules"]}
    for each in plan.image_caches:
        found = rules.get(each.prefix, {}).get("upstreamRegistryUrl")
        if found == each.upstream.url:
            yield ok(NAME, f"ECR caches {each.registry} below {each.prefix}")
            continue
        what = f"caches {found}" if found else "caches nothing"
        why = f"no node pulls an image of {each.registry}"
        stack = f"registry-cache/{plan.facts.account}-{plan.facts.region}"
        fix = f"make registry-cache, then cdk deploy --app registry-cache {stack}"
        if found:
            fix = f"take another prefix in mirrors, or remove that rule, then {fix}"
        yield problem(NAME, f"ECR {what} below {each.prefix}", why, fix)


def first_pulls(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """By an endpoint ECR gives what it has, and takes nothing from a publisher.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html (considerations)
    """
    if plan.facts.internet or not plan.image_caches:
        return
    ecr = f"{plan.facts.account}.dkr.ecr.{plan.facts.region}.amazonaws.com"
    cached = tuple(f"{ecr}/{each.prefix}/" for each in plan.image_caches)
    images = sorted({mirror for part in plan.parts for _, mirror in images_of(part) if mirror.startswith(cached)})
    missing = [image for image in images if not is_there(image, aws)]
    if missing:
        why = "the first pull needs a way to the internet, which its VPC has not, so their pods never start"
        fix = f"pull each once from elsewhere: {'; '.join(f'crane manifest {image}' for image in missing)}"
        yield problem(NAME, f"{len(missing)} of {len(images)} images are not in the cache yet", why, fix)
    elif images:
        yield ok(NAME, f"all {len(images)} images that are known are in the cache")


def is_there(image: str, aws: Aws) -> bool:
    """Without a tag and a digest, whether any is."""
    found = _IMAGE.fullmatch(image)
    assert found  # noqa: S101  # it begins with a registry
    by = {"imageDigest": found["digest"]} if found["digest"] else {"imageTag": found["tag"]} if found["tag"] else {}
    try:
        answer = aws.ecr.describe_images(repositoryName=found["name"], **({"imageIds": [by]} if by else {}))
    except ClientError as error:
        if code_of(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return False
        raise
    return bool(answer["imageDetails"])
