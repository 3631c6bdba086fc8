"""Runs the checks side by side, and makes findings of what AWS refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as UnreachedError
from botocore.parsers import ResponseParserError

from blueprint.planning.document import Plan
from tools.doctor.aws import ATTEMPTS, Aws
from tools.doctor.calls import ACTIONS
from tools.doctor.finding import Finding, unknown
from tools.doctor.lookups import code_of

Look = Callable[[Plan, Aws], Iterator[Finding]]

# EC2 has codes of its own. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
# botocore/retries/standard.py, ThrottledRetryableChecker
THROTTLED = (
    *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled"),
    *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "EC2ThrottledException"),
)


class Check(NamedTuple):
    """A concept and one look at it."""

    name: str
    look: Look


class _Failure(NamedTuple):
    what: str
    why: str
    fix: str


def run(checks: Sequence[Check], plan: Plan, aws: Aws, progress: Callable[[str], None]) -> tuple[Finding, ...]:
    """All findings, in the order of the checks. A call that fails several checks makes one finding, behind the others.

    `progress` gets the names of what is still being checked. What is no error of AWS is raised: a check is defective.
    """
    found: list[Finding] = []
    failed: dict[_Failure, list[str]] = {}
    with ThreadPoolExecutor(max_workers=12) as pool:
        running = {pool.submit(_looked, check, plan, aws): check.name for check in checks}
        left = list(running.values())
        for done in as_completed(running):
            left.remove(running[done])
            progress(", ".join(dict.fromkeys(left)))
    for future, name in running.items():
        findings, failure = future.result()
        found.extend(findings)
        if failure:
            failed.setdefault(failure, []).append(name)
    for (what, why, fix), names in failed.items():
        missing = ", ".join(dict.fromkeys(names))
        found.append(unknown(names[0], f"{what}; not checked in full: {missing}", why, fix))
    return tuple(found)


def _looked(check: Check, plan: Plan, aws: Aws) -> tuple[list[Finding], _Failure | None]:
    """What the check found before it ended or failed."""
    found: list[Finding] = []
    try:
        for finding in check.look(plan, aws):
            found.append(finding)  # noqa: PERF402  # what came before an error counts
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        return found, _failure(error)
    return found, None


def _failure(error: ClientError | BotoCoreError | ResponseParserError) -> _Failure:
    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, UnreachedError):
        what = str(error).rstrip(".")
        return _Failure(what, "the service was not reached from here", "check network, proxy and VPC endpoints")
    if isinstance(error, HTTPClientError):
        return _Failure(str(error).rstrip("."), f"no answer in {ATTEMPTS} attempts", "run the command again")
    if isinstance(error, ResponseParserError):
        return _Failure("the answer was not AWS's", "a proxy may answer instead", f"read what it says: {error}")
    return _Failure(f"{type(error).__name__}: {error}", "boto3 could not make the call", "correct what it names")


def _refused(error: ClientError) -> _Failure:
    action = ACTIONS.get(error.operation_name, error.operation_name)
    code = code_of(error)
    if code in DENIED:
        fix = f"allow {action}: `make doctor ARGS=--policy` prints all that is needed"
        return _Failure(f"{action} is denied", "the identity that runs the doctor may not look", fix)
    if code in THROTTLED:
        return _Failure(f"{action} is throttled ({code})", f"{ATTEMPTS} attempts were refused", "wait and run it again")
    if code in EXPIRED:
        return _Failure("the credentials expired meanwhile", "AWS refuses every call", "sign in and run it again")
    message = error.response["Error"].get("Message", "")
    return _Failure(f"{action} failed with {code}: {message}", "the answer is needed to judge", "correct what it names")
