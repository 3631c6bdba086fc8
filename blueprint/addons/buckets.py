"""Buckets of S3 that are an add-on's own: one that is there, or one that a deploy makes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated

from blueprint.contribution import Bucket
from blueprint.encryption import foreign_key, key_of
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import BucketName, KmsKeyArn, between
from blueprint.iam import Statement
from blueprint.references import PARTITION
from blueprint.value import Value

_WRITES = frozenset({"s3:PutObject"})


class OwnBucket(Value):
    """Where an add-on keeps what it has, and nobody else anything."""

    name: BucketName
    """Unique among all buckets of AWS."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of its objects, where it has one of its own; of the cluster's region."""

    @property
    @abstractmethod
    def made(self) -> tuple[Bucket, ...]:
        """What a deploy makes."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between its fields and the cluster's facts."""
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)

    def allows(self, facts: ClusterFacts, *actions: str, below: str = "") -> tuple[Statement, ...]:
        """These actions on its objects, a look at what there is, and the use of its key by S3; all of it below a
        prefix, such as `prod/`, where one is given.
        """
        arn = f"arn:{PARTITION}:s3:::{self.name}"
        within = {"StringLike": {"s3:prefix": f"{below}*"}} if below else {}
        why = f"what is below {below} is its own" if below else "the bucket is its own"
        found = [Statement(("s3:ListBucket",), (arn,), within), Statement(actions, (f"{arn}/{below}*",), reason=why)]
        if self.kms_key_arn:
            uses = ("kms:Decrypt", *(("kms:GenerateDataKey",) if _WRITES & {*actions} else ()))
            via = tuple(f"s3.{facts.region}.{suffix}" for suffix in ("amazonaws.com", "amazonaws.com.cn"))
            through_s3 = {"StringEquals": {"kms:ViaService": via}}
            found.append(Statement(uses, (key_of(self.kms_key_arn),), through_s3))
        return tuple(found)


class ExistingBucket(OwnBucket):
    """One that somebody else made, in the cluster's region; of any account whose bucket policy lets the role in."""

    @property
    def made(self) -> tuple[Bucket, ...]:
        return ()


class NewBucket(OwnBucket):
    """One that a deploy makes: private, encrypted, with versions. It stays with all that is in it when its add-on or
    its cluster goes: name it as an ExistingBucket then, before a deploy would make it once more.
    """

    versions_days: Annotated[int, between(1, 3650, "days")] = 30
    """How long what was overwritten or deleted can still be had."""

    @property
    def made(self) -> tuple[Bucket, ...]:
        return (Bucket(self.name, key_of(self.kms_key_arn) if self.kms_key_arn else "", self.versions_days),)
