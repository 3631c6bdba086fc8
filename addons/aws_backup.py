"""Backups of the whole cluster by AWS Backup: its objects, and volumes of EBS, EFS and S3 that claims have.

https://docs.aws.amazon.com/eks/latest/userguide/integration-backup.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.addons import Addon, ClusterFacts, Contribution, ServiceLinkedRole
from blueprint.addons.vaults import ExistingVault, OwnVault
from blueprint.backups import BackupRule, BackupRuleName
from blueprint.contribution import BackupPlan
from blueprint.errors import Key, Problem
from blueprint.fields import NOT_EMPTY
from blueprint.linked_roles import BACKUP
from blueprint.references import portable

# https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
_BACKUPS = "service-role/AWSBackupServiceRolePolicyForBackup"
_RESTORES = "service-role/AWSBackupServiceRolePolicyForRestores"
_S3_BACKUPS, _S3_RESTORES = "AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForS3Restore"

_Rules = Annotated[Mapping[BackupRuleName, BackupRule], NOT_EMPTY]


class AwsBackup(Addon):
    """Runs outside of the cluster, and comes in by an access entry that AWS Backup itself makes for its role. Images,
    nodes and the network are in no backup; secrets of the cluster are. AWS Backup opts in to kinds of resources by
    region: `make doctor` looks.
    """

    name = "aws-backup"
    lost = "the cluster is no longer backed up; backups stay in their vault until they expire"
    typical = {"vault": ExistingVault("backups")}

    vault: OwnVault
    """Where backups are."""
    rules: _Rules = field(default_factory=lambda: {"daily": BackupRule()})
    """When there is one, and how long it is kept, by a name of yours."""
    s3_volumes: bool = False
    """Whether buckets that claims have are backed up too: they need versions and events of EventBridge.
    https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html"""
    restores: bool = False
    """Whether there is a role by which somebody restores, into this cluster or another one; an output of the stack has
    its ARN. It may pass any role of the account to EKS and EC2, so whoever may pass it gets much."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from (problem.below(("vault",)) for problem in self.vault.problems_on(facts))
        own = facts.arn("backup", f"backup-vault:{self.vault.name}")
        for name, rule in self.rules.items():
            if not self.vault.keeps(rule.keep_days):
                says = f"the lock of {self.vault.name} takes no backup that is kept for less"
                fix = "keep it for as long as the lock says, min_days"
                yield Problem(("rules", Key(name), "keep_days"), rule.keep_days, says, fix)
            for index, copy in enumerate(rule.copies):
                if portable(copy.vault) == own:
                    says = "a copy in the vault of the backup itself saves nothing"
                    path = ("rules", Key(name), "copies", index, "vault")
                    yield Problem(path, copy.vault, says, "name another vault")

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (BACKUP,)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        rules = tuple(rule.document(name, self.vault.name, dict(facts.tags)) for name, rule in self.rules.items())
        backups = (_BACKUPS, *((_S3_BACKUPS,) if self.s3_volumes else ()))
        restores = (_RESTORES, *((_S3_RESTORES,) if self.s3_volumes else ())) if self.restores else ()
        plan = BackupPlan(facts.name, rules, (facts.cluster_arn,), backups, restores)
        return Contribution(resources=(*self.vault.made, plan), service_linked_roles=self.service_linked_roles())
