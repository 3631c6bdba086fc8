"""What outlives its stack: keys, and the logs that they encrypt.

A stack that fails while it is created takes them along: nothing is in them yet, and a log group that has a name would
be in the way of the next deploy.
"""

from __future__ import annotations

from aws_cdk import CfnResource, RemovalPolicy, aws_kms, aws_logs
from constructs import Construct

from blueprint.planning.document import Plan
from stacks.base import PARTITION, URL_SUFFIX


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
