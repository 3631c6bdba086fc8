"""`make bench`: time and memory of a synthesis, against its floor; the time of a plan, of a review, and of what
did not change.

    python -m bench [--quick] [--peer FOLDER]

The floor is the same work without Python: JavaScript alone makes the same constructs with the same properties
(floor.js). That it is the same is checked first: both assemblies are equal, byte by byte. Then the two take turns,
because a machine is never equally fast for long; a ratio is the median of the ratios of the turns. Validation is off,
the caches of Python and jsii are filled and the assets are in place, as in the inner loop.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median

from addons.argo_cd import ArgoCd
from bench.contest import NODE, Contest, prepared
from bench.forty import COUNT, forty
from bench.review import CLUSTER, CLUSTERS, review_table
from blueprint.addons import HelmAddon
from blueprint.blueprint import Blueprint
from blueprint.fleet import Environment, Fleet, Wave
from blueprint.fleet_rules import between_values
from blueprint.planning.fleet import fleet_plan
from blueprint.planning.planner import plan, plans
from blueprint.value import problems_in
from examples.dev import DEV
from examples.prod import PROD, SHARED
from tools.unchanged import TICK_SECONDS, VARIABLE

PLAN_GOAL_MS = 20
EACH_GOAL = 1.2
"""Times what an add-on takes in a cluster with few, where there are forty."""
FLEET_CLUSTERS, FLEET_GOAL_SECONDS = 200, 4
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """A number of clusters, how often it is measured, and how many times its floor it should take at most."""

    clusters: int
    turns: int
    goal: float | None = None


FULL = (Case(1, 9, 2.3), Case(10, 5), Case(50, 3, 1.9))
QUICK = (Case(1, 5, 2.3), Case(10, 3))


def main(arguments: Sequence[str]) -> None:
    """Prints the tables. A goal that is missed is no failure: the machine may be busy."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="up to 10 clusters, fewer turns")
    parser.add_argument(
        "--peer",
        type=Path,
        default=os.environ.get("PEER"),
        metavar="FOLDER",
        help="where npm has installed @aws-quickstart/eks-blueprints: compare with it too; PEER names one as well",
    )
    options = parser.parse_args(arguments)
    cases = QUICK if options.quick else FULL
    lines = list(plan_table())
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        contests = []
        for case in cases:
            say(f"preparing, clusters: {case.clusters}; the floor must write the same bytes")
            contests.append(prepared(case.clusters, Path(folder) / str(case.clusters)))
        lines += ["", *synthesis_table(cases, contests)]
        lines += ["", *command_table(Path(folder), quick=cases is QUICK)]
        if options.peer:
            lines += ["", *peer_table(Path(options.peer), Path(folder), quick=cases is QUICK)]
        say(f"reviewing, clusters: {CLUSTERS}")
        lines += ["", *review_table(Path(folder), turns=1 if cases is QUICK else 3)]
    print("\n".join([machine(), "", *lines]))


def machine() -> str:
    """What was measured, and on what."""
    node = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ("aws-cdk-lib", "jsii"))
    return f"Python {platform.python_version()}, Node.js {node}, {packages}, {os.cpu_count()} processors"


def plan_table() -> Iterator[str]:
    """How long it takes until all mistakes are known: from the blueprint to the plan."""
    say("planning")
    names = (f"another-{number}" for number in range(len(PROD.addons), 20))
    # Its permissions, values and pods are those of a usual chart.
    one = next(each for each in PROD.addons if isinstance(each, HelmAddon) and each.hosted_zones())
    given = {each.name: getattr(one, each.name) for each in fields(one)}
    others = (type(name, (type(one),), {"namespace": name})(**{**given, "name": name}) for name in names)
    many = replace(PROD, addons=(*PROD.addons, *others))
    yield f"{'plan() of a cluster':34}{'ms':>8}   goal"
    again: dict[int, float] = {}
    for what, blueprint, runs in (("first in a process", many, 1), ("again", many, 20), ("again", DEV, 20)):
        milliseconds = median(1000 * planning(blueprint) for _ in range(runs))
        again[len(blueprint.addons)] = milliseconds / len(blueprint.addons)
        goal = "" if blueprint is DEV else met(milliseconds, PLAN_GOAL_MS)
        yield f"{len(blueprint.addons)} add-ons, {what:22}{milliseconds:8.1f}   {goal}".rstrip()
    most = forty()
    each = median(1000 * planning(most) for _ in range(20)) / COUNT
    few = len(DEV.addons)
    ratio = each / again[few]
    yield f"of {COUNT} add-ons each: {each:.2f} ms, times one of {few}: {ratio:.2f}   {met(ratio, EACH_GOAL)}"
    seconds = median(planning_fleet() for _ in range(3))
    yield f"{FLEET_CLUSTERS} clusters and their waves: {seconds:.2f} s   {met(seconds, FLEET_GOAL_SECONDS)}"


def planning(blueprint: Blueprint) -> float:
    """Seconds."""
    start = time.perf_counter()
    plan(blueprint)
    return time.perf_counter() - start


def planning_fleet() -> float:
    """Seconds for the plans of many clusters, what holds between them, and their waves."""
    names = [f"c{number:03}" for number in range(FLEET_CLUSTERS)]
    clusters = {
        name: replace(PROD, name=name, addons=(*SHARED, ArgoCd(domain=f"argocd.{name}.example.com"))) for name in names
    }
    waves = tuple(Wave(f"w{at}", clusters=tuple(names[at : at + 10])) for at in range(0, FLEET_CLUSTERS, 10))
    fleet = Fleet(environments=(Environment("prod", defaults=PROD, waves=waves),))
    gc.disable()  # as the command does
    start = time.perf_counter()
    if found := [*problems_in(fleet), *between_values(fleet, names)]:
        raise AssertionError(found)
    fleet_plan(fleet, clusters, dict(zip(names, plans(clusters), strict=True)))
    taken = time.perf_counter() - start
    gc.enable()
    return taken


def synthesis_table(cases: Sequence[Case], contests: Sequence[Contest]) -> Iterator[str]:
    """Python against the floor."""
    yield "clusters  resources  python s  floor s  ratio  goal          python MiB  floor MiB  ratio"
    for case, contest in zip(cases, contests, strict=True):
        say(f"synthesizing, clusters: {case.clusters}, turns: {case.turns}")
        turns = [(timed(contest.python), timed(contest.floor)) for _ in range(case.turns)]
        python, floor = median(p for p, _ in turns), median(f for _, f in turns)
        ratio = median(p / f for p, f in turns)
        yield (
            f"{case.clusters:8}{contest.resources:11}{python:10.2f}{floor:9.2f}{ratio:7.2f}  "
            f"{met(ratio, case.goal):12}{contest.python_peak / MIB:12.0f}{contest.floor_peak / MIB:11.0f}"
            f"{contest.python_peak / contest.floor_peak:7.2f}"
        )
    one = contests[0]
    say("validating, turns: 3")
    with_rules = (*one.python, "--validate")
    timed(with_rules)  # fills caches
    yield f"--validate adds {median(timed(with_rules) - timed(one.python) for _ in range(3)):.1f} s to a cluster."
    more = (contests[1].calls - one.calls) / (contests[1].clusters - one.clusters)
    yield f"Calls of the jsii kernel: {one.calls} for a cluster, {more:.0f} for each one more."


def command_table(folder: Path, *, quick: bool) -> Iterator[str]:
    """`make synth` of a folder of clusters, by all processors, against all at once in one process."""
    yield f"{'make synth, clusters':22}at once   cold  ratio  unchanged  ratio  one changed  ratio"
    for count in (1, 10) if quick else (1, 10, 50, 200):
        turns = 1 if count == FLEET_CLUSTERS else 3
        say(f"make synth, clusters: {count}, turns: {turns}")
        whole = (sys.executable, "-m", "bench.fleet", str(count), str(folder / f"whole-{count}"))
        command = Synth(folder / f"synth-{count}", count)
        runs = [[timed(whole), *command.turn()] for _ in range(turns)]
        seconds, *others = (median(column) for column in zip(*runs, strict=True))
        ratios = [median(run[at] / run[0] for run in runs) for at in (1, 2, 3)]
        cells = "".join(
            f"{each:{width}.2f}{ratio:7.2f}" for each, ratio, width in zip(others, ratios, (7, 11, 13), strict=True)
        )
        yield f"{count:<22}{seconds:7.2f}{cells}"


def peer_table(peer: Path, folder: Path, *, quick: bool) -> Iterator[str]:
    """`make synth` against the TypeScript peer on plain Node.js: times of each, by turns."""
    program = str(Path(__file__).with_name("peer.js"))
    yield f"{'clusters, times the peer':26}peer s   cold  goal         unchanged  goal         one changed  goal"
    for count, goals in ((1, (1.1, 0.3, None)), (10, (None,) * 3), (50, (0.7, 0.07, 0.1))):
        if quick and count > 10:
            continue
        say(f"against the peer, clusters: {count}, turns: 3")
        command = Synth(folder / f"with-peer-{count}", count)
        its = (NODE, program, str(peer), str(count), str(folder / f"peer-{count}"))
        timed(its)  # packs assets
        runs = [[timed(its), *command.turn()] for _ in "123"]
        ratios = [median(run[at] / run[0] for run in runs) for at in (1, 2, 3)]
        cells = (f"{ratio:7.2f}  {met(ratio, goal):13}" for ratio, goal in zip(ratios, goals, strict=True))
        yield f"{count:<26}{median(run[0] for run in runs):6.2f}{'  '.join(cells)}".rstrip()


class Synth:
    """What `make synth` runs, for as many clusters in a folder."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._output = folder / "replicas", folder / "out"
        self._folder.mkdir(parents=True)
        for number in range(count):
            cluster(self._folder, f"c{number:03}")
        own = {"BLUEPRINTS": str(self._folder), "PYTHONPATH": str(folder), VARIABLE: str(folder / "store")}
        self._environment = {**os.environ, **own}
        self._run("--no-cache")  # fills the caches of Python and jsii, and packs assets

    def turn(self) -> tuple[float, float, float]:
        """Seconds of a synthesis of all, of one where nothing has changed, and of one where a cluster has."""
        cold = self._run("--no-cache")
        self._run()
        time.sleep(TICK_SECONDS)  # of the cluster that changed in the last turn
        self._run()
        unchanged = self._run()
        cluster(self._folder, "c000", str(time.time_ns()))
        return cold, unchanged, self._run()

    def _run(self, *options: str) -> float:
        command = (sys.executable, "-m", "tools", "synth", "--output", str(self._output), *options)
        return timed(command, self._environment)


def cluster(folder: Path, name: str, tag: str = "never") -> None:
    """Writes the file of a cluster like the one of production."""
    text = CLUSTER.format(constant=name.upper(), name=name, tag=tag)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """Seconds until the command is back."""
    start = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    taken = time.perf_counter() - start
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {run.stderr}")
    return taken


def met(figure: float, goal: float | None) -> str:
    """The goal, and whether it is met."""
    return "" if goal is None else f"≤ {goal:g} {'pass' if figure <= goal else 'miss'}"


def say(what: str) -> None:
    """A line of progress."""
    print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
