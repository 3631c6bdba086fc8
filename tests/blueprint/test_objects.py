"""What must hold of the Kubernetes objects of every kind of cluster, without the CDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from blueprint import AutoMode
from blueprint.planning.document import Plan
from tests.stacks.fleet import FLEET, fleet_plans
from tests.templates import plain

PLANS = fleet_plans()
every_cluster = pytest.mark.parametrize("made", PLANS.values(), ids=PLANS)


def of_kind(made: Plan, kind: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = [plain(each) for each in made.objects if each["kind"] == kind]
    return found


@every_cluster
def test_a_guard_that_cannot_judge_refuses(made: Plan) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#failure-policy"""
    for policy in of_kind(made, "ValidatingAdmissionPolicy"):
        assert policy["spec"].get("failurePolicy", "Fail") == "Fail"
    for binding in of_kind(made, "ValidatingAdmissionPolicyBinding"):
        assert binding["spec"]["validationActions"] == ["Deny"]
        named = {each["metadata"]["name"] for each in of_kind(made, "ValidatingAdmissionPolicy")}
        assert binding["spec"]["policyName"] in named


SHARED = ("efs.csi.aws.com", "fsx.csi.aws.com")
"""Of file systems, which are reached from every zone."""


@every_cluster
def test_volumes_are_made_where_their_pods_run_and_encrypted(made: Plan) -> None:
    """In the zone of the pod, which is known later; at once, a volume may stand where the pod cannot.

    https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode; aws-ebs-csi-driver v1.64.0,
    docs/parameters.md (type, encrypted); https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
    """
    for found in of_kind(made, "StorageClass"):
        if found["provisioner"] in SHARED:
            continue
        assert found["volumeBindingMode"] == "WaitForFirstConsumer"
        assert found["allowVolumeExpansion"] is True
        assert found.get("reclaimPolicy", "Delete") == "Delete"
        assert found["parameters"]["type"] == "gp3"
        assert found["parameters"]["encrypted"] == "true"


@every_cluster
def test_one_class_is_the_default(made: Plan) -> None:
    """Of several Kubernetes takes the newest: https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass"""
    (blueprint,) = (each for each in FLEET if each.name == made.facts.name)
    storage = [AutoMode, AwsEbsCsiDriver]
    has_storage = any(isinstance(each, kind) for kind in storage for each in (*blueprint.compute, *blueprint.addons))
    for kind, group, some in (
        ("StorageClass", "storageclass.kubernetes.io", has_storage),
        ("IngressClass", "ingressclass.kubernetes.io", any(of_kind(made, "IngressClass"))),
    ):
        defaults = [
            each["metadata"]["name"]
            for each in of_kind(made, kind)
            if each["metadata"].get("annotations", {}).get(f"{group}/is-default-class") == "true"
        ]
        assert len(defaults) <= 1, kind
        if kind == "StorageClass":
            assert len(defaults) == some
