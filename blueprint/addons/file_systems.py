"""File systems of EFS that pods share: one that is there, or one that a deploy makes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Literal

from blueprint.contribution import FileSystem, MountTargets, ServiceLinkedRole
from blueprint.encryption import foreign_key, key_of
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import KmsKeyArn, between, matches
from blueprint.linked_roles import BACKUP, EFS
from blueprint.references import file_system_id
from blueprint.value import Value

OWNER_TAG = "eks-cluster"
"""Of each file system that a deploy makes, whose value is the cluster's name."""
FileSystemId = Annotated[
    str,
    matches(
        r"fs-([0-9a-f]{17}|[0-9a-f]{8})",
        "must be the id of an EFS file system",
        'write for example "fs-0a1b2c3d4e5f60718"',
    ),
]
# Schema of AWS::EFS::FileSystem: TransitionToIA, TransitionToArchive
IdleDays = Literal[1, 7, 14, 30, 60, 90, 180, 270, 365]
ArchiveDays = Literal[7, 14, 30, 60, 90, 180, 270, 365]
"""As many, but for one day: nothing is archived before it is in Infrequent Access."""
# https://docs.aws.amazon.com/efs/latest/ug/API_UpdateFileSystem.html (ProvisionedThroughputInMibps)
_MiB = Annotated[int, between(1, 3414, "MiB/s")]


class OwnFileSystem(Value):
    """A file system of EFS behind a StorageClass: each claim of the class gets a directory and an access point."""

    reclaim_policy: Literal["Delete", "Retain"] = field(default="Delete", kw_only=True)
    """What becomes of the access point when its claim goes; what is in the directory stays with both.
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming"""

    @abstractmethod
    def id_of(self, name: str) -> str:
        """Its id, or a reference; `name` is that of its StorageClass."""

    @property
    @abstractmethod
    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        """Without which what a deploy makes fails."""

    @abstractmethod
    def made(self, name: str, facts: ClusterFacts) -> tuple[FileSystem | MountTargets, ...]:
        """What a deploy makes."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between its fields and the cluster's facts."""
        yield from ()


class ExistingFileSystem(OwnFileSystem):
    """One that somebody else made, or that an earlier cluster left, in the cluster's account and region."""

    id: FileSystemId
    """For example "fs-0a1b2c3d4e5f60718"."""
    mount_targets: bool = False
    """Whether a deploy makes its mount targets, as those of a NewFileSystem: EFS takes them in one VPC at a time, one
    in each zone. Without, they are there already, and their security group lets the nodes in on 2049."""

    def id_of(self, name: str) -> str:
        return self.id

    @property
    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (EFS,) if self.mount_targets else ()

    def made(self, name: str, facts: ClusterFacts) -> tuple[FileSystem | MountTargets, ...]:
        return (MountTargets(self.id, self.id, facts.node_zones),) if self.mount_targets else ()


class NewFileSystem(OwnFileSystem):
    """One that a deploy makes: encrypted, also on the way, and mounted in each zone of the nodes by these alone. It
    stays with all that is in it when its class, its add-on or its cluster goes: name it as an ExistingFileSystem then,
    with `mount_targets`, since these go.

    Nodes in Local Zones have no mount target: https://docs.aws.amazon.com/efs/latest/ug/manage-fs-access.html
    """

    kms_key_arn: KmsKeyArn | None = None
    """Key of its files, of the cluster's region; EFS's own key when None. It stays as it is: a file system of another
    key goes under another name."""
    throughput: Literal["elastic", "bursting"] | _MiB = "elastic"
    """`elastic` is paid by what is read and written, `bursting` grows with what is kept, a number is provisioned, in
    MiB/s. https://docs.aws.amazon.com/efs/latest/ug/performance.html#throughput-modes"""
    infrequent_after_days: IdleDays | None = 30
    """When a file that nobody used moves to Infrequent Access, and never when None.
    https://docs.aws.amazon.com/efs/latest/ug/lifecycle-management-efs.html"""
    archive_after_days: ArchiveDays | None = None
    """The same of the archive, from Infrequent Access on and with elastic throughput only.
    https://docs.aws.amazon.com/efs/latest/ug/API_PutLifecycleConfiguration.html"""
    back_when_used: bool = False
    """Whether a file comes back to where it was when somebody uses it."""
    backups: bool = True
    """Whether AWS Backup makes one each day and keeps it for 35 days.
    https://docs.aws.amazon.com/efs/latest/ug/automatic-backups.html"""

    def id_of(self, name: str) -> str:
        return file_system_id(name)

    @property
    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (EFS, BACKUP) if self.backups else (EFS,)

    def made(self, name: str, facts: ClusterFacts) -> tuple[FileSystem | MountTargets, ...]:
        found = FileSystem(
            name,
            key_of(self.kms_key_arn) if self.kms_key_arn else "",
            self.throughput if isinstance(self.throughput, str) else "provisioned",
            self.throughput if isinstance(self.throughput, int) else None,
            tuple(self._moves()),
            self.backups,
            (("Name", f"{facts.name}-{name}"), (OWNER_TAG, facts.name)),
        )
        return (found, MountTargets(name, self.id_of(name), facts.node_zones))

    def _moves(self) -> Iterator[tuple[str, str]]:
        """By the properties of a LifecyclePolicy."""
        for to, days in {"IA": self.infrequent_after_days, "Archive": self.archive_after_days}.items():
            if days:
                yield f"TransitionTo{to}", f"AFTER_{days}_DAY{'' if days == 1 else 'S'}"
        if self.back_when_used:
            yield "TransitionToPrimaryStorageClass", "AFTER_1_ACCESS"

    def problems(self) -> Iterator[Problem]:
        if not (archived := self.archive_after_days):
            return
        if self.throughput != "elastic":
            rule = "only file systems with elastic throughput have an archive"
            yield Problem(("archive_after_days",), archived, rule, 'leave it out, or write throughput="elastic"')
        if not self.infrequent_after_days or archived <= self.infrequent_after_days:
            rule = "files move to Infrequent Access before, by infrequent_after_days"
            yield Problem(("archive_after_days",), archived, rule, "name more days than there")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)
