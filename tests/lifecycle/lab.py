"""Deploys as the CLI does, in milliseconds: CloudFormation's API of the emulator, with the templates of an assembly."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from blueprint.planning.document import Plan
from tests.lifecycle.cluster import BASE
from tools.assembly import Stack
from tools.local.aws import Account
from tools.local.cdk import Cdk
from tools.local.inventory import stack_names
from tools.local.owner import name_images, provide
from tools.local.people import welcome
from tools.local.process import Emulator

_SECONDS = 180
NOTHING: Mapping[str, Any] = {"objects": [], "releases": [], "lost": [], "webhooks": []}
"""The contents of a cluster that went in good order."""
Template = Mapping[str, Any]


class _Account(Account):
    """Makes each client once: that takes longer than what most are asked."""

    client = cache(Account.client)


@dataclass(frozen=True)
class Lab:
    """The emulator of a run. Each account in it is a world of its own, so tests do not meet."""

    emulator: Emulator
    folder: Path
    assemblies: Mapping[str, Sequence[Stack]] = field(repr=False)
    people: frozenset[str] = field(repr=False)
    """Principals that the clusters name and do not make."""
    plans: Mapping[str, Plan] = field(repr=False)
    _accounts: Iterator[int] = field(default_factory=lambda: count(300_000_000_000), repr=False)

    def account(self, number: str | None = None) -> Account:
        """An account that nobody has used yet, or the one that the blueprint names."""
        return _Account(self.emulator.endpoint, number or str(next(self._accounts)), BASE.region)

    def world(self) -> World:
        """The cluster in an account of its own, of which nothing is deployed yet."""
        account = self.account()
        account.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        account.client("s3").create_bucket(
            Bucket=f"templates-{account.account}", CreateBucketConfiguration={"LocationConstraint": account.region}
        )
        welcome(account, (arn.replace(BASE.account, account.account) for arn in self.people))
        return World(self, account)

    def cdk(self, variant: str) -> Cdk:
        """The real CLI, with a variant of the cluster, in the account that the blueprint names."""
        account = self.account(BASE.account)
        welcome(account, self.people)
        return Cdk(account, self.folder / "home", self.folder / variant)


@dataclass(frozen=True)
class World:
    """One account with one cluster."""

    lab: Lab
    account: Account

    def template(self, stack: str, variant: str = "base") -> dict[str, Any]:
        """The template of a stack (`network`, `cluster`, …), for this account."""
        (found,) = (each for each in self.lab.assemblies[variant] if each.name == stack)
        text = json.dumps(dict(found.template)).replace(BASE.account, self.account.account)
        template: dict[str, Any] = json.loads(text)
        return template

    def has(self, stack: str, variant: str) -> bool:
        """Whether there is such a stack: none makes a VPC that is there already."""
        return any(each.name == stack for each in self.lab.assemblies[variant])

    def put(self, stack: str, variant: str = "base", template: Template | None = None) -> str:
        """Creates or updates a stack; its status then. Nothing to do is UPDATE_COMPLETE."""
        client = self.account.client("cloudformation")
        name = f"{BASE.name}-{stack}"
        url = self._uploaded(name, json.dumps(template or self.template(stack, variant)))
        arguments = {"StackName": name, "TemplateURL": url, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
        if self.status(stack) in ("", "DELETE_COMPLETE"):
            client.create_stack(**arguments)
        else:
            try:
                client.update_stack(**arguments)
            except client.exceptions.ClientError as error:
                if "No updates are to be performed" not in str(error):
                    raise
                return "UPDATE_COMPLETE"
        return self._settled(stack)

    def put_all(self, variant: str = "base", until: str = "teams") -> None:
        """Deploys stacks in order, which must succeed."""
        provide(self.account, self.lab.plans[variant])
        name_images(self.account, self.lab.plans[variant])
        for stack in stacks(until):
            if not self.has(stack, variant):
                continue
            status = self.put(stack, variant)
            assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), (stack, status, self.reasons(stack))

    def delete(self, stack: str) -> str:
        """Deletes a stack; its status then."""
        self.account.client("cloudformation").delete_stack(StackName=f"{BASE.name}-{stack}")
        return self._settled(stack)

    def delete_all(self, since: str = "teams") -> None:
        """Deletes stacks in reverse order, which must succeed."""
        for stack in reversed(stacks(since)):
            if not self.status(stack):
                continue
            status = self.delete(stack)
            assert status == "DELETE_COMPLETE", (stack, status, self.reasons(stack))

    def status(self, stack: str) -> str:
        """The status of a stack; "" for one that never was."""
        pages = self.account.client("cloudformation").get_paginator("list_stacks").paginate()
        summaries = [each for page in pages for each in page["StackSummaries"]]
        found: list[str] = [each["StackStatus"] for each in summaries if each["StackName"] == f"{BASE.name}-{stack}"]
        alive = [status for status in found if status != "DELETE_COMPLETE"]
        return (alive or found or [""])[0]

    def resources(self, stack: str) -> dict[str, tuple[str, str]]:
        """Type and physical id of what is in a stack, by logical id."""
        client = self.account.client("cloudformation")
        pages = client.get_paginator("list_stack_resources").paginate(StackName=f"{BASE.name}-{stack}")
        found = [each for page in pages for each in page["StackResourceSummaries"]]
        return {each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"]) for each in found}

    def events(self, stack: str) -> list[dict[str, Any]]:
        """What happened to a stack and its resources, oldest first."""
        client = self.account.client("cloudformation")
        pages = client.get_paginator("describe_stack_events").paginate(StackName=f"{BASE.name}-{stack}")
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def reasons(self, stack: str) -> list[str]:
        """Why something failed."""
        failed = [event for event in self.events(stack) if event["ResourceStatus"].endswith("FAILED")]
        return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]

    def group(self) -> dict[str, Any]:
        """The only managed node group."""
        eks = self.account.client("eks")
        (name,) = eks.list_nodegroups(clusterName=BASE.name)["nodegroups"]
        described: dict[str, Any] = eks.describe_nodegroup(clusterName=BASE.name, nodegroupName=name)["nodegroup"]
        return described

    def contents(self) -> dict[str, list[Any]]:
        """What reached the cluster."""
        return self.lab.emulator.contents(self.account.account, self.account.region, BASE.name)

    def fail_next(self, resource_type: str, operation: str, *, late: bool = False) -> None:
        """Makes the next such operation fail, before it does anything or after it did all."""
        asked = f"account={self.account.account}&type={resource_type}&operation={operation}&late={late}"
        self.lab.emulator.post(f"fail-next?{asked}")

    def turn(self, *, backwards: bool = True) -> None:
        """Does backwards what may be done in any order."""
        self.lab.emulator.post(f"order?account={self.account.account}&backwards={backwards}")

    def stick(self, release: str, version: str, *, stuck: bool = True) -> None:
        """Keeps the pods of a version of a release from becoming ready, or lets them."""
        asked = f"account={self.account.account}&release={release}&version={version}&stuck={stuck}"
        self.lab.emulator.post(f"stick?{asked}")

    def _uploaded(self, name: str, template: str) -> str:
        """A request itself takes 51,200 bytes, so large templates go by way of S3."""
        bucket = f"templates-{self.account.account}"
        self.account.client("s3").put_object(Bucket=bucket, Key=name, Body=template.encode())
        return f"{self.account.endpoint}/{bucket}/{name}"

    def _settled(self, stack: str) -> str:
        deadline = time.monotonic() + _SECONDS
        while True:
            status = self.status(stack)
            if not status.endswith("IN_PROGRESS"):
                return status
            assert time.monotonic() < deadline, (stack, status)
            time.sleep(0.02)


def stacks(until: str = "teams") -> list[str]:
    """The stacks of a cluster in the order of deployment, up to the one named."""
    names = [name.partition("-")[2] for name in stack_names(BASE.name)]
    return names[: names.index(until) + 1]
