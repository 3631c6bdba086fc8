"""What ValidatingAdmissionPolicies refuse: an evaluator over objects as data, with as much of CEL as they need.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy and, for expressions,
https://github.com/google/cel-spec/blob/master/doc/langdef.md: a field that is not set is an error, and `||`, `&&`,
`exists` and `all` forget an error where the other side decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from tests.isolation.network import NAME_LABEL, matches

Object = Mapping[str, Any]
Scope = Mapping[str, Any]
Expression = Callable[[Scope], Any]

_KNOWN = {"failurePolicy", "matchConditions", "matchConstraints", "validations"}


@dataclass(frozen=True)
class Request:
    """One to create or change an object of a namespace. `resource` may name a subresource: pods/exec."""

    resource: str
    namespace: str
    object: Object
    group: str = ""
    version: str = "v1"
    operation: str = "CREATE"
    old: Object | None = None
    """What a change is made to."""
    groups: tuple[str, ...] = ()
    """Of who sends it."""


Rules = Iterable[Object] | None
"""What a policy or a binding is about; None: everything."""


class Admission(tuple[Object, ...]):
    """Policies, their bindings and namespaces, of which it is worked out once what judges requests to a namespace."""

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        """Of namespaces."""
        spaces = [one["metadata"] for one in self if one["kind"] == "Namespace"]
        return {space["name"]: space.get("labels") or {} for space in spaces}

    @cached_property
    def _bound(self) -> Sequence[tuple[Object, tuple[Object, Object]]]:
        """Policies that refuse, each with what chooses its requests."""
        policies = {one["metadata"]["name"]: one["spec"] for one in self if one["kind"] == "ValidatingAdmissionPolicy"}
        bindings = [one["spec"] for one in self if one["kind"] == "ValidatingAdmissionPolicyBinding"]
        found = [
            (policies[each["policyName"]], each)
            for each in bindings
            if "Deny" in each["validationActions"] and each["policyName"] in policies
        ]
        for policy, _ in found:
            if unknown := policy.keys() - _KNOWN:
                raise ValueError(unknown)
        return [(policy, (policy["matchConstraints"], each.get("matchResources") or {})) for policy, each in found]

    @cached_property
    def _judging(self) -> dict[str, Sequence[tuple[Object, Sequence[Rules]]]]:
        return {}

    def judging(self, namespace: str) -> Sequence[tuple[Object, Sequence[Rules]]]:
        """The policies of a namespace, each with rules of which it takes one of all to choose a request."""
        if namespace not in self._judging:
            labels = {**self._labels.get(namespace, {}), NAME_LABEL: namespace}
            self._judging[namespace] = [
                (policy, [each.get("resourceRules") for each in resources])
                for policy, resources in self._bound
                if all(_is_about(each, labels) for each in resources)
            ]
        return self._judging[namespace]


def _is_about(resources: Object, labels: Mapping[str, str]) -> bool:
    if unknown := resources.keys() - {"namespaceSelector", "resourceRules", "matchPolicy"}:
        raise ValueError(unknown)
    return matches(resources.get("namespaceSelector") or {}, labels)


def refusals(objects: Iterable[Object], request: Request) -> Iterator[str]:
    """Messages of the policies that refuse it. ValueError: a part of a policy that this evaluator does not know."""
    admission = objects if isinstance(objects, Admission) else Admission(objects)
    for policy, chosen in admission.judging(request.namespace):
        if all(rules is None or any(_is_chosen(rule, request) for rule in rules) for rules in chosen):
            yield from _failed(policy, request)


def _is_chosen(rule: Object, request: Request) -> bool:
    return (
        any(_is_resource(pattern, request.resource) for pattern in rule["resources"])
        and not {"*", request.group}.isdisjoint(rule["apiGroups"])
        and not {"*", request.version}.isdisjoint(rule["apiVersions"])
        and not {"*", request.operation}.isdisjoint(rule["operations"])
        and _in_scope(rule.get("scope", "*"))
    )


def _in_scope(scope: str) -> bool:
    """Requests here are all in a namespace. kubernetes/api admissionregistration/v1/types.go, ScopeType."""
    return {"*": True, "Namespaced": True, "Cluster": False}[scope]


def _is_resource(pattern: str, resource: str) -> bool:
    """`*` has no subresources, `pods/*` and `*/*` have all."""
    if pattern in (resource, "*/*"):
        return True
    name, _, subresource = resource.partition("/")
    return (pattern == "*" and not subresource) or pattern in (f"{name}/*", f"*/{subresource}")


def _failed(policy: Object, request: Request) -> Iterator[str]:
    """As the API server: a condition that is false decides before one that is an error does."""
    # kubernetes/pkg/apis/admissionregistration/validation/validation.go: supportedFailurePolicies
    assert policy.get("failurePolicy", "Fail") in ("Fail", "Ignore")
    sent = {"userInfo": {"groups": [*request.groups]}}
    scope = {"object": request.object, "oldObject": request.old, "request": sent}
    conditions = [compiled(condition["expression"]) for condition in policy.get("matchConditions", ())]
    try:
        if not _decided(False, _lazily(conditions, scope)):
            return
    except CelError as error:
        if policy.get("failurePolicy", "Fail") == "Fail":
            yield f"error: {error}"
        return
    for validation in policy["validations"]:
        try:
            if compiled(validation["expression"])(scope) is not True:
                yield validation.get("message") or validation["expression"]
        except CelError as error:
            if policy.get("failurePolicy", "Fail") == "Fail":
                yield f"error: {error}"


class CelError(Exception):
    """An expression that has no value."""


_TOKEN = re.compile(
    r"""\s*(?:(\d+)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)"""
    r"""|(\|\||&&|[=!<>]=|[-\[\](){}.,?:!<>+]))"""
)


@cache
def compiled(text: str) -> Expression:
    """A CEL expression as a function of its variables. ValueError: what this evaluator does not know."""
    parser = _Parser(text)
    made = parser.ternary()
    if parser.kind != "end":
        raise ValueError(text)
    return made


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.kind, self.token = "", ""
        self._next()

    def _next(self) -> str:
        before = self.token
        rest = self._text[self._at :]
        if not rest.strip():
            self.kind, self.token = "end", ""
            return before
        if not (found := _TOKEN.match(rest)):
            raise ValueError(rest)
        self._at += found.end()
        number, single, double, name, sign = found.groups()
        pairs = (("int", number), ("text", single), ("text", double), ("name", name), ("sign", sign))
        self.kind, self.token = next((kind, text) for kind, text in pairs if text is not None)
        return before

    def _take(self, token: str) -> bool:
        if self.kind in ("sign", "name") and self.token == token:
            self._next()
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ValueError(f"{token} expected at {self._at} of {self._text}")

    def ternary(self) -> Expression:
        condition = self._or()
        if not self._take("?"):
            return condition
        one = self.ternary()
        self._expect(":")
        other = self.ternary()
        return lambda scope: one(scope) if _truth(condition(scope)) else other(scope)

    def _or(self) -> Expression:
        sides = [self._and()]
        while self._take("||"):
            sides.append(self._and())
        return sides[0] if len(sides) == 1 else lambda scope: _decided(True, _lazily(sides, scope))

    def _and(self) -> Expression:
        sides = [self._relation()]
        while self._take("&&"):
            sides.append(self._relation())
        return sides[0] if len(sides) == 1 else lambda scope: _decided(False, _lazily(sides, scope))

    def _relation(self) -> Expression:
        left = self._unary()
        for sign, holds in _RELATIONS.items():
            if self._take(sign):
                right = self._unary()
                return lambda scope: holds(left(scope), right(scope))
        return left

    def _unary(self) -> Expression:
        if self._take("!"):
            inner = self._unary()
            return lambda scope: not _truth(inner(scope))
        return self._member()

    def _member(self) -> Expression:
        value = self._primary()
        while self.kind == "sign" and self.token in (".", "["):
            if self._take("["):
                value = _indexed(value, self.ternary())
                self._expect("]")
            else:
                self._next()
                name = self._next()
                value = self._called(value, name) if self._take("(") else _selected(value, name)
        return value

    def _called(self, target: Expression, name: str) -> Expression:
        if name in ("all", "exists"):
            variable = self._next()
            self._expect(",")
            body = self.ternary()
            self._expect(")")
            wins = name == "exists"
            return lambda scope: _decided(wins, _lazily_each(body, scope, variable, target(scope)))
        argument = self.ternary()
        self._expect(")")
        method = _METHODS[name]
        return lambda scope: method(target(scope), argument(scope))

    def _primary(self) -> Expression:
        kind, token = self.kind, self.token
        self._next()
        if kind in ("int", "text"):
            value = int(token) if kind == "int" else token
            return lambda scope: value
        if token == "(":
            inner = self.ternary()
            self._expect(")")
            return inner
        if token == "[":
            items = []
            while not self._take("]"):
                items.append(self.ternary())
                self._take(",")
            return lambda scope: [item(scope) for item in items]
        if token == "{":
            self._expect("}")
            return lambda scope: {}
        if kind == "name":
            return self._name(token)
        raise ValueError(f"{token!r} in {self._text}")

    def _name(self, name: str) -> Expression:
        if name in ("true", "false", "null"):
            return lambda scope: None if name == "null" else name == "true"
        if name in ("has", "size") and self._take("("):
            inner = self.ternary()
            self._expect(")")
            if name == "size":
                return lambda scope: len(inner(scope))
            return inner.has  # type: ignore[attr-defined, no-any-return]
        return lambda scope: scope[name]


def _selected(target: Expression, name: str) -> Expression:
    def select(scope: Scope) -> Any:
        found = target(scope)
        if not isinstance(found, Mapping) or name not in found:
            raise CelError(f"no such key: {name}")
        return found[name]

    select.has = lambda scope: name in target(scope)  # type: ignore[attr-defined]  # hostile on purpose
    return select


def _indexed(target: Expression, index: Expression) -> Expression:
    """An entry of a map."""

    def look(scope: Scope) -> Any:
        found, key = target(scope), index(scope)
        if not isinstance(found, Mapping) or key not in found:
            raise CelError(f"no such key: {key}")
        return found[key]

    return look


_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "in": lambda one, other: one in other,
}
_METHODS: Mapping[str, Callable[[Any, Any], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda text, part: part in text,
    "matches": lambda text, pattern: _found(pattern, text),
}


def _found(pattern: str, text: str) -> bool:
    """By a regular expression of RE2, whose `$` is the end of the text and no line break before it."""
    if "\\" in pattern:
        raise ValueError(pattern)
    return re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError("no bool")
    return value


def _lazily(sides: Iterable[Expression], scope: Scope) -> Iterator[Callable[[], Any]]:
    for side in sides:
        yield lambda side=side: side(scope)  # type: ignore[misc]  # hostile on purpose


def _lazily_each(body: Expression, scope: Scope, variable: str, items: Iterable[Any]) -> Iterator[Callable[[], Any]]:
    for item in items:
        yield lambda item=item: body({**scope, variable: item})  # type: ignore[misc]  # hostile on purpose


def _decided(wins: bool, parts: Iterable[Callable[[], Any]]) -> bool:
    """The value that wins if any part has it, whatever errors others are."""
    failed = None
    for part in parts:
        try:
            if _truth(part()) is wins:
                return wins
        except CelError as error:
            failed = error
    if failed:
        raise failed
    return not wins
