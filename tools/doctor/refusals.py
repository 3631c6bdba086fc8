"""What an error means and what to do about it, in AWS's own words where it said some."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as UnreachedError
from botocore.parsers import ResponseParserError

from tools.doctor.aws import ATTEMPTS
from tools.doctor.calls import ACTIONS
from tools.doctor.lookups import code_of

# EC2 has codes of its own. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
EXPIRED = ("ExpiredToken", "ExpiredTokenException")
UNKNOWN_KEY = ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId")
NOT_OPTED_IN = ("OptInRequired", "SubscriptionRequiredException")
# botocore/retries/standard.py, ThrottledRetryableChecker
THROTTLED = (
    *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled"),
    *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "EC2ThrottledException"),
)
# https://docs.aws.amazon.com/general/latest/gr/signature-v4-troubleshooting.html ; EC2 says RequestExpired of expired
# credentials as well.
SKEWED = ("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture")
_SKEWED_SIGNATURES = ("Signature expired", "Signature not yet current")
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and EC2's, as above
FAILED_AT_AWS = (
    *("InternalError", "InternalFailure", "InternalServerError", "InternalServiceError", "ServerException"),
    *("ServiceFailure", "ServiceFailureException", "ServiceUnavailable", "ServiceUnavailableException", "Unavailable"),
)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_WHO_ALLOWS = {
    "service control policy": "ask whoever administers the organization to allow {} to this account",
    "resource control policy": "ask whoever administers the organization to allow {} to this account",
    "permissions boundary": "allow {} in the permissions boundary of the identity that runs the doctor",
    "session policy": "allow {} in the policy of the session, or sign in without one",
    "VPC endpoint policy": "allow {} in the policy of the VPC endpoint through which this machine calls",
}
_FOLDER = str(Path(__file__).parent)
_OWN_POLICY = "allow {}: `make doctor ARGS=--policy` prints all that is needed"


class Failure(NamedTuple):
    """Why something could not be looked at; two with the same `what` and `fix` have one cause."""

    what: str
    why: str
    fix: str


def failure(error: Exception) -> Failure:
    """What went wrong on the way to AWS, at AWS, or with what came back."""
    match error:
        case ClientError():
            return _refused(error)
        case NoCredentialsError():
            return Failure(
                "there are no AWS credentials", "every check asks the account", "sign in, or set AWS_PROFILE"
            )
        case UnreachedError():
            why, fix = "the service was not reached from here", "check network, proxy and VPC endpoints"
            return Failure(str(error).rstrip("."), why, f"{fix}, and the name of the region")
        case HTTPClientError():
            return Failure(str(error).rstrip("."), f"no answer in {ATTEMPTS} attempts", "run the command again")
        case ResponseParserError():
            return _not_of_aws(str(error))
        case BotoCoreError():
            what = f"{type(error).__name__}: {error}"
            return Failure(what, "boto3 could not make the call", "correct the AWS configuration, or sign in again")
    return _unreadable(error)


def _not_of_aws(said: str) -> Failure:
    """All of them have one cause, mostly: what stands between this machine and AWS."""
    fix = "let this machine through to AWS, or set HTTPS_PROXY; if nothing stands between, report it as a defect"
    return Failure("an answer was not AWS's", f"a proxy or a firewall may answer instead: {said}", fix)


def _unreadable(error: Exception) -> Failure:
    """An answer that parses but lacks what AWS always says, or a defect of a check; nobody can tell from here."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_FOLDER)]
    at = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return _not_of_aws(f"{type(error).__name__}: {error}{at}")


def _refused(error: ClientError) -> Failure:
    action = ACTIONS.get(error.operation_name, error.operation_name)
    code, said = code_of(error), _said(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code.isdigit() or not code:
        # botocore takes the status for the code of an error that has no form of AWS's.
        return _not_of_aws(f"{action}: {code} {said}".rstrip())
    if code in DENIED:
        advice = next((fix for who, fix in _WHO_ALLOWS.items() if who in said), _OWN_POLICY)
        return Failure(
            f"{action} is denied", said or "the identity that runs the doctor may not look", advice.format(action)
        )
    if code in THROTTLED:
        return Failure(f"{action} is throttled ({code})", f"{ATTEMPTS} attempts were refused", "wait and run it again")
    if code in EXPIRED:
        why = said or "AWS refuses every call"
        return Failure("the credentials have expired", why, "sign in again, for example `aws sso login`")
    if code in SKEWED or said.startswith(_SKEWED_SIGNATURES):
        fix = "set the clock of this machine, which `date -u` shows"
        if code == "RequestExpired":
            fix += "; if it is right, sign in again"
        return Failure(f"AWS does not take the time of this request: {said or code}", "requests live 5 minutes", fix)
    if code in UNKNOWN_KEY or code.startswith(("InvalidSignature", "SignatureDoesNotMatch")):
        fix = "sign in again, for example `aws sso login`; enable the region where it is opt-in"
        return Failure(f"AWS refuses the credentials: {said or code}", f"{code} to {action}", fix)
    if code in NOT_OPTED_IN:
        fix = "sign the account up for the service, or enable the region: aws account enable-region"
        return Failure(f"the account may not use {action.partition(':')[0]} yet: {said}", code, fix)
    if status >= 500 or code in FAILED_AT_AWS:
        fix = "run the command again; https://health.aws.amazon.com says whether the service is disturbed"
        return Failure(f"{action} failed at AWS with {code}: {said}", "nothing on this side causes it", fix)
    return Failure(f"{action} failed with {code}: {said}", "the answer is needed to judge", "correct what it names")


def _said(error: ClientError) -> str:
    """AWS's own sentence; what EC2 puts behind it in code is left out."""
    message: str = error.response.get("Error", {}).get("Message") or ""
    return message.partition(" Encoded authorization failure message")[0].strip()
