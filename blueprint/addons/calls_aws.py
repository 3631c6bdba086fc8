"""AWS permissions of an add-on's pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import ClassVar

from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.statement_rules import mistakes_in
from blueprint.value import Value


class CallsAws(Value):
    """What an add-on says whose pods have AWS permissions: `class ExternalDns(CallsAws, HelmAddon)`."""

    service_account: ClassVar[str]
    """The one with the permissions; a chart's values must use it."""
    managed_policies: ClassVar[tuple[str, ...]] = ()
    """Of AWS; EKS add-ons only."""

    extra_permissions: tuple[Statement, ...] = field(default=(), kw_only=True)
    """AWS permissions of its service account beside its own, for what values turn on that it has no field for."""

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """AWS permissions of the service account, beside managed policies; none when empty."""
        return ()

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.extra_permissions and not self.service_account:
            rule = "the add-on has no service account with AWS permissions"
            fix = "name one in a class of your own: service_account"
            yield Problem(("extra_permissions",), self.extra_permissions, rule, fix)
        for index, statement in enumerate(self.extra_permissions):
            yield from (problem.below(("extra_permissions", index)) for problem in mistakes_in(statement))
