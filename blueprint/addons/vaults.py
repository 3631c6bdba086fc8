"""Vaults of AWS Backup, where backups are: one that is there, or one that a deploy makes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from blueprint.backups import VaultLock, VaultName
from blueprint.contribution import BackupVault
from blueprint.encryption import foreign_key, key_of
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import KmsKeyArn
from blueprint.value import Value


class OwnVault(Value):
    """Where backups of a cluster are, and perhaps others."""

    name: VaultName
    """Unique in its account and region."""

    @property
    @abstractmethod
    def made(self) -> tuple[BackupVault, ...]:
        """What a deploy makes."""

    def keeps(self, days: int) -> bool:
        """Whether it takes what is kept for so long, as far as its value says."""
        return True

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between its fields and the cluster's facts."""
        yield from ()


class ExistingVault(OwnVault):
    """One that somebody else made, in the cluster's account and region."""

    @property
    def made(self) -> tuple[BackupVault, ...]:
        return ()


class NewVault(OwnVault):
    """One that a deploy makes. It stays with all that is in it when its add-on or its cluster goes: name it as an
    ExistingVault then, before a deploy would make it once more.
    """

    kms_key_arn: KmsKeyArn | None = None
    """Key of the backups that AWS Backup encrypts by itself, those of the cluster's objects among them; of the
    cluster's region. AWS Backup's own key when None. It stays as it is: a vault of another key has another name."""
    lock: VaultLock | None = None
    """What keeps backups from being deleted early."""

    @property
    def made(self) -> tuple[BackupVault, ...]:
        key = key_of(self.kms_key_arn) if self.kms_key_arn else ""
        return (BackupVault(self.name, key, self.lock.document() if self.lock else {}),)

    def keeps(self, days: int) -> bool:
        return self.lock is None or self.lock.keeps(days)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)
