"""Control planes for the tests, which end with the run however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.kubernetes.cluster import Cluster, versions
from tests.kubernetes.questions import gateway_definitions
from tests.kubernetes.real import Real
from tools.kubernetes import control_plane
from tools.kubernetes.programs import MissingPrograms, programs_for


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever asks for a version is done for each that is at hand, or for the newest."""
    if "version" in metafunc.fixturenames:
        found = versions()
        assert found, "no programs of Kubernetes are at hand: make kubernetes"
        if metafunc.definition.get_closest_marker("newest") and settings.get_current_profile_name() != "many":
            found = found[-1:]
        metafunc.parametrize("version", found, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes the longest comes first: one process has all of it, and the others would wait at last."""
    longest = Path(__file__).with_name("test_local.py")
    items.sort(key=lambda item: item.path != longest)


@pytest.fixture(scope="session")
def programs(version: str) -> Path:
    """The programs of the version."""
    found = programs_for(version)
    assert not isinstance(found, MissingPrograms)
    return found


@pytest.fixture(scope="session")
def shared(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for all tests that keep to namespaces of their own, or put nothing there."""
    yield from _running(programs, tmp_path_factory.mktemp("plane"))


def _running(programs: Path, folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(control_plane.start(programs, folder))
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def own(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for the tests of a module."""
    yield from _running(programs, tmp_path_factory.mktemp("plane"))


@pytest.fixture
def alone(programs: Path, tmp_path: Path) -> Iterator[Cluster]:
    """One for a single test, which finds nothing of others there."""
    yield from _running(programs, tmp_path / "plane")


@pytest.fixture(scope="module")
def real(own: Cluster) -> Real:
    """A cluster in which nobody else has any right, and no other policy judges."""
    own.define([*gateway_definitions()])
    return Real(own)


@pytest.fixture(scope="module")
def known(version: str) -> dict[str, bool]:
    """What sets of rules allow, of all that were asked for."""
    return {}
