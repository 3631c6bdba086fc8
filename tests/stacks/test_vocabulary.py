"""Names that AWS and Kubernetes know: IAM actions and their conditions, and every field of every object."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import kubernetes_validate
import pytest
from kubernetes_validate import utils
from moto.iam.policy_validation import IAMPolicyDocumentValidator
from policy_sentry.querying.actions import get_action_data

from blueprint import iam
from blueprint.contribution import Grant
from blueprint.iam import Statement
from blueprint.planning.document import Plan
from blueprint.planning.planner import plans
from blueprint.references import resolved
from tests.stacks.fleet import FLEET
from tests.templates import plain

# Defined by charts of ours, not by Kubernetes.
CUSTOM_KINDS = {
    *("EC2NodeClass", "NodePool", "ClusterIssuer", "SecretStore", "ExternalSecret", "SecretProviderClass"),
    *("AppProject", "Application", "IngressClassParams", "VolumeSnapshotClass", "AWSPCAClusterIssuer"),
    *("GitRepository", "Kustomization"),
}


def every_plan(examples: tuple[Plan, ...]) -> tuple[Plan, ...]:
    return (*examples, *plans({blueprint.name: blueprint for blueprint in FLEET}))


def grants(plan: Plan) -> Iterator[Grant]:
    for part in plan.parts:
        yield from part.contribution.every_grant


@cache
def known(action: str) -> bool:
    service, _, name = action.partition(":")
    return bool(get_action_data(service, name))


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
            for manifest in (*(space.manifest() for space in contribution.namespaces), *contribution.objects):
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
