"""One synth of the example clusters for all tests that look at templates."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from blueprint.planning.planner import plans as plan_all
from tests.stacks.fleet import FLEET
from tests.templates import Templates, synthesized

# What make sets; an editor that runs a test does not.
os.environ.setdefault("JSII_NODE", str(Path(sys.prefix) / "bin" / "node"))


@pytest.fixture(scope="session")
def plans() -> tuple[Plan, ...]:
    """The plans of the clusters in `clusters/`."""
    return planned(CLUSTERS)


@pytest.fixture(scope="session")
def templates(plans: tuple[Plan, ...], tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Their templates."""
    return synthesized(plans, tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="session")
def fleet(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of the examples, and of clusters of every other kind."""
    others = plan_all({blueprint.name: blueprint for blueprint in FLEET})
    return {**templates, **synthesized(others, tmp_path_factory.mktemp("fleet"))}


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return CLUSTERS.parent
