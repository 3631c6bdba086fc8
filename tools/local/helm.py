"""What Helm refuses, and what it makes of a chart that is at hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.local.kubernetes import Manifest, RefusedError, Release

# https://github.com/helm/helm/blob/main/pkg/chart/v2/util/validate_name.go
_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LONGEST_NAME = 53
_DURATION = re.compile(r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$")
_CHARTS = "LOCAL_CHARTS"
"""Variable with a folder of chart archives, `<chart>-<version>.tgz`. A chart that is not there is not rendered."""


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
    archive = _archive(str(chart), version)
    values = values_of(properties.get("Values"))
    rendered = _rendered(archive, name, namespace, values, kubernetes_version) if archive else None
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


def _archive(chart: str, version: str | None) -> Path | None:
    folder = os.environ.get(_CHARTS)
    archive = Path(folder, f"{chart}-{version}.tgz") if folder else None
    return archive if archive and archive.is_file() else None


def _rendered(
    archive: Path, release: str, namespace: str, values: Mapping[str, Any], kubernetes_version: str
) -> tuple[Manifest, ...]:
    helm = shutil.which("helm")
    if helm is None:
        raise RefusedError(f"{archive.name} is at hand, but there is no helm in PATH to render it")
    options = ["--namespace", namespace, "--include-crds", "--kube-version", kubernetes_version, "--values", "-"]
    command = [helm, "template", release, str(archive), *options]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RefusedError(done.stderr.strip())
    return tuple(document for document in yaml.safe_load_all(done.stdout) if document)
