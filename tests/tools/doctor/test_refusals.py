"""What an error means: AWS's own sentence, and advice that mends it.

The sentences are AWS's: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html,
https://docs.aws.amazon.com/general/latest/gr/signature-v4-troubleshooting.html.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blueprint import Plan
from tests.tools.doctor.account import Account, statuses
from tests.tools.doctor.test_runner import Wire
from tools.doctor.aws import Aws
from tools.doctor.checklist import CHECKS
from tools.doctor.finding import Finding, ok
from tools.doctor.runner import Check, run


def clusters(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """A check with one call."""
    yield ok("this", f"{len(aws.eks.list_clusters()['clusters'])} clusters")


ME = "User: arn:aws:iam::111111111111:user/me is not authorized to perform: eks:ListClusters"
ORGANIZATION = f"{ME} with an explicit deny in a service control policy"
NO_ORGANIZATION = f"{ME} because no service control policy allows the eks:ListClusters action"
BOUNDARY = f"{ME} because no permissions boundary allows the eks:ListClusters action"
SESSION = f"{ME} because no session policy allows the eks:ListClusters action"
ENDPOINT = f"{ME} because no VPC endpoint policy allows the eks:ListClusters action"
OWN = f"{ME} because no identity-based policy allows the eks:ListClusters action"
EXPIRED = "The security token included in the request is expired"
SKEWED = "Signature expired: 20261127T030000Z is now earlier than 20261127T033200Z (20261127T033700Z - 5 min.)"
AHEAD = "Signature not yet current: 20261127T040000Z is still later than 20261127T034200Z (20261127T033700Z + 5 min.)"
WRONG_KEY = "The request signature we calculated does not match the signature you provided."
FAILED = "An internal error occurred"


@pytest.mark.parametrize(
    ("code", "said", "status", "fix", "never"),
    [
        ("AccessDeniedException", ORGANIZATION, 403, "ask whoever administers the organization", "--policy"),
        ("AccessDeniedException", NO_ORGANIZATION, 403, "ask whoever administers the organization", "--policy"),
        ("AccessDeniedException", BOUNDARY, 403, "in the permissions boundary", "--policy"),
        ("AccessDeniedException", SESSION, 403, "policy of the session", "--policy"),
        ("AccessDeniedException", ENDPOINT, 403, "policy of the VPC endpoint", "--policy"),
        ("AccessDeniedException", OWN, 403, "allow eks:ListClusters: `make doctor ARGS=--policy`", "organization"),
        ("AccessDenied", OWN, 403, "make doctor ARGS=--policy", "organization"),
        ("UnauthorizedOperation", OWN, 403, "make doctor ARGS=--policy", "organization"),
        ("ExpiredTokenException", EXPIRED, 403, "sign in again", "clock"),
        ("InvalidSignatureException", SKEWED, 403, "set the clock of this machine", "sign in"),
        ("SignatureDoesNotMatch", AHEAD, 403, "set the clock of this machine", "sign in"),
        ("RequestTimeTooSkewed", "The difference is too large.", 403, "set the clock of this machine", "sign in"),
        ("SignatureDoesNotMatch", WRONG_KEY, 403, "sign in again", "clock"),
        ("UnrecognizedClientException", "The security token is invalid.", 403, "sign in again", "clock"),
        ("InternalFailure", FAILED, 500, "run the command again", "correct"),
        ("ServiceUnavailable", FAILED, 503, "run the command again", "correct"),
        ("SomethingNew", FAILED, 502, "run the command again", "correct"),
        ("OptInRequired", "You are not subscribed to this service.", 401, "enable the region", "correct"),
        ("InvalidParameterException", "name must not be empty", 400, "correct what it names", "again"),
    ],
)
def test_advice_mends_the_cause(
    code: str, said: str, status: int, fix: str, never: str, account: Account, small: Plan
) -> None:
    account.refuses("ListClusters", code, said, status)
    (found,) = account.found(clusters, small)
    assert found.status == "unknown"
    assert fix in found.fix
    assert never not in found.fix
    assert said in f"{found.what} {found.why}"


def test_what_ec2_encodes_is_left_out(account: Account, small: Plan) -> None:
    said = "You are not authorized to perform this operation. Encoded authorization failure message: PHzT9x"
    account.refuses("ListClusters", "UnauthorizedOperation", said)
    (found,) = account.found(clusters, small)
    assert found.why == "You are not authorized to perform this operation."


def test_one_cause_is_one_finding_whatever_resource_it_names(account: Account, small: Plan) -> None:
    """AWS names another resource in each sentence."""
    numbers = iter(range(100))

    def look(plan: Plan, aws: Aws) -> Iterator[Finding]:
        account.refuses("ListClusters", "AccessDenied", f"{OWN} on resource: {next(numbers)}")
        yield from clusters(plan, aws)

    found = run([Check("one", look), Check("two", look)], small, account.aws, lambda _: None)
    assert [one.what for one in found] == ["eks:ListClusters is denied; not checked in full: one, two"]


ANSWERS = {
    "HTML": (200, "", b"<html><body>Sign in to the network<br></body></html>"),
    "nothing": (200, "", b""),
    "other JSON": (200, "", b'{"error": {"message": "no route"}}'),
    "a list": (200, "", b"[]"),
    "a number": (200, "", b"5"),
    "wrong types": (200, "", b'{"clusters": 5, "cluster": "x", "clusterVersions": [1], "Quota": []}'),
    "null": (200, "", b'{"clusters": null, "cluster": null, "clusterVersions": null, "Quota": null}'),
    "bytes": (200, "", b"\x00\xff\xfe"),
    "403 of a proxy": (403, "", b"<html>Forbidden by policy</html>"),
    "407": (407, "", b""),
    "502": (502, "", b"<html><h1>502 Bad Gateway</h1></html>"),
    "empty XML": (200, "", b"<x/>"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_answer_ends_in_a_traceback_or_in_ready(
    answer: tuple[int, str, bytes], account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stands between answers all calls alike."""
    account._given.clear()
    Wire(monkeypatch, answer)
    found = [one for one in run(CHECKS, small, account.aws, lambda _: None) if one.status != "unchecked"]
    assert set(statuses(found)) == {"unknown"}, found
    assert len(found) <= 3, found
