"""Reads `addons/versions.toml`, which names the version of all that add-ons install."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated

from blueprint import toml
from blueprint.addons import AddonVersion, Chart
from blueprint.addons.by_value import ImageRepository
from blueprint.errors import BlueprintError, Problem
from blueprint.fields import ChartRepository, ChartVersion, DnsLabel, matches
from blueprint.value import Value
from blueprint.versions import KubernetesRange, KubernetesVersion

FILE = "addons/versions.toml"
Digest = Annotated[
    str, matches(r"sha256:[0-9a-f]{64}", "must be the digest of an archive", "let `make versions` write it")
]
# https://go.dev/ref/mod#module-path and golang.org/x/mod/module, CheckPath: a major version is there from /v2 on, and
# has no zero before it.
GoModule = Annotated[
    str,
    matches(
        r"(?=[^/]*\.)[a-z0-9][a-z0-9.-]*(/(?!\.)(?!v(0\d*|1)$)[\w.~-]*[\w~-])+",
        "must be the path of a Go module, with /v2 or higher as its go.mod has it",
        'write for example "github.com/argoproj/argo-cd/v3"',
    ),
]


class LockedChart(Value):
    """A chart of the lock."""

    repository: ChartRepository
    version: ChartVersion
    kubernetes: KubernetesRange | None = None
    """On which it runs; None where the chart does not say."""
    digest: Digest | None = None
    """Of its archive, as `make versions` writes it; tools that render the chart take no other."""
    modules: Mapping[ImageRepository, GoModule] = field(default_factory=dict)
    """By an image of the chart, without its tag, the Go module of the program in it: `make versions` asks what
    advisories name of it, at the version of the tag. Of a chart without any nobody is asked."""


class Lock(Value):
    """All of the file."""

    eks: Mapping[KubernetesVersion, Mapping[DnsLabel, AddonVersion]]
    """Versions of EKS add-ons, by Kubernetes minor and add-on."""
    charts: Mapping[DnsLabel, LockedChart]

    def addon_versions(self, addon: str) -> Mapping[str, str]:
        """Those of an EKS add-on, by Kubernetes minor. Raises BlueprintError when it has none."""
        found = {minor: addons[addon] for minor, addons in self.eks.items() if addon in addons}
        if not found:
            raise _unknown(f"eks.*.{addon}", addon, f'write {addon} = "v1.…-eksbuild.…" in each table of eks')
        return found

    def chart(self, name: str, *, notes: str = "", compatibility: str = "", definitions_stay: bool = False) -> Chart:
        """The chart of a name, with what its add-on knows of it. Raises BlueprintError when there is none.

        The forms of addresses are looked up with a version that exists.
        """
        if name not in self.charts:
            raise _unknown(f"charts.{name}", name, f"add a table [charts.{name}] with its repository and version")
        locked = self.charts[name]
        return Chart(
            name,
            locked.repository,
            locked.version,
            kubernetes=locked.kubernetes or "",
            digest=locked.digest or "",
            notes=notes,
            compatibility=compatibility,
            definitions_stay=definitions_stay,
        )

    def repository(self, name: str) -> str:
        """Where its publisher has the chart of a name; empty when it has none."""
        return self.charts[name].repository if name in self.charts else ""


def read(text: str) -> Lock:
    """The lock of a text in TOML. Raises BlueprintError with all mistakes."""
    lock, problems = toml.read(Lock, text, FILE)
    if problems:
        raise BlueprintError(problems)
    return lock


def _unknown(place: str, name: str, fix: str) -> BlueprintError:
    rule = "an add-on takes its version from the lock"
    return BlueprintError([Problem((), name, rule, fix, f"{FILE}: {place}")])


_LOCK = read((Path(__file__).parents[2] / FILE).read_text(encoding="utf-8"))
locked_versions = _LOCK.addon_versions
locked_chart = _LOCK.chart
locked_repository = _LOCK.repository
