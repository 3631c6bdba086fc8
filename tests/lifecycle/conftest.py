"""An emulator for the whole run, which ends with it however it ends."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.planning.planner import plan
from tests.lifecycle.cluster import VARIANTS
from tests.lifecycle.lab import Lab
from tools.assembly import read
from tools.local import aws, process
from tools.local.people import principals
from tools.synthesis import synthesize


def _end_with_parent(parent: int) -> None:
    """Make may be killed in a way that it cannot pass on."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The emulator and the assemblies of all variants of the cluster."""
    aws.isolate()
    folder = Path(tempfile.mkdtemp(prefix="eks-lifecycle-"))
    # From here on the emulator removes the folder, even if this process cannot.
    started = process.start(folder)
    try:
        assemblies, plans = {}, {name: plan(blueprint) for name, blueprint in VARIANTS.items()}
        for name, made in plans.items():
            synthesize([made], folder / name, validate=False)
            assemblies[name] = read(folder / name)["lab"]
        people = frozenset(each for made in plans.values() for each in principals(made))
        yield Lab(started.emulator, folder, assemblies, people, plans)
    finally:
        started.stop()
