"""Log groups, as strict as CloudWatch Logs where the emulator is not."""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, kms
from ministack.services.cloudformation import provisioners

from tools.local.emulator import eks, iam
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


def create_source(logical_id: str, properties: Properties, stack: str) -> Made:
    """Of Auto Mode alone: each is an update of the cluster, which takes one at a time."""
    name, resource = properties["Name"], str(properties["ResourceArn"])
    if name in cloudwatch_logs._delivery_sources:
        raise ValueError(f"Resource of type 'AWS::Logs::DeliverySource' with identifier '{name}' already exists.")
    if str(properties["LogType"]).startswith("AUTO_MODE_") and not eks.has_auto_mode(resource.rpartition("/")[2]):
        raise ValueError(f"ValidationException: {resource} has no logs of type {properties['LogType']}")
    body = {"name": name, "resourceArn": resource, "logType": properties["LogType"]}
    made = eks.answer(cloudwatch_logs._put_delivery_source(body))["deliverySource"]
    return name, {"Arn": made["arn"], "Service": made["service"]}


def create_destination(logical_id: str, properties: Properties, stack: str) -> Made:
    name, target = properties["Name"], str(properties["DestinationResourceArn"])
    if target.partition(":log-group:")[2] not in cloudwatch_logs._log_groups:
        raise ValueError(f"ResourceNotFoundException: The specified log group does not exist: {target}")
    configuration = {"destinationResourceArn": target}
    body = {"name": name, "deliveryDestinationConfiguration": configuration, "outputFormat": properties["OutputFormat"]}
    made = eks.answer(cloudwatch_logs._put_delivery_destination(body))["deliveryDestination"]
    return name, {"Arn": made["arn"], "DeliveryDestinationType": "CWL"}


def create_delivery(logical_id: str, properties: Properties, stack: str) -> Made:
    names = ("DeliverySourceName", "DeliveryDestinationArn")
    body = {f"{name[:1].lower()}{name[1:]}": properties[name] for name in names}
    made = eks.answer(cloudwatch_logs._create_delivery(body))["delivery"]
    return made["id"], {"DeliveryId": made["id"], "Arn": made["arn"]}


def delete_delivery(id: str, properties: Properties) -> None:
    cloudwatch_logs._delete_delivery({"id": id})


def delete_source(name: str, properties: Properties) -> None:
    cloudwatch_logs._delete_delivery_source({"name": name})


def delete_destination(name: str, properties: Properties) -> None:
    cloudwatch_logs._delete_delivery_destination({"name": name})


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
