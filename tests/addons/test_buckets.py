"""A bucket that is an add-on's own: there already, or made by a deploy; what each add-on may do in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from addons.argo_workflows import ArgoWorkflows
from addons.loki import Loki
from addons.tempo import Tempo
from addons.velero import Velero
from blueprint import ManagedNodes
from blueprint.addons import ExistingBucket, HelmAddon, NewBucket, OwnBucket
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plans
from blueprint.value import problems_in
from tests.addons.support import FACTS, allowed, problems_on
from tests.blueprint.examples import assert_reported, with_addons
from tests.templates import Templates, of_type

KEY = "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
GIVEN = ExistingBucket("data-111111111111")


def using(bucket: OwnBucket) -> tuple[HelmAddon, ...]:
    return (Loki(bucket), Tempo(bucket), Velero(bucket), ArgoWorkflows(artifacts=bucket))


@pytest.mark.parametrize("place", range(4))
def test_a_key_of_another_region_is_refused(place: int) -> None:
    addon = using(replace(GIVEN, kms_key_arn=KEY.replace("eu-west-1", "us-east-1")))[place]
    (problem,) = problems_on(FACTS, addon)
    assert problem.place in {"bucket.kms_key_arn", "artifacts.kms_key_arn"}
    assert not [*using(replace(GIVEN, kms_key_arn=KEY))[place].problems_on(FACTS)]


@pytest.mark.parametrize("place", range(4))
def test_only_a_new_one_is_made(place: int) -> None:
    (made,) = using(NewBucket("data-111111111111", versions_days=7))[place].contribute(FACTS).resources
    assert (made.name, made.versions_days) == ("data-111111111111", 7)  # type: ignore[union-attr]  # it is a bucket
    assert using(GIVEN)[place].contribute(FACTS).resources == ()


def test_who_only_reads_encrypts_nothing() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: a download needs kms:Decrypt, an
    upload kms:GenerateDataKey, and one in parts both.
    """
    context = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    bucket = replace(GIVEN, kms_key_arn=KEY)
    for actions, writes in ((("s3:GetObject",), False), (("s3:GetObject", "s3:PutObject"), True)):
        statements = bucket.allows(FACTS, *actions)
        assert allowed(statements, "kms:Decrypt", KEY, context)
        assert allowed(statements, "kms:GenerateDataKey", KEY, context) is writes
        assert not allowed(statements, "kms:Decrypt", KEY, {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"})


def test_what_is_below_a_prefix_is_all_it_has() -> None:
    statements = GIVEN.allows(FACTS, "s3:GetObject", below="prod/")
    arn = "arn:aws:s3:::data-111111111111"
    assert allowed(statements, "s3:GetObject", f"{arn}/prod/one")
    assert not allowed(statements, "s3:GetObject", f"{arn}/stage/one")
    assert allowed(statements, "s3:ListBucket", arn, {"s3:prefix": "prod/backups/"})
    assert not allowed(statements, "s3:ListBucket", arn, {"s3:prefix": "stage/"})


def test_a_bucket_has_one_maker() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: unique in all accounts."""
    new, roomy = NewBucket("data-111111111111"), (ManagedNodes("system", instance_types=("m7g.xlarge",)),)
    cluster = replace(with_addons(Loki(new)), compute=roomy)
    assert_reported(
        replace(cluster, addons=(*cluster.addons, Tempo(new))), "addons[4]", "makes this bucket", "of its own"
    )
    stage = replace(cluster, name="stage")
    with pytest.raises(BlueprintError, match=r"stage\.addons\[3\]\n.*data-111111111111.*\n.*prod\.addons\[3\] makes"):
        plans({"prod": cluster, "stage": stage})
    given = replace(stage, addons=(*stage.addons[:3], Loki(GIVEN)))
    assert len(plans({"prod": cluster, "stage": given})) == 2


@pytest.mark.parametrize("fields", [{"name": "Data"}, {"kms_key_arn": "alias/data"}, {"versions_days": 0}])
def test_what_would_fail_later_is_refused(fields: dict[str, Any]) -> None:
    (problem,) = problems_in(NewBucket(**{"name": "data-111111111111", **fields}))
    assert problem.place in fields


def test_a_new_one_outlives_its_cluster_and_is_private(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"""
    template = fleet["open-source", "addons"]
    ((id, made),) = of_type(template, "AWS::S3::Bucket").items()
    properties = made["Properties"]
    assert properties["BucketName"] == "traces-111111111111"
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    # Else a deleted object leaves a marker for ever: userguide/intro-lifecycle-rules.html (ExpiredObjectDeleteMarker)
    assert (rule["Status"], rule["ExpiredObjectDeleteMarker"]) == ("Enabled", True)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    (encrypted,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encrypted["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert encrypted["BucketKeyEnabled"] is True  # a call of KMS for many objects: userguide/bucket-key.html
    assert "us-west-2:111111111111:key/" in json.dumps(encrypted["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
    ((_, policy),) = of_type(template, "AWS::S3::BucketPolicy").items()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert policy["Properties"]["Bucket"] == {"Ref": id}
    for each in (made, policy):
        assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_without_a_key_s3_has_one(fleet: Templates) -> None:
    (made,) = of_type(fleet["self-service", "addons"], "AWS::S3::Bucket").values()
    (encrypted,) = made["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encrypted == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
