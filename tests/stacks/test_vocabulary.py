"""Names that AWS and Kubernetes know: properties of resources, IAM actions and conditions, fields of objects."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from kubernetes_validate import utils
from moto.iam.policy_validation import (
    VALID_CONDITIONS,
    VALID_EFFECTS,
    VALID_STATEMENT_ELEMENTS,
    IAMPolicyDocumentValidator,
)
from policy_sentry.querying.actions import get_action_data

from blueprint import iam
from blueprint.contribution import Grant
from blueprint.iam import Statement
from blueprint.planning.document import Plan
from blueprint.references import resolved
from tests.stacks.fleet import fleet_plans
from tests.templates import Templates, plain

# Defined by charts of ours, not by Kubernetes.
CUSTOM_KINDS = {
    *("EC2NodeClass", "NodePool", "ClusterIssuer", "SecretStore", "ExternalSecret", "SecretProviderClass"),
    *("AppProject", "Application", "IngressClassParams", "VolumeSnapshotClass", "AWSPCAClusterIssuer"),
    *("GitRepository", "Kustomization", "NodeClass", "EnvoyProxy", "GatewayClass", "Alert", "Provider"),
    "ECRAuthorizationToken",
}


def every_plan(examples: tuple[Plan, ...]) -> tuple[Plan, ...]:
    return (*examples, *fleet_plans().values())


def grants(plan: Plan) -> Iterator[Grant]:
    for part in plan.parts:
        yield from part.contribution.every_grant


@cache
def known(action: str) -> bool:
    service, _, name = action.partition(":")
    return bool(get_action_data(service, name))


# --- Resources --------------------------------------------------------------------------------------------------------

Schema = Mapping[str, Any]


@cache
def schema(kind: str) -> Schema:
    """Of CloudFormation, as cfn-lint ships it."""
    found: Schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return found


def misfits(value: Any, known: Schema, of: Schema, way: str = "") -> Iterator[str]:
    """Where a property has no such name, or no such value, in the schema of its resource."""
    known = _definition(known, of)
    if isinstance(value, Mapping) and any(key == "Ref" or key.startswith("Fn::") for key in value):
        return
    if isinstance(value, str) and value not in known.get("enum", [value]):
        yield f"{way} {value}"
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from misfits(item, known.get("items", {}), of, f"{way}[{index}]")
    names, patterns = _names(known, of)
    for key, item in value.items() if isinstance(value, Mapping) and (names or patterns) else ():
        below = [names[key]] if key in names else [patterns[each] for each in patterns if re.search(each, key)]
        if not below:
            yield f"{way}.{key}"
        for one in below[:1]:
            yield from misfits(item, one, of, f"{way}.{key}")


def _definition(known: Schema, of: Schema) -> Schema:
    while "$ref" in known:
        found = of
        for name in known["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        known = found
    return known


def _names(known: Schema, of: Schema) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The properties that a definition has in any of its forms, and the patterns of such names."""
    names, patterns = dict(known.get("properties", {})), dict(known.get("patternProperties", {}))
    for form in (form for kind in ("anyOf", "oneOf", "allOf") for form in known.get(kind, ())):
        for all_of, more in zip((names, patterns), _names(_definition(form, of), of), strict=True):
            all_of.update({key: each for key, each in more.items() if key not in all_of})
    return names, patterns


def test_every_property_is_one_that_cloudformation_knows(fleet: Templates) -> None:
    kinds, found = set(), set()
    for template in fleet.values():
        for id, resource in template["Resources"].items():
            if resource["Type"].startswith("AWS::"):
                kinds.add(resource["Type"])
                known = schema(resource["Type"])
                found |= {f"{id}{way}" for way in misfits(resource.get("Properties", {}), known, known)}
    assert found == set()
    assert kinds >= {"AWS::EC2::LaunchTemplate", "AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::FargateProfile"}


def test_a_misspelt_property_would_be_found() -> None:
    known = schema("AWS::EKS::Nodegroup")
    scaling = {"CapacityType": "SPOTS", "ScalingConfig": {"minSize": 1}, "Subnets": {"Ref": "One"}, "Tags": {"a": "b"}}
    assert list(misfits(scaling, known, known)) == [".CapacityType SPOTS", ".ScalingConfig.minSize"]


# --- IAM --------------------------------------------------------------------------------------------------------------


def policies(value: Any) -> Iterator[Mapping[str, Any]]:
    """All policy documents in a template, also those that are text with something put in."""
    if isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
        value = json.loads(value)
    if isinstance(value, Mapping) and "Statement" in value:
        yield value
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in items:
        yield from policies(item)


def test_every_policy_in_a_template_has_the_words_of_iam(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for template in fleet.values():
        for policy in policies(template["Resources"]):
            for statement in policy["Statement"]:
                seen["element"] |= statement.keys()
                seen["effect"].add(statement["Effect"])
                principal = statement.get("Principal", {})
                seen["principal"] |= {principal} if isinstance(principal, str) else principal.keys()
                seen["condition"] |= {name.rpartition(":")[2] for name in statement.get("Condition", {})}
                for name in ("Action", "NotAction"):
                    given = statement.get(name, [])
                    seen["action"] |= {given} if isinstance(given, str) else {*given}
    assert seen["element"] <= set(VALID_STATEMENT_ELEMENTS)
    assert seen["effect"] == set(VALID_EFFECTS)
    assert seen["principal"] == {"*", "AWS", "Service", "Federated"}
    assert {name.removesuffix("IfExists") for name in seen["condition"]} <= set(VALID_CONDITIONS)
    assert sorted(each for each in seen["action"] if "*" not in each and not known(each)) == []


def test_every_action_is_one_that_iam_knows(plans: tuple[Plan, ...]) -> None:
    statements: list[Statement] = [
        one for plan in every_plan(plans) for each in grants(plan) for one in each.statements
    ]
    actions = {action for statement in statements for action in statement.actions}
    assert len(actions) > 100
    assert sorted(action for action in actions if not known(action)) == []


def test_a_misspelt_action_would_be_found() -> None:
    assert known("ec2:RunInstances")
    assert not known("ec2:RunInstance")


def test_every_policy_is_one_that_iam_takes(plans: tuple[Plan, ...]) -> None:
    """As moto has it, whose checks were tried on IAM itself."""
    policies = [iam.policy(each.statements) for plan in every_plan(plans) for each in grants(plan) if each.statements]
    assert len(policies) > 20
    for policy in policies:
        known = defaultdict(lambda: "arn:aws:sqs:us-west-2:111111111111:queue", partition="aws")
        IAMPolicyDocumentValidator(json.dumps(resolved(policy, known))).validate()


def test_every_object_is_valid_for_the_clusters_version(
    plans: tuple[Plan, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # It reads all definitions for each object.
    monkeypatch.setattr(utils, "schema_contents", cache(utils.schema_contents))
    kinds, seen = set(), set()
    for plan in every_plan(plans):
        for part in plan.parts:
            contribution = part.contribution
            spaces = (space.manifest() for space in contribution.namespaces)
            for manifest in (*spaces, *contribution.every_object):
                kinds.add(manifest["kind"])
                same = (json.dumps(plain(manifest)), plan.facts.version)
                if manifest["kind"] not in CUSTOM_KINDS and same not in seen:
                    seen.add(same)
                    kubernetes_validate.validate(plain(manifest), plan.facts.version, strict=True)
    assert kinds >= CUSTOM_KINDS | {"Namespace", "NetworkPolicy", "ResourceQuota", "Role", "StorageClass", "ConfigMap"}


def test_a_wrong_field_would_be_found() -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "x"}, "spec": {"hrad": {"pods": "1"}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(quota, "1.36", strict=True)
