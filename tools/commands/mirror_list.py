"""Prints the charts and images that clusters take from elsewhere, for a mirror of one's own, and where each is there.

The second address is that of the blueprint's `mirrors`; without one there it is pulled from its publisher.
Images of a chart stand in the contract of its add-on, without a tag where the chart names none; of one that has no
contract, or another version of the chart, nobody knows them, and it is named on standard error. What EKS installs comes
from Amazon ECR of the cluster's region.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from app import CLUSTERS
from blueprint.contribution import Chart
from blueprint.inventory import planned
from tools.mirrored import contract_of, images_of
from tools.options import add_clusters, add_json
from tools.status import Status
from tools.tables import aligned


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    add_json(parser, "charts, images, and the charts whose images nobody knows")


def run(options: Namespace) -> int:
    """Each once, over all clusters named."""
    parts = [part for plan in planned(CLUSTERS, options.clusters) for part in plan.parts]
    releases = [(part, release) for part in parts for release in part.contribution.releases]
    charts = sorted({release.chart for _, release in releases}, key=_key)
    images = sorted({pair for part in parts for pair in images_of(part)})
    unknown = sorted({release.chart for part, release in releases if contract_of(part, release) is None}, key=_key)
    if options.json:
        found = {
            "charts": [
                {"name": each.name, "version": each.version, "repository": _source(each), "mirror": _mirror(each)}
                for each in charts
            ],
            "images": [{"image": image, "mirror": mirror} for image, mirror in images],
            "unknown": [each.name for each in unknown],
        }
        print(json.dumps(found, indent=2))
        return Status.DONE
    lines = [("chart", f"{each.name} {each.version}", _source(each), _mirror(each)) for each in charts]
    print("\n".join(aligned([*lines, *(("image", image, "", mirror) for image, mirror in images)])))
    for chart in unknown:
        print(f"{chart.name} {chart.version}: no contract says which images it runs", file=sys.stderr)
    return Status.DONE


def _key(chart: Chart) -> tuple[str, str, str]:
    return chart.name, chart.version, chart.repository


def _source(chart: Chart) -> str:
    return chart.published or chart.repository


def _mirror(chart: Chart) -> str:
    return chart.repository if chart.published else ""
