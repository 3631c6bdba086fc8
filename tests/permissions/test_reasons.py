"""What the tables say about themselves would be found out."""

from __future__ import annotations

import pytest

from tests.permissions.reasons import differences_without_reason, outdated, spare_without_reason
from tests.permissions.roles import Role
from tests.permissions.tables import Calls, Identity, Source, Upstream

INLINE = {"Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": "*"}]}
OF_AWS = {"Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"}]}
ROLE = Role("dev", "addons", "Role", (INLINE,), {"PullOnly": OF_AWS})
CALLS = (Calls(resource="*", by={"sqs:SendMessage": "code:main.go:1"}),)


def identity(**more: object) -> Identity:
    fields: dict[str, object] = {"name": "x", "title": "x", "roles": (), "sources": {}, "calls": CALLS, "never": ()}
    return Identity(**{**fields, **more})  # type: ignore[arg-type]  # as the tables give them


@pytest.mark.parametrize(
    ("spare", "found"),
    [
        ({}, ["ecr:BatchGetImage is not called", "sqs:GetQueueUrl is not called"]),
        ({"sqs:GetQueueUrl": "why", "PullOnly": "why"}, []),
        ({"*": "why"}, []),
        ({"*": "why", "sqs:SendMessage": "why"}, ["sqs:SendMessage is no longer true"]),
    ],
)
def test_permissions_that_nothing_calls(spare: dict[str, str], found: list[str]) -> None:
    told = sorted(spare_without_reason(identity(spare=spare), [ROLE]))
    assert len(told) == len(found)
    assert all(words in each for words, each in zip(found, told, strict=True))


SENDS, ASKS, PURGES = "sqs:SendMessage", "sqs:GetQueueUrl", "sqs:PurgeQueue"


@pytest.mark.parametrize(
    ("actions", "lacks", "adds", "found"),
    [
        ((SENDS,), (), (ASKS, "PullOnly"), []),
        ((SENDS,), (), ("PullOnly",), [f"upstream does not allow {ASKS}"]),
        ((SENDS, PURGES), (), (ASKS, "PullOnly"), [f"upstream allows {PURGES}"]),
        ((PURGES,), (PURGES,), (ASKS, SENDS, "PullOnly"), []),
        ((ASKS, SENDS), (SENDS,), ("PullOnly",), [f"[upstream.lacks] {SENDS} is no longer true"]),
        ((ASKS, SENDS, "ecr:BatchGetImage"), (), ("PullOnly",), ["[upstream.adds] PullOnly is no longer true"]),
    ],
)
def test_differences_from_upstream(
    actions: tuple[str, ...], lacks: tuple[str, ...], adds: tuple[str, ...], found: list[str]
) -> None:
    reasons = {"lacks": dict.fromkeys(lacks, "why"), "adds": dict.fromkeys(adds, "why")}
    upstream = Upstream(source="code", file="policy.json", actions=actions, **reasons)
    told = list(differences_without_reason(identity(upstream=upstream), [ROLE]))
    assert len(told) == len(found)
    assert all(words in each for words, each in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("revision", "pins", "because", "installed", "found"),
    [
        ("v3.5.0", "3.5.0", "", "3.5.0", ""),
        ("v3.5.0", "3.5.0", "", "3.6.0", "is 3.6.0 now: read its policy and its calls"),
        ("v1.22.4", "v1.22.4", "", "v1.22.4-eksbuild.3", ""),
        ("v1.22.4", "v1.22.4", "", "v1.23.0-eksbuild.1", "is 1.23.0 now"),
        ("v1.22.3", "v1.22.4", "", "v1.22.4-eksbuild.3", "say in `because`"),
        ("v1.22.3", "v1.22.4", "why", "v1.22.4-eksbuild.3", ""),
        ("v3.5.0", "3.5.0", "why", "3.5.0", "only there"),
    ],
)
def test_a_version_that_nobody_read(revision: str, pins: str, because: str, installed: str, found: str) -> None:
    source = Source(repository="code", revision=revision, pinned_by="chart", pins=pins, because=because)
    told = outdated(source, {"chart": {installed}})
    assert len(told) == bool(found)
    assert all(found in each for each in told)
