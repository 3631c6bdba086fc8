"""How many of the CDK's functions a deploy runs at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blueprint import plan
from examples.bare import BARE
from examples.dev import DEV
from tests.blueprint.examples import SMALL
from tests.tools.doctor.account import Account
from tools.doctor.checks.functions import concurrency


def test_dev_asks_for_more_than_a_new_account_has(account: Account) -> None:
    """Quoted of new accounts in public issues: 10 instead of 1,000."""
    account.answers("GetServiceQuota", {"Quota": {"Value": 10.0}})
    (found,) = account.found(concurrency, plan(DEV))
    assert found.status == "problem"
    assert found.what == "Lambda functions at once in the region: 10 for the whole account, a deploy runs up to 12"
    assert found.fix.endswith("--service-code lambda --quota-code L-B99A9384 --desired-value 1000")


@pytest.mark.parametrize(("value", "status"), [(11.0, "problem"), (12.0, "ok"), (1000.0, "ok")])
def test_what_is_allowed_is_what_the_account_has(value: float, status: str, account: Account) -> None:
    account.answers("GetServiceQuota", {"Quota": {"Value": value}})
    (found,) = account.found(concurrency, plan(DEV))
    assert found.status == status


def test_a_cluster_without_charts_asks_for_none(account: Account) -> None:
    bare = plan(replace(BARE, addons=SMALL.addons))
    assert account.found(concurrency, bare) == []
    assert account.calls == []
