"""Admission policies that let in what they did not, compared by what they judge and what they ask for.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from tools.review.dangers.danger import Weaknesses, shown, step

_Object = Mapping[str, Any]

_LET_IN = "what breaks its rules is let in"
_LIST = re.compile(r"\[((?:\s*'[^']*'\s*,?)*)\]")
_TEXT = re.compile(r"'([^']*)'")
_COMPARED = re.compile(r"== *('[^']*')")
_MATCHED = re.compile(r"matches\('([^']*)'\)")
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")
# Before a parenthesis: what is in it is denied.
_DENIED = re.compile(r"!\s*[\w.]*$")


def weaker_policy(
    before: _Object, after: _Object, known: Collection[str] = (), gone: Collection[str] = ()
) -> Weaknesses:
    """What it no longer judges or refuses.

    `known` are names that a list of what is allowed may well have one more of, since others say whose they are; `gone`
    those of what is no longer there, so that nobody must be kept from it.
    """
    one, other = (each.get("spec", {}) for each in (before, after))
    if one.get("failurePolicy", "Fail") == "Fail" != other.get("failurePolicy", "Fail"):
        yield "what it cannot judge is let in", step("failurePolicy", "Fail", other["failurePolicy"])
    yield from _judges_less("matchConstraints", one.get("matchConstraints"), other.get("matchConstraints"))
    for name in sorted(_names(other, "matchConditions") - _names(one, "matchConditions")):
        yield "it judges less", f"matchConditions: +{shown(name)}"
    yield from _asks_less(one.get("validations", ()), other.get("validations", ()), known, gone)


def weaker_binding(before: _Object, after: _Object) -> Weaknesses:
    """Whether it still refuses, the same, and as much."""
    one, other = (each.get("spec", {}) for each in (before, after))
    actions = [each.get("validationActions", []) for each in (one, other)]
    if "Deny" in actions[0] and "Deny" not in actions[1]:
        yield _LET_IN, step("validationActions", *actions)
    if one.get("policyName") != other.get("policyName"):
        yield _LET_IN, step("policyName", one.get("policyName"), other.get("policyName"))
    yield from _judges_less("matchResources", one.get("matchResources"), other.get("matchResources"))


def _judges_less(name: str, before: Any, after: Any) -> Weaknesses:
    """Rules, and selectors of namespaces and objects; no rules are all that the policy has."""
    one, other = before or {}, after or {}
    lost = [each for each in _requests(one) if not any(_covers(rule, each) for rule in other.get("resourceRules", ()))]
    if lost and other.get("resourceRules") is not None:
        yield "it judges less", f"{name}: -{', '.join(map(_request, lost))}"
    elif one.get("resourceRules") is None and other.get("resourceRules") is not None:
        yield "it judges less", step(f"{name}.resourceRules", None, other["resourceRules"])
    for selector in ("namespaceSelector", "objectSelector"):
        if more := _requirements(other.get(selector)) - _requirements(one.get(selector)):
            yield "it judges less", f"{name}.{selector}: +{', '.join(sorted(more))}"
    excluded = one.get("excludeResourceRules", ())
    if left_out := [each for each in other.get("excludeResourceRules", ()) if each not in excluded]:
        yield "it judges less", f"{name}.excludeResourceRules: +{shown(left_out)}"
    if one.get("matchPolicy", "Equivalent") == "Equivalent" != other.get("matchPolicy", "Equivalent"):
        yield "it judges less", step(f"{name}.matchPolicy", "Equivalent", other["matchPolicy"])


_PARTS = ("apiGroups", "apiVersions", "operations", "resources")


def _requests(constraints: _Object) -> Iterator[tuple[str, ...]]:
    """Each kind of request that the rules name: group, version, operation, resource."""
    for rule in constraints.get("resourceRules", ()):
        if not rule.get("resourceNames"):
            yield from product(*(rule.get(part, ()) for part in _PARTS))


def _covers(rule: _Object, request: tuple[str, ...]) -> bool:
    *parts, resource = zip(_PARTS, request, strict=True)
    named = rule.get("resources", ())
    main, _, sub = resource[1].partition("/")
    wide = {"*/*", f"{main}/*" if sub else "*", f"*/{sub}" if sub else resource[1]}
    whole = not rule.get("resourceNames") and bool({resource[1], *wide} & set(named))
    return whole and all({word, "*"} & set(rule.get(part, ())) for part, word in parts)


def _request(request: tuple[str, ...]) -> str:
    group, _, operation, resource = request
    return f"{operation} of {resource}{f'.{group}' if group else ''}"


def _requirements(selector: Any) -> set[str]:
    """All must hold, so that a new one leaves somebody out."""
    chosen = selector or {}
    labels = {f"{key}={value}" for key, value in (chosen.get("matchLabels") or {}).items()}
    return labels | {
        f"{each['key']} {each['operator']} {','.join(sorted(each.get('values') or ()))}".strip()
        for each in chosen.get("matchExpressions") or ()
    }


def _asks_less(
    before: Sequence[_Object], after: Sequence[_Object], known: Collection[str], gone: Collection[str]
) -> Weaknesses:
    """A rule that is gone, says something else, or takes more."""
    new = [each["expression"] for each in after]
    rest = [each for each in new if each not in {old["expression"] for old in before}]
    for old in before:
        expression = old["expression"]
        if expression in new or is_about(expression, gone):
            continue
        about = old.get("message") or expression
        other = next((each for each in rest if _form(each) == _form(expression)), None)
        if other is None:
            same = next((each for each in after if each.get("message", "") == about), None)
            what = "a rule of it says something else, which may be less" if same else "a rule of it is gone"
            yield what, step(about, expression, same["expression"]) if same else f"no longer refused: {about}"
        else:
            rest.remove(other)
            more = _more(expression, other, known)
            if more:
                yield f"it takes more: {', '.join(more)}", f"refused before: {about}"


def _form(expression: str) -> str:
    """The expression whatever its lists hold."""
    return _LIST.sub("[]", _with_lists(expression))


def _with_lists(expression: str) -> str:
    """What is compared with a text, or with alternatives of a pattern, as lists too."""
    compared = _COMPARED.sub(r"in [\1]", expression)
    return _MATCHED.sub(lambda found: f"matches({_ALTERNATIVES.sub(_listed, found[1])})", compared)


def _listed(alternatives: re.Match[str]) -> str:
    return str([as_listed(each) for each in alternatives[1].split("|")] if alternatives[1] else [])


def as_listed(alternative: str) -> str:
    """An alternative of a pattern as text: a dot that is one stands in brackets there."""
    return alternative.replace("[.]", ".")


def is_about(expression: str, gone: Collection[str]) -> bool:
    """Whether what it denies is all of something that is gone."""
    found = _with_lists(expression)
    denied = (_TEXT.findall(each[1]) for each in _LIST.finditer(found) if _denied(found[: each.start()]))
    return any(words and {*words} <= {*gone} for words in denied)


def _more(before: str, after: str, known: Collection[str]) -> list[str]:
    """What lists of the same expression hold that was refused; of what is not allowed, what they hold no longer."""
    prefixes = "startsWith" in before
    found = []
    before, after = _with_lists(before), _with_lists(after)
    for one, other in zip(_LIST.finditer(before), _LIST.finditer(after), strict=True):
        old, new = _TEXT.findall(one[1]), _TEXT.findall(other[1])
        if _denied(before[: one.start()]):
            found += [each for each in old if each not in new]
            continue
        found += [
            each
            for each in new
            if each not in known and each not in old and not (prefixes and any(map(each.startswith, old)))
        ]
    return list(dict.fromkeys(found))


def _denied(before: str) -> bool:
    """Whether what stands behind this much of an expression is in parentheses that are denied."""
    around: list[bool] = []
    for place, sign in enumerate(before):
        if sign == "(":
            around.append(bool(_DENIED.search(before[:place])))
        elif sign == ")" and around:
            around.pop()
    return sum(around) % 2 == 1


def _names(spec: _Object, field: str) -> set[str]:
    return {f"{each.get('name')}: {each.get('expression')}" for each in spec.get(field) or ()}
