"""What AWS Backup must have before it backs a cluster up: the region's opt-in, and vaults."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contribution import BackupPlan, BackupVault
from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import NOT_CREATED, stacks

NAME = "backups"
_KINDS = {"ebs.csi.aws.com": "EBS", "ebs.csi.eks.amazonaws.com": "EBS", "efs.csi.aws.com": "EFS"}
"""What volumes are to AWS Backup, by the driver that makes them; buckets are asked for by themselves."""


def opted_in(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """AWS Backup leaves kinds of resources alone that a region has not opted in to; no template says so.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/working-with-other-services.html
    """
    policies = [name for each in _plans(plan) for name in each.managed_policies]
    if not policies:
        return
    volumes = {_KINDS[one["provisioner"]] for one in plan.objects if one.get("provisioner") in _KINDS}
    volumes |= {"S3"} if any("S3" in name for name in policies) else set()
    settings = aws.backup.describe_region_settings()["ResourceTypeOptInPreference"]
    left_out = [kind for kind in ("EKS", *sorted(volumes)) if not settings.get(kind)]
    if not left_out:
        yield ok(NAME, "AWS Backup is opted in to EKS and to the volumes of the cluster")
        return
    wanted = ",".join(f"{kind}=true" for kind in left_out)
    what = f"AWS Backup is not opted in to {', '.join(left_out)} in the region"
    why = "it may leave out of its backups what it is not opted in to"
    fix = f"aws backup update-region-settings --resource-type-opt-in-preference {wanted}"
    yield warning(NAME, what, why, fix)


def vaults(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Those that are named are there, and those that a first deploy makes are not."""
    named = {rule["targetBackupVault"] for each in _plans(plan) for rule in each.rules}
    if not named:
        return
    made = {each.name for part in plan.parts for each in part.contribution.resources if isinstance(each, BackupVault)}
    pages = aws.backup.get_paginator("list_backup_vaults").paginate()
    there = {found["BackupVaultName"] for page in pages for found in page["BackupVaultList"]}
    stack = stacks(plan, aws).get("addons")
    created = stack is not None and stack["StackStatus"] not in NOT_CREATED
    for name in sorted(named - made - there):
        what = f"there is no backup vault {name} in the region"
        yield problem(NAME, what, "the backup plan names it", "correct the name, or have it made: NewVault(…)")
    for name in sorted(made & there if not created else ()):
        why = "a stack makes a vault of this name; one that is gone leaves its own, with all that is in it"
        fix = f'name it as it is, ExistingVault("{name}"), or take another name'
        yield problem(NAME, f"the backup vault {name} exists already", why, fix)
    if named - made <= there and (created or not made & there):
        yield ok(NAME, f"vaults of backups: {', '.join(sorted(named))}")


def _plans(plan: Plan) -> Iterator[BackupPlan]:
    for part in plan.parts:
        yield from (each for each in part.contribution.resources if isinstance(each, BackupPlan))
