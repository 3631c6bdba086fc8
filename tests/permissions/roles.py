"""The roles of synthesized templates, with all the policies that AWS would find on them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.templates import Template, Templates, of_type

Document = Mapping[str, Any]

_ARNS = {
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{id}",
}
"""What Fn::GetAtt Arn returns, by the type of a resource; each is named after its logical id."""


@dataclass(frozen=True)
class Role:
    """`documents` are its inline policies and those of AWS that are attached to it, by the names of those."""

    cluster: str
    stack: str
    id: str
    inline: Sequence[Document]
    managed: Mapping[str, Document]

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them. A permissions boundary, which the account's owner writes, is not among them."""
        return (*self.inline, *self.managed.values())

    def __str__(self) -> str:
        return f"{self.cluster}/{self.stack}/{self.id}"


@dataclass(frozen=True)
class Deployed:
    """The stacks of one cluster, as CloudFormation would deploy them in the partition `aws`."""

    cluster: str
    account: str
    region: str
    stacks: Mapping[str, Template]

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """Every role that they make."""
        return tuple(self._roles())

    def _roles(self) -> Iterator[Role]:
        for name, template in self.stacks.items():
            attached = of_type(template, "AWS::IAM::Policy").values()
            for id, role in of_type(template, "AWS::IAM::Role").items():
                properties = role["Properties"]
                inline = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
                inline += [
                    policy["Properties"]["PolicyDocument"]
                    for policy in attached
                    if {"Ref": id} in policy["Properties"]["Roles"]
                ]
                arns = [self.value(template, arn) for arn in properties.get("ManagedPolicyArns", ())]
                managed = {arn.rpartition("/")[2]: _of_aws(arn) for arn in arns if arn}
                yield Role(self.cluster, name, id, self.value(template, inline), managed)

    def value(self, template: Template, data: Any) -> Any:
        """The data without intrinsic functions. ValueError: one that is not known here."""
        if isinstance(data, list):
            return [self.value(template, each) for each in data]
        if not isinstance(data, Mapping):
            return data
        if len(data) == 1 and (function := next(iter(data))).startswith(("Ref", "Fn::")):
            return self._intrinsic(template, function, data[function])
        return {key: self.value(template, each) for key, each in data.items()}

    def _intrinsic(self, template: Template, function: str, argument: Any) -> Any:
        parameters = {"AWS::Partition": "aws", "AWS::AccountId": self.account, "AWS::Region": self.region}
        match function:
            case "Ref":
                return parameters.get(argument, argument)
            case "Fn::Join":
                return argument[0].join(self.value(template, argument[1]))
            case "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda found: parameters[found[1]], argument)
            case "Fn::If":
                (left, right) = self.value(template, template["Conditions"][argument[0]]["Fn::Equals"])
                return self.value(template, argument[1 if left == right else 2])
            case "Fn::GetAtt" if argument[1] == "Arn":
                arn = _ARNS[template["Resources"][argument[0]]["Type"]]
                return arn.format(account=self.account, region=self.region, id=argument[0])
            case "Fn::GetAtt":
                return ".".join(argument)
            case "Fn::ImportValue":
                return self._exported(argument)
        raise ValueError(function)

    def _exported(self, name: str) -> Any:
        for template in self.stacks.values():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == name:
                    return self.value(template, output["Value"])
        raise ValueError(name)

    def id(self, kind: str, prefix: str = "") -> str:
        """The logical id of the only resource of a type whose id begins so."""
        (found,) = (id for stack in self.stacks.values() for id in of_type(stack, kind) if id.startswith(prefix))
        return found


def deployed(templates: Templates, cluster: str, *, account: str, region: str) -> Deployed:
    """One cluster of the templates."""
    stacks = {stack: template for (name, stack), template in templates.items() if name == cluster}
    return Deployed(cluster, account, region, stacks)


def _of_aws(arn: str) -> Document:
    """The document of a policy of AWS, of which moto keeps copies. KeyError: it has none, or the ARN is wrong."""
    path, _, name = arn.removeprefix("arn:aws:iam::aws:policy/").rpartition("/")
    policy = _managed_policies()[name]
    if policy["Path"] != (f"/{path}/" if path else "/"):
        raise KeyError(arn)
    document: Document = policy["Document"]
    return document


@cache
def _managed_policies() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found
