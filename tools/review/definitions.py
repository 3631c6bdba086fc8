"""Definitions of custom resources that stay behind when their chart moves to another version."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

import addons
from addons.base import HelmAddon
from blueprint.addon import Addon
from blueprint.contribution import Chart

A = TypeVar("A", bound=Addon)


@cache
def left_behind() -> frozenset[str]:
    """Names of the charts whose definitions nothing moves, by what the add-ons say."""
    return frozenset(cls.chart.name for cls in classes(HelmAddon) if cls.definitions_stay and hasattr(cls, "chart"))


def classes(base: type[A]) -> Iterator[type[A]]:
    """All add-ons of a kind, whatever clusters have them."""
    for module in iter_modules(addons.__path__, f"{addons.__name__}."):
        import_module(module.name)
    for cls in base.__subclasses__():
        yield cls
        yield from classes(cls)


def applied(chart: Chart) -> str:
    """The command that applies a chart's definitions, over those that Helm applied at its first installation.

    https://helm.sh/docs/helm/helm_show_crds: what stands in the folder crds/.
    """
    # Of an OCI chart the repository is its whole address.
    oci = chart.repository.startswith("oci://")
    source = [chart.repository] if oci else [chart.name, "--repo", chart.repository]
    show = shlex.join(["helm", "show", "crds", *source, "--version", chart.version])
    return f"{show} | kubectl apply --server-side --force-conflicts -f -"
