"""One synth of the example clusters for all tests that look at templates."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# What make sets; an editor that runs a test does not.
os.environ.setdefault("JSII_NODE", str(Path(sys.prefix) / "bin" / "node"))
# Tests of the product know nothing of the clusters that somebody has: those have tests of their own, in tests/clusters.
os.environ["BLUEPRINTS"] = "examples"

from app import CLUSTERS, ROOT  # it reads that
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tests.templates import Templates, by_stack, synthesized
from tools.assembly import Assembly, read
from tools.synthesis import synthesize


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not snapshot"` leaves out what only compares with committed files."""
    for item in items:
        if "snapshot" in getattr(item, "fixturenames", ()):
            item.add_marker("snapshot")


@pytest.fixture(scope="session")
def plans() -> tuple[Plan, ...]:
    """The plans of a small fleet: development, production, and production again in another region."""
    return planned(CLUSTERS, ["dev", "prod", "prod-eu"])


@pytest.fixture(scope="session")
def templates(plans: tuple[Plan, ...], tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Their templates."""
    return synthesized(plans, tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """All examples: those, and clusters of every other kind."""
    out = tmp_path_factory.mktemp("fleet")
    synthesize(planned(CLUSTERS), out, validate=False)
    return read(out)


@pytest.fixture(scope="session")
def fleet(assembly: Assembly) -> Templates:
    """Their templates."""
    return by_stack(assembly)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT
