"""What a plan of an upgrade consists of. Text in `backticks` is what somebody wrote: a name, a field, a command."""

from __future__ import annotations

from dataclasses import dataclass, field

from blueprint.blueprint import Blueprint


@dataclass(frozen=True)
class Blocker:
    """What must change, and be deployed, before the control plane goes to a version."""

    where: str
    what: str
    fix: str


@dataclass(frozen=True)
class AddonMove:
    """An add-on that EKS installs."""

    name: str
    now: str
    then: str | None
    """None: no version is known for the target."""
    pinned: bool
    """The user wrote the version, so it stays until the user writes another."""
    before_nodes: bool
    release_notes: str = ""
    """Where those of the version after are."""

    @property
    def moves(self) -> bool:
        """Whether a deploy of the target changes it."""
        return self.then != self.now


@dataclass(frozen=True)
class ChartCheck:
    """What is known about a Helm release at the target."""

    release: str
    chart: str
    version: str
    result: str
    documentation: str = ""
    """Where its project says which Kubernetes versions it runs on."""


@dataclass(frozen=True)
class Edit:
    """A change in the cluster's file; Python as it is written there, None where nothing is."""

    field: str
    now: str | None
    then: str | None
    of: str = ""
    """Name of the value that the field belongs to, for example of a node group."""


@dataclass(frozen=True)
class Step:
    """One pull request and its deploy."""

    title: str
    edits: tuple[Edit, ...]
    before: tuple[str, ...]
    """What to look at first: shell commands and comments."""
    happens: tuple[str, ...]
    """What the deploy changes, in this order."""
    after: tuple[str, ...]
    """What to do and to watch when it is done: shell commands and comments."""
    blueprint: Blueprint = field(repr=False)
    """The cluster's value when the edits are made; a new `release_version` is left to EKS in it."""


@dataclass(frozen=True)
class Minor:
    """The way to the next minor."""

    previous: str
    version: str
    support: str
    findings: tuple[Blocker, ...]
    addons: tuple[AddonMove, ...]
    charts: tuple[ChartCheck, ...]
    unchecked: tuple[str, ...]
    """What nobody has looked at."""
    steps: tuple[Step, ...]
    way_back: tuple[str, ...]


@dataclass(frozen=True)
class Upgrade:
    """From the version of a cluster to another, one minor at a time."""

    cluster: str
    account: str
    region: str
    file: str
    shared_with: tuple[str, ...]
    """Other clusters whose files take the same value of `cluster`, so that one edit moves them all."""
    version: str
    to: str
    minors: tuple[Minor, ...]
    nodes_follow: bool = False
    """Whether something moves nodes by itself when the control plane has moved."""
