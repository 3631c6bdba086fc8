"""Clusters that change alike."""

from __future__ import annotations

import pytest

from blueprint.planning.file import SCHEMA, dumped
from tests.tools.review.support import cells, cluster, fleet, rows, touched, words
from tools.arns import ClusterPlace
from tools.review.compose import review
from tools.review.fleet import fleet as fleet_of
from tools.review.prices import Prices
from tools.review.sections import versions
from tools.revision.revisions import Comparison

NAMES = tuple(f"c{number:02}" for number in range(20))
TWENTY = fleet(*(touched(cluster(name), cluster(name)) for name in NAMES))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (NAMES[:1], "c00"),
        (NAMES[:4], "c00, c01, c02, c03"),
        (NAMES[:5], "c00, c01, c02 and 2 more"),
        (NAMES[2:], "18, not c00, c01"),
        (NAMES, "all 20"),
        (("c01", "c00", "c01"), "c01, c00"),
    ],
)
def test_names_clusters_as_far_as_a_reader_wants(names: tuple[str, ...], expected: str) -> None:
    assert TWENTY.where(names) == expected


def test_rows_that_clusters_share_are_one() -> None:
    same, other = cells("a", sign="+"), cells("b", sign="-")
    found = TWENTY.grouped([*((name, same) for name in NAMES), ("c03", other), ("c04", cells("a", sign="-"))])
    assert [(row.sign, [cell.text for cell in row.cells]) for row in found] == [
        ("+", ["a", "all 20"]),
        ("-", ["b", "c03"]),
        ("-", ["a", "c04"]),
    ]
    assert [row.clusters for row in found] == [NAMES, ("c03",), ("c04",)]


def test_one_addon_in_twenty_clusters_is_one_row() -> None:
    changes = (touched(*(cluster(name, managed={"coredns": version}) for version in ("v1", "v2"))) for name in NAMES)
    section = versions.section(fleet(*changes))
    assert [row[:4] for row in rows(section)] == [("~", "EKS add-on coredns", "v1", "v2")]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("arn:${AWS::Partition}:eks:us-east-1:111111111111:cluster/dev", "eks:cluster/<cluster>"),
        ("arn:aws:eks:us-east-1:111111111111:cluster/dev-2", "eks:cluster/dev-2"),
        ("arn:aws-cn:iam::111111111111:role/dev", "iam:role/dev"),
        ("arn:aws:iam::222222222222:role/x", "iam::222222222222:role/x"),
        ("arn:aws:sqs:eu-west-1:111111111111:q", "sqs:eu-west-1:111111111111:q"),
        ("arn:aws:ec2:us-east-1:*:subnet/*", "ec2:<region>:*:subnet/*"),
        ("arn:aws:s3:::bucket/*", "s3:bucket/*"),
        ("aws:ResourceTag/kubernetes.io/cluster/dev", "aws:ResourceTag/kubernetes.io/cluster/<cluster>"),
        ("dev.example.com", "dev.example.com"),
        ("*", "*"),
    ],
)
def test_what_is_the_clusters_own_is_left_out(text: str, short: str) -> None:
    """What is another's must stay visible: a reviewer looks for it."""
    assert ClusterPlace("dev", "111111111111", "us-east-1").short(text) == short


def comparison(before: str | None) -> Comparison:
    one, other = cluster(), cluster(version="1.37")
    documents = None if before is None else {"dev": before}
    touched_one = touched(one, other).difference
    return Comparison("0123456789ab", (touched_one,), (), {}, {}, documents, {"dev": dumped(other.plan)})


def test_plans_of_both_revisions_are_read() -> None:
    found = fleet_of(comparison(dumped(cluster().plan)))
    assert (found.unread, found.touched[0].kubernetes) == ("", ("1.36", "1.37"))


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (None, "it is from before plans were written down"),
        ('{"schema": 0}', f"it is of schema 0, and this version reads {SCHEMA}"),
    ],
)
def test_a_base_whose_plans_cannot_be_read_is_compared_by_its_templates(before: str | None, why: str) -> None:
    found = fleet_of(comparison(before))
    assert found.unread == why
    document = review(found, (), lambda *_: (), Prices(()))
    assert [section.id for section in document.sections] == ["clusters", "plans"]
    assert why in words(document.sections[1])
