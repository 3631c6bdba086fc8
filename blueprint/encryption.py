"""EBS volumes under a key of one's own. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.errors import FieldPath, Problem
from blueprint.iam import Conditions, Statement
from blueprint.references import PARTITION


def key_of(arn: str) -> str:
    """The same ARN in whatever partition the cluster is in."""
    return f"arn:{PARTITION}:{arn.split(':', 2)[2]}"


def volume_key(arn: str, region: str) -> tuple[Statement, ...]:
    """What whoever makes, attaches and restores volumes needs of their key, through EC2 only.

    The five actions of EBS's own page; the driver's (aws-ebs-csi-driver v1.64.0 docs/install.md) are three of them. The
    key's policy must allow them too, as the default one does by leaving it to IAM.
    """
    via = {"kms:ViaService": tuple(f"ec2.{region}.{suffix}" for suffix in ("amazonaws.com", "amazonaws.com.cn"))}
    use = (
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    )
    through_ec2: Conditions = {"StringEquals": via}
    return (
        Statement(use, (key_of(arn),), through_ec2),
        Statement(("kms:CreateGrant",), (key_of(arn),), {**through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}}),
    )


def foreign_key(path: FieldPath, arn: str | None, region: str) -> Iterator[Problem]:
    """A key encrypts what is in its own region only; where the region is not known, none is foreign."""
    if arn and region and arn.split(":")[3] != region:
        rule = f"the key is of another region than the cluster ({region})"
        yield Problem(path, arn, rule, f"name a key of {region}")
