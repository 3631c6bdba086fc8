"""Backups of a whole cluster by AWS Backup: what it is told, by which role, and what outlives the cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.session import get_session
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from moto.iam.aws_managed_policies import aws_managed_policies_data

from addons.aws_backup import AwsBackup
from blueprint.addons import BackupCopy, BackupRule, ExistingVault, NewVault, OwnVault, VaultLock
from blueprint.contribution import BackupPlan, BackupVault
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plan, plans
from blueprint.value import Value
from tests.addons.support import FACTS, first_problem, problems_on, rules_broken
from tests.blueprint.examples import assert_reported, with_addons
from tests.templates import Template, Templates, of_type

KEY = "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
COPIES = "arn:aws:backup:eu-central-1:333333333333:backup-vault:copies"
GIVEN = ExistingVault("backups")
LOCK = VaultLock(min_days=30)


def planned(addon: AwsBackup) -> BackupPlan:
    (found,) = (each for each in addon.contribute(FACTS).resources if isinstance(each, BackupPlan))
    return found


def resource(template: Template, kind: str) -> Mapping[str, Any]:
    (found,) = of_type(template, kind).values()
    return found


def said(shape: str, member: str) -> str:
    """Of a member, in AWS's own model of the service."""
    found: Any = get_session().get_service_model("backup").shape_for(shape)
    return str(found.members[member].documentation)


@pytest.fixture
def template(fleet: Templates) -> Template:
    return fleet["backup", "addons"]


def test_eks_is_what_aws_backup_backs_up() -> None:
    """By the documentation in AWS's own model of the service."""
    assert "<code>EKS</code>" in said("GetSupportedResourceTypesOutput", "ResourceTypes")


def test_the_cluster_is_all_that_is_selected() -> None:
    made = planned(AwsBackup(GIVEN))
    assert [each.replace("${blueprint:partition}", "aws") for each in made.backs_up] == [
        "arn:aws:eks:eu-west-1:111111111111:cluster/prod"
    ]
    ((rule),) = made.rules
    assert rule["targetBackupVault"] == "backups"
    assert rule["lifecycle"] == {"deleteAfterDays": 35}


def test_policies_are_such_as_aws_has_and_for_what_is_asked() -> None:
    known = {f"{each['Path'][1:]}{name}": each for name, each in json.loads(aws_managed_policies_data).items()}
    kinds = {(s3, restores): AwsBackup(GIVEN, s3_volumes=s3, restores=restores) for s3 in (0, 1) for restores in (0, 1)}  # type: ignore[arg-type]  # 0 and 1 stand for both
    for (s3, restores), addon in kinds.items():
        made = planned(addon)
        assert {*made.managed_policies, *made.restore_policies} <= {*known}
        assert (len(made.managed_policies), len(made.restore_policies)) == (1 + s3, restores * (1 + s3))
        for policies, clause in ((made.managed_policies, "ForBackup"), (made.restore_policies, "ForRestore")):
            says = json.dumps([known[name]["Document"] for name in policies])
            assert not policies or f"cluster-access-policy/AWSBackupFullAccessPolicy{clause}" in says
            assert ("s3:" in says) == bool(policies and s3)


def test_names_are_those_that_aws_takes() -> None:
    model = get_session().get_service_model("backup")
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::Backup::BackupVault").schema
    assert schema["definitions"]["BackupVaultNamePattern"]["pattern"] == r"^[a-zA-Z0-9\-\_]{2,50}$"
    assert model.shape_for("BackupRuleName").metadata["pattern"] == r"^[a-zA-Z0-9\-\_\.]{1,50}$"
    for name in ("a", "a b", "x" * 51, "prod.backups"):
        assert rules_broken(NewVault(name)) == ["name"]
    for name in ("ab", "Prod_backups-1", "x" * 50):
        assert rules_broken(NewVault(name)) == []
    assert rules_broken(AwsBackup(GIVEN, rules={"a b": BackupRule()}))
    assert rules_broken(AwsBackup(GIVEN, rules={"x.y_z-1": BackupRule()})) == []


@pytest.mark.parametrize(
    "schedule",
    ["cron(0 5 ? * * *)", "cron(15 10 ? * 6L 2026-2030)", "cron(0 8 1 * ? *)", "cron(0/30 8-10 ? * MON-FRI *)"],
)
def test_schedules_of_aws(schedule: str) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html (its examples)"""
    assert rules_broken(BackupRule(schedule)) == []


@pytest.mark.parametrize(
    "schedule",
    ["0 5 * * *", "cron(0 5 * * *)", "cron(0 5 * * * *)", "cron(0 5 ? * ? *)", "rate(1 day)", "cron(0 5 ? ? * *)"],
)
def test_other_schedules_are_refused(schedule: str) -> None:
    """The same page: six fields, and a ? in one of both days."""
    assert rules_broken(BackupRule(schedule)) == ["schedule"]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (BackupRule(keep_days=119, cold_after_days=30), "keep_days"),
        (BackupCopy(COPIES, keep_days=35, cold_after_days=1), "keep_days"),
        (BackupCopy("arn:aws:s3:::copies"), "vault"),
        (VaultLock(min_days=30, changeable_days=2), "changeable_days"),
        (NewVault("prod", kms_key_arn="alias/backups"), "kms_key_arn"),
    ],
)
def test_what_aws_backup_would_refuse(value: Value, place: str) -> None:
    """API_Lifecycle.html: 90 days at least in cold storage; API_PutBackupVaultLockConfiguration.html: 3 days or more to
    change a lock, as AWS's own model says.
    """
    assert first_problem(value).place == place
    assert "at least 90 days after" in said("Lifecycle", "DeleteAfterDays")
    assert "3 or greater" in said("PutBackupVaultLockConfigurationInput", "ChangeableForDays")


def test_ninety_days_of_cold_storage_are_enough() -> None:
    assert rules_broken(BackupRule(keep_days=120, cold_after_days=30)) == []


@pytest.mark.parametrize(("days", "taken"), [(29, False), (30, True), (36_500, True)])
def test_a_lock_and_what_is_kept(days: int, taken: bool) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html: a job outside of the limits fails."""
    addon = AwsBackup(NewVault("prod", lock=LOCK), rules={"daily": BackupRule(keep_days=days)})
    found = [problem.place for problem in problems_on(FACTS, addon)]
    assert found == ([] if taken else ["rules['daily'].keep_days"])


@pytest.mark.parametrize(
    ("vault", "place"),
    [(NewVault("prod", kms_key_arn=KEY.replace("eu-west-1", "us-east-1")), "vault.kms_key_arn"), (GIVEN, "")],
)
def test_a_key_of_another_region(vault: OwnVault, place: str) -> None:
    assert [problem.place for problem in problems_on(FACTS, AwsBackup(vault))] == ([place] if place else [])


def test_a_copy_goes_elsewhere() -> None:
    own = "arn:aws:backup:eu-west-1:111111111111:backup-vault:backups"
    for vault, fine in ((own, False), (own.replace("eu-west-1", "eu-west-2"), True), (COPIES, True)):
        addon = AwsBackup(GIVEN, rules={"daily": BackupRule(copies=(BackupCopy(vault),))})
        found = [(each.place, each.value, each.rule) for each in problems_on(FACTS, addon)]
        place, rule = "rules['daily'].copies[0].vault", "a copy in the vault of the backup itself saves nothing"
        assert found == ([] if fine else [(place, vault, rule)])


def test_only_a_new_vault_is_made() -> None:
    assert not any(isinstance(each, BackupVault) for each in AwsBackup(GIVEN).contribute(FACTS).resources)
    new = NewVault("prod", lock=VaultLock(min_days=7, changeable_days=3))
    (made,) = (each for each in AwsBackup(new).contribute(FACTS).resources if isinstance(each, BackupVault))
    assert (made.name, made.key_arn, made.lock) == ("prod", "", {"minRetentionDays": 7, "changeableForDays": 3})


def test_a_vault_has_one_maker() -> None:
    """API_CreateBackupVault.html: unique in the account and region, and so free in another one."""
    cluster = with_addons(AwsBackup(NewVault("backups")))
    stage = replace(cluster, name="stage")
    fleet = {"prod": cluster, "stage": stage}
    for known in ({}, {each.name: plan(each) for each in fleet.values()}):
        with pytest.raises(BlueprintError, match=r"stage\.addons\[\d\]\n.*backups.*\n.*makes this vault"):
            plans(fleet, known=known)
    assert len(plans({"prod": cluster, "stage": replace(stage, account="222222222222")})) == 2
    given = with_addons(AwsBackup(ExistingVault("backups")))
    assert len(plans({"prod": cluster, "stage": replace(given, name="stage")})) == 2


def test_no_rule_is_no_backup() -> None:
    assert_reported(with_addons(AwsBackup(GIVEN, rules={})), "addons[3].rules", "must not be empty", "at least one")


def test_a_vault_outlives_its_cluster(template: Template) -> None:
    vault = resource(template, "AWS::Backup::BackupVault")
    assert (vault["DeletionPolicy"], vault["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert vault["Properties"]["LockConfiguration"] == {"MinRetentionDays": 7}
    assert "us-west-2:111111111111:key/" in json.dumps(vault["Properties"]["EncryptionKeyArn"])


def test_the_template_says_what_was_written(template: Template) -> None:
    made = resource(template, "AWS::Backup::BackupPlan")["Properties"]["BackupPlan"]
    daily, monthly = made["BackupPlanRule"]
    assert (daily["RuleName"], daily["TargetBackupVault"]) == ("daily", "backup")
    (copy,) = daily["CopyActions"]
    assert copy["Lifecycle"] == {"DeleteAfterDays": 365}
    assert "us-east-2:111111111111:backup-vault:copies" in json.dumps(copy["DestinationBackupVaultArn"])
    assert daily["RecoveryPointTags"] == {"cost-center": "42"}
    assert monthly["ScheduleExpression"] == "cron(0 5 1 * ? *)"
    assert monthly["Lifecycle"] == {
        "DeleteAfterDays": 365,
        "MoveToColdStorageAfterDays": 30,
        "OptInToArchiveForSupportedResources": True,
    }


def test_aws_backup_takes_the_role_and_nothing_declares_its_entry(fleet: Templates, template: Template) -> None:
    """integration-backup.adoc of the user guide: it makes the entry by itself, in the authentication mode API."""
    selection = resource(template, "AWS::Backup::BackupSelection")["Properties"]["BackupSelection"]
    role = template["Resources"][selection["IamRoleArn"]["Fn::GetAtt"][0]]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "backup.amazonaws.com"}
    assert "AWSBackup" not in json.dumps([*of_type(template, "AWS::EKS::AccessEntry").values()])
    control_plane = resource(fleet["backup", "cluster"], "AWS::EKS::Cluster")
    assert control_plane["Properties"]["AccessConfig"]["AuthenticationMode"] == "API"


def test_who_restores_is_told_by_which_role(template: Template) -> None:
    (value,) = (each["Value"] for name, each in template["Outputs"].items() if "RestoreRoleArn" in name)
    role = template["Resources"][value["Fn::GetAtt"][0]]["Properties"]
    assert "AWSBackupServiceRolePolicyForRestores" in json.dumps(role["ManagedPolicyArns"])
