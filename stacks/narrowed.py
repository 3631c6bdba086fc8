"""Policies of roles that the CDK makes for any pipeline, without what one that delivers a fleet does not need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.acknowledge import NAG, NIST

_OTHERS = (":log-group:/aws/codebuild/", ":report-group/")
"""Logs go to the pipeline's own group, and no build reports tests."""
_PUBLISHING = "-file-publishing-role-"
_ANY_ROLE = "arn:*:iam::"
_CONNECTIONS = ("codeconnections", "codestar-connections")


@dataclass(frozen=True)
class NarrowedPolicy:
    """What takes the place of patterns, as CloudFormation reads it."""

    updates: Sequence[Mapping[str, Any]]
    """In the place of any role of the pipeline's account that has a tag of `cdk bootstrap`."""
    keys: Sequence[Any]
    """In the place of any key: those of other regions in which the pipeline has artifacts."""
    aliases: Sequence[str]
    """Names of these: their ids are known after a deploy only."""

    def statements(self, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Those that stay, narrowed."""
        return [each for statement in given for each in self._narrowed(statement)]

    def _narrowed(self, statement: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        actions = _listed(statement["Action"])
        given = _listed(statement["Resource"])
        resources = [each for each in given if not any(part in shown(each) for part in _OTHERS)]
        named = [each for each in resources if each != "*"]
        if any(_PUBLISHING in shown(each) for each in named):
            return  # which the role of uploads has from the plan, in one statement with what it needs beside them
        if any(shown(each).startswith(_ANY_ROLE) for each in named):
            yield from map(dict, self.updates)
        elif named:
            service = shown(named[0]).split(":")[2:3]
            if service and service[0] in _CONNECTIONS:
                # https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html: as the resource says
                actions = [f"{service[0]}:{each.partition(':')[2]}" for each in actions]
            yield {**statement, "Action": actions, "Resource": named}
        if "*" in resources and self.keys and all(each.startswith("kms:") for each in actions):
            # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
            named_so = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [*self.aliases]}}
            yield {**statement, "Resource": [*self.keys], "Condition": named_so}

    def reasons(self, statements: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Why patterns stay, by the findings about them."""
        found = {f"{NIST}IAMNoInlinePolicy": "the policy belongs to this one role and goes with it"}
        for statement in statements:
            for action in _listed(statement["Action"]):
                if "*" in action:
                    found[f"{NAG}IAM5[Action::{action}]"] = "of the pipeline's own artifacts and their keys"
            for resource in map(shown, _listed(statement["Resource"])):
                if "*" in resource:
                    found[f"{NAG}IAM5[Resource::{resource}]"] = "the pipeline's own artifacts, their keys and its logs"
        return found


def shown(value: Any) -> str:
    """As cdk-nag writes it: references between angle brackets."""
    if isinstance(value, str):
        return value
    ((name, inner),) = value.items()
    if name == "Ref":
        return f"<{inner}>"
    if name == "Fn::GetAtt":
        return f"<{'.'.join(inner)}>"
    return inner[0].join(map(shown, inner[1])) if name == "Fn::Join" else str(inner)


def _listed(value: Any) -> list[Any]:
    return [*value] if isinstance(value, list) else [value]
