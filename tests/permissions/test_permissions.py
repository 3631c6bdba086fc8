"""Whether each role may do what its software calls, and nothing that it must not.

The calls are those of upstream's source (`identities/`), the policies those of the synthesized templates and AWS's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest

from addons.karpenter.node_class import NodeClass
from blueprint import ExistingNetwork
from blueprint.addons.lock import FILE, read
from blueprint.versions import SUPPORTED
from tests.permissions.evaluator import allowed
from tests.permissions.reasons import differences_without_reason, outdated, spare_without_reason
from tests.permissions.reference import acts_on, has_key
from tests.permissions.roles import Deployed, Role, deployed
from tests.permissions.tables import Calls, Fill, Identity, Request, Source, filled, identities, request
from tests.stacks.fleet import FLEET
from tests.templates import Templates

IDENTITIES = identities()
CALLS = [
    pytest.param(identity, row, action, id=f"{identity.name}-{number}-{action}")
    for identity in IDENTITIES
    for number, row in enumerate(identity.calls)
    for action in row.by
]
NEVER = [
    pytest.param(identity, row, action, id=f"{identity.name}-{number}-{action}")
    for identity in IDENTITIES
    for number, row in enumerate(identity.never)
    for action in row.actions
]
SOURCES = [
    pytest.param(
        source, id=f"{identity.name}-{name}", marks=[pytest.mark.locked] if source.pinned_by == "aws-cdk-lib" else []
    )
    for identity in IDENTITIES
    for name, source in identity.sources.items()
]
by_identity = pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity.name)

LOCK = read((Path(__file__).parents[2] / FILE).read_text(encoding="utf-8"))
INSTALLED: Mapping[str, set[str]] = {
    **{name: {chart.version} for name, chart in LOCK.charts.items()},
    **{name: set(LOCK.addon_versions(name).values()) for addons in LOCK.eks.values() for name in addons},
    "aws-cdk-lib": {version("aws-cdk-lib")},
    "karpenter's image": {NodeClass().released(minor) for minor in SUPPORTED},
}
"""What the project installs, by the part that says so: an add-on of EKS, a chart of another, or a package."""

Clusters = Mapping[str, Deployed]


@pytest.fixture(scope="module")
def clusters(fleet: Templates) -> Clusters:
    return {
        blueprint.name: deployed(fleet, blueprint.name, account=blueprint.account, region=blueprint.region)
        for blueprint in FLEET
    }


def _is(role: Role, place: str) -> bool:
    """Whether a place names the role: a cluster, * or !cluster, stack, beginning of the logical id."""
    cluster, stack, prefix = place.split("/")
    # A role named Role is not every role whose name begins so.
    same = role.id == prefix if prefix == "Role" else role.id.startswith(prefix)
    named = role.cluster != cluster[1:] if cluster.startswith("!") else cluster in {"*", role.cluster}
    return named and stack == role.stack and same


def roles_of(identity: Identity, clusters: Clusters) -> list[Role]:
    return [
        role for each in clusters.values() for role in each.roles if any(_is(role, place) for place in identity.roles)
    ]


_VPCS = {
    blueprint.name: {"AWS::EC2::VPC": blueprint.network.vpc_id}
    for blueprint in FLEET
    if isinstance(blueprint.network, ExistingNetwork)
}
"""Of clusters whose templates have none."""


def fill_for(cluster: Deployed) -> Fill:
    def value(name: str) -> str:
        known = {"account": cluster.account, "region": cluster.region, "cluster": cluster.cluster}
        kind, _, prefix = name.partition(" ")
        return known.get(name) or _VPCS.get(cluster.cluster, {}).get(name) or cluster.id(kind, prefix)

    return partial(filled, value=value)


def denied_on(identity: Identity, row: Request, action: str, clusters: Clusters) -> list[str]:
    """The roles of the identity that may not."""
    roles = roles_of(identity, clusters)
    assert roles, "the identity has no role"
    return [
        str(role)
        for role in roles
        if not allowed(role.documents, action, *request(row, action, fill_for(clusters[role.cluster])))
    ]


@pytest.mark.parametrize(("identity", "row", "action"), CALLS)
def test_what_the_software_calls_is_allowed(identity: Identity, row: Calls, action: str, clusters: Clusters) -> None:
    assert denied_on(identity, row, action, clusters) == [], row.by[action]


@pytest.mark.parametrize(("identity", "row", "action"), NEVER)
def test_what_must_not_be_called_is_denied(identity: Identity, row: Request, action: str, clusters: Clusters) -> None:
    denied = denied_on(identity, row, action, clusters)
    assert denied == [str(role) for role in roles_of(identity, clusters)]


def _foreign(row: Calls) -> Iterator[Calls]:
    """The same request on what belongs to another cluster, or for it, and on what belongs to none."""

    def other(tags: Mapping[str, str]) -> dict[str, str]:
        return {key.replace("{cluster}", "other"): value.replace("{cluster}", "other") for key, value in tags.items()}

    def none(tags: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in tags.items() if "{cluster}" not in key + value}

    for change in (other, none):
        if change(row.tags) != row.tags:
            yield replace(row, tags=change(row.tags))
        # A change of tags on what is the cluster's need not repeat whose it is.
        if change(row.request_tags) != row.request_tags and not (change is none and row.tags):
            yield replace(row, request_tags=change(row.request_tags))


OWNED = [case for case in CALLS if list(_foreign(case.values[1]))]  # type: ignore[arg-type]  # the row


@pytest.mark.parametrize(("identity", "row", "action"), OWNED)
def test_the_same_is_denied_on_what_belongs_to_another_cluster(
    identity: Identity, row: Calls, action: str, clusters: Clusters
) -> None:
    roles = [str(role) for role in roles_of(identity, clusters)]
    granted = [each for each in _foreign(row) if denied_on(identity, each, action, clusters) != roles]
    assert bool(granted) == bool(row.open), granted or "it is denied, so `open` is out of date"


def test_every_role_has_an_identity(clusters: Clusters) -> None:
    places = [place for identity in IDENTITIES for place in identity.roles]
    roles = [role for each in clusters.values() for role in each.roles]
    assert [str(role) for role in roles if not any(_is(role, place) for place in places)] == []
    assert [place for place in places if not any(_is(role, place) for role in roles)] == []


@by_identity
def test_every_permission_is_called_or_has_a_reason(identity: Identity, clusters: Clusters) -> None:
    assert list(spare_without_reason(identity, roles_of(identity, clusters))) == []


@by_identity
def test_differences_from_upstreams_policy_have_reasons(identity: Identity, clusters: Clusters) -> None:
    assert list(differences_without_reason(identity, roles_of(identity, clusters))) == []


@pytest.mark.parametrize("source", SOURCES)
def test_what_was_read_is_what_is_installed(source: Source) -> None:
    assert outdated(source, INSTALLED) == []


@pytest.mark.parametrize(("identity", "row", "action"), [*CALLS, *NEVER])
def test_requests_are_such_as_aws_knows(identity: Identity, row: Request, action: str, clusters: Clusters) -> None:
    """Otherwise a misspelt one would be denied whatever the policy says."""
    for role in roles_of(identity, clusters):
        resource, context = request(row, action, fill_for(clusters[role.cluster]))
        assert acts_on(action, resource), resource
        assert [key for key in context if not has_key(action, resource, key)] == []
        kinds = {"ResourceTag/": row.tags, "RequestTag/": row.request_tags, "TagKeys": row.tag_keys}
        stated = {kind for kind, tags in kinds.items() if tags}
        assert {kind for kind in stated if not any(kind in key for key in context)} == set()


@by_identity
def test_every_call_names_its_place_in_a_source(identity: Identity, clusters: Clusters) -> None:
    """Whoever calls nothing may do nothing."""
    places = [place for row in identity.calls for place in row.by.values()]
    form = re.compile(rf"({'|'.join(identity.sources)}):[\w@./-]+\.\w+(:\d+)?")
    assert places or not any(role.documents for role in roles_of(identity, clusters))
    assert [place for place in places if not form.fullmatch(place)] == []
    named = {place.partition(":")[0] for place in places} | ({identity.upstream.source} if identity.upstream else set())
    assert named == set(identity.sources)
