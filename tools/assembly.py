"""What was synthesized: the templates of each cluster's stacks, read from a cloud assembly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Template = Mapping[str, Any]
"""A CloudFormation template, or one resource of it."""

MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
CHART = "Custom::AWSCDK-EKS-HelmChart"


@dataclass(frozen=True)
class Stack:
    """One stack of a cluster."""

    cluster: str
    name: str
    """The last part of its path: `network`, `cluster`, `addons` or `teams`."""
    stack_name: str
    """As CloudFormation calls it: `dev-network`."""
    account: str
    region: str
    termination_protection: bool
    template: Template = field(repr=False)
    paths: Mapping[str, str] = field(repr=False)
    """Of each logical id, its construct's path in the stack: `external-dns/release/external-dns`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """CloudFormation puts them on each of its resources; no template shows them."""
    deploy_role: str = ""
    """Whoever deploys it assumes this one. https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
    execution_role: str = ""
    """As which CloudFormation makes its resources."""

    @property
    def resources(self) -> Mapping[str, Template]:
        """By logical id."""
        resources: Mapping[str, Template] = self.template.get("Resources", {})
        return resources

    def of_type(self, kind: str) -> dict[str, Template]:
        """The resources of one type, by logical id."""
        return {id: resource for id, resource in self.resources.items() if resource["Type"] == kind}


Assembly = Mapping[str, tuple[Stack, ...]]
"""By cluster, its stacks in the order of deployment."""


def read(out: Path) -> Assembly:
    """The assembly in a folder that `cdk synth` or `make synth` wrote."""
    artifacts = _json(out / "manifest.json")["artifacts"].values()
    nested = [each["properties"]["directoryName"] for each in artifacts if each["type"] == "cdk:cloud-assembly"]
    found: dict[str, list[Stack]] = {}
    for folder in (out, *(out / name for name in nested)):
        for artifact in _json(folder / "manifest.json")["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                stack = _stack(folder, artifact)
                found.setdefault(stack.cluster, []).append(stack)
    return {cluster: tuple(stacks) for cluster, stacks in found.items()}


def text(value: Any) -> str:
    """A property as text, with `${…}` for what CloudFormation puts there: `${Key.Arn}`, `${AWS::Partition}`."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or len(value) != 1:
        return json.dumps(value, sort_keys=True)
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        between, parts = argument  # or a function that gives a list
        return str(between).join(map(text, parts)) if isinstance(parts, list) else text(parts)
    if function == "Fn::Sub" and isinstance(argument, str):
        return argument
    if isinstance(argument, list):
        return "${" + ".".join(map(text, argument)) + "}"
    return "${" + text(argument) + "}"


def objects(resource: Template) -> list[dict[str, Any]]:
    """The Kubernetes objects that a resource of type `MANIFEST` applies."""
    found: list[dict[str, Any]] = json.loads(text(resource["Properties"]["Manifest"]))
    return found


def _stack(folder: Path, artifact: Mapping[str, Any]) -> Stack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    cluster, _, name = artifact["displayName"].partition("/")
    metadata = _json(folder / artifact["additionalMetadataFile"]) if "additionalMetadataFile" in artifact else {}
    paths = {
        entry["data"]: _without_default(path.removeprefix(f"/{artifact['displayName']}/"))
        for path, entries in (metadata or artifact.get("metadata", {})).items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
    return Stack(
        cluster=cluster,
        name=name,
        stack_name=properties.get("stackName", artifact["displayName"]),
        account=account,
        region=region,
        termination_protection=properties.get("terminationProtection", False),
        template=_json(folder / properties["templateFile"]),
        paths=paths,
        tags=properties.get("tags", {}),
        deploy_role=properties.get("assumeRoleArn", ""),
        execution_role=properties.get("cloudFormationExecutionRoleArn", ""),
    )


def _without_default(path: str) -> str:
    """The construct that a person wrote, without those that the CDK puts into it."""
    return path.removesuffix("/Default").removesuffix("/Resource")


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
