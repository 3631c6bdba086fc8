"""What guarded resources of AWS, and no longer does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tools.compare.dangers.danger import Danger, DangerRule, at, danger, danger_of, on, step, surviving, was_and_is
from tools.compare.differences import ClusterDifference

_RULE = "removes-protection"


class _Check(NamedTuple):
    type: str
    path: tuple[str, ...]
    weaker: Callable[[Any, Any], bool]
    what: str


def _off(before: Any, after: Any) -> bool:
    return on(before) and not on(after)


def _gone(before: Any, after: Any) -> bool:
    return before is not None and after is None


def _shorter(before: Any, after: Any) -> bool:
    """Days; nothing is for ever."""
    return after is not None and (before is None or float(after) < float(before))


def _fewer_types(before: Any, after: Any) -> bool:
    return bool(_log_types(before) - _log_types(after))


def _tokens(before: Any, after: Any) -> bool:
    return bool(before == "required" != after)


def _more_hops(before: Any, after: Any) -> bool:
    return before is not None and after is not None and int(after) > int(before)


def _plain_volume(before: Any, after: Any) -> bool:
    return bool(_encrypted(before) and _volumes(after) - _encrypted(after))


_METADATA = ("LaunchTemplateData", "MetadataOptions")
CHECKS = (
    _Check("AWS::EKS::Cluster", ("DeletionProtection",), _off, "the cluster can be deleted"),
    _Check("AWS::EKS::Cluster", ("Logging", "ClusterLogging"), _fewer_types, "the control plane logs less"),
    _Check("AWS::KMS::Key", ("EnableKeyRotation",), _off, "the key is no longer rotated"),
    _Check("AWS::Logs::LogGroup", ("RetentionInDays",), _shorter, "older logs are deleted at once"),
    _Check("AWS::Logs::LogGroup", ("KmsKeyId",), _gone, "new logs are not encrypted with a key of their own"),
    _Check("AWS::SQS::Queue", ("KmsMasterKeyId",), _gone, "messages are not encrypted with a key of their own"),
    _Check("AWS::SQS::Queue", ("SqsManagedSseEnabled",), _off, "messages are not encrypted"),
    _Check("AWS::S3::Bucket", ("BucketEncryption",), _gone, "objects are not encrypted with a key of their own"),
    _Check("AWS::S3::Bucket", ("PublicAccessBlockConfiguration",), _gone, "a policy can make the bucket public"),
    _Check("AWS::EC2::LaunchTemplate", (*_METADATA, "HttpTokens"), _tokens, "IMDSv1 answers on the nodes"),
    _Check(
        *("AWS::EC2::LaunchTemplate", (*_METADATA, "HttpPutResponseHopLimit"), _more_hops),
        "pods reach the nodes' credentials by IMDS",
    ),
    _Check(
        *("AWS::EC2::LaunchTemplate", ("LaunchTemplateData", "BlockDeviceMappings"), _plain_volume),
        "volumes of the nodes are not encrypted",
    ),
)
_REMOVED: Mapping[str, str] = {
    "AWS::EC2::FlowLog": "traffic in the VPC is no longer logged",
    "Custom::VpcRestrictDefaultSG": "the default security group of the VPC is open again to its members",
}
_KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")


def settings(difference: ClusterDifference) -> Iterator[Danger]:
    """Properties that protect."""
    for change in surviving(difference):
        for check in CHECKS:
            before, after = was_and_is(change, *check.path)
            if change.type == check.type and change.before and change.after and check.weaker(before, after):
                yield danger(_RULE, change, check.what, step(".".join(check.path), before, after), "leave it as it was")


def removals(difference: ClusterDifference) -> Iterator[Danger]:
    """Resources that protect what stays."""
    gone = {change.id for change in surviving(difference) if change.impact in ("delete", "orphan")}
    for change in surviving(difference):
        guarded = at(change.before, "ResourceId")
        with_it = isinstance(guarded, Mapping) and guarded.get("Ref") in gone
        if change.type in _REMOVED and change.id in gone and not with_it:
            yield danger(_RULE, change, _REMOVED[change.type], "it is no longer in the app", "keep it")


def retention(difference: ClusterDifference) -> Iterator[Danger]:
    """What is kept when its resource or stack goes."""
    for change in surviving(difference):
        for name in ("DeletionPolicy", "UpdateReplacePolicy"):
            before, after = ((resource or {}).get(name) for resource in (change.before, change.after))
            if change.after and before in _KEEPING and after not in _KEEPING:
                what = (
                    "it is deleted with its stack" if name == "DeletionPolicy" else "it is deleted when it is replaced"
                )
                yield danger(_RULE, change, what, step(name, before, after or "Delete"), f"leave {name} as it was")


def termination_protection(difference: ClusterDifference) -> Iterator[Danger]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html"""
    for stack in difference.stacks:
        before, after = stack.before, stack.after
        if before and after and before.termination_protection and not after.termination_protection:
            why = step("termination protection", True, False)
            kind = "AWS::CloudFormation::Stack"
            yield danger_of(_RULE, after, after.stack_name, kind, "the stack can be deleted", why, "leave it on")


def _log_types(logging: Any) -> set[str]:
    return {each["Type"] for each in (logging or {}).get("EnabledTypes", ())}


def _encrypted(volumes: Any) -> set[str]:
    return {each["DeviceName"] for each in volumes or () if on(each.get("Ebs", {}).get("Encrypted"))}


def _volumes(volumes: Any) -> set[str]:
    return {each["DeviceName"] for each in volumes or () if "Ebs" in each}


RULES: tuple[DangerRule, ...] = (settings, removals, retention, termination_protection)
