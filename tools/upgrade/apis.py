"""Kubernetes APIs that a version no longer has, by the schemas of kubernetes-validate.

Fields are not compared: no stable API loses any. https://kubernetes.io/docs/reference/using-api/deprecation-policy
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from kubernetes_validate import utils

from blueprint.kubernetes import Manifest
from blueprint.versions import minor
from tools.upgrade.model import Blocker


def unserved(where: str, data: Manifest, now: str, then: str) -> Iterator[Blocker]:
    """Whether an object that a cluster of the version `now` has can stay in one of the version `then`.

    Kinds of custom resources are not judged: their definitions travel with them.
    """
    api, kind = str(data.get("apiVersion", "")), str(data.get("kind", ""))
    group, _, version = api.rpartition("/")
    if group not in {each for each, _, _ in _kinds(now) | _kinds(then)}:
        return
    stable = _stable(group, kind, then)
    fix = f"write apiVersion: {stable}" if stable else "find what takes its place, or remove it"
    if (group, version, kind) not in _kinds(then):
        what = f"Kubernetes {then} has no {kind} of {api}"
    elif "alpha" in version:
        # https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
        what = f"{api} is alpha, and EKS serves no alpha API"
    elif "beta" in version:
        what = f"{api} is beta: EKS serves no new beta API, and old ones go in time"
        fix = fix if stable else "see that kubectl api-versions names it"
    else:
        return
    metadata = data.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    name = "/".join(str(names[key]) for key in ("namespace", "name") if names.get(key))
    yield Blocker(f"{where}: {kind} {name}".rstrip(), what, fix)


def _stable(group: str, kind: str, version: str) -> str:
    """The newest stable API of the kind, if there is one."""
    versions = {each for its_group, each, its_kind in _kinds(version) if (its_group, its_kind) == (group, kind)}
    stable = sorted(each for each in versions if re.fullmatch(r"v\d+", each))
    return f"{group}/{stable[-1]}".lstrip("/") if stable else ""


@cache
def _kinds(version: str) -> frozenset[tuple[str, str, str]]:
    """Group, version and kind of everything that Kubernetes itself has in a minor, whether EKS turns it on or not."""
    known = [each for each in utils.all_versions() if minor(utils.major_minor(each)) <= minor(version)]
    file = f"kubernetes-json-schema/v{known[-1]}-local-strict/_definitions.json"
    definitions: dict[str, Any] = utils.schema_contents(file, version)["$defs"]
    return frozenset(
        (each["group"], each["version"], each["kind"])
        for definition in definitions.values()
        for each in definition.get("x-kubernetes-group-version-kind", ())
    )
