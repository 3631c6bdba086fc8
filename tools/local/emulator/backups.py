"""What AWS Backup backs up, which CloudFormation of the emulator lacks; its API has it."""

from __future__ import annotations

from ministack.services import backup
from ministack.services.cloudformation import provisioners

from tools.local.emulator import eks, iam
from tools.local.emulator.ec2 import Made, Properties


def create_selection(logical_id: str, properties: Properties, stack: str) -> Made:
    """Of a plan that is there, by a role that is there.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html
    """
    plan, selection = properties["BackupPlanId"], properties["BackupSelection"]
    if not iam.exists(selection["IamRoleArn"]):
        raise ValueError(f"InvalidParameterValueException: {selection['IamRoleArn']} is not there")
    made = eks.answer(backup._create_selection(plan, {"BackupSelection": selection}))
    id = made["SelectionId"]
    return f"{id}_{plan}", {"Id": f"{id}_{plan}", "SelectionId": id, "BackupPlanId": plan}


def delete_selection(id: str, properties: Properties) -> None:
    selection, _, plan = id.partition("_")
    backup._delete_selection(plan, selection)


def delete_plan(id: str, properties: Properties) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupPlan.html: selections go before."""
    if any(each["BackupPlanId"] == id for each in backup._selections.values()):
        raise ValueError("InvalidRequestException: a backup plan is deleted after all selections of it")
    provisioners._backup_plan_delete(id, properties)
