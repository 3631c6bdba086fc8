"""The key that the account and region encrypt EBS volumes with, where nothing names another."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, warning

NAME = "encryption"
_OF_AWS = "alias/aws/ebs"
_WHY = (
    "the driver's role has no right to use it, so claims stay Pending unless the key's own policy lets the whole "
    "account use it through EBS; nodes come only if that policy names AWSServiceRoleForAutoScaling too"
)


def default_key(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """A key of AWS may be used by whoever may make volumes, another one only by whom it is granted to.

    https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html (default key)
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    """
    without = sorted(part.type for part in plan.parts if part.contribution.default_volume_key)
    if not without:
        return
    key = aws.ec2.get_ebs_default_kms_key_id()["KmsKeyId"]
    if key.endswith(_OF_AWS):
        yield ok(NAME, f"EBS volumes are encrypted with {_OF_AWS}, which all may use")
        return
    what = f"EBS volumes of the account are encrypted with a key of its own, {key}, and the blueprint names none"
    fix = " and ".join(f'{one}(kms_key_arn="{key}")' for one in without)
    yield warning(NAME, what, _WHY, f"write {fix}; look at the key's policy for nodes")
