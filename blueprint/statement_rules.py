"""What a statement that a user writes gets wrong about AWS: actions that are none, or are not done to its resources."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.actions import matching, unknown
from blueprint.errors import Problem
from blueprint.iam import Statement
from blueprint.powers import misses


def mistakes_in(statement: Statement) -> Iterator[Problem]:
    """Every problem, with paths from the statement."""
    yield from unknown(statement.actions)
    known = [action for action in statement.actions if action == "*" or matching(action)]
    for action in misses(known, statement.resources) if statement.effect == "Allow" else ():
        takes = sorted({arn for each in matching(action) for arn in each.resources})
        fix = f"name what it is done to, for example {min(takes, key=len)}, or remove the action"
        yield Problem(
            ("resources",), statement.resources, f"{action} is done to none of these, so it gives nothing", fix
        )
