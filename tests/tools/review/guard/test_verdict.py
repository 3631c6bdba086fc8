"""What is refused, accepted and told, and how that reads."""

from __future__ import annotations

import re

import pytest

from tools.review.dangers import RULES, Danger
from tools.review.guard.render import as_json, as_text, summary
from tools.review.guard.verdict import verdict
from tools.revision.differences import ClusterDifference
from tools.revision.revisions import Comparison


def danger(rule: str = "replaces-state", id: str = "Cluster", cluster: str = "dev") -> Danger:
    return Danger(
        rule, cluster, "cluster", id, f"path/{id}", "AWS::EKS::Cluster", "replaced", "Name: a -> b", "keep it"
    )


def comparison(*clusters: str) -> Comparison:
    touched = tuple(ClusterDifference(name, ()) for name in clusters)
    return Comparison("0123456789ab", touched, (), {}, {}, {}, {})


# What a later deploy takes back.
TOLD = {"changes-source", "changes-team", "keeps-objects", "opens-endpoint", "removes-protection", "widens-admin"}
TOLD |= {"keeps-resources"}  # nothing is lost
TOLD |= {"one-way"}  # no deploy does, and yet somebody may want it


@pytest.mark.parametrize("rule", RULES)
def test_refuses_what_a_deploy_cannot_take_back(rule: str) -> None:
    found = verdict([danger(rule)])
    assert (len(found.refused), len(found.told)) == ((0, 1) if rule in TOLD else (1, 0))
    assert found.mistakes == ()
    assert found.status == (1 if found.refused else 0)


@pytest.mark.parametrize(
    "allow", ["dev/Cluster", "Cluster,,", "Cluster Nodes", "Cluster,Nodes", " Cluster ,\n Nodes, "]
)
def test_accepts_by_name(allow: str) -> None:
    found = verdict([danger(), danger(id="Nodes"), danger("opens-endpoint")], allow)
    assert found.mistakes == ()
    assert [each.id for each in found.accepted] == (["Cluster", "Nodes"] if "Nodes" in allow else ["Cluster"])
    assert [each.id for each in found.refused] == ([] if "Nodes" in allow else ["Nodes"])
    assert found.status == (0 if "Nodes" in allow else 1)


def test_accepts_in_all_clusters_or_in_one() -> None:
    both = [danger(), danger(cluster="prod")]
    assert verdict(both, "Cluster").refused == ()
    assert [each.cluster for each in verdict(both, "dev/Cluster").refused] == ["prod"]


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("Clutser", "ALLOW='Clutser' accepts nothing: .* write Cluster"),
        ("prod/Cluster", "write dev/Cluster"),
        ("x", "has this logical id; leave it out"),
        ("Door", "the guard does not refuse opens-endpoint; leave it out"),
        ("*", "accepts nothing"),
    ],
)
def test_an_allow_that_accepts_nothing_is_a_mistake(allow: str, words: str) -> None:
    found = verdict([danger(), danger("opens-endpoint", "Door")], f"{allow} {allow}")
    assert [each.id for each in found.refused] == ["Cluster"]
    (mistake,) = found.mistakes
    assert re.search(words, mistake)
    assert found.status == 1
    assert verdict([], allow).status == 2


def test_reads_with_the_worst_first() -> None:
    found = verdict([danger("opens-endpoint", "Door"), danger(id="Nodes"), danger()], "Nodes")
    text = as_text(comparison("dev"), found)
    titles = [line for line in text.splitlines() if line.isupper()]
    assert titles == ["REFUSED", "ACCEPTED BY ALLOW", "TO KNOW, NOT REFUSED", "INSTEAD"]
    assert "  keep it: path/Cluster\n" in text
    assert 'ALLOW="Cluster"' in text
    assert max(map(len, text.splitlines())) <= 120
    assert text.splitlines()[-1] == (
        "0 resources differ in dev since 0123456789ab: 1 refused, 1 accepted by ALLOW, 1 to know."
    )


def test_says_that_nothing_is_wrong() -> None:
    assert as_text(comparison(), verdict([])) == "No cluster differs since 0123456789ab."
    assert summary(comparison("dev"), verdict([])).endswith(": nothing refused.")


def test_for_a_program() -> None:
    found = as_json(comparison("dev"), verdict([danger(), danger("opens-endpoint")], "Other"))
    assert (found["base"], found["clusters"]) == ("0123456789ab", ["dev"])
    assert found["refused"][0]["rule"] == "replaces-state"
    assert set(found["refused"][0]) == {"rule", "cluster", "stack", "id", "path", "type", "what", "why", "fix"}
    assert [len(found[name]) for name in ("refused", "accepted", "told", "mistakes")] == [1, 0, 1, 1]
