"""What outlives its stack: keys, the logs that they encrypt, and buckets.

A stack that fails while it is created takes them along: nothing is in them yet, and a log group that has a name would
be in the way of the next deploy.
"""

from __future__ import annotations

from aws_cdk import CfnResource, RemovalPolicy, aws_kms, aws_logs, aws_s3
from constructs import Construct

from blueprint.contribution import Bucket
from blueprint.planning.document import Plan
from blueprint.references import resolved
from stacks.acknowledge import NAG, NIST, acknowledge
from stacks.base import PARTITION, PARTITION_ONLY, URL_SUFFIX

_ONE_REGION = "what is in it belongs to a cluster in one region, and versions bring back what was deleted"


def retain(resource: CfnResource) -> None:
    """Keeps it when its stack goes."""
    resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)


def retained_key(scope: Construct, plan: Plan, purpose: str) -> aws_kms.CfnKey:
    """A key that is rotated yearly and kept when the stack goes, so that what it encrypted stays readable.

    IAM of the account decides who may use it, and CloudWatch Logs may for log groups of the account and region; the
    name of a function's is known after the deploy only.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    facts = plan.facts
    arn = f"arn:{PARTITION}:logs:{facts.region}:{facts.account}:log-group:*"
    account = {"Principal": {"AWS": f"arn:{PARTITION}:iam::{facts.account}:root"}, "Action": "kms:*"}
    logs = {
        "Principal": {"Service": f"logs.{facts.region}.{URL_SUFFIX}"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}},
    }
    # In a key policy, * is this key.
    statements = [{"Effect": "Allow", "Resource": "*", **each} for each in (account, logs)]
    key = aws_kms.CfnKey(
        scope,
        "Key",
        description=f"EKS cluster {facts.name}: {purpose}",
        enable_key_rotation=True,
        key_policy={"Version": "2012-10-17", "Statement": statements},
    )
    retain(key)
    return key


def retained_logs(scope: Construct, id: str, key_arn: str, days: int, name: str | None = None) -> aws_logs.CfnLogGroup:
    """An encrypted log group, kept when the stack goes."""
    logs = aws_logs.CfnLogGroup(scope, id, log_group_name=name, kms_key_id=key_arn, retention_in_days=days)
    retain(logs)
    return logs


def retained_bucket(scope: Construct, bucket: Bucket) -> list[Construct]:
    """A private bucket with versions, and what it refuses: both kept when the stack goes.

    Parts of an upload that nobody ends are deleted: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
    """
    under = aws_s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
        sse_algorithm="aws:kms" if bucket.key_arn else "AES256",
        kms_master_key_id=resolved(bucket.key_arn, PARTITION_ONLY) if bucket.key_arn else None,
    )
    rule = aws_s3.CfnBucket.ServerSideEncryptionRuleProperty(
        bucket_key_enabled=bool(bucket.key_arn), server_side_encryption_by_default=under
    )
    older = aws_s3.CfnBucket.NoncurrentVersionExpirationProperty(noncurrent_days=bucket.versions_days)
    made = aws_s3.CfnBucket(
        scope,
        "bucket",
        bucket_name=bucket.name,
        bucket_encryption=aws_s3.CfnBucket.BucketEncryptionProperty(server_side_encryption_configuration=[rule]),
        versioning_configuration=aws_s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
        public_access_block_configuration=aws_s3.CfnBucket.PublicAccessBlockConfigurationProperty(
            block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
        ),
        ownership_controls=aws_s3.CfnBucket.OwnershipControlsProperty(
            rules=[aws_s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
        ),
        lifecycle_configuration=aws_s3.CfnBucket.LifecycleConfigurationProperty(
            rules=[
                aws_s3.CfnBucket.RuleProperty(
                    id="versions",
                    status="Enabled",
                    noncurrent_version_expiration=older,
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload=aws_s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                        days_after_initiation=7
                    ),
                )
            ]
        ),
    )
    arns = [made.attr_arn, f"{made.attr_arn}/*"]
    plain = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arns}
    refuses = aws_s3.CfnBucketPolicy(
        scope,
        "bucket-policy",
        bucket=made.ref,
        policy_document={
            "Version": "2012-10-17",
            "Statement": [{**plain, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
        },
    )
    for each in (made, refuses):
        retain(each)
    seen = "one role alone uses it, and data events of CloudTrail have what it does"
    reasons = {
        f"{NAG}S1": seen,
        f"{NIST}S3BucketLoggingEnabled": seen,
        f"{NIST}S3BucketReplicationEnabled": _ONE_REGION,
    }
    if not bucket.key_arn:
        reasons[f"{NIST}S3DefaultEncryptionKMS"] = "S3's own key, where the blueprint names no other"
    acknowledge(made, reasons)
    return [made, refuses]
