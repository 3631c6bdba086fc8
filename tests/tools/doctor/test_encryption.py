"""The key of EBS volumes that nothing names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from blueprint import AutoMode, Blueprint, plan
from tests.blueprint.examples import AUTO, FARGATE, SMALL, with_addons
from tests.tools.doctor.account import Account
from tools.doctor.checks.encryption import default_key

OWN = "arn:aws:kms:us-west-2:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
WITH_DRIVER = with_addons(AwsEbsCsiDriver())
MIXED = replace(WITH_DRIVER, compute=(*SMALL.compute, AutoMode()))


@pytest.mark.parametrize(
    ("blueprint", "fix"),
    [
        (WITH_DRIVER, f'write AwsEbsCsiDriver(kms_key_arn="{OWN}"); look'),
        (AUTO, f'write AutoMode(kms_key_arn="{OWN}"); look'),
        (MIXED, f'write AutoMode(kms_key_arn="{OWN}") and AwsEbsCsiDriver(kms_key_arn="{OWN}"); look'),
        (replace(AUTO, addons=(AwsEbsCsiDriver(),)), f'write AutoMode(kms_key_arn="{OWN}"); look'),
    ],
)
def test_a_key_of_the_account_needs_a_name(blueprint: Blueprint, fix: str, account: Account) -> None:
    account.answers("GetEbsDefaultKmsKeyId", {"KmsKeyId": OWN})
    (found,) = account.found(default_key, plan(blueprint))
    assert found.status == "warning"
    assert OWN in found.what
    assert "Pending" in found.why
    assert found.fix.startswith(fix)


@pytest.mark.parametrize("blueprint", [WITH_DRIVER, AUTO, MIXED])
def test_the_key_of_aws_serves_all(blueprint: Blueprint, account: Account) -> None:
    """`aws ec2 get-ebs-default-kms-key-id` where nobody chose another: alias/aws/ebs."""
    account.answers("GetEbsDefaultKmsKeyId", {"KmsKeyId": "alias/aws/ebs"})
    (found,) = account.found(default_key, plan(blueprint))
    assert found.status == "ok"


@pytest.mark.parametrize(
    "blueprint",
    [
        with_addons(AwsEbsCsiDriver(kms_key_arn=OWN)),
        replace(AUTO, compute=(AutoMode(kms_key_arn=OWN),)),
        SMALL,
        FARGATE,
    ],
)
def test_nothing_is_asked_where_no_volume_takes_it(blueprint: Blueprint, account: Account) -> None:
    assert account.found(default_key, plan(blueprint)) == []
    assert account.calls == []
