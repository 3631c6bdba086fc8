"""What comes from Git, as if the templates had it: who compares two revisions sees charts and objects all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from blueprint.planning.document import Plan
from blueprint.planning.file import DocumentError, loaded
from blueprint.references import resolved
from tools.assembly import CHART, MANIFEST, Assembly, Stack, Template
from tools.gitops.known import known
from tools.gitops.steps import GitStep, steps

GIT = "Git"
"""With the name of a step behind it, the id of a resource that no template has."""


def with_git(assembly: Assembly, documents: Mapping[str, str]) -> Assembly:
    """The stacks with a resource more for each step; as they are, where a plan cannot be read."""
    return {name: _with(stacks, documents.get(name, "")) for name, stacks in assembly.items()}


def is_from_git(id: str) -> bool:
    """Whether a resource of `with_git` is one of those."""
    return id.startswith(f"{GIT}:")


def _with(stacks: tuple[Stack, ...], document: str) -> tuple[Stack, ...]:
    try:
        plan = loaded(document)
    except DocumentError:
        return stacks
    if not plan.delivery:
        return stacks
    parts = {"addons": plan.addons, "teams": plan.teams}
    return tuple(
        _extended(plan, stack, steps(stack.name, parts[stack.name])) if stack.name in parts else stack
        for stack in stacks
    )


def _extended(plan: Plan, stack: Stack, of: tuple[GitStep, ...]) -> Stack:
    more = {f"{GIT}:{step.name}": step for step in of}
    resources = {**stack.resources, **{id: _resource(plan, step) for id, step in more.items()}}
    paths = {**stack.paths, **{id: "/".join(_path(step)) for id, step in more.items()}}
    return replace(stack, template={**stack.template, "Resources": resources}, paths=paths)


def _path(step: GitStep) -> Iterator[str]:
    yield step.part
    yield f"release-{step.release.name}" if step.release else step.name.rpartition(".")[2]


def _resource(plan: Plan, step: GitStep) -> Template:
    release = step.release
    if not release:
        properties: dict[str, Any] = {"Manifest": json.dumps(resolved(step.objects, known(plan)))}
        if step.stays:  # neither engine removes these by itself
            return {"Type": MANIFEST, "Properties": properties, "DeletionPolicy": "Retain"}
        return {"Type": MANIFEST, "Properties": properties}
    is_oci = release.chart.repository.startswith("oci://")
    properties = {
        "Release": release.name,
        "Chart": release.chart.repository if is_oci else release.chart.name,
        "Version": release.chart.version,
        "Namespace": release.namespace,
        "Timeout": f"{release.timeout_minutes * 60}s",
        "Values": json.dumps(resolved(release.values, known(plan))),
    }
    if not is_oci:
        properties["Repository"] = release.chart.repository
    return {"Type": CHART, "Properties": properties}
