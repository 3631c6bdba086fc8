"""Which page a class stands on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import getdoc

from blueprint.addons import Addon
from tools.reference.values import Class, classes

ADDONS = "addons/README.md"


@dataclass(frozen=True)
class Page:
    """One concept."""

    file: str
    """In docs/reference."""
    title: str
    intro: str
    """A docstring."""
    classes: Sequence[Class]


_CONCEPTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "blueprint",
        "A cluster",
        (
            "blueprint.blueprint",
            "blueprint.hosted_zone",
            "blueprint.mirrors",
            "blueprint.proxy",
            "blueprint.role_settings",
        ),
    ),
    ("network", "Network", ("blueprint.network", "blueprint.routes", "blueprint.existing_network")),
    (
        "cluster",
        "Control plane",
        (
            "blueprint.cluster",
            "blueprint.components",
            "blueprint.oidc",
        ),
    ),
    ("access", "Principals", ("blueprint.access",)),
    (
        "compute",
        "Compute",
        (
            "blueprint.compute",
            *(
                f"blueprint.{kind}"
                for kind in (
                    "managed_nodes",
                    "self_managed_nodes",
                    "fargate",
                    "hybrid_nodes",
                    "auto_mode",
                    "auto_node_class",
                    "machine",
                    "taints",
                )
            ),
            "blueprint.group_settings",
        ),
    ),
    ("delivery", "Delivery", ("blueprint.delivery", "blueprint.artifacts", "blueprint.repositories")),
    ("node-pools", "Node pools", ("blueprint.node_pool", "blueprint.node_requirement", "blueprint.disruption")),
    ("iam", "AWS permissions", ("blueprint.iam",)),
    (
        "teams",
        "Teams",
        (
            "blueprint.teams",
            *(f"blueprint.teams.{part}" for part in ("platform", "application", "namespaces", "roles", "admission")),
        ),
    ),
    ("connections", "Connections of teams", ("blueprint.teams.network",)),
    (
        "service-accounts",
        "Service accounts and secrets of teams",
        ("blueprint.teams.identity", "blueprint.teams.external_secrets", "blueprint.secrets"),
    ),
    (
        "workloads",
        "Workloads of teams",
        tuple(f"blueprint.teams.workloads.{kind}" for kind in ("manifests", "helm", "git")),
    ),
    ("fleet", "A fleet", ("blueprint.fleet", "blueprint.pipelines", "blueprint.code_pipeline")),
    ("addons-by-value", "Add-ons by value", ("blueprint.addons.by_value", "blueprint.addons.manifests")),
    ("buckets", "Buckets of add-ons", ("blueprint.addons.buckets",)),
    ("file-systems", "File systems of add-ons", ("blueprint.addons.file_systems",)),
    ("workspaces", "Workspaces of Prometheus", ("blueprint.addons.workspaces",)),
    ("backups", "Backups by AWS Backup", ("blueprint.backups", "blueprint.addons.vaults")),
)
"""File, title, and the modules whose classes stand there; the first one's docstring opens the page."""


@cache
def concepts() -> tuple[Page, ...]:
    """The pages in the order of the index, but those of add-ons."""
    pages = []
    for name, title, modules in _CONCEPTS:
        found = [cls for cls in classes() if cls.__module__ in modules]
        pages.append(Page(f"{name}.md", title, getdoc(sys.modules[modules[0]]) or "", found))
    return tuple(pages)


@cache
def addon_pages() -> tuple[Page, ...]:
    """One for each add-on, by its name; it has what stands in the add-on alone as well."""
    pages = []
    with_class = (cls for cls in classes() if issubclass(cls, Addon) and hasattr(cls, "name"))
    for addon in sorted(with_class, key=lambda cls: str(cls.name)):
        package = ".".join(addon.__module__.split(".")[:2])
        within = [cls for cls in classes() if f"{cls.__module__}.".startswith(f"{package}.")]
        parts = [cls for cls in within if not issubclass(cls, Addon)]
        pages.append(
            Page(f"addons/{addon.name}.md", f"Add-on {addon.name}", getdoc(sys.modules[package]) or "", [addon, *parts])
        )
    return tuple(pages)


@cache
def page_of() -> Mapping[Class, str]:
    """The file in which each class stands. Raises LookupError for one without a place: name its module above."""
    found = {cls: page.file for page in (*concepts(), *addon_pages()) for cls in page.classes}
    if homeless := [f"{cls.__module__}.{cls.__name__}" for cls in classes() if cls not in found]:
        raise LookupError(f"no page has {', '.join(homeless)}: name its module in tools/reference/pages.py")
    return found
