"""Templates, looked at and changed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Resources = dict[str, Any]
CLUSTER, NODE_GROUP, ADDON = "AWS::EKS::Cluster", "AWS::EKS::Nodegroup", "AWS::EKS::Addon"
ACCESS_ENTRY, ROLE, INSTANCE_PROFILE = "AWS::EKS::AccessEntry", "AWS::IAM::Role", "AWS::IAM::InstanceProfile"
KEY, PROFILE = "AWS::KMS::Key", "AWS::EKS::FargateProfile"
LAUNCH_TEMPLATE, SCALING_GROUP = "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::AutoScalingGroup"


def of_type(resources: Resources, kind: str) -> Iterator[dict[str, Any]]:
    """The properties of all resources of a type."""
    return (resource["Properties"] for resource in resources.values() if resource["Type"] == kind)


def remove(resources: Resources, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Removes resources by their properties, and what waits for them waits no longer."""
    gone = {id for id, resource in resources.items() if wanted(resource.get("Properties", {}))}
    assert gone
    for id in gone:
        del resources[id]
    for resource in resources.values():
        resource["DependsOn"] = [each for each in resource.get("DependsOn", []) if each not in gone]


def needs(resources: Mapping[str, Any], id: str) -> set[str]:
    """What a resource waits for within its template, directly."""
    depends = resources[id].get("DependsOn", [])
    text = json.dumps(resources[id].get("Properties", {}))
    named = set(re.findall(r'"Ref": "(\w+)"|"Fn::GetAtt": \["(\w+)"|\$\{(\w+)', text))
    return {*([depends] if isinstance(depends, str) else depends), *(name for names in named for name in names)} & {
        *resources
    }


def alone(template: Mapping[str, Any], id: str) -> dict[str, Any]:
    """The template with one resource and all that it waits for."""
    resources, found, waiting = template["Resources"], {id}, [id]
    while waiting:
        new = needs(resources, waiting.pop()) - found
        found |= new
        waiting += new
    kept = {key: resource for key, resource in resources.items() if key in found}
    return {**{key: value for key, value in template.items() if key != "Outputs"}, "Resources": kept}
