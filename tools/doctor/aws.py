"""One account and region, seen through clients that can only read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast

import boto3
from botocore.config import Config

from tools.doctor.calls import CALLS

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_eks import EKSClient
    from types_boto3_iam import IAMClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_route53 import Route53Client
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

T = TypeVar("T")

READ_SECONDS = 8
ATTEMPTS = 3
# Standard mode tries again what is throttled, timed out or failed at AWS, and waits longer each time.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    max_pool_connections=16,
)


class NotReadOnlyError(Exception):
    """A defect of the doctor: it was about to make a call that is not in CALLS."""


class Aws:
    """Clients with the credentials of a session, those of the environment by default, in the region of the cluster.

    Clients may be shared by threads, their making may not, so all are made here.
    Raises botocore's errors for a profile or region that it does not know.
    """

    def __init__(self, region: str, session: boto3.Session | None = None) -> None:
        session = session or boto3.Session(region_name=region)
        session.events.register("before-call.*.*", _refuse_others)
        self.region = region
        self.backup: Any = session.client("backup", config=_CONFIG)  # as with s3
        self.cloudformation: CloudFormationClient = session.client("cloudformation", config=_CONFIG)
        self.ecr: Any = session.client("ecr", config=_CONFIG)  # as with s3
        self.ec2: EC2Client = session.client("ec2", config=_CONFIG)
        self.eks: EKSClient = session.client("eks", config=_CONFIG)
        self.iam: IAMClient = session.client("iam", config=_CONFIG)
        self.logs: CloudWatchLogsClient = session.client("logs", config=_CONFIG)
        self.route53: Route53Client = session.client("route53", config=_CONFIG)
        self.quotas: ServiceQuotasClient = session.client("service-quotas", config=_CONFIG)
        home = iam_region(region)
        self.iam_quotas: ServiceQuotasClient = session.client("service-quotas", region_name=home, config=_CONFIG)
        self.s3: Any = session.client("s3", config=_CONFIG)  # few calls; the stubs are not among the requirements
        self.ssm: SSMClient = session.client("ssm", config=_CONFIG)
        self.sts: STSClient = session.client("sts", config=_CONFIG)
        self._answers: dict[str, Future[Any]] = {}
        self._lock = Lock()

    def once(self, key: str, ask: Callable[[], T]) -> T:
        """What `ask` returned or raised when it was first called for the key, in whatever thread."""
        with self._lock:
            known = key in self._answers
            answer = self._answers.setdefault(key, Future())
        if not known:
            try:
                answer.set_result(ask())
            except Exception as error:  # noqa: BLE001  # every thread that waits gets it
                answer.set_exception(error)
        return cast("T", answer.result())


def iam_region(region: str) -> str:
    """Where IAM of the partition has its quotas, as botocore's endpoints say; `region` where they say nothing."""
    homes = {"cn-": "cn-north-1", "us-gov-": "us-gov-west-1", "us-iso-": "us-iso-east-1", "us-isob-": "us-isob-east-1"}
    homes |= {"us-isof-": "us-isof-south-1", "eu-isoe-": region, "eusc-": region}
    return next((home for prefix, home in homes.items() if region.startswith(prefix)), "us-east-1")


def _refuse_others(model: OperationModel, **_: Any) -> None:
    service = model.service_model.service_name
    if model.name not in CALLS.get(service, ()):
        raise NotReadOnlyError(f"{service}:{model.name} is not in tools/doctor/calls.py")
