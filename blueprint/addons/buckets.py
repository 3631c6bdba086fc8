"""What an add-on may do in a bucket of S3 that is its cluster's own."""

from __future__ import annotations

from blueprint.encryption import key_of
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.references import PARTITION

_OWN = "the bucket is its own"


def through_s3(key_arn: str, facts: ClusterFacts) -> Statement:
    """The use of a key that S3 makes in the name of whoever reads and writes objects under it."""
    via = tuple(f"s3.{facts.region}.{suffix}" for suffix in ("amazonaws.com", "amazonaws.com.cn"))
    return Statement(
        ("kms:Decrypt", "kms:GenerateDataKey"), (key_of(key_arn),), {"StringEquals": {"kms:ViaService": via}}
    )


def objects_in(bucket: str, *actions: str) -> tuple[Statement, ...]:
    """These actions on all its objects, and a look at what there is."""
    arn = f"arn:{PARTITION}:s3:::{bucket}"
    return (Statement(("s3:ListBucket",), (arn,)), Statement(actions, (f"{arn}/*",), reason=_OWN))
