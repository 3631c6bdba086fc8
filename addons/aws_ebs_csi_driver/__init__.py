"""EBS volumes for pods, encrypted gp3 by default. https://github.com/kubernetes-sigs/aws-ebs-csi-driver"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from addons.aws_ebs_csi_driver.pods import WORKLOADS
from addons.aws_ebs_csi_driver.policy import CLUSTER_TAG, statements
from blueprint.addons import CallsAws, ClusterFacts, Contribution, EksAddon, Statement, Values
from blueprint.addons.lock import locked_versions
from blueprint.encryption import foreign_key, key_of, volume_key
from blueprint.errors import Problem
from blueprint.fields import KmsKeyArn
from blueprint.kubernetes import Manifest, storage_classes


class AwsEbsCsiDriver(CallsAws, EksAddon):
    """Each volume and snapshot carries the cluster's name, and the driver may touch no others."""

    name = "aws-ebs-csi-driver"
    lost = "no volume is made, attached or moved: pods with claims do not start on another node"
    versions = locked_versions(name)
    notes = "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/releases/tag/v{version}"
    service_account = "ebs-csi-controller-sa"
    workloads = WORKLOADS
    built_into_auto_mode = "skip"
    replaced_by = "block storage"

    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes of the default StorageClass, of any account whose key policy allows this one; that of the
    account and region for EBS when None. Claims that name the class gp3 keep the latter."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ec2",)

    def values(self, facts: ClusterFacts) -> Values:
        return {"controller": {"extraVolumeTags": {**dict(facts.tags), CLUSTER_TAG: facts.name}}}

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        key = {"kmsKeyId": key_of(self.kms_key_arn)} if self.kms_key_arn else {}
        return storage_classes("ebs.csi.aws.com", parameters=key)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), default_volume_key=not self.kms_key_arn)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        key = volume_key(self.kms_key_arn, facts.region) if self.kms_key_arn else ()
        return (*statements(facts), *key)
