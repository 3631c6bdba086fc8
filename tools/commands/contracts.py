"""Writes down what the charts of add-ons install, in addons/contracts, from the charts themselves.

Each in its locked version, with the values of a typical use. Where a chart cannot be had the contract stays as it is.
Ends with 2 when a chart cannot be rendered, or does not read a value that the add-on gives it.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from blueprint.addons import EksAddon, HelmAddon
from blueprint.contribution import Release
from blueprint.versions import DEFAULT
from tools import contracts
from tools.charts.archives import Archive, archive_of
from tools.charts.helm import CACHE, helm_for
from tools.charts.helm import run as helm_run
from tools.charts.render import render_all
from tools.charts.results import Outcome, Rendered, Unreachable
from tools.options import Names, add_charts, add_json
from tools.status import CannotError, Status

_SECONDS = 20.0


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("names", nargs="*", action=Names, metavar="ADDON", help="names of add-ons; all with a chart")
    add_charts(parser)
    add_json(parser, "of each release, why its contract is not what the chart says")


def run(options: Namespace) -> int:
    """Writes one file for each add-on."""
    found = {cls.name: cls for cls in contracts.classes()}
    if unknown := sorted(set(options.names) - found.keys()):
        raise CannotError(f"no add-on with a chart has the name {', '.join(unknown)}: {', '.join(found)}")
    told: dict[str, str] = {}
    for name in options.names or found:
        written = _written(contracts.typical(found[name]), options.charts, told)
        if written is not None:
            contracts.write(name, written)
            if not options.json:
                print(f"{contracts.path_of(name).name}: {', '.join(written)}")
    if options.json:
        print(json.dumps(told, indent=2))
    for release, why in told.items():
        print(f"{release}: {why}", file=sys.stderr)
    return Status.FAILED if told else Status.DONE


def _written(addon: EksAddon | HelmAddon, source: str | None, told: dict[str, str]) -> Mapping[str, Any] | None:
    """The contracts of all its releases, or None and the reason in `told`."""

    def render(releases: Sequence[Release], version: str) -> Sequence[Outcome]:
        return render_all(releases, version, source)

    written = {}
    rendered: dict[str, Rendered] = {}
    releases = contracts.releases(addon)
    for release in releases:
        (outcome,) = render([release], DEFAULT)
        if not isinstance(outcome, Rendered):
            told[release.name] = outcome.reason
            return None
        rendered[release.name] = outcome
    images = {*addon.contribute(contracts.FACTS).images} - contracts.repositories(rendered.values())
    for release in releases:
        if unread := contracts.unread(release, render, _defaults(release, source)):
            told[release.name] = f"the chart does not read {', '.join(unread)}"
        written[release.name] = contracts.contract(
            release,
            rendered[release.name],
            # What stands in no object belongs to the release of its own name.
            images if release.name == addon.name else (),
            followed=contracts.followed(release, render, contracts.known_paths(addon)),
            unmirrored=contracts.unmirrored(addon, release.name, render),
        )
    return written


def _defaults(release: Release, source: str | None) -> Mapping[str, Any]:
    """What the chart's own values.yaml has."""
    helm = helm_for(DEFAULT)
    if isinstance(helm, Unreachable):
        raise CannotError(helm.reason)
    archive = archive_of(release.chart, source, helm, CACHE)
    if not isinstance(archive, Archive):
        raise CannotError(archive.reason)
    text, why = helm_run(helm, ["show", "values", str(archive.path.resolve())], seconds=_SECONDS)
    if why:
        raise CannotError(f"{archive.path.name}: {why}")
    return yaml.safe_load(text) or {}
