"""What a Helm release would install, without a cluster.

    render(Release("web", Chart("nginx", "https://charts.example.com", "1.2.3"), "web", {"replicas": 2}), "1.36")

Any release will do, of a plan or with what a CloudFormation template says. What only a cluster knows is missing:
`lookup` finds nothing, and of `.Capabilities.APIVersions` there are those that Helm itself knows. Helm installs the
definitions in `crds/` with the first release and never changes them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from blueprint.contribution import Chart, Release
from blueprint.references import resolved
from tools.charts.archives import Archive, archive_of
from tools.charts.helm import CACHE, helm_for, run
from tools.charts.results import Failed, Outcome, Rendered, Unreachable
from tools.placeholders import Placeholders

_TEMPLATE_SECONDS = 60.0
_DOWNLOADS = 16
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # of a PyYAML without libyaml, the slow one
_TAG = "tag:yaml.org,2002:"


def render(release: Release, kube_version: str, source: str | None = None, cache: Path = CACHE) -> Outcome:
    """What the release would install on a Kubernetes version such as "1.36". See `render_all`."""
    return render_all([release], kube_version, source, cache)[0]


def render_all(
    releases: Sequence[Release], kube_version: str, source: str | None = None, cache: Path = CACHE
) -> tuple[Outcome, ...]:
    """The outcome of each release, in their order; it never raises.

    `source` is a folder with `<name>-<version>.tgz` or `<name>/Chart.yaml`, or the address of a mirror that takes the
    place of every repository, https or oci. Without it, charts come from their own repositories.
    """
    helm = helm_for(kube_version, cache)
    if isinstance(helm, Unreachable):
        return (helm,) * len(releases)
    charts = list(dict.fromkeys(release.chart for release in releases))

    def fetched(chart: Chart) -> Archive | Failed | Unreachable:
        return archive_of(chart, source, helm, cache)

    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        archives = dict(zip(charts, pool.map(fetched, charts), strict=True))

    def rendered(release: Release) -> Outcome:
        archive = archives[release.chart]
        return _rendered(release, archive, kube_version, helm) if isinstance(archive, Archive) else archive

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(rendered, releases))


def _rendered(release: Release, archive: Archive, kube_version: str, helm: Path) -> Outcome:
    # As a cluster of EKS names itself: `semverCompare ">=1.30"` of a template is false there, since what follows the
    # hyphen marks a version before the release. https://github.com/helm/helm/issues/10375
    version = f"v{kube_version}.0-eks-0000000"
    options = ("--include-crds", "--skip-tests", f"--kube-version={version}", f"--namespace={release.namespace}")
    values = json.dumps(resolved(release.values, Placeholders(partition="aws")))
    command = ["template", *options, "--values=-", "--", release.name, str(archive.path.resolve())]
    text, reason = run(helm, command, seconds=_TEMPLATE_SECONDS, given=values)
    if reason:
        return Failed(reason)
    try:
        objects = tuple(_objects(yaml.load_all(text, _Loader)))
    except (yaml.YAMLError, ValueError) as error:
        return Failed(f"what it renders is no Kubernetes object: {' '.join(str(error).split())}")
    return Rendered(objects, str(archive.metadata.get("kubeVersion") or ""))


def _objects(documents: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """What `kubectl` would apply: lists taken apart, empty documents left out."""
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
            raise ValueError(f"{document!r:.80} has no apiVersion and kind")
        if document["kind"] == "List":
            yield from _objects(iter(document.get("items") or ()))
        else:
            yield document


class _Loader(_LOADER):  # type: ignore[misc]  # its base is chosen above
    """Reads dates, 12:30 and a bare = as text, as Kubernetes does."""


def _scalar(loader: Any, node: yaml.ScalarNode) -> Any:
    kind = node.tag.removeprefix(_TAG)
    if kind in ("int", "float") and ":" not in node.value:
        return getattr(loader, f"construct_yaml_{kind}")(node)
    return node.value


for _kind in ("int", "float", "timestamp", "value"):
    _Loader.add_constructor(f"{_TAG}{_kind}", _scalar)
