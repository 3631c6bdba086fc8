"""What `make local` and `make local-destroy` do, step by step."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

from botocore.exceptions import BotoCoreError

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.kubernetes.build import BuildError
from tools.kubernetes.definitions import collect
from tools.kubernetes.programs import MissingPrograms, programs_for
from tools.local import aws, process
from tools.local.aws import Account
from tools.local.cdk import Cdk, Result, find_cli
from tools.local.errors import LocalError
from tools.local.inventory import Rows, inventory, is_bootstrapped, is_protected
from tools.local.leftovers import leftovers
from tools.local.owner import name_images, provide
from tools.local.people import principals, welcome
from tools.local.process import Deployed, Emulator, State
from tools.outputs import MARK, OutputFolder
from tools.status import Status
from tools.synthesis import synthesize
from tools.tables import aligned

# What a person waits for in the CLI's many lines.
_WORTH_SHOWING = ("deploying...", "destroying...", "✅", "❌", "FAILED", "Rollback")


def carry_out(work: Callable[[], str]) -> Status:
    """Does it in a process that nothing leads to AWS, and prints what it answers."""
    aws.isolate()
    # Ends as Ctrl-C does, so that nothing is left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        print(work())
    except (BotoCoreError, URLError) as error:
        raise LocalError(f"The emulator does not answer: {error}\nmake local starts another.") from None
    except KeyboardInterrupt:
        print("Interrupted. make local goes on from here; make local-destroy removes what there is.", file=sys.stderr)
        raise
    return Status.DONE


def deploy(folder: Path, cluster: str, *, port: int | None, charts: Path | None, as_json: bool) -> str:
    """Deploys a cluster; returns what exists then."""
    (found,) = planned(CLUSTERS, [cluster])
    if charts is not None and not charts.is_dir():
        raise LocalError(f"{charts} is no folder of charts")
    find_cli()
    with _alone(folder):
        state, started = _running(folder), None
        if state is None:
            _say("Starting the emulator")
            started = process.start(folder, port=port, charts=charts, kubernetes=_has_kubernetes(found))
            state = State(started.emulator, {}, str(charts.resolve()) if charts else None)
        _check_options(state, port, charts)
        try:
            _deploy(state, found, f"{cluster}/*")
        finally:
            # As on AWS, what a failed deploy left is there to look at. An interrupted run takes it all with it.
            if started and not isinstance(sys.exception(), KeyboardInterrupt):
                started.stay()
        rows = inventory(state.emulator, _account(state, cluster), cluster)
    if as_json:
        return json.dumps([{"kind": kind, "is": text} for kind, text in rows], indent=2)
    head = f"{cluster} in account {found.facts.account}, {found.facts.region}, on {state.emulator.endpoint}:"
    return "\n".join([head, table(rows), "", _kubernetes(folder, found), "make local-destroy removes it."])


def _has_kubernetes(plan: Plan) -> bool:
    """Whether there is all that a real cluster consists of: programs, and definitions for what charts bring."""
    if isinstance(programs_for(plan.facts.version), MissingPrograms):
        return False
    try:
        collect()
    except BuildError as error:
        _say(f"Without a real Kubernetes, since definitions are missing. {error}")
        return False
    return True


def _kubernetes(folder: Path, plan: Plan) -> str:
    """How to reach the cluster's Kubernetes, or why there is none."""
    if (people := folder / plan.facts.name).is_dir():
        names = ", ".join(sorted(path.stem for path in people.iterdir()))
        return f"Its Kubernetes: kubectl --kubeconfig {people}/<name>.yaml get ns,quota,netpol -A, as {names}."
    found = programs_for(plan.facts.version)
    why = found.reason if isinstance(found, MissingPrograms) else "the emulator was started without it"
    return f"Kubernetes itself is not shown, only what would be sent to it: {why}."


def destroy(folder: Path, clusters: Sequence[str], *, keep: bool, force: bool = False) -> str:
    """Removes clusters, proves that nothing is left of them, and ends the emulator with the last one.

    With `force` the emulator ends at once, whatever is in it.
    """
    with _alone(folder):
        state = _running(folder)
        if state is None:
            return "No emulator is running, so there is nothing to remove."
        if force:
            state.emulator.stop()
            return "The emulator has ended with all that was in it. No stack was destroyed."
        unknown = sorted(set(clusters) - set(state.clusters))
        if unknown:
            there = ", ".join(state.clusters) or "none"
            raise LocalError(f"{', '.join(unknown)} was not deployed here. Clusters on the emulator: {there}")
        lines = [_destroy(state, name) for name in list(clusters) or list(state.clusters)]
        if not state.clusters and not keep:
            state.emulator.stop()
            lines.append("The emulator has ended, and its data is removed.")
    return "\n".join(lines)


def _check_options(state: State, port: int | None, charts: Path | None) -> None:
    """What was chosen when the emulator started stays."""
    if port not in (None, state.emulator.port):
        raise LocalError(f"The emulator runs on port {state.emulator.port} already: make local-destroy ends it")
    if charts is not None and str(charts.resolve()) != state.charts:
        runs = f"with the charts of {state.charts}" if state.charts else "without charts"
        raise LocalError(f"The emulator runs {runs} already: make local-destroy ends it")


def table(rows: Rows) -> str:
    """Two columns; a kind stands before its first row only."""
    before = ["", *(kind for kind, _ in rows)]
    lines = aligned([("" if kind == last else kind, text) for (kind, text), last in zip(rows, before, strict=False)])
    return "\n".join(f"  {line}" for line in lines)


def unprotected(plan: Plan) -> Plan:
    """The same cluster, which may be deleted."""
    return replace(plan, control_plane=replace(plan.control_plane, deletion_protection=False))


def _deploy(state: State, found: Plan, *stacks: str) -> None:
    facts = found.facts
    name = facts.name
    _say(f"Synthesizing {name}")
    synthesize([found], _assembly(state, name), validate=False)
    state.clusters[name] = Deployed(name, facts.account, facts.region)
    state.save()
    cdk = _cdk(state, name)
    if not is_bootstrapped(cdk.account):
        _say(f"Bootstrapping {facts.account} in {facts.region}")
        _check(cdk.bootstrap(), state.emulator, "cdk bootstrap")
    welcome(cdk.account, principals(found))
    name_images(cdk.account, found)
    if provide(cdk.account, found):
        _say(f"{found.network.vpc_id} is there, as if its owner had made it")
    _say(f"Deploying {', '.join(stacks)}")
    _check(cdk.deploy(*stacks), state.emulator, "cdk deploy")


def _destroy(state: State, name: str) -> str:
    if is_protected(_account(state, name), name):
        _say(f"{name} is protected against deletion. As on AWS, that is turned off in a deploy of its own, first")
        (found,) = planned(CLUSTERS, [name])
        # The stacks that are protected. Another may be what failed, and does so again.
        made = () if found.network.vpc_id else (f"{name}/network",)
        _deploy(state, unprotected(found), *made, f"{name}/cluster")
    _say(f"Destroying {name}/*")
    _check(_cdk(state, name).destroy(f"{name}/*"), state.emulator, "cdk destroy")
    left = leftovers(_account(state, name), name)
    if left.forgotten:
        raise LocalError("\n  ".join([f"Of {name} these are left, though its stacks are gone:", *left.forgotten]))
    del state.clusters[name]
    state.save()
    kept = "".join(f"\n  {item}" for item in left.kept)
    return f"{name} is gone. The APIs show nothing of it but what its stacks retain on purpose:{kept}"


def _running(folder: Path) -> State | None:
    """The emulator of an earlier run, if it is still there. What a dead one left is removed."""
    state = process.load(folder)
    if state and state.emulator.alive():
        if state.emulator.answers():
            return state
        _say("The emulator of an earlier run does not answer any more. Ending it")
        state.emulator.stop()
    elif state:
        _say("The emulator of an earlier run is gone, with all that was in it")
    for left in folder.iterdir():
        if left.name not in (_LOCK, MARK):
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    return None


_LOCK = "lock"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One command at a time."""
    OutputFolder(folder, "local", "the folder", re.compile(".*"), fixed=True).begin()
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalError("Another make local or make local-destroy is at work: wait for its end") from None
        yield


def _account(state: State, name: str) -> Account:
    cluster = state.clusters[name]
    return Account(state.emulator.endpoint, cluster.account, cluster.region)


def _assembly(state: State, name: str) -> Path:
    return state.emulator.folder / f"cdk.out-{name}"


def _cdk(state: State, name: str) -> Cdk:
    return Cdk(_account(state, name), state.emulator.folder / "home", _assembly(state, name), _progress)


def _check(result: Result, emulator: Emulator, command: str) -> None:
    if result.status == 0:
        return
    if not emulator.answers():
        raise LocalError(f"The emulator died during {command}. Its log ends with:\n{emulator.log()}")
    end = "\n".join(result.output.splitlines()[-25:])
    advice = "make local-destroy ARGS=--force ends the emulator with all that is in it."
    raise LocalError(f"{end}\n\n{command} failed with status {result.status}; its last lines are above. {advice}")


def _progress(line: str) -> None:
    if any(word in line for word in _WORTH_SHOWING):
        _say(f"  {line.strip()}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
