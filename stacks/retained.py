"""What outlives its stack: keys, and the logs that they encrypt."""

from __future__ import annotations

from aws_cdk import Aws, RemovalPolicy, aws_iam, aws_kms, aws_logs
from constructs import Construct

from blueprint.plan import Plan


def retained_key(scope: Construct, plan: Plan, purpose: str, log_groups: str) -> aws_kms.Key:
    """A key that is rotated yearly and kept when the stack goes, so that what it encrypted stays readable.

    CloudWatch Logs may use it for the named log groups of the account and region.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    key = aws_kms.Key(
        scope,
        "Key",
        description=f"EKS cluster {plan.facts.name}: {purpose}",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    arn = f"arn:{Aws.PARTITION}:logs:{plan.facts.region}:{plan.facts.account}:log-group:{log_groups}"
    key.add_to_resource_policy(
        aws_iam.PolicyStatement(
            principals=[aws_iam.ServicePrincipal(f"logs.{plan.facts.region}.amazonaws.com")],
            actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            resources=["*"],  # in a key policy: this key
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}},
        )
    )
    return key


def retained_logs(
    scope: Construct, id: str, key: aws_kms.Key, days: int, name: str | None = None
) -> aws_logs.CfnLogGroup:
    """An encrypted log group, kept when the stack goes."""
    logs = aws_logs.CfnLogGroup(scope, id, log_group_name=name, kms_key_id=key.key_arn, retention_in_days=days)
    logs.apply_removal_policy(RemovalPolicy.RETAIN)
    # CloudWatch Logs tries the key while it makes the group, so the key's policy must stand.
    logs.node.add_dependency(key)
    return logs
