"""A change that is too large, and full of markup, from its templates to the comment and the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from blueprint.contribution import Release
from tests.plans import release
from tests.tools.review.support import cluster, fleet, resource, thing, touched
from tests.tools.review.test_markdown import HOSTILE, outside, tags
from tools.charts.results import Outcome, Rendered
from tools.review.compose import review
from tools.review.dangers import Danger
from tools.review.drawing import drawn
from tools.review.fleet import ReviewedFleet
from tools.review.markdown import LIMIT, markdown, size
from tools.review.page import page
from tools.review.prices import Prices
from tools.revision.differences import Change

MANY = 10_000


def hostile(number: int) -> str:
    return f"{HOSTILE[number % len(HOSTILE)]} {number}"


def large(name: str) -> ReviewedFleet:
    """Ten thousand resources that go, and as many that come."""
    topics = {hostile(number): resource("AWS::SNS::Topic", Name=hostile(number)) for number in range(MANY)}
    statements = [
        {
            "Effect": "Allow",
            "Action": hostile(number),
            "Resource": hostile(number),
            "Condition": {"x": {"y": hostile(number)}},
        }
        for number in range(1000)
    ]
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": HOSTILE[0]}, "Action": "sts:AssumeRole"}]}
    policies = [{"PolicyDocument": {"Statement": statements}}]
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust, Policies=policies)
    entry = resource("AWS::EKS::AccessEntry", PrincipalArn=HOSTILE[0], KubernetesGroups=list(HOSTILE))
    objects = [thing("ConfigMap", hostile(number), hostile(number), data={"x": HOSTILE[0]}) for number in range(2000)]
    values = {hostile(number): "v" * 1000 + hostile(number) for number in range(1000)}
    addons: dict[str, Any] = {
        "R": role,
        "E": entry,
    }
    before = cluster(name, network=topics, releases=(release(HOSTILE[0]),))
    after = cluster(
        name,
        addons=addons,
        tags=dict.fromkeys(HOSTILE, HOSTILE[1]),
        objects=objects,
        releases=(release(HOSTILE[0], hostile(1), **values),),
    )
    one = touched(before, after)
    network, *others = one.difference.stacks
    changes = tuple(Change(before.stacks[0], id, id, "delete", {}, topic, None) for id, topic in topics.items())
    network = replace(network, changes=changes, text="\n".join(topics))
    return fleet(replace(one, difference=replace(one.difference, stacks=(network, *others))))


def rendered(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
    return (Rendered((thing("Pod", HOSTILE[0]),)),) * len(releases)


@pytest.mark.thorough
def test_stays_a_comment_and_a_page_in_which_nothing_happens() -> None:
    found = large("<b>dev</b>")
    told = tuple(Danger("deletes-state", *([hostile(number)] * 8)) for number in range(1000))
    document = review(found, told, rendered, Prices(()))
    text = markdown(document, url="https://ci.example.com", draw=drawn)
    assert size(text) <= LIMIT
    assert tags(text) <= {"details", "summary", "b", "br", "code"}
    assert "10,000 deleted" in text
    # Each part says something, and what it leaves out.
    assert len(re.findall(r"^### |<summary><b>", outside(text), re.MULTILINE)) == len(document.sections)
    assert len(re.findall(r"\*[\d,]+ more \(", text)) >= 5
    html = page(document)
    assert "<img" not in html
    assert html.count("<script") == 1
