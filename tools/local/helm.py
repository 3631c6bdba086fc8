"""What Helm refuses, and what it makes of a chart that is at hand."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from blueprint import contribution as charts
from tools.charts.render import render
from tools.charts.results import Failed, Rendered
from tools.local.kubernetes import Manifest, RefusedError, Release

# https://github.com/helm/helm/blob/main/pkg/chart/v2/util/validate_name.go
_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LONGEST_NAME = 53
_DURATION = re.compile(r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$")
CHARTS = "LOCAL_CHARTS"
"""Variable with a folder of charts. One that is not there is not rendered."""


def release_of(properties: Mapping[str, Any], kubernetes_version: str) -> Release:
    """The release that the properties of a Custom::AWSCDK-EKS-HelmChart ask for."""
    name, chart = str(properties.get("Release", "")), properties.get("Chart")
    if len(name) > _LONGEST_NAME or not _NAME.match(name):
        rule = f"must match {_NAME.pattern} and the length must not be longer than {_LONGEST_NAME}"
        raise RefusedError(f'release name is invalid: "{name}" {rule}')
    if chart is None and properties.get("ChartAssetURL") is None:
        raise RefusedError("chart or chartAsset must be specified")
    timeout = properties.get("Timeout")
    if timeout is not None and not _DURATION.match(str(timeout)):
        raise RefusedError(f'invalid argument "{timeout}" for "--timeout" flag: time: invalid duration')
    repository = properties.get("Repository")
    if repository is not None and not re.match(r"^(https?|oci)://[^/]", str(repository)):
        raise RefusedError(f'could not find protocol handler for the repository "{repository}"')
    namespace, version = str(properties.get("Namespace") or "default"), properties.get("Version")
    values = values_of(properties.get("Values"))
    rendered = None
    if chart is not None and version is not None:
        source = charts.Chart(str(chart), str(repository or ""), str(version))
        rendered = _rendered(name, namespace, source, values, kubernetes_version)
    return Release(name, namespace, str(chart or properties["ChartAssetURL"]), version, repository, rendered)


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
