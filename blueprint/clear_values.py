"""What values of a chart or of an add-on of EKS never hold, since whoever reads a template or Git reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.errors import FieldPath, Key, Problem, Quoted
from blueprint.references import references_in
from blueprint.secret_keys import is_secret

_ROLE = "eks.amazonaws.com/role-arn"
"""Annotation of a service account: https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html"""


def misplaced(values: Any, path: FieldPath) -> Iterator[Problem]:
    """Secrets, and roles that nothing here grants."""
    for place, key, value in _leaves(values, path):
        if isinstance(value, str) and is_secret(key, value):
            rule = "values stand in clear text in the template or in Git, so they never hold a secret"
            fix = "name an existing Secret, made by External Secrets for example"
            yield Problem(place, Quoted("<not shown>"), rule, fix)
        if key == _ROLE and value and not any(name.startswith("role-arn:") for name in references_in(value)):
            rule = "pods get AWS permissions by statements that a review shows, and never by a role from elsewhere"
            fix = "write the statements: permissions or extra_permissions of the add-on, or of a ServiceAccount"
            yield Problem(place, value, rule, fix)


def _leaves(data: Any, path: FieldPath, key: str = "") -> Iterator[tuple[FieldPath, str, Any]]:
    """Path, key and value; a variable of a container is known by its name."""
    if isinstance(data, Mapping):
        for each, item in data.items():
            variable = each == "value" and isinstance(data.get("name"), str)
            yield from _leaves(item, (*path, Key(each)), data["name"] if variable else str(each))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from _leaves(item, (*path, index))
    else:
        yield path, key, data
