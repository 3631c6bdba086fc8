"""What AWS Backup is told: when, how long, where to, and what nobody may take back.

https://docs.aws.amazon.com/aws-backup/latest/devguide/eks-backups.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from blueprint.errors import Problem
from blueprint.fields import UNIQUE, between, matches
from blueprint.references import portable
from blueprint.value import Value

_LONGEST = 36_500  # days: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html (Lifecycle)
_COLD = 90
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
VaultName = Annotated[
    str, matches(r"[a-zA-Z0-9_-]{2,50}", "must be the name of a backup vault", 'write for example "prod-backups"')
]
VaultArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[a-zA-Z0-9_-]{2,50}",
        "must be the ARN of a backup vault",
        'write for example "arn:aws:backup:eu-central-1:333333333333:backup-vault:copies"',
    ),
]
BackupRuleName = Annotated[
    str, matches(r"[a-zA-Z0-9_.-]{1,50}", "must be the name of a backup rule", 'write for example "daily"')
]
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html: one of both days is a ?
AwsCron = Annotated[
    str,
    matches(
        r"(?=[^?]*\?[^?]*\Z)cron\([\d*/,-]+ [\d*/,-]+ [\d*/,?LW-]+ [\dA-Z*/,-]+ [\dA-Z*/,?#-]+ [\d*/,-]+\)",
        "must be a schedule of AWS in UTC: minute, hour, day, month, day of the week, year, one of both days a ?",
        'write for example "cron(0 5 ? * * *)"',
    ),
]
Days = Annotated[int, between(1, _LONGEST, "days")]
_ColdDays = Annotated[int, between(1, _LONGEST - _COLD, "days")]


class Retention(Value):
    """How long something is kept."""

    keep_days: Days = field(default=35, kw_only=True)
    """Then it is deleted."""
    cold_after_days: _ColdDays | None = field(default=None, kw_only=True)
    """When it moves to cold storage, where it stays for 90 days at least; kinds of resources that have none stay where
    they are. https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html"""

    def problems(self) -> Iterator[Problem]:
        if self.cold_after_days is not None and self.keep_days < self.cold_after_days + _COLD:
            rule = f"what moves to cold storage stays there for {_COLD} days at least"
            fix = f"write keep_days={self.cold_after_days + _COLD} or more, or leave cold_after_days out"
            yield Problem(("keep_days",), self.keep_days, rule, fix)

    def lifecycle(self) -> dict[str, Any]:
        """In the words of CloudFormation, which begin small here."""
        if self.cold_after_days is None:
            return {"deleteAfterDays": self.keep_days}
        # Of EBS, where cold storage is the archive of snapshots.
        archive = {"optInToArchiveForSupportedResources": True}
        return {"deleteAfterDays": self.keep_days, "moveToColdStorageAfterDays": self.cold_after_days, **archive}


class BackupCopy(Retention):
    """Another copy of each backup, in another region or account."""

    vault: VaultArn
    """Where it goes. One of another account is of the same organization, has a key of its own and lets this account in
    by its policy: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html"""

    def document(self) -> dict[str, Any]:
        """In the words of CloudFormation, which begin small here."""
        return {"destinationBackupVaultArn": portable(self.vault), "lifecycle": self.lifecycle()}


class BackupRule(Retention):
    """When there is a backup, and what becomes of it."""

    schedule: AwsCron = "cron(0 5 ? * * *)"
    """When it begins, in UTC, within the eight hours after it."""
    copies: Annotated[tuple[BackupCopy, ...], UNIQUE] = ()
    """Further copies."""

    def document(self, name: str, vault: str, tags: Mapping[str, str]) -> dict[str, Any]:
        """In the words of CloudFormation, which begin small here; each backup gets the tags."""
        return {
            "ruleName": name,
            "targetBackupVault": vault,
            "scheduleExpression": self.schedule,
            "lifecycle": self.lifecycle(),
            **({"copyActions": [each.document() for each in self.copies]} if self.copies else {}),
            **({"recoveryPointTags": dict(tags)} if tags else {}),
        }


class VaultLock(Value):
    """For how long a vault keeps what comes into it, whoever wants to delete it.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """

    min_days: Days
    """Nothing is deleted before."""
    changeable_days: Annotated[int, between(3, _LONGEST, "days")] | None = None
    """So long after the deploy the lock can still be taken off, and then by nobody any more, AWS included. Without it,
    whoever may change the vault may take the lock off at any time."""

    def keeps(self, days: int) -> bool:
        """Whether a vault with this lock takes what is kept for so long; AWS Backup fails otherwise."""
        return self.min_days <= days

    def document(self) -> dict[str, int]:
        """In the words of CloudFormation, which begin small here."""
        found = {
            "minRetentionDays": self.min_days,
            "changeableForDays": self.changeable_days,
        }
        return {name: days for name, days in found.items() if days is not None}
