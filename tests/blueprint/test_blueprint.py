"""The blueprint's own fields: identity and tags."""

from __future__ import annotations

import pytest

from blueprint import plan
from tests.blueprint.examples import SMALL, TABLE, assert_reported, changed, mistake, places


def tagged(key: str, value: str = "a") -> object:
    return changed(SMALL, tags={key: value})


MISTAKES = [
    mistake(
        "reserved by AWS", tagged("aws:createdBy"), "tags['aws:createdBy']", "not beginning with aws:", "cost-center"
    ),
    mistake("reserved, capitals", tagged("AWS:x"), "tags['AWS:x']", "not beginning with aws:", "cost-center"),
    mistake(
        "of controllers", tagged("kubernetes.io/cluster/dev"), "tags['kubernetes.io/cluster/dev']", "whose", "another"
    ),
    mistake("of EKS", tagged("eks:cluster-name"), "tags['eks:cluster-name']", "whose a resource is", "choose another"),
    mistake("empty key", tagged(""), "tags['']", "1 to 128", "cost-center"),
    mistake("empty value", tagged("a", ""), "tags['a']", "1 to 256", "platform"),
    mistake("long key", tagged("k" * 129), f"tags['{'k' * 129}']", "1 to 128", "cost-center"),
    mistake("long value", tagged("a", "v" * 257), "tags['a']", "1 to 256", "platform"),
    mistake("comma", tagged("a", "b,c=d"), "tags['a']", "letters, digits and", "platform"),
    mistake(
        "41 tags", changed(SMALL, tags={f"t{n}": "a" for n in range(41)}), "tags", "at most 40 tags", "40 or fewer"
    ),
    mistake("short account", changed(SMALL, account="11111111111"), "account", "12 digits", '"111111111111"'),
    mistake("a zone as region", changed(SMALL, region="us-west-2a"), "region", "name of an AWS region", '"us-west-2"'),
    mistake("41 letters", changed(SMALL, name="a" * 41), "name", "1 to 40 lowercase letters", '"prod"'),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_identity_hides_no_mistake_behind_it() -> None:
    wrong = changed(SMALL, name="Dev", account=1, region=None, tags=None, addons=SMALL.addons[:2])
    assert places(wrong) == ["name", "account", "region", "tags", "addons[0]"]


def test_tags_of_every_allowed_character() -> None:
    tags = {"Cost_center.a/b+c@d:e-1": "x/Y.z:1@2+3-4_5"}
    assert plan(changed(SMALL, tags=tags)).facts.tags == tuple(tags.items())
