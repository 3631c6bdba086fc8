"""The clusters of `clusters/`, whichever these are: what each consists of, and pages that show it."""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from app import ROOT
from blueprint.inventory import planned, planned_fleet
from blueprint.sources import FLEET_FILE
from tests.templates import readable
from tools.assembly import Assembly, read
from tools.commands import pipelines
from tools.commands.diagram import pages_of
from tools.synthesis import synthesize

CLUSTERS = ROOT / "clusters"
PLANS = planned(CLUSTERS)


def test_every_file_is_the_cluster_of_its_name() -> None:
    others = ("__init__.py", FLEET_FILE)
    files = [path.stem.replace("_", "-") for path in sorted(CLUSTERS.glob("*.py")) if path.name not in others]
    assert [plan.facts.name for plan in PLANS] == files


def test_every_cluster_is_in_a_wave() -> None:
    assert sorted(planned_fleet(CLUSTERS).clusters, key=PLANS.index) == [*PLANS]


def test_what_delivers_them_is_written_from_the_fleet() -> None:
    assert pipelines.pages_of(CLUSTERS).stale() == {}, "run make pipelines"


def test_networks_do_not_overlap_so_that_they_can_be_connected() -> None:
    networks = [ipaddress.ip_network(cidr) for plan in PLANS for cidr in plan.network.cidrs]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))


def test_one_cluster_is_planned_as_among_all() -> None:
    for plan in PLANS:
        assert planned(CLUSTERS, [plan.facts.name]) == (plan,)


class Text(SingleFileSnapshotExtension):
    """A file that a person reads."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    out = tmp_path_factory.mktemp("clusters")
    synthesize(PLANS, out, validate=False)
    return read(out)


@pytest.mark.parametrize("name", [plan.facts.name for plan in PLANS])
def test_what_a_cluster_consists_of(name: str, assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    """Each resource with a hash of all that it says, so that no change goes by unseen; `make review` shows it."""
    lines = [
        f"{stack.name}/{stack.paths.get(id, id)}  {body['Type']}  {_digest(body)}"
        for stack in assembly[name]
        for id, body in stack.resources.items()
    ]
    assert "\n".join(sorted(lines)) + "\n" == snapshot(extension_class=Text)


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(readable(body), sort_keys=True).encode()).hexdigest()[:8]


@pytest.mark.locked
@pytest.mark.snapshot
def test_the_committed_pages_are_what_the_clusters_are() -> None:
    """`make diagram` writes them."""
    assert pages_of(CLUSTERS).stale() == {}
