"""Writes the file of a new add-on, a chart that Helm installs, into addons/, and its version into the lock.

On a terminal it asks for what is missing. No file and no version is overwritten.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from app import ROOT
from blueprint.addons.lock import FILE, read
from blueprint.fields import ChartRepository, ChartVersion, DnsLabel
from tools.new import Question, add_questions, answers, free, module, shown, write
from tools.status import CannotError, Status

ADDONS = ROOT / "addons"
LOCK = ROOT / FILE
_QUESTIONS = (
    Question("name", "name of the chart, of the add-on and of its namespace", DnsLabel),
    Question("repository", "address of the chart's repository", ChartRepository),
    Question("version", "version of the chart", ChartVersion),
)
_TEXT = '''"""The chart {name}. {repository}"""

from __future__ import annotations

from blueprint.addons import ClusterFacts, HelmAddon, Values
from blueprint.addons.lock import locked_chart


class {title}(HelmAddon):
    """Installs the chart {name} in a namespace of that name."""

    name = "{name}"
    namespace = "{name}"
    chart = locked_chart(name)

    def values(self, facts: ClusterFacts) -> Values:
        return {{}}
'''
_LOCKED = '\n[charts.{name}]\nrepository = "{repository}"\nversion = "{version}"\n'


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_questions(parser, _QUESTIONS)


def run(options: Namespace) -> int:
    """Writes both, and says what to do next."""
    said = answers(options, _QUESTIONS)
    name = said["name"]
    title = "".join(part.capitalize() for part in name.split("-"))
    if not title.isidentifier():
        raise CannotError(f"NAME={name} makes no name of a class: begin with a letter.")
    path = free(ADDONS / f"{module(name)}.py")
    free(ADDONS / module(name))
    text = LOCK.read_text(encoding="utf-8")
    if name in read(text).charts:
        raise CannotError(f"{FILE} has charts.{name} already, and it stays as it is: choose another name.")
    locked = text.rstrip("\n") + "\n" + _LOCKED.format(**said)
    read(locked)  # before it is the lock
    write(path, _TEXT.format(**said, title=title))
    LOCK.write_text(locked, encoding="utf-8")
    print(f"{shown(path)} and charts.{name} in {FILE} are written. Look at them, then add to a cluster's file:\n")
    print(f"from addons.{path.stem} import {title}\n\naddons=(*CORE, {title}()),\n")
    print("make synth\nmake reference\nmake diagram\nmake snapshots ARGS=tests/clusters")
    return Status.DONE
