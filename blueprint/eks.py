"""What EKS accepts, refuses and cannot take back, from `facts/eks.toml`: rules of plans and all tools read it here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from blueprint import toml
from blueprint.errors import BlueprintError
from blueprint.hints import Form
from blueprint.value import Value

FILE = Path(__file__).parents[1] / "facts" / "eks.toml"
_Texts = Annotated[tuple[str, ...], Form("an array of texts", '["1.36"]')]
_Date = Annotated[dt.date, Form("a date", "2026-11-27")]


class SupportDates(Value):
    """When support of a Kubernetes minor ends; billing of extended support begins on the first of these days."""

    standard_until: _Date
    extended_until: _Date
    """EKS upgrades a control plane by itself after it."""


class OfferedVersions(Value):
    """Kubernetes minors that EKS offers."""

    standard_support: _Texts
    """In order."""
    extended_support: _Texts
    """Older ones, which cost more."""
    support: Mapping[str, SupportDates]
    """Of each version, its dates."""
    default: str
    """What EKS itself takes for a new cluster."""
    date: _Date
    """When the source said so."""
    source: str


class EksRule(Value):
    """What EKS does, or refuses."""

    says: str
    """In a sentence, which every tool shows."""
    date: _Date
    """When the source said so."""
    source: str
    limit: int = 0
    """How many at the most: minors, kinds of update."""
    days: int = 0
    """For how long."""


class EksRules(Value):
    """All of them."""

    up: EksRule
    """A newer control plane."""
    down: EksRule
    """An older one."""
    nodes_first: EksRule
    """A newer control plane whose nodes lag behind."""
    new_nodes: EksRule
    """The version of a group that is made."""
    nodes_back: EksRule
    """An older version or image of a group."""
    extended_support: EksRule
    """The policy that a version needs."""
    one_kind: EksRule
    """Several changes of a control plane at once."""
    egress: EksRule
    """Another way out of the VPC for the control plane."""
    zones: EksRule
    """Subnets of a control plane."""
    sizes: EksRule
    """How many nodes a group has."""


class NodeUpdates(Value):
    """Changes of a managed node group."""

    settings: _Texts
    """Properties that are not changed together with its version."""


class EksFacts(Value):
    """All of the file."""

    versions: OfferedVersions
    rule: EksRules
    cluster_updates: Mapping[str, _Texts]
    """Kinds of update of a control plane, and the properties that each changes, with their paths."""
    node_updates: NodeUpdates


def read(text: str) -> EksFacts:
    """The facts of a text in TOML. Raises BlueprintError with all mistakes."""
    facts, problems = toml.read(EksFacts, text, FILE.name)
    if problems:
        raise BlueprintError(problems)
    return facts


_FACTS = read(FILE.read_text(encoding="utf-8"))
VERSIONS, EKS_RULES = _FACTS.versions, _FACTS.rule
CLUSTER_UPDATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    kind: tuple(tuple(path.split(".")) for path in paths) for kind, paths in _FACTS.cluster_updates.items()
}
"""Properties by the kind of update that changes them."""
NODE_SETTINGS = _FACTS.node_updates.settings
