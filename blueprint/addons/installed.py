"""What charts and add-ons of EKS bring of which a cluster has one: definitions, and objects in no namespace.

Their contracts tell, `addons/contracts`; of a chart without one nobody knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from blueprint.addons.lock import locked_repository
from blueprint.contribution import Contribution, Release
from blueprint.kubernetes import CLUSTER_SCOPED, Manifest

FOLDER = Path(__file__).parents[2] / "addons" / "contracts"
DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io "
_NAMESPACE = "Namespace"
"""Of which there are rules of their own."""
# As charts call the value that leaves their definitions out when it is False.
_DEFINITIONS = re.compile(r"(install_?|create_?)?crds?(\.(enabled?|install(ed)?|create[ds]?))?", re.IGNORECASE)


def brought(name: str, contribution: Contribution) -> Iterator[str]:
    """All that charts of a part bring, each as `ClusterRole.rbac.authorization.k8s.io web`; `name` is the part's."""
    for release in contribution.releases:
        yield from _of_release(name, release)
    for addon in contribution.managed_addons:
        for contract in _contracts().get(addon.name, {}).values():
            yield from _outside(contract)


def stated(contribution: Contribution) -> set[str]:
    """The objects of a part outside of namespaces, of Kubernetes' own kinds, in the same form."""
    return {_title(each) for each in contribution.every_object if each["kind"] in CLUSTER_SCOPED - {_NAMESPACE}}


def _of_release(part: str, release: Release) -> Iterator[str]:
    own = _contracts().get(part, {}).get(release.name, {})
    of_class = own.get("chart") == release.chart.name
    named, contract = (release.name, own) if of_class else _by_chart(release)
    off = [*_turned_off(release.values)]
    without = any(_DEFINITIONS.fullmatch(".".join(path[at:])) for path in off for at in range(len(path)))
    for each in _outside(contract):
        if not each.startswith(DEFINITION):
            # Of another release names are other ones where they are made of its name, and what values turn off is
            # perhaps not there at all.
            kind, _, name = each.partition(" ")
            if of_class or not off:
                yield f"{kind} {name.replace(named, release.name)}"
        elif not without:
            yield each


def _by_chart(release: Release) -> tuple[str, Mapping[str, Any]]:
    """The contract of another release of the same chart, and its name."""
    for contracts in _contracts().values():
        for named, contract in contracts.items():
            if contract["chart"] == release.chart.name and locked_repository(release.chart.name) in (
                release.chart.repository,
                release.chart.published,
            ):
                return named, contract
    return "", {}


def _turned_off(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        here = (*path, str(key))
        if isinstance(value, Mapping):
            yield from _turned_off(value, here)
        elif value is False:
            yield here


def _outside(contract: Mapping[str, Any]) -> Iterator[str]:
    titles = (each.partition(" ") for each in contract.get("objects", ()))
    return (f"{kind} {name}" for kind, _, name in titles if "/" not in name and kind != _NAMESPACE)


def _title(manifest: Manifest) -> str:
    group, within, _ = manifest["apiVersion"].partition("/")
    kind = f"{manifest['kind']}.{group}" if within else manifest["kind"]
    return f"{kind} {manifest['metadata']['name']}"


@cache
def _contracts() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """By add-on and release."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
