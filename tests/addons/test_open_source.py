"""Add-ons from open source: what each takes from its fields, and what it must not be able to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from addons.argo_rollouts import ArgoRollouts
from addons.aws_for_fluent_bit import AwsForFluentBit
from addons.aws_privateca_issuer import AwsPrivateCaIssuer
from addons.descheduler import Descheduler
from addons.flux import Flux
from addons.flux.git_source import GitSource
from addons.gatekeeper import Gatekeeper
from addons.nvidia_device_plugin import NvidiaDevicePlugin
from addons.snapshot_controller import SnapshotController
from addons.velero import Velero
from blueprint.addons import ExistingBucket, HelmAddon
from blueprint.contribution import LogGroup
from blueprint.iam import Statement
from examples.open_source import AUTHORITY, OPEN_SOURCE
from tests.addons.support import FACTS, deployed, names_no_partition, rules_broken
from tests.blueprint.examples import assert_reported, changed, with_addons
from tests.stacks.fleet import FLEET
from tests.templates import Templates, of_type, plain
from tools import contracts

BACKUPS = Velero(bucket=ExistingBucket("backups-111111111111"))
KEY = "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
EXTRA = (Statement(("ecr:ListImages",), ("arn:aws:ecr:eu-west-1:111111111111:repository/shop",)),)
FOLDER = GitSource("https://github.com/example/clusters", "prod")


def values(addon: HelmAddon) -> Any:
    return plain(addon.values(FACTS))


def test_they_work_in_every_partition() -> None:
    backups = replace(BACKUPS, bucket=ExistingBucket("backups-111111111111", kms_key_arn=KEY))
    for addon in (backups, AwsForFluentBit(), AwsPrivateCaIssuer({"private": AUTHORITY})):
        assert names_no_partition(addon.permissions(FACTS))


def test_backups_of_a_cluster_stand_below_its_name() -> None:
    """Velero 12.1.0 values.yaml, configuration.backupStorageLocation; https://velero.io/docs/v1.18/api-types/backupstoragelocation"""
    (location,) = values(BACKUPS)["configuration"]["backupStorageLocation"]
    assert location["bucket"] == "backups-111111111111"
    assert (location["prefix"], location["provider"], location["default"]) == ("prod", "aws", True)
    assert location["config"] == {"region": "eu-west-1"}
    made = values(replace(BACKUPS, schedules={"hourly": "5 * * * *"}, keep_days=7))["schedules"]
    assert made == {"hourly": {"schedule": "5 * * * *", "template": {"ttl": "168h0m0s"}}}


def test_volumes_are_backed_up_by_what_makes_snapshots() -> None:
    assert Velero.requires == (SnapshotController,)
    labels = [each["metadata"]["labels"] for each in SnapshotController().objects(FACTS)]
    # https://velero.io/docs/v1.18/csi/#prerequisites: by this label Velero finds the class of a driver
    assert labels == [{"velero.io/csi-volumesnapshot-class": "true"}]


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (changed(BACKUPS, bucket=ExistingBucket("Backups")), ["bucket.name"]),
        (changed(BACKUPS, schedules={"daily": "every day"}), ["schedules['daily']"]),
        (changed(BACKUPS, schedules={"daily": "0 3 * *"}), ["schedules['daily']"]),
        (changed(BACKUPS, keep_days=0), ["keep_days"]),
        (AwsForFluentBit(retention_days=8), ["retention_days"]),
        (AwsPrivateCaIssuer({}), ["issuers"]),
        (AwsPrivateCaIssuer({"private": f"{AUTHORITY}/*"}), ["issuers['private']"]),
        (Descheduler(interval_minutes=0), ["interval_minutes"]),
        (NvidiaDevicePlugin(pods_per_gpu=0), ["pods_per_gpu"]),
        (Flux(changed(FOLDER, repository="example/clusters")), ["bootstrap.repository"]),
        (Flux(extra_permissions=EXTRA), ["extra_permissions"]),
        (Flux(extra_permissions=EXTRA, image_automation=True), []),
    ],
)
def test_what_would_fail_later_is_refused(addon: HelmAddon, broken: list[str]) -> None:
    assert rules_broken(addon) == broken


def test_lines_go_into_a_group_with_an_end(fleet: Templates) -> None:
    """It stands before what writes into it, under the key of the cluster, and stays when the stack goes."""
    (group,) = AwsForFluentBit(retention_days=30).contribute(FACTS).resources
    assert group == LogGroup("/aws/eks/prod/containers", 30)
    (made,) = of_type(fleet["open-source", "addons"], "AWS::Logs::LogGroup").values()
    assert made["Properties"]["LogGroupName"] == "/aws/eks/open-source/containers"
    assert made["Properties"]["RetentionInDays"] == 90
    assert made["Properties"]["KmsKeyId"]
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert values(AwsForFluentBit())["cloudWatchLogs"]["autoCreateGroup"] is False


def test_lines_are_not_sent_twice() -> None:
    both = with_addons(AwsForFluentBit(), AmazonCloudWatchObservability())
    assert_reported(both, "addons[3]", "amazon-cloudwatch-observability", "remove")


def test_an_issuer_is_of_the_region_of_its_authority() -> None:
    (issuer,) = AwsPrivateCaIssuer({"private": AUTHORITY}).objects(FACTS)
    assert deployed(issuer["spec"]) == {"arn": AUTHORITY, "region": "us-west-2"}


@pytest.mark.parametrize("asks", [True, False])
def test_load_balancers_are_looked_at_only_when_asked(asks: Any) -> None:
    addon = ArgoRollouts(verify_target_groups=asks)
    assert bool(addon.permissions(FACTS)) is asks
    assert addon.services(FACTS) == (("elasticloadbalancing",) if asks else ())
    assert values(addon)["controller"]["awsVerifyTargetGroup"] is asks


def test_rollouts_change_no_objects_of_meshes_that_are_not_there() -> None:
    (contract,) = contracts.read("argo-rollouts").values()
    may = {thing for role in contract["roles"].values() for thing in role["may"]}
    assert not [thing for thing in may if any(mesh in thing for mesh in ("istio", "appmesh", "traefik", "gloo"))]
    assert "httproutes.gateway.networking.k8s.io" in may


def test_only_on_request_nodes_are_balanced() -> None:
    """Descheduler 0.36.0 README.md, LowNodeUtilization: arguments and where it stands."""

    def policy(addon: Descheduler) -> Any:
        (profile,) = values(addon)["deschedulerPolicy"]["profiles"]
        return profile["plugins"]["balance"]["enabled"], {
            each["name"]: each["args"] for each in profile["pluginConfig"]
        }

    enabled, arguments = policy(Descheduler(balance=True))
    assert "LowNodeUtilization" in enabled
    assert (
        arguments["LowNodeUtilization"]["thresholds"]["cpu"]
        < arguments["LowNodeUtilization"]["targetThresholds"]["cpu"]
    )
    enabled, arguments = policy(Descheduler(interval_minutes=10))
    assert "LowNodeUtilization" not in {*enabled, *arguments}
    assert values(Descheduler(interval_minutes=10))["deschedulingInterval"] == "10m"


def test_what_nobody_can_judge_is_let_through_unless_said_otherwise() -> None:
    """Gatekeeper 3.23.0 values.yaml: validatingWebhookFailurePolicy, disableMutation."""
    for strict in (True, False):
        found = values(Gatekeeper(refuse_when_down=strict, mutate=strict))
        assert found["validatingWebhookFailurePolicy"] == ("Fail" if strict else "Ignore")
        assert found["disableMutation"] is not strict
    assert values(Gatekeeper())["validatingWebhookCheckIgnoreFailurePolicy"] == "Ignore"


def test_rules_of_the_platform_cannot_stop_kubernetes_itself() -> None:
    """Gatekeeper 3.23.0 templates: namespaces with these labels are left out, and its own always."""
    for kind in ("validating", "mutating"):
        exempt = values(Gatekeeper(refuse_when_down=True, mutate=True))[f"{kind}WebhookExemptNamespacesLabels"]
        assert exempt == {"kubernetes.io/metadata.name": ["kube-system"]}


def test_pods_take_turns_on_a_gpu() -> None:
    """k8s-device-plugin v0.20.0 README.md, With CUDA Time-Slicing."""
    config = values(NvidiaDevicePlugin(pods_per_gpu=4))["config"]
    shared = {"timeSlicing": {"resources": [{"name": "nvidia.com/gpu", "replicas": 4}]}}
    assert json.loads(config["map"]["default"]) == {"version": "v1", "sharing": shared}
    assert "config" not in values(NvidiaDevicePlugin())


def test_a_folder_is_kept_applied() -> None:
    source, applied = Flux(FOLDER).objects(FACTS)
    assert source["spec"] == {"interval": "5m", "url": FOLDER.repository, "ref": {"branch": "main"}}
    assert (applied["spec"]["path"], applied["spec"]["prune"]) == ("./prod", True)
    assert applied["spec"]["sourceRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
    private, _ = Flux(replace(FOLDER, private=True)).objects(FACTS)
    assert private["spec"]["secretRef"] == {"name": "bootstrap"}
    assert Flux(FOLDER).contribute(FACTS).from_git == ("bootstrap",)
    assert (Flux().objects(FACTS), Flux().contribute(FACTS).from_git) == ((), ())


@pytest.mark.parametrize("wanted", [True, False])
def test_flux_looks_for_images_only_when_asked(wanted: bool) -> None:
    """fluxcd-community/helm-charts flux2-2.18.3, charts/flux2/values.yaml:99, :127: by itself the chart has both."""
    flux = Flux(image_automation=wanted)
    found = flux.contribute(FACTS)
    controllers = {"image-automation-controller", "image-reflector-controller"}
    assert ({each.name for each in found.workloads} >= controllers) is wanted
    assert ({f"ghcr.io/fluxcd/{name}" for name in controllers} <= {*found.images}) is wanted
    parts = ("imageAutomationController", "imageReflectionController")
    created = {part: values(flux)[part].get("create", True) for part in parts}
    assert {*created.values()} == {wanted}
    assert [grant.name for grant in found.grants] == (["flux-system/image-reflector-controller"] if wanted else [])
    assert found.aws_services == (("ecr.api", "ecr.dkr") if wanted else ())


def test_images_of_flux_come_from_a_mirror_where_it_runs_them() -> None:
    mirrored = replace(FACTS, image_mirrors=(("ghcr.io", "mirror.example.com/ghcr"),))
    for wanted in (True, False):
        (release,) = Flux(image_automation=wanted).contribute(mirrored).releases
        image = release.values["imageReflectionController"].get("image")
        assert image == ("mirror.example.com/ghcr/fluxcd/image-reflector-controller" if wanted else None)


def test_the_example_has_all_of_them() -> None:
    assert OPEN_SOURCE in FLEET
    assert {Velero, AwsForFluentBit, Flux, Gatekeeper} <= {type(each) for each in OPEN_SOURCE.addons}
