"""Clusters that change alike."""

from __future__ import annotations

import pytest

from tests.tools.review.support import cells, cluster, fleet, resource, rows, touched
from tools.review.fleet import Place
from tools.review.sections import versions

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
    def addon(version: str) -> dict[str, dict[str, object]]:
        return {"A": resource("AWS::EKS::Addon", AddonName="coredns", AddonVersion=version)}

    changes = (touched(cluster(name, control=addon("v1")), cluster(name, control=addon("v2"))) for name in NAMES)
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
    assert Place("dev", "111111111111", "us-east-1").short(text) == short
