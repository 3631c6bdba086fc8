"""`make versions`: looks the charts of addons/versions.toml up, and writes down what their archives say.

    python -m tools.versions [CHART ...] [--charts FOLDER_OR_MIRROR]

Versions stay: Renovate or a person moves them, and then this. It writes the digest of each archive, and the minors of
Kubernetes that its Chart.yaml names. A chart that names none keeps what somebody wrote.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from addons.lock import FILE, read
from blueprint.errors import BlueprintError
from blueprint.versions import DEFAULT
from tools.charts.archives import Archive, archive_of, digest
from tools.charts.helm import CACHE, helm_for
from tools.charts.results import Failed, Unreachable

_LOCK = Path(__file__).parents[1] / FILE
# https://helm.sh/docs/topics/charts (kubeVersion): -0 lets versions before a release in, as those of EKS look like.
_FROM = re.compile(r">=\s*v?1\.(\d+)(?:\.0)?(?:-0)?")
_BELOW = re.compile(r"<\s*v?1\.(\d+)(?:\.0)?(?:-0)?")


def main(arguments: Sequence[str], lock: Path = _LOCK) -> int:
    """Exit status: 0, or 1 when something was not looked up."""
    parser = argparse.ArgumentParser(
        prog="make versions", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("charts", nargs="*", metavar="CHART", help="name of a chart; all when none is named")
    parser.add_argument("--charts", dest="source", metavar="SOURCE", help="a folder or a mirror to take charts from")
    options = parser.parse_args(arguments)
    text = lock.read_text(encoding="utf-8")
    try:
        locked = read(text)
        charts = [locked.chart(name) for name in options.charts or locked.charts]
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    helm = helm_for(DEFAULT)
    if isinstance(helm, Unreachable):
        print(helm.reason, file=sys.stderr)
        return 1
    missing = False
    for chart in charts:
        # Whatever digest it has: this is what finds the new one.
        found = archive_of(replace(chart, digest=""), options.source, helm, CACHE)
        if isinstance(found, Archive) and found.path.is_file():
            facts = {"digest": digest(found.path), **_kubernetes(found)}
            text = with_facts(text, chart.name, facts)
            print(f"{chart.name} {chart.version}: {', '.join(facts.values())}")
        else:
            missing = True
            why = found.reason if isinstance(found, Failed | Unreachable) else f"{found.path} is not packed"
            print(f"{chart.name} {chart.version}: not looked up, {why}", file=sys.stderr)
    read(text)  # before it is the lock
    lock.write_text(text, encoding="utf-8")
    return int(missing)


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
