"""Admission policies, compared by what they judge and what they ask for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from blueprint.teams.admission import PriorityClass, guards
from blueprint.teams.exposure import Exposure
from blueprint.teams.exposure_policies import exposure_policies
from tests.tools.review.dangers.support import differing, manifest, thing, told
from tools.review.dangers import dangers

ADMISSION = "admissionregistration.k8s.io"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods", "services"]}
SPEC: dict[str, Any] = {
    "failurePolicy": "Fail",
    "matchConstraints": {"namespaceSelector": {"matchLabels": {"team": "a"}}, "resourceRules": [RULE]},
    "validations": [
        {"expression": "['a/', 'b/x/'].exists(r, object.i.startsWith(r))", "message": "images"},
        {"expression": "object.n in ['', 'low']", "message": "names"},
        {"expression": "!(object.n in ['root', 'admin'])", "message": "never"},
        {"expression": "object.size < 3"},
    ],
}
Edit = Callable[[dict[str, Any]], object]


def policy(edit: Edit = lambda spec: None, *beside: dict[str, Any]) -> dict[str, Any]:
    spec = copy.deepcopy(SPEC)
    edit(spec)
    return {"It": manifest(thing("ValidatingAdmissionPolicy", "pods", group=ADMISSION, spec=spec), *beside)}


def matching(**constraints: Any) -> Edit:
    return lambda spec: spec["matchConstraints"].update(constraints)


def ruling(**rule: Any) -> Edit:
    return matching(resourceRules=[{**RULE, **rule}])


def asking(place: int, expression: str) -> Edit:
    return lambda spec: spec["validations"][place].update(expression=expression)


IMAGES = "[{}].exists(r, object.i.startsWith(r))"
NAMES = "object.n in [{}]"
NEVER = "!(object.n in [{}])"
WEAKER: dict[str, tuple[Edit, str]] = {
    "nothing refused": (lambda spec: spec["validations"].clear(), "is gone"),
    "a rule less": (lambda spec: spec["validations"].pop(1), "is gone"),
    "a rule without a message less": (lambda spec: spec["validations"].pop(), "is gone"),
    "another rule": (asking(1, "true"), "says something else"),
    "a registry more": (asking(0, IMAGES.format("'a/', 'b/x/', 'evil.example.com/'")), "takes more: evil.example.com/"),
    "a registry in place of another": (asking(0, IMAGES.format("'a/', 'evil/'")), "takes more: evil/"),
    "a wider registry": (asking(0, IMAGES.format("'a/', 'b/'")), "takes more: b/"),
    "any registry": (asking(0, IMAGES.format("''")), "takes more: "),
    "a name more": (asking(1, NAMES.format("'', 'low', 'system-node-critical'")), "takes more: system-node-critical"),
    "a name less that is refused": (asking(2, NEVER.format("'root'")), "takes more: admin"),
    "errors let in": (lambda spec: spec.update(failurePolicy="Ignore"), "cannot judge"),
    "creation only": (ruling(operations=["CREATE"]), "judges less"),
    "pods only": (ruling(resources=["pods"]), "judges less"),
    "some names": (ruling(resourceNames=["x"]), "judges less"),
    "no rules": (matching(resourceRules=[]), "judges less"),
    "fewer namespaces": (matching(namespaceSelector={"matchLabels": {"team": "a", "env": "prod"}}), "judges less"),
    "other namespaces": (matching(namespaceSelector={"matchLabels": {"team": "b"}}), "judges less"),
    "some objects": (
        matching(objectSelector={"matchExpressions": [{"key": "a", "operator": "Exists"}]}),
        "judges less",
    ),
    "but not these": (matching(excludeResourceRules=[RULE]), "judges less"),
    "the very version": (matching(matchPolicy="Exact"), "judges less"),
    "on a condition": (lambda spec: spec.update(matchConditions=[{"name": "a", "expression": "b"}]), "judges less"),
}
STRICTER: dict[str, Edit] = {
    "the same": lambda spec: None,
    "in another order": lambda spec: spec["validations"].reverse(),
    "a rule more": lambda spec: spec["validations"].append({"expression": "false", "message": "no"}),
    "a registry less": asking(0, IMAGES.format("'a/'")),
    "a part of a registry": asking(0, IMAGES.format("'a/', 'b/x/y/'")),
    "registries in another order": asking(0, IMAGES.format("'b/x/', 'a/'")),
    "a name less": asking(1, NAMES.format("''")),
    "a name more that is refused": asking(2, NEVER.format("'root', 'admin', 'nobody'")),
    "another message": lambda spec: spec["validations"][0].update(message="other words"),
    "all operations": ruling(operations=["*"]),
    "all resources": ruling(resources=["*"]),
    "subresources too": ruling(resources=["pods", "services", "pods/exec"]),
    "two rules for one": matching(resourceRules=[{**RULE, "resources": [each]} for each in ("services", "pods")]),
    "all namespaces": matching(namespaceSelector={}),
}


@pytest.mark.parametrize("case", WEAKER)
def test_weaker(case: str) -> None:
    edit, words = WEAKER[case]
    found = dangers(differing(policy(), policy(edit)))
    assert {danger.rule for danger in found} == {"removes-protection"}
    assert all(words in danger.what for danger in found)


@pytest.mark.parametrize("case", STRICTER)
def test_no_false_alarm(case: str) -> None:
    assert told(differing(policy(), policy(STRICTER[case], thing("ConfigMap", "a", "b")))) == []


def test_what_a_name_is_of_comes_with_it() -> None:
    """A priority class of the team is in the list of those that its pods may have."""
    more = asking(1, NAMES.format("'', 'low', 'high'"))
    high = thing("PriorityClass", "high", group="scheduling.k8s.io")
    assert told(differing(policy(), policy(more, high))) == []
    assert told(differing(policy(), policy(more))) == [("removes-protection", "It")]


BINDING: dict[str, Any] = {
    "policyName": "pods",
    "validationActions": ["Deny"],
    "matchResources": {"namespaceSelector": {"matchLabels": {"team": "a"}}},
}


@pytest.mark.parametrize(
    ("changes", "weaker"),
    [
        ({"validationActions": ["Warn", "Audit"]}, True),
        ({"policyName": "another"}, True),
        ({"matchResources": {"namespaceSelector": {"matchLabels": {"team": "b"}}}}, True),
        ({"matchResources": {**BINDING["matchResources"], "resourceRules": [RULE]}}, True),
        ({"validationActions": ["Deny", "Audit"]}, False),
        ({"matchResources": {}}, False),
        ({"matchResources": {**BINDING["matchResources"], "matchPolicy": "Equivalent"}}, False),
    ],
)
def test_bindings(changes: dict[str, Any], *, weaker: bool) -> None:
    before, after = (
        {"It": manifest(thing("ValidatingAdmissionPolicyBinding", "pods", group=ADMISSION, spec=spec))}
        for spec in (BINDING, {**BINDING, **changes})
    )
    assert told(differing(before, after)) == [("removes-protection", "It")] * weaker


def test_what_a_pattern_takes_is_a_list() -> None:
    """As hosts, schemes and certificates of teams are written: by alternatives, with dots in brackets."""

    def exposed(*hosts: str, schemes: tuple[str, ...] = ()) -> dict[str, Any]:
        return {"It": manifest(*exposure_policies(Exposure("a", hosts, schemes), {}))}

    before = exposed("a.example.com", "*.b.example.com")
    assert told(differing(before, exposed("*.b.example.com"))) == []
    assert told(differing(before, exposed())) == []
    assert told(differing(exposed(), exposed())) == []
    found = dangers(differing(before, exposed("a.example.com", "*.b.example.com", "c.example.com")))
    assert {danger.what.rpartition(": ")[2] for danger in found} == {"c.example.com"}
    (scheme,) = dangers(differing(before, exposed("a.example.com", "*.b.example.com", schemes=("internal",))))
    assert scheme.what.endswith("it takes more: internal")
    assert scheme.what.count("ValidatingAdmissionPolicy ") == 4
    lost = copy.deepcopy(before)
    lost["It"]["Properties"]["Manifest"] = lost["It"]["Properties"]["Manifest"].replace("kubernetes[.]io/tls-acme", "x")
    assert {"a rule of it says something else" in danger.what for danger in dangers(differing(before, lost))} == {True}


def test_the_policies_of_our_teams() -> None:
    """Each guard of a team, as it is written, told by value; `tests/isolation` says what each is for."""

    def team(registries: tuple[str, ...] = ("r/a/",), *more: PriorityClass, own_nodes: bool = True) -> Any:
        objects = guards("a", registries, (PriorityClass("x", 5), *more), own_nodes=own_nodes, keeps_off_windows=False)
        classes = [each.manifest("a") for each in (PriorityClass("x", 5), *more)]
        return {"It": manifest(*objects, *classes, thing("ConfigMap", "a", "b"))}

    def count(after: Any) -> int:
        return len(told(differing(team(), after)))

    assert count(team(("r/a/b/",))) == 0
    assert count(team(("r/a/",), PriorityClass("y", 6))) == 0
    assert count(team(())) == 1
    assert count(team(("r/",))) == 1
    assert count(team(("r/a/", "evil/"))) == 1
    assert count(team(own_nodes=False)) == 1
