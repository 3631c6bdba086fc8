"""Control planes for the tests, which end with the run however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kubernetes.cluster import Cluster, versions
from tools.kubernetes import control_plane
from tools.kubernetes.objects import ApiObjects
from tools.kubernetes.programs import MissingPrograms, programs_for

Start = Callable[[], Cluster]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever asks for a version is done for each that is at hand."""
    if "version" in metafunc.fixturenames:
        assert versions(), "no programs of Kubernetes are at hand: make kubernetes"
        metafunc.parametrize("version", versions(), scope="session")


@pytest.fixture(scope="session")
def programs(version: str) -> Path:
    """The programs of the version."""
    found = programs_for(version)
    assert not isinstance(found, MissingPrograms)
    return found


@pytest.fixture(scope="module")
def objects(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiObjects]:
    """Those of a cluster with the definitions of the add-ons, which a module's tests share."""
    cluster = Cluster(control_plane.start(programs, tmp_path_factory.mktemp("plane")))
    try:
        cluster.define()
        yield cluster.objects
    finally:
        cluster.stop()


@pytest.fixture
def start(programs: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts control planes, each empty."""
    with ExitStack() as running:

        def started() -> Cluster:
            cluster = Cluster(control_plane.start(programs, tmp_path / f"plane-{len(list(tmp_path.iterdir()))}"))
            running.callback(cluster.stop)
            return cluster

        yield started
