"""Guards that go or become weaker, in AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tools.review.dangers.support import differing, only, resource, stack_of, stacks_differing, told
from tools.resource_types import TYPES


def logging(*types: str) -> dict[str, Any]:
    return {"Logging": {"ClusterLogging": {"EnabledTypes": [{"Type": each} for each in types]}}}


def template(*, tokens: str = "required", hops: int = 1, encrypted: tuple[bool, ...] = (True,)) -> dict[str, Any]:
    volumes = [{"DeviceName": f"/dev/{number}", "Ebs": {"Encrypted": each}} for number, each in enumerate(encrypted)]
    metadata = {"HttpTokens": tokens, "HttpPutResponseHopLimit": hops}
    return {"LaunchTemplateData": {"MetadataOptions": metadata, "BlockDeviceMappings": volumes}}


def locked(days: int) -> dict[str, Any]:
    return {"LockConfiguration": {"MinRetentionDays": days}}


WEAKER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("AWS::EKS::Cluster", {"DeletionProtection": True}, {"DeletionProtection": False}),
    ("AWS::EKS::Cluster", {"DeletionProtection": True, "A": 1}, {"A": 1}),
    ("AWS::EKS::Cluster", logging("api", "audit"), logging("api")),
    ("AWS::EKS::Cluster", logging("api"), {}),
    ("AWS::KMS::Key", {"EnableKeyRotation": True}, {}),
    ("AWS::KMS::Key", {"EnableKeyRotation": "true"}, {"EnableKeyRotation": "false"}),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 60}, {"RetentionInDays": 30}),
    ("AWS::Logs::LogGroup", {}, {"RetentionInDays": 30}),
    ("AWS::Logs::LogGroup", {"KmsKeyId": "k"}, {}),
    ("AWS::SQS::Queue", {"KmsMasterKeyId": "k"}, {}),
    ("AWS::SQS::Queue", {"SqsManagedSseEnabled": True}, {"SqsManagedSseEnabled": False}),
    ("AWS::S3::Bucket", {"BucketEncryption": {}}, {}),
    ("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": {}}, {}),
    ("AWS::APS::Workspace", {"AlertManagerDefinition": "alertmanager_config: |"}, {}),
    ("AWS::Backup::BackupVault", locked(7), {}),
    ("AWS::Backup::BackupVault", locked(7), locked(6)),
    ("AWS::EFS::FileSystem", {"BackupPolicy": {"Status": "ENABLED"}}, {"BackupPolicy": {"Status": "DISABLED"}}),
    ("AWS::EFS::FileSystem", {"BackupPolicy": {"Status": "ENABLED"}}, {}),
    ("AWS::EFS::FileSystem", {"FileSystemPolicy": {}}, {}),
    ("AWS::EC2::LaunchTemplate", template(), template(tokens="optional")),
    ("AWS::EC2::LaunchTemplate", template(), template(hops=2)),
    ("AWS::EC2::LaunchTemplate", template(), template(encrypted=(False,))),
    ("AWS::EC2::LaunchTemplate", template(), template(encrypted=(True, False))),
]


@pytest.mark.parametrize(("kind", "before", "after"), WEAKER)
def test_settings(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    weaker = {"It": resource(kind, before)}, {"It": resource(kind, after)}
    assert told(differing(*weaker)) == [("removes-protection", "It")]
    assert told(differing(*reversed(weaker))) == []
    # Of something new nothing is taken away.
    assert told(differing({}, weaker[1])) == []


def test_a_hop_limit_where_none_was_said() -> None:
    unsaid = {"It": resource("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {}})}
    assert told(differing(unsaid, {"It": resource("AWS::EC2::LaunchTemplate", template(hops=2))})) == []


def test_every_setting_is_tested() -> None:
    def has(properties: dict[str, Any], path: tuple[str, ...]) -> bool:
        return not path or (path[0] in properties and has(properties[path[0]] if path[1:] else {}, path[1:]))

    for name, known in TYPES.items():
        for check in known.weaker:
            assert any(kind == name and has({**after, **before}, check.path) for kind, before, after in WEAKER), check


@pytest.mark.parametrize("kind", [name for name, known in TYPES.items() if known.guards])
def test_removals(kind: str) -> None:
    it = {"It": resource(kind, {"ResourceId": {"Ref": "Vpc"}})}
    vpc = {"Vpc": resource("AWS::EC2::VPC")}
    assert told(differing({**it, **vpc}, vpc)) == [("removes-protection", "It")]
    assert told(differing({**it, **vpc}, {})) == [("deletes-state", "Vpc")]
    assert told(differing({}, it)) == []


@pytest.mark.parametrize("name", ["DeletionPolicy", "UpdateReplacePolicy"])
def test_retention(name: str) -> None:
    def bucket(**attributes: Any) -> dict[str, Any]:
        return {"It": resource("AWS::S3::Bucket", **attributes)}

    kept, snapped, gone, unsaid = (
        bucket(**{name: "Retain"}),
        bucket(**{name: "Snapshot"}),
        bucket(**{name: "Delete"}),
        bucket(),
    )
    for after in (gone, unsaid):
        assert told(differing(kept, after)) == [("removes-protection", "It")]
        assert only(differing(kept, after)).why == f"{name}: Retain -> Delete"
        assert told(differing(after, kept)) == []
    assert told(differing(kept, snapped)) == []
    assert told(differing(gone, unsaid)) == []


def test_termination_protection() -> None:
    on = stack_of({})
    off = replace(on, termination_protection=False)
    assert told(stacks_differing((on, off))) == [("removes-protection", "dev-cluster")]
    assert told(stacks_differing((off, on))) == []


BOUNDARY, OTHER = (
    {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::111111111111:policy/{name}"]]} for name in "AB"
)


def role(boundary: Any = None, *, account: str = "api") -> dict[str, Any]:
    condition = {"StringEquals": {"aws:RequestTag/kubernetes-service-account": account}}
    statement = {"Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": condition}
    properties = {"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", **statement}]}}
    return resource("AWS::IAM::Role", {**properties, **({"PermissionsBoundary": boundary} if boundary else {})})


BOUNDED, FREE = role(BOUNDARY, account="other"), role(account="other")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"It": role(BOUNDARY)}, {"It": role()}, ["It"]),
        ({"It": role(BOUNDARY)}, {"It": role(OTHER)}, ["It"]),
        ({"It": role()}, {"It": role(BOUNDARY)}, []),
        ({"It": role(BOUNDARY)}, {"It": {**role(BOUNDARY), "DependsOn": ["A"]}}, []),
        ({"It": role(BOUNDARY)}, {}, []),
        # The role of the same service account under another logical id
        ({"It": role(BOUNDARY), "Free": FREE}, {"New": role(), "Free": FREE}, ["New"]),
        ({"It": role(BOUNDARY), "Free": FREE}, {"New": role(OTHER), "Free": FREE}, ["New"]),
        ({"It": role(BOUNDARY), "Free": FREE}, {"New": role(BOUNDARY), "Free": FREE}, []),
        ({"It": role(BOUNDARY), "Free": FREE}, {"New": role(account="jobs"), "Free": FREE}, []),
        # One more
        ({"One": BOUNDED}, {"One": BOUNDED, "New": role()}, ["New"]),
        ({"One": BOUNDED}, {"One": BOUNDED, "New": role(OTHER)}, []),
        ({"One": BOUNDED, "Free": FREE}, {"One": BOUNDED, "Free": FREE, "New": role()}, []),
        ({"Free": FREE}, {"Free": FREE, "New": role()}, []),
        ({}, {"New": role()}, []),
    ],
)
def test_permissions_boundaries(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    found = [id for rule, id in told(differing(before, after)) if rule == "removes-protection"]
    assert found == expected


def test_a_boundary_of_another_stack_says_nothing_of_this_one() -> None:
    teams = {"name": "teams", "stack_name": "dev-teams"}
    one, other = (stack_of({"One": BOUNDED}), stack_of({}, **teams)), (stack_of({"One": BOUNDED}), role())
    after = stack_of({"New": other[1]}, **teams)
    assert told(stacks_differing((one[0], other[0]), (one[1], after))) == []


def test_boundaries_in_words() -> None:
    was, none = ({"It": role(each)} for each in (BOUNDARY, None))
    danger = only(differing(was, none))
    assert danger.what == "no permissions boundary limits it any longer"
    assert danger.why == "PermissionsBoundary: arn:${AWS::Partition}:iam::111111111111:policy/A -> nothing"
    assert "may allow more" in only(differing(was, {"It": role(OTHER)})).what
