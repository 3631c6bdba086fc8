"""The clusters of this project."""

from __future__ import annotations

import ipaddress
import itertools

from app import CLUSTERS
from blueprint.inventory import planned

PLANS = planned(CLUSTERS)


def test_every_file_is_the_cluster_of_its_name() -> None:
    files = [path.stem.replace("_", "-") for path in sorted(CLUSTERS.glob("*.py")) if path.stem != "__init__"]
    assert [plan.facts.name for plan in PLANS] == files


def test_networks_do_not_overlap_so_that_they_can_be_connected() -> None:
    networks = [ipaddress.ip_network(plan.network.cidr) for plan in PLANS]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))


def test_production_is_protected_and_private() -> None:
    clusters = [plan.control_plane for plan in PLANS if plan.facts.name.startswith("prod")]
    assert clusters
    assert all(cluster.deletion_protection for cluster in clusters)
    assert {cluster.public_ranges for cluster in clusters} == {()}


def test_one_cluster_is_planned_as_among_all() -> None:
    for plan in PLANS:
        assert planned(CLUSTERS, [plan.facts.name]) == (plan,)
