"""Looks the charts of addons/versions.toml up, and writes down what their archives say.

Versions stay: Renovate or a person moves them, and then this. It writes the digest of each archive, and the minors of
Kubernetes that its Chart.yaml names. A chart that names none keeps what somebody wrote.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace

from app import ROOT
from blueprint.addons.lock import FILE, read
from blueprint.versions import DEFAULT
from tools.charts.archives import Archive, archive_of, digest
from tools.charts.helm import CACHE, helm_for
from tools.charts.results import Failed, Unreachable
from tools.options import add_charts, add_json
from tools.status import CannotError, Status

LOCK = ROOT / FILE
# https://helm.sh/docs/topics/charts (kubeVersion): -0 lets versions before a release in, as those of EKS look like.
_FROM = re.compile(r">=\s*v?1\.(\d+)(?:\.0)?(?:-0)?")
_BELOW = re.compile(r"<\s*v?1\.(\d+)(?:\.0)?(?:-0)?")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("names", nargs="*", metavar="CHART", help="names of charts; all when none is given")
    add_charts(parser)
    add_json(parser, "what was written of each chart, by its name")


def run(options: Namespace) -> int:
    """Writes the lock, and prints what it has of each chart now. Fails when something was not looked up."""
    text = LOCK.read_text(encoding="utf-8")
    locked = read(text)
    charts = [locked.chart(name) for name in options.names or locked.charts]
    helm = helm_for(DEFAULT)
    if isinstance(helm, Unreachable):
        raise CannotError(helm.reason)
    written: dict[str, dict[str, str]] = {}
    for chart in charts:
        # Whatever digest it has: this is what finds the new one.
        found = archive_of(replace(chart, digest=""), options.charts, helm, CACHE)
        if isinstance(found, Archive) and found.path.is_file():
            facts = {"digest": digest(found.path), **_kubernetes(found)}
            text = with_facts(text, chart.name, facts)
            written[chart.name] = {"version": chart.version, **facts}
        else:
            why = found.reason if isinstance(found, Failed | Unreachable) else f"{found.path} is not packed"
            print(f"{chart.name} {chart.version}: not looked up, {why}", file=sys.stderr)
    read(text)  # before it is the lock
    LOCK.write_text(text, encoding="utf-8")
    if options.json:
        print(json.dumps(written, indent=2))
    else:
        for name, row in written.items():
            version, *said = row.values()
            print(f"{name} {version}: {', '.join(said)}")
    return Status.FAILED if len(written) < len(charts) else Status.DONE


def _kubernetes(archive: Archive) -> dict[str, str]:
    said = str(archive.metadata.get("kubeVersion") or "")
    low, *high = re.split(r"\s*,\s*|\s+(?=<)", said.strip())
    bounds = _FROM.fullmatch(low), _BELOW.fullmatch(high[0]) if len(high) == 1 else None
    if bounds[0] and not high:
        return {"kubernetes": f">=1.{bounds[0][1]}"}
    if bounds[0] and bounds[1]:
        return {"kubernetes": f">=1.{bounds[0][1]} <=1.{int(bounds[1][1]) - 1}"}
    if said:
        print(f"{archive.metadata['name']}: write by hand what kubeVersion {said!r} means", file=sys.stderr)
    return {}


def with_facts(text: str, chart: str, facts: dict[str, str]) -> str:
    """The lock with these values in the chart's table: in the place of others, or behind its version.

    As text, since comments stay.
    """
    own = re.compile(rf"^(\[charts\.{re.escape(chart)}\]\n(?:(?!\[).*\n)*)", re.MULTILINE)
    head, table, rest = own.split(text, maxsplit=1)
    for key, value in facts.items():
        line = f'{key} = "{value}"\n'
        table, replaced = re.subn(rf"^{key} = .*\n", line, table, flags=re.MULTILINE)
        if not replaced:
            table = re.sub(r"^(version = .*\n(?:digest = .*\n)?)", rf"\g<1>{line}", table, flags=re.MULTILINE)
    return f"{head}{table}{rest}"
