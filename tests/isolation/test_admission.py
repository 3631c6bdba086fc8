"""The evaluator of ValidatingAdmissionPolicies says what the API server would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.isolation.admission import CelError, Request, compiled, refusals

OBJECT = {
    "name": "x",
    "list": [{"a": "1"}, {"b": "2"}],
    "words": ["ab", "cd"],
    "empty": [],
    "number": 5,
    "map": {"a.b/c": "d"},
    "line": "b\n",
}
VALUES = [
    ("1 == 1", True),
    ("'a' in ['a', 'b']", True),
    ("'c' in []", False),
    ("!(object.name == 'x')", False),
    ("object.name == \"x\" ? 'yes' : 'no'", "yes"),
    ("has(object.name) && !has(object.other)", True),
    ("has(object.other) ? object.other : ''", ""),
    ("size(object.list) == 2 && object.number >= 5", True),
    ("object.words.all(w, w.startsWith('a'))", False),
    ("object.words.exists(w, w.startsWith('a') || w.endsWith('z'))", True),
    ("object.empty.all(w, false) && !object.empty.exists(w, true)", True),
    ("object.words.exists(w, ['a'].exists(p, w.contains(p)))", True),
    # Errors are forgotten where another part decides, whatever the order.
    ("object.other == 1 || true", True),
    ("object.other == 1 && false", False),
    ("object.list.exists(e, e.b == '2')", True),
    ("object.list.all(e, e.a == '2')", False),
    ("'abc'.matches('^a.c$') && 'a.b' != 'a'", True),
    ("true || false && false", True),
    ("'a' in {} || {} != {}", False),
    ("object.line.matches('b$') || !object.line.matches('^b')", False),
    ("object.map['a.b/c'] == 'd' && 'a.b/c' in object.map && !('x' in object.map)", True),
    ("null == null && object != null && object.name != null", True),
    ("has(object.map) && (object.map['x'] == 'd' || object.map['a.b/c'] in ['d'])", True),
]
ERRORS = [
    "object.other == 1",
    "object.other == 1 || false",
    "object.other == 1 && true",
    "object.list.exists(e, e.b == '3')",
    "object.list.all(e, e.a == '1')",
    "!object.name",
    "object.name.deeper",
    "object.map['x'] == 'd'",
    "object.other['x'] == 'd'",
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_values(expression: str, value: Any) -> None:
    assert compiled(expression)({"object": OBJECT}) == value


@pytest.mark.parametrize("expression", ERRORS)
def test_errors(expression: str) -> None:
    with pytest.raises(CelError):
        compiled(expression)({"object": OBJECT})


@pytest.mark.parametrize("expression", ["1 +", "a b", "(1", "@", "x.fold(y)"])
def test_what_is_unknown_is_not_guessed(expression: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        compiled(expression)


def rules(**changes: Any) -> Mapping[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], **changes}
    return {"resourceRules": [rule]}


def policy(expression: str = "false", **spec: Any) -> Mapping[str, Any]:
    return {
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": rules(), "validations": [{"expression": expression, "message": "no"}], **spec},
    }


def binding(*actions: str, name: str = "p", **spec: Any) -> Mapping[str, Any]:
    made = {"policyName": name, "validationActions": list(actions or ("Deny",)), **spec}
    return {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "b"}, "spec": made}


SPACE = {"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}}}
THEIRS = {"namespaceSelector": {"matchLabels": {"team": "shop"}}}
OTHERS = {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["shop"]}]}}
POD = Request("pods", "shop", {})
CASES = [
    pytest.param([policy(), binding()], POD, ["no"], id="refused"),
    pytest.param([policy("true"), binding()], POD, [], id="admitted"),
    pytest.param([policy()], POD, [], id="not bound"),
    pytest.param([policy(), binding(name="q")], POD, [], id="another bound"),
    pytest.param([policy(), binding("Warn", "Audit")], POD, [], id="only a warning"),
    pytest.param([policy(), binding("Audit", "Deny")], POD, ["no"], id="more than a warning"),
    pytest.param([policy("object.a"), binding()], POD, ["error: no such key: a"], id="errors refuse"),
    pytest.param([policy("object.a", failurePolicy="Ignore"), binding()], POD, [], id="unless ignored"),
    pytest.param([policy(matchConditions=[{"name": "c", "expression": "true"}]), binding()], POD, ["no"], id="if"),
    pytest.param([policy(matchConditions=[{"name": "c", "expression": "false"}]), binding()], POD, [], id="if not"),
    pytest.param(
        [policy(matchConditions=[{"name": "c", "expression": each} for each in ("object.a", "false")]), binding()],
        POD,
        [],
        id="a false condition beside an error",
    ),
    pytest.param(
        [policy(matchConditions=[{"name": "c", "expression": "object.a"}]), binding()],
        POD,
        ["error: no such key: a"],
        id="an error among conditions",
    ),
    pytest.param([policy(), binding(matchResources=THEIRS)], POD, ["no"], id="of a namespace"),
    pytest.param([policy(), binding(matchResources=OTHERS)], POD, [], id="of other namespaces"),
    pytest.param([policy(matchConstraints={**rules(), **OTHERS}), binding()], POD, [], id="both choose"),
    pytest.param([policy(), binding()], Request("services", "shop", {}), [], id="another resource"),
    pytest.param([policy(), binding()], Request("pods", "shop", {}, operation="UPDATE"), [], id="another operation"),
    pytest.param([policy(), binding()], Request("pods", "shop", {}, group="x"), [], id="another group"),
    pytest.param([policy(), binding()], Request("pods/exec", "shop", {}), [], id="a subresource"),
    pytest.param(
        [policy(matchConstraints=rules(resources=["*"])), binding()],
        Request("pods/exec", "shop", {}),
        [],
        id="nor by *",
    ),
    pytest.param(
        [policy(matchConstraints=rules(resources=["pods/*"])), binding()],
        Request("pods/exec", "shop", {}),
        ["no"],
        id="all subresources",
    ),
]


@pytest.mark.parametrize(("objects", "request_", "expected"), CASES)
def test_refusals(objects: Any, request_: Request, expected: list[str]) -> None:
    assert list(refusals([SPACE, *objects], request_)) == expected


def test_parts_that_are_unknown_are_not_guessed() -> None:
    for unknown in (policy(paramKind={}), policy(matchConstraints={**rules(), "objectSelector": {}})):
        with pytest.raises(ValueError, match=r"paramKind|objectSelector"):
            list(refusals([unknown, binding()], POD))
