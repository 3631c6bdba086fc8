"""What of a plan is there outside of AWS, and what is not, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blueprint.contribution import Release
from blueprint.kubernetes import BUILT_IN, RESERVED_NAMESPACES, Manifest
from blueprint.planning.document import Part, Plan
from blueprint.references import resolved
from blueprint.teams.external_secrets import of_aws, secret_of
from blueprint.teams.workloads.kinds import group
from tools.gitops.known import known, open_in
from tools.render.changes import LaptopChange

_CLASSES = ("IngressClass", "StorageClass")
"""Kinds that others name, and so there whatever becomes of their add-on."""


@dataclass(frozen=True)
class PartThere:
    """What is there of an add-on or team."""

    name: str
    objects: tuple[Manifest, ...] = ()
    """Of kinds that Kubernetes itself has."""
    releases: tuple[Release, ...] = ()
    custom_resources: tuple[Manifest, ...] = ()
    """Of kinds that come with releases."""


@dataclass
class LaptopContents:
    """All that is there."""

    parts: list[PartThere] = field(default_factory=list)
    """In the order of the plan."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by the name of an add-on or of an object."""
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What is different, by the name of an object or release."""
    without_role: list[str] = field(default_factory=list)
    """Service accounts that have AWS permissions in the cluster on AWS."""
    secrets: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Keys that pods look for, by namespace and name of a Secret that is made of what AWS keeps."""
    hosts: tuple[str, ...] = ()
    """Names that are answered there."""

    @property
    def objects(self) -> Iterator[Manifest]:
        """All, those of custom kinds last."""
        for part in self.parts:
            yield from part.objects
        for part in self.parts:
            yield from part.custom_resources

    @property
    def has_own(self) -> bool:
        """Whether there is any object of a kind that Kubernetes itself has."""
        return any(part.objects for part in self.parts)

    @property
    def has_ingress(self) -> bool:
        """Whether some class of Ingresses is to be answered."""
        return any(one["kind"] == "IngressClass" for one in self.objects)


def contents(plan: Plan) -> LaptopContents:
    """What is there of a plan."""
    made = LaptopContents()
    why = [_why_left_out(plan, part) for part in plan.parts]
    made.left_out.update({part.name: reason for part, reason in zip(plan.parts, why, strict=True) if reason})
    made.left_out.update({each.name: each.reason for each in plan.skipped})
    there = [part for part, reason in zip(plan.parts, why, strict=True) if not reason]
    brought = [
        [one for one in _brought(part) if not reason or one["kind"] in _CLASSES]
        for part, reason in zip(plan.parts, why, strict=True)
    ]
    lacking = _Lacking(
        groups={*BUILT_IN, *(name for part in there for name in part.api_groups), *_defined(brought)},
        namespaces={*RESERVED_NAMESPACES, *(space.name for part in there for space in part.contribution.namespaces)},
        of_aws=[*of_aws(one for objects in brought for one in objects)],
    )
    for part, objects, reason in zip(plan.parts, brought, why, strict=True):
        kept = [*_objects(plan, objects, lacking, made)]
        releases = () if reason else tuple(_release(plan, each, made) for each in part.contribution.releases)
        made.without_role += [] if reason else [grant.name for grant in part.contribution.every_grant]
        own = tuple(one for one in kept if group(one["apiVersion"]) in BUILT_IN)
        custom = tuple(one for one in kept if group(one["apiVersion"]) not in BUILT_IN)
        if kept or releases:
            made.parts.append(PartThere(part.name, own, releases, custom))
    for one in lacking.of_aws:
        if one["kind"] == "ExternalSecret":
            secret = (one["metadata"]["namespace"], secret_of(one))
            made.secrets[secret] = tuple(sorted({*_keys(made.objects, secret)}))
    made.hosts = tuple(sorted({*_hosts(made.objects), *(host for host in plan.facts.hosts if "*" not in host)}))
    return made


def _why_left_out(plan: Plan, part: Part) -> str:
    if part.off_aws.left_out:
        return part.off_aws.left_out
    values = [LaptopChange(plan.facts).of_values(each.values) for each in part.contribution.releases]
    if found := open_in(resolved(values, known(plan))):
        return f"its chart is told what AWS decides in a deploy: {', '.join(found)}"
    return ""


def _defined(brought: Iterable[Iterable[Manifest]]) -> Iterator[str]:
    """API groups of definitions among the objects."""
    for objects in brought:
        yield from (one["spec"]["group"] for one in objects if one["kind"] == "CustomResourceDefinition")


@dataclass(frozen=True)
class _Lacking:
    """By which an object cannot be there."""

    groups: set[str]
    """API groups that are served."""
    namespaces: set[str]
    of_aws: Sequence[Manifest]

    def why(self, one: Manifest, changed: Manifest) -> str:
        of, space = group(one["apiVersion"]), one["metadata"].get("namespace")
        if any(one is other for other in self.of_aws):
            return "AWS keeps what it is about"
        if of not in self.groups:
            return f"nothing there defines {of}"
        if space and space not in self.namespaces:
            return f"there is no namespace {space}"
        if found := open_in(changed):
            return f"it holds what AWS decides in a deploy: {', '.join(found)}"
        return ""


def _objects(plan: Plan, objects: Iterable[Manifest], lacking: _Lacking, made: LaptopContents) -> Iterator[Manifest]:
    for one in objects:
        change = LaptopChange(plan.facts)
        changed: Manifest = resolved(change.of_object(one), known(plan))
        place = place_of(one)
        if why := lacking.why(one, changed):
            made.left_out[place] = why
            continue
        if change.told:
            made.changed[place] = tuple(sorted(change.told))
        yield changed


def _brought(part: Part) -> Iterator[Manifest]:
    """In the order in which they are installed."""
    brought, instead = part.contribution, part.off_aws.objects
    yield from (each.manifest() for each in brought.namespaces)
    if instead is None:
        yield from brought.every_object
        return
    yield from (one for each in brought.namespaces for one in each.objects)
    yield from instead


def _release(plan: Plan, release: Release, made: LaptopContents) -> Release:
    change = LaptopChange(plan.facts)
    values = resolved(change.of_values(release.values), known(plan))
    chart = release.chart
    if chart.published:
        change.told.add(f"the chart from {chart.published}")
        chart = replace(chart, repository=chart.published)
    if change.told:
        made.changed[f"release {release.namespace}/{release.name}"] = tuple(sorted(change.told))
    return replace(release, values=values, chart=chart)


def place_of(one: Manifest) -> str:
    """How people call an object: `Deployment shop/ui`."""
    space = one["metadata"].get("namespace")
    return f"{one['kind']} {space}/{one['metadata']['name']}" if space else f"{one['kind']} {one['metadata']['name']}"


def _keys(objects: Iterator[Manifest], secret: tuple[str, str]) -> Iterator[str]:
    space, name = secret
    for one in objects:
        if one["metadata"].get("namespace") == space:
            yield from (each["key"] for each in _found(one, "secretKeyRef") if each.get("name") == name)


def _hosts(objects: Iterator[Manifest]) -> Iterator[str]:
    for one in objects:
        if one["kind"] == "Ingress":
            for rule in one["spec"].get("rules") or ():
                if (host := rule.get("host", "")) and "*" not in host:
                    yield host


def _found(data: Any, key: str) -> Iterator[Any]:
    """What stands at the key, anywhere."""
    if isinstance(data, Mapping):
        if key in data:
            yield data[key]
        for item in data.values():
            yield from _found(item, key)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from _found(item, key)
