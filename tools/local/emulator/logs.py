"""Log groups, as strict as CloudWatch Logs where the emulator is not."""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, kms
from ministack.services.cloudformation import provisioners

from tools.local.emulator import iam
from tools.local.emulator.ec2 import Made, Properties

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
_CALLS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")


def create_group(logical_id: str, properties: Properties, stack: str) -> Made:
    """CloudFormation takes over no log group that is there already, such as one retained by an earlier stack."""
    name = properties.get("LogGroupName")
    if name in cloudwatch_logs._log_groups:
        raise ValueError(f"Resource of type 'AWS::Logs::LogGroup' with identifier '{name}' already exists.")
    # The name that the emulator gives.
    _check_key(properties, name or f"/aws/cloudformation/{stack}/{logical_id}")
    made: Made = provisioners._cwlogs_create(logical_id, properties, stack)
    return made


def update_group(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    _check_key(new, name)
    made: Made = provisioners._cwlogs_update(name, old, new, stack, logical_id)
    return made


def _check_key(properties: Properties, name: str) -> None:
    """Logs encrypts with a key only if the key's own policy lets it, for this log group."""
    key = properties.get("KmsKeyId")
    if not key:
        return
    region, account = get_region(), get_account_id()
    policy, _ = kms.key_policy_for_arn(key) or ("", "")
    group = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:{name}"}
    if not iam.lets(policy, f"logs.{region}.amazonaws.com", _CALLS, group):
        raise ValueError(f"The specified KMS key does not exist or is not allowed to be used with LogGroup {name!r}")
