"""Definitions of custom resources that stay behind when their chart moves to another version."""

from __future__ import annotations

import shlex

from blueprint.contribution import Chart


def applied(chart: Chart) -> str:
    """The command that applies a chart's definitions, over those that Helm applied at its first installation.

    https://helm.sh/docs/helm/helm_show_crds: what stands in the folder crds/.
    """
    # Of an OCI chart the repository is its whole address.
    oci = chart.repository.startswith("oci://")
    source = [chart.repository] if oci else [chart.name, "--repo", chart.repository]
    show = shlex.join(["helm", "show", "crds", *source, "--version", chart.version])
    return f"{show} | kubectl apply --server-side --force-conflicts -f -"
