"""Whatever a team writes as AWS permissions, its roles do nothing that is the platform's or another team's.

Random statements are either refused or harmless; the requests are decided by tests/permissions, which shares nothing
with what refuses them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import Blueprint, plan
from blueprint.access import Role
from blueprint.errors import BlueprintError
from blueprint.iam import Statement, policy
from blueprint.secrets import Parameter, SecretsManagerSecret
from blueprint.teams import ApplicationTeam, ServiceAccount
from tests.blueprint.examples import SMALL
from tests.isolation.aws import forbidden
from tests.permissions.evaluator import allowed
from tests.permissions.reference import acts_on

HERE = f"{SMALL.region}:{SMALL.account}"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:payments/db-AbCdEf"
PARAMETER = f"arn:aws:ssm:{HERE}:parameter/payments/url"
# What a role of the team `search` must not do.
FORBIDDEN = (
    *forbidden(plan(SMALL).facts),
    ("secretsmanager:GetSecretValue", SECRET),
    ("secretsmanager:PutSecretValue", SECRET),
    ("ssm:GetParameter", PARAMETER),
    ("ssm:PutParameter", PARAMETER),
)
NAMED_BY_PAYMENTS = (SecretsManagerSecret("payments/db"), Parameter("/payments/url"))


def cluster(*statements: Statement, secrets: tuple[SecretsManagerSecret | Parameter, ...] = ()) -> Blueprint:
    """Two teams; the statements are of `search`."""
    people = (Role("A"),)
    own = Statement(("s3:GetObject",), ("arn:aws:s3:::search/a",))
    account = ServiceAccount("api", "search", (own, *statements), secrets)
    payments = ServiceAccount("api", "payments", secrets=NAMED_BY_PAYMENTS)
    teams = (
        ApplicationTeam("search", developers=people, service_accounts=(account,)),
        ApplicationTeam("payments", developers=(Role("B"),), service_accounts=(payments,)),
    )
    return replace(SMALL, addons=(*SMALL.addons, SecretsStoreCsiDriver()), teams=teams)


def ways_out(statements: tuple[Statement, ...]) -> list[tuple[str, str]]:
    """The forbidden requests that a role with these is allowed."""
    document: Any = policy(statements)
    return [request for request in FORBIDDEN if allowed([document], *request, {})]


@pytest.mark.parametrize(("action", "resource"), FORBIDDEN)
def test_each_request_is_such_as_aws_knows_and_is_refused_when_written_out(action: str, resource: str) -> None:
    assert acts_on(action, resource)
    statement = Statement((action,), (resource,))
    assert ways_out((statement,))
    with pytest.raises(BlueprintError) as raised:
        plan(cluster(statement))
    (problem, *_) = raised.value.problems
    assert problem.place.startswith("blueprint.teams[0].service_accounts[0].permissions[1]")


def shortened(text: str) -> st.SearchStrategy[str]:
    """The text, and patterns that mean it and more."""
    cuts = st.integers(0, len(text))
    starred = st.tuples(cuts, cuts).map(lambda ends: f"{text[: min(ends)]}*{text[max(ends) :]}")
    marked = cuts.map(lambda at: f"{text[:at]}?{text[at + 1 :]}" if at < len(text) else text)
    return st.one_of(st.just(text), starred, marked)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """One that is made of what is forbidden, and of what is a team's own."""
    picked = draw(st.lists(st.sampled_from(FORBIDDEN), min_size=1, max_size=2))
    actions = []
    for action, _ in picked:
        service, _, name = action.partition(":")
        actions.append(f"{service}:{draw(shortened(name))}")
    own = st.sampled_from(["*", "arn:aws:s3:::search/*", f"arn:aws:lambda:{HERE}:function:search"])
    resources = [draw(st.one_of(shortened(resource), own)) for _, resource in picked]
    return Statement(tuple(actions), tuple(resources), reason="it seems so")


@settings(deadline=None, derandomize=True, database=None, max_examples=250, suppress_health_check=list(HealthCheck))
@given(statements())
@pytest.mark.thorough
def test_a_statement_is_refused_or_harmless(statement: Statement) -> None:
    try:
        plan(cluster(statement))
    except BlueprintError:
        return
    assert ways_out((statement,)) == []


def problems(blueprint: Blueprint) -> list[tuple[str, str]]:
    try:
        plan(blueprint)
    except BlueprintError as error:
        return [(problem.place, problem.rule) for problem in error.problems]
    return []


def test_a_secret_has_one_team_unless_both_share_it() -> None:
    place = "blueprint.teams[0].service_accounts[0].secrets[0]"
    taken = SecretsManagerSecret("payments/db")
    assert problems(cluster(secrets=(SecretsManagerSecret("search/db"),))) == []
    found = problems(cluster(secrets=(taken,)))
    assert (place, "it is a secret of payments, which does not share it") in found
    alone = replace(taken, shared_with=("payments",))
    assert problems(cluster(secrets=(alone,))) == [found[0]], "what another team writes gives nothing away"
    both = cluster(secrets=(alone,))
    shared = tuple(replace(each, shared_with=("search",)) for each in NAMED_BY_PAYMENTS)
    search, payments = both.teams
    assert isinstance(payments, ApplicationTeam)
    open_handed = replace(payments, service_accounts=(ServiceAccount("api", "payments", secrets=shared),))
    assert problems(replace(both, teams=(search, open_handed))) == []


@pytest.mark.parametrize(
    ("action", "resource", "reached"),
    [
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:*", True),
        ("secretsmanager:Get*", f"arn:aws:secretsmanager:{HERE}:secret:pay*", True),
        ("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/payments/*", True),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:search/*", False),
        ("secretsmanager:ListSecrets", "*", False),
    ],
)
def test_a_pattern_reaches_no_secret_of_another_team(action: str, resource: str, *, reached: bool) -> None:
    found = problems(cluster(Statement((action,), (resource,), reason="it seems so")))
    assert bool([rule for _, rule in found if "a secret of payments" in rule]) is reached
    assert bool(found) is reached
