"""Faults of AWS and of the network, and the promise to read only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from policy_sentry.querying.actions import get_action_data

from blueprint import Plan
from tests.tools.doctor.account import Account, statuses
from tools.doctor.aws import ATTEMPTS, Aws, NotReadOnlyError
from tools.doctor.calls import ACTIONS, CALLS, policy
from tools.doctor.checks import quotas
from tools.doctor.finding import Finding, ok
from tools.doctor.lookups import live_cluster, vpcs
from tools.doctor.runner import Check, run

# --- Faults ---


def clusters(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """A check with one call."""
    yield ok("this", f"{len(aws.eks.list_clusters()['clusters'])} clusters")


def test_actions_are_named_as_iam_does(account: Account, small: Plan) -> None:
    account.answers("DescribeVpcs", {"Vpcs": []})
    account.refuses("GetServiceQuota", "AccessDeniedException")
    (found,) = account.found(quotas.networks, small)
    assert found.what.startswith("servicequotas:GetServiceQuota is denied")


class Wire:
    """What goes over the network: each send fails or answers, and no wait is waited."""

    def __init__(self, patch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.sent = 0
        self.waits: list[float] = []
        self._answers = answers
        patch.setattr("botocore.httpsession.URLLib3Session.send", self._send)
        patch.setattr("botocore.endpoint.time.sleep", self.waits.append)

    def _send(self, request: Any) -> AWSResponse:
        answer = self._answers[min(self.sent, len(self._answers) - 1)]
        self.sent += 1
        if isinstance(answer, Exception):
            raise answer
        status, kind, body = answer
        return Raw(request.url, status, kind, body)


class Raw(AWSResponse):
    """A response whose body is there already."""

    def __init__(self, url: str, status: int, error: str, body: bytes) -> None:
        headers = HTTPHeaders()
        headers["x-amzn-errortype"] = error
        super().__init__(url, status, headers, None)
        self._content = body


THROTTLED = (400, "ThrottlingException", b'{"message": "Rate exceeded"}')
ANSWER = (200, "", b'{"clusters": ["one"]}')
URL = "https://eks.us-west-2.amazonaws.com/clusters"


def test_a_throttled_call_is_tried_again(account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch, THROTTLED, THROTTLED, ANSWER)
    assert account.found(clusters, small) == [ok("this", "1 clusters")]
    assert wire.sent == 3
    assert len(wire.waits) == 2


def test_and_given_up_in_the_end(account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch, THROTTLED)
    (found,) = account.found(clusters, small)
    assert found.status == "unknown"
    assert found.what.startswith("eks:ListClusters is throttled (ThrottlingException)")
    assert wire.sent == ATTEMPTS


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (ReadTimeoutError(endpoint_url=URL), "Read timeout on endpoint URL"),
        (ConnectTimeoutError(endpoint_url=URL), "Connect timeout on endpoint URL"),
    ],
    ids=["read", "connect"],
)
def test_a_time_out_too(
    error: Exception, what: str, account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, error, ANSWER)
    assert statuses(account.found(clusters, small)) == ["ok"]
    wire = Wire(monkeypatch, error)
    (found,) = account.found(clusters, small)
    assert found.status == "unknown"
    assert found.what.startswith(what)
    assert wire.sent == ATTEMPTS


def test_a_proxy_that_answers_instead(account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    Wire(monkeypatch, (200, "", b"<html>Sign in to the network<br></html>"))
    (found,) = account.found(quotas.networks, small)
    assert (found.status, found.what.partition(";")[0]) == ("unknown", "an answer was not AWS's")


def test_one_fault_of_many_checks_is_one_finding(account: Account, small: Plan) -> None:
    account.refuses("DescribeCluster", "AccessDenied")

    def look(plan: Plan, aws: Aws) -> Iterator[Finding]:
        yield ok("fine", "this much")
        live_cluster(plan, aws)
        yield ok("never", "reached")

    checks = [Check("network", look), Check("quotas", look), Check("quotas", look), Check("fine", lambda *_: iter(()))]
    left: list[str] = []
    found = run(checks, small, account.aws, left.append)
    assert statuses(list(found)) == ["ok", "ok", "ok", "unknown"]
    assert found[-1].what == "eks:DescribeCluster is denied; not checked in full: network, quotas"
    assert account.calls == ["DescribeCluster"]
    assert len(left) == 4
    assert left[-1] == ""


def test_a_defect_of_a_check_is_told_with_its_place(account: Account, small: Plan) -> None:
    """From here nobody can tell it from an answer that lacks what AWS always says."""

    def look(plan: Plan, aws: Aws) -> Iterator[Finding]:
        raise KeyError("defect")

    (found,) = account.found(look, small)
    assert found.status == "unknown"
    assert "KeyError: 'defect' (runner.py:" in found.why
    assert "report it as a defect" in found.fix


def test_a_call_that_is_not_listed_is_no_finding(account: Account, small: Plan) -> None:
    def look(plan: Plan, aws: Aws) -> Iterator[Finding]:
        aws.ec2.delete_vpc(VpcId="vpc-1")
        yield ok("never", "reached")

    with pytest.raises(NotReadOnlyError):
        account.found(look, small)


def test_checks_that_want_the_same_wait_for_one_answer(account: Account) -> None:
    def answer(_: object) -> dict[str, Any]:
        time.sleep(0.05)  # long enough for all threads to ask
        return {"Vpcs": []}

    account.answers("DescribeVpcs", answer)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(vpcs, [account.aws] * 8)) == [[]] * 8
    assert account.calls.count("DescribeVpcs") == 1


# --- Reading only ---


def test_no_client_makes_a_call_that_is_not_listed(account: Account) -> None:
    with pytest.raises(NotReadOnlyError, match="ec2:DeleteVpc"):
        account.aws.ec2.delete_vpc(VpcId="vpc-1")
    with pytest.raises(NotReadOnlyError, match="iam:ListUsers"):
        account.aws.iam.list_users()


def test_every_call_only_reads() -> None:
    operations = [name for names in CALLS.values() for name in names]
    assert [name for name in operations if not name.startswith(("Describe", "Get", "List", "Simulate"))] == []
    assert len(operations) == len(set(operations)) == len(ACTIONS)


def test_the_policy_allows_actions_that_exist_and_read() -> None:
    (statement,) = policy()["Statement"]
    assert len(statement["Action"]) == len(ACTIONS)
    for action in statement["Action"]:
        found = get_action_data(*action.split(":"))
        assert found, action
        levels = {row["access_level"] for rows in found.values() for row in rows}
        assert levels <= {"Read", "List"}, action
