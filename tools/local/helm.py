"""What Helm refuses, and what it makes of a chart that is at hand."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from blueprint import contribution as charts
from blueprint.kubernetes import Manifest
from tools.charts.archives import Archive, archive_of
from tools.charts.helm import CACHE, helm_for
from tools.charts.render import render
from tools.charts.results import Failed, Rendered, Unreachable
from tools.local.kubernetes import InstalledRelease, RefusedError, Waiting

# https://github.com/helm/helm/blob/main/pkg/chart/v2/util/validate_name.go
_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LONGEST_NAME = 53
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_PART = rf"([0-9]+(?:\.[0-9]+)?)({'|'.join(_SECONDS)})"
# https://helm.sh/docs/helm/helm_upgrade/ : 5m0s
_DEFAULT_TIMEOUT = "300s"
# The time that the function needs beside helm's waiting: to log in, to fetch the chart, to send its objects.
_BESIDE_SECONDS = 30
CHARTS = "LOCAL_CHARTS"
"""Variable with a folder of charts. One that is not there is not rendered."""


def release_of(properties: Mapping[str, Any], kubernetes_version: str) -> InstalledRelease:
    """The release that the properties of a Custom::AWSCDK-EKS-HelmChart ask for."""
    name, chart = str(properties.get("Release", "")), properties.get("Chart")
    if len(name) > _LONGEST_NAME or not _NAME.match(name):
        rule = f"must match {_NAME.pattern} and the length must not be longer than {_LONGEST_NAME}"
        raise RefusedError(f'release name is invalid: "{name}" {rule}')
    if chart is None and properties.get("ChartAssetURL") is None:
        raise RefusedError("chart or chartAsset must be specified")
    repository = properties.get("Repository")
    if repository is not None and not re.match(r"^(https?|oci)://[^/]", str(repository)):
        raise RefusedError(f'could not find protocol handler for the repository "{repository}"')
    namespace, version = str(properties.get("Namespace") or "default"), properties.get("Version")
    values = values_of(properties.get("Values"))
    rendered = None
    if chart is not None and version is not None:
        source = charts.Chart(str(chart), str(repository or ""), str(version))
        rendered = _rendered(name, namespace, source, values, kubernetes_version)
    return InstalledRelease(name, namespace, str(chart or properties["ChartAssetURL"]), version, repository, rendered)


def at_hand(properties: Mapping[str, Any], kubernetes_version: str) -> Mapping[str, Any] | None:
    """The same properties for a chart that lies in the folder; None where it does not.

    Nothing else may decide where it comes from: no repository is reached from here.
    """
    folder, helm = os.environ.get(CHARTS), helm_for(kubernetes_version)
    if not folder or isinstance(helm, Unreachable) or "Version" not in properties or "Chart" not in properties:
        return None
    wanted = charts.Chart(str(properties["Chart"]), "", str(properties["Version"]))
    found = archive_of(wanted, folder, helm, CACHE)
    if not isinstance(found, Archive):
        return None
    others = {name: each for name, each in properties.items() if name not in ("Repository", "Version")}
    return {**others, "Chart": str(found.path.resolve())}


def waiting_of(properties: Mapping[str, Any], lifetime_seconds: int) -> Waiting:
    """How the properties of a Custom::AWSCDK-EKS-HelmChart ask helm to wait, in a function that lives so long."""
    return Waiting(
        wait=_true(properties.get("Wait")) or _true(properties.get("Atomic")),
        atomic=_true(properties.get("Atomic")),
        seconds=_seconds(str(properties.get("Timeout", _DEFAULT_TIMEOUT))),
        lifetime=lifetime_seconds - _BESIDE_SECONDS,
    )


def _true(value: object) -> bool:
    return str(value).lower() == "true"


def _seconds(duration: str) -> float:
    """https://pkg.go.dev/time#ParseDuration"""
    if not re.fullmatch(f"(?:{_PART})+", duration):
        raise RefusedError(f'invalid argument "{duration}" for "--timeout" flag: time: invalid duration')
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, duration))


def values_of(text: str | None) -> dict[str, Any]:
    """The `Values` property: a JSON object."""
    try:
        values = json.loads(text) if text is not None else {}
    except json.JSONDecodeError as error:
        raise RefusedError(f"the values are not JSON: {error}") from None
    if not isinstance(values, dict):
        raise RefusedError(f"the values must be an object, not {type(values).__name__}")
    return values


def _rendered(
    name: str, namespace: str, chart: charts.Chart, values: Mapping[str, Any], kubernetes_version: str
) -> tuple[Manifest, ...] | None:
    """The release's objects; None when the chart is not at hand."""
    folder = os.environ.get(CHARTS)
    if not folder:
        return None
    outcome = render(charts.Release(name, chart, namespace, values), kubernetes_version, folder)
    if isinstance(outcome, Failed):
        raise RefusedError(outcome.reason)
    return outcome.objects if isinstance(outcome, Rendered) else None
