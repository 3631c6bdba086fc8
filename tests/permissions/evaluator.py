"""What IAM decides about a request, for the policies of a role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

Context = Mapping[str, str | Sequence[str]]
"""Condition keys of a request, and their values."""


def allowed(documents: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context) -> bool:
    """Whether the policies allow the request. ValueError: they say something that this evaluator does not know."""
    given = {key.lower(): value for key, value in context.items()}
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _many(document["Statement"])
        if _applies(statement, action, resource, given)
    }
    return "Allow" in effects and "Deny" not in effects


def trusted(trust: Mapping[str, Any], action: str, context: Context) -> bool:
    """Whether the conditions of a trust policy are met; the caller compares the principals."""
    statements = [
        {key: value for key, value in each.items() if key != "Principal"} | {"Resource": "*"}
        for each in _many(trust["Statement"])
    ]
    return allowed([{"Statement": statements}], action, "*", context)


def actions(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """All that the policies allow on some resource. ValueError: they do not name it."""
    for document in documents:
        for statement in _many(document["Statement"]):
            if statement["Effect"] == "Allow":
                for action in _many(statement["Action"]):
                    if "*" in action:
                        raise ValueError(action)
                    yield action


def _applies(statement: Mapping[str, Any], action: str, resource: str, given: Context) -> bool:
    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise ValueError(sorted(unknown))
    return (
        any(_like(pattern.lower(), action.lower(), {}) for pattern in _many(statement["Action"]))
        and any(_arn_like(pattern, resource, given) for pattern in _many(statement["Resource"]))
        and all(
            _holds(operator, [str(value) for value in _many(wanted)], key.lower(), given)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, wanted: Sequence[str], key: str, given: Context) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    value = given.get(key)
    if operator == "Null":
        return (value is None) == (wanted[0] == "true")
    quantifier, colon, plain = operator.rpartition(":")
    if plain.endswith("IfExists"):
        plain = plain.removesuffix("IfExists")
        if value is None:
            return True
    values = [] if value is None else list(_many(value))
    negated = plain in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(plain, plain))
    if compare is None or (colon and quantifier not in {"ForAllValues", "ForAnyValue"}):
        raise ValueError(operator)
    if not colon and len(values) > 1:
        raise ValueError(f"{key} has several values, which only ForAllValues and ForAnyValue compare")
    results = [any(compare(pattern, one, given) for pattern in wanted) != negated for one in values]
    if quantifier == "ForAllValues":
        return all(results)
    if quantifier == "ForAnyValue":
        return any(results)
    return results[0] if results else negated


def _equal(pattern: str, text: str, given: Context) -> bool:
    return _filled(pattern, given) == text


def _equal_ignoring_case(pattern: str, text: str, given: Context) -> bool:
    filled = _filled(pattern, given)
    return filled is not None and filled.lower() == text.lower()


def _like(pattern: str, text: str, given: Context) -> bool:
    """* stands for any number of characters, ? for one; a policy variable for what the request says."""
    if (parts := _parts(pattern)) == (pattern,):
        return pattern == text
    regex = ""
    for part in parts:
        filled = _filled(part, given) if part.startswith("${") else part
        if filled is None:
            return False
        regex += _WILDCARDS.get(part) or re.escape(filled)
    return re.fullmatch(regex, text, re.DOTALL) is not None


_WILDCARDS = {"*": ".*", "?": "."}


@cache
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(re.split(r"(\$\{[^}]*\}|\*|\?)", pattern))


def _arn_like(pattern: str, arn: str, given: Context) -> bool:
    """A wildcard stays in its part of an ARN, of which the sixth is the rest."""
    if pattern == "*":
        return True
    # The colons of a policy variable separate nothing.
    wanted, found = re.split(r":(?![^{]*\})", pattern, maxsplit=5), arn.split(":", 5)
    return len(wanted) == len(found) and all(map(_like, wanted, found, [given] * len(found)))


def _filled(pattern: str, given: Context) -> str | None:
    """The text with its policy variables replaced; None where the request does not have one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    filled = pattern
    for name in () if "$" not in pattern else re.findall(r"\$\{([^}]*)\}", pattern):
        value = {"*": "*", "?": "?", "$": "$"}.get(name, given.get(name.lower()))
        if not isinstance(value, str):
            return None
        filled = filled.replace(f"${{{name}}}", value)
    return filled


_OPERATORS = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _equal_ignoring_case,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
