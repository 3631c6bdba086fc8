"""One synth of the examples for all tests that look at templates, and what holds for all tests."""

from __future__ import annotations

import fcntl
import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What make sets; an editor that runs a test does not.
os.environ.setdefault("JSII_NODE", str(Path(sys.prefix) / "bin" / "node"))
# Tests of the product know nothing of the clusters that somebody has: those have tests of their own, in tests/clusters.
os.environ["BLUEPRINTS"] = "examples"

from app import ROOT  # it reads that
from blueprint.planning.document import Plan
from tests.templates import Templates, by_stack
from tools.apart import synthesize_apart
from tools.assembly import Assembly, read
from tools.synthesis import synthesize
from tools.unchanged import VARIABLE

# Plans and templates stay until the end, and looking through them for garbage takes a tenth of all time.
gc.set_threshold(50_000, 20, 20)
for name, count in (("few", 60), ("many", 1000)):  # `make every-value` takes many
    settings.register_profile(
        name,
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
settings.load_profile("few")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not snapshot"` leaves out what only compares with committed files."""
    for item in items:
        if "snapshot" in getattr(item, "fixturenames", ()):
            item.add_marker("snapshot")


@pytest.fixture(scope="session", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests synthesize by commands is not kept where people have theirs."""
    os.environ[VARIABLE] = str(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def plans() -> tuple[Plan, ...]:
    """The plans of a small fleet: development, production, and production again in another region."""
    from tests.stacks.fleet import plans_of_examples

    return tuple(plans_of_examples()[name] for name in ("dev", "prod", "prod-eu"))


@pytest.fixture(scope="session")
def templates(plans: tuple[Plan, ...], assembly: Assembly) -> Templates:
    """Their templates."""
    return by_stack({plan.facts.name: assembly[plan.facts.name] for plan in plans})


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All examples, synthesized: those, and clusters of every other kind. One process does it for all of a run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    out, done = folder / "examples", folder / "examples.done"
    with (folder / "examples.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            from tests.stacks.fleet import plans_of_examples

            made = [*plans_of_examples().values()]
            if request.config.getoption("reached", None):  # tools/mutants/reach.py sees this process alone
                synthesize(made, out, validate=False)
            else:  # the others wait for it, or will
                synthesize_apart(made, out, store=None, processes=os.cpu_count() or 1)
            done.touch()
    return out


@pytest.fixture(scope="session")
def assembly(examples: Path) -> Assembly:
    """What is in it."""
    return read(examples)


@pytest.fixture(scope="session")
def fleet(assembly: Assembly) -> Templates:
    """The templates of all examples."""
    return by_stack(assembly)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT
