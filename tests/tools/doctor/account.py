"""A pretended AWS account: moto, and answers and faults that a test puts in front of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.validate import validate_parameters

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding
from tools.doctor.runner import Check, Look, run

Output = Mapping[str, Any]
Answer = Callable[[Mapping[str, Any]], Output]

SERVICES = (
    "backup",
    "cloudformation",
    "ec2",
    "ecr",
    "eks",
    "iam",
    "iam_quotas",
    "logs",
    "route53",
    "quotas",
    "s3",
    "ssm",
    "sts",
)


def refused(code: str, message: str = "no", status: int = 400) -> ClientError:
    """What AWS says no with."""
    error: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "")


class Account:
    """Answers by the name of an operation; what none is for, moto answers."""

    def __init__(self, clients: Aws) -> None:
        self.aws = copy.copy(clients)
        self.aws._answers = {}
        self._given: dict[str, Answer] = {}
        self.calls: list[str] = []
        """The operations called, in their order."""
        self._undo: list[Callable[[], None]] = []
        self.watch(self.aws)

    def watch(self, aws: Aws) -> None:
        """Puts the answers in front of these clients, until `close`."""
        for name in SERVICES:
            events = getattr(aws, name).meta.events
            for event, handler in (("before-parameter-build", self._asked), ("before-call", self._called)):
                events.register(f"{event}.*.*", handler)
                self._undo.append(partial(events.unregister, f"{event}.*.*", handler))

    def close(self) -> None:
        """Leaves the clients as they were."""
        for undo in self._undo:
            undo()

    def answers(self, operation: str, answer: Output | Answer) -> None:
        """Gives this output, or what a function makes of the parameters; it may raise what `refused` makes."""
        self._given[operation] = answer if callable(answer) else lambda _: answer

    def refuses(self, operation: str, code: str, message: str = "no", status: int = 400) -> None:
        """Refuses an operation."""

        def answer(_: Mapping[str, Any]) -> Output:
            raise refused(code, message, status)

        self._given[operation] = answer

    def _asked(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = params

    def _called(self, model: OperationModel, context: dict[str, Any], **_: Any) -> Any:
        self.calls.append(model.name)
        if model.name not in self._given:
            return None
        try:
            output = dict(self._given[model.name](context["asked"]))
        except ClientError as error:
            return SimpleNamespace(status_code=error.response["ResponseMetadata"]["HTTPStatusCode"]), error.response
        if model.output_shape:
            # A test cannot pretend what AWS would not say.
            validate_parameters(output, model.output_shape)
        return SimpleNamespace(status_code=200), {**output, "ResponseMetadata": {}}

    def found(self, look: Look, plan: Plan) -> list[Finding]:
        """What one check finds."""
        return list(run([Check("this", look)], plan, self.aws, lambda _: None))


def statuses(findings: list[Finding]) -> list[str]:
    """The status of each finding."""
    return [found.status for found in findings]


def worst(findings: list[Finding]) -> Finding:
    """The one finding that is not ok."""
    (found,) = (found for found in findings if found.status != "ok")
    return found
