"""AWS Backup: vaults that outlive their stack, and what goes into them when."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct

from blueprint.contribution import BackupPlan, BackupVault
from blueprint.planning.document import Plan, ServiceRole
from blueprint.references import resolved
from stacks.base import PARTITION_ONLY, service_role
from stacks.retained import retain

_SERVICE = "backup.amazonaws.com"


def retained_vault(scope: Construct, vault: BackupVault) -> Construct:
    """Kept when the stack goes; CloudFormation could delete it only while it is empty."""
    from aws_cdk import aws_backup  # most clusters have none, and each module of the CDK takes time

    made = aws_backup.CfnBackupVault(
        scope,
        "vault",
        backup_vault_name=vault.name,
        encryption_key_arn=resolved(vault.key_arn, PARTITION_ONLY) or None,
        lock_configuration=dict(vault.lock) or None,
    )
    retain(made)
    return made


def backup_plan(scope: Construct, plan: Plan, backups: BackupPlan) -> list[Construct]:
    """The plan, what it backs up, and the role by which AWS Backup does so."""
    from aws_cdk import aws_backup

    role = service_role(scope, "role", plan, ServiceRole(_SERVICE, backups.managed_policies))
    made = aws_backup.CfnBackupPlan(
        scope,
        "plan",
        backup_plan={"backupPlanName": backups.name, "backupPlanRule": resolved(backups.rules, PARTITION_ONLY)},
    )
    vault = scope.node.try_find_child("vault")
    if vault:
        made.node.add_dependency(vault)
    selection = aws_backup.CfnBackupSelection(
        scope,
        "selection",
        backup_plan_id=made.attr_backup_plan_id,
        backup_selection={
            "selectionName": backups.name,
            "iamRoleArn": role.attr_arn,
            "resources": resolved(backups.backs_up, PARTITION_ONLY),
        },
    )
    if not backups.restore_policies:
        return [role, made, selection]
    restores = service_role(scope, "restore-role", plan, ServiceRole(_SERVICE, backups.restore_policies))
    CfnOutput(scope, "RestoreRoleArn", value=restores.attr_arn, description="What AWS Backup takes on to restore")
    return [role, made, selection, restores]
