"""Writes what of a cluster makes sense outside of AWS, for kind, minikube or Rancher Desktop on a laptop.

The folder has objects for `kubectl apply -k`, charts as plain helm commands with their values, a configuration of kind,
and a README.md with the commands and with all that is left out or different, and why.
"""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.options import add_json
from tools.outputs import OutputFolder
from tools.render import machine
from tools.render.contents import LaptopContents, contents
from tools.render.folder import NAMES, texts
from tools.status import Status

OUT = Path("render")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("cluster", metavar="CLUSTER", help="name of a cluster")
    parser.add_argument("--profile", choices=["local"], default="local", help="a laptop; there is no other so far")
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "what is there, what is left out and what is changed")


def run(options: Namespace) -> int:
    """Writes the folder."""
    out: Path = options.output
    folder = OutputFolder(out, "render", "--output", re.compile("|".join(map(re.escape, NAMES))))
    folder.check()
    (plan,) = planned(CLUSTERS, [options.cluster])
    made = contents(plan)
    files = texts(plan, made)
    folder.clear()
    folder.begin()
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    (out / "install.sh").chmod(0o755)
    answer = _answer(plan, made, out)
    print(json.dumps(answer, indent=2) if options.json else _told(made, out))
    return Status.DONE


def _answer(plan: Plan, made: LaptopContents, out: Path) -> dict[str, object]:
    return {
        "folder": str(out),
        "kubernetes": machine.kubernetes(plan),
        "start": {tool: [*commands] for tool, commands in machine.start(plan).items()},
        "objects": sum(len(part.objects) for part in made.parts),
        "custom_resources": sum(len(part.custom_resources) for part in made.parts),
        "charts": [release.name for part in made.parts for release in part.releases],
        "left_out": made.left_out,
        "changed": {place: [*told] for place, told in made.changed.items()},
        "without_role": made.without_role,
        "secrets": {"/".join(secret): [*keys] for secret, keys in made.secrets.items()},
        "hosts": [*made.hosts],
    }


def _told(made: LaptopContents, out: Path) -> str:
    objects = sum(len(part.objects) + len(part.custom_resources) for part in made.parts)
    releases = [release.name for part in made.parts for release in part.releases]
    lines = [
        f"{out}: {objects} objects and {len(releases)} charts{': ' if releases else ''}{', '.join(releases)}",
        *(f"  left out: {name}: {why}" for name, why in made.left_out.items()),
        f"Read {out / 'README.md'}: how to start a cluster, what is different there, and what to install it with.",
    ]
    return "\n".join(lines)
