"""What Flux applies that is not in Git: an artifact of a registry, or a bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.flux import Flux
from addons.flux.alerts import FluxAlert
from blueprint import FargateProfile, FargateSelector, FluxDelivery, plan
from blueprint.artifacts import OciArtifact, S3Folder
from blueprint.planning.document import Plan
from examples.fargate import FARGATE
from examples.flux_delivery import FLUX_DELIVERY
from tests.blueprint.examples import TABLE, assert_reported, changed, mistake, part, with_addons
from tests.templates import plain
from tests.tools.gitops.fields import unknown
from tools.gitops.folder import texts

ECR = "oci://222222222222.dkr.ecr.eu-central-1.amazonaws.com/platform/clusters"
DIGEST = f"sha256:{'0a' * 32}"


def delivered(repository: Any, **fields: Any) -> Plan:
    delivery = FluxDelivery(repository, folder="clusters", **fields)
    addons = tuple(Flux() if isinstance(each, Flux) else each for each in FLUX_DELIVERY.addons)
    return plan(replace(FLUX_DELIVERY, addons=addons, delivery=delivery))


def source(made: Plan) -> Any:
    assert made.delivery
    (found,) = (one for one in made.delivery.addons if one["apiVersion"].startswith("source."))
    return found


@pytest.mark.parametrize(
    ("chosen", "reference"),
    [
        (OciArtifact(ECR, tag="stable"), {"tag": "stable"}),
        (OciArtifact(ECR, semver=">=1.0.0 <2.0.0"), {"semver": ">=1.0.0 <2.0.0"}),
        (OciArtifact(ECR, digest=DIGEST), {"digest": DIGEST}),
    ],
)
def test_an_artifact_is_the_source_of_all_that_is_applied(chosen: OciArtifact, reference: dict[str, str]) -> None:
    """source-controller api/v1/ocirepository_types.go (OCIRepositoryRef; Provider aws: the controller's own role)"""
    made = delivered(chosen)
    assert made.delivery
    found = source(made)
    assert (found["kind"], found["metadata"]["name"]) == ("OCIRepository", "blueprint")
    assert found["spec"] == {"interval": "1m", "url": ECR, "ref": reference, "provider": "aws"}
    first = [one for one in (*made.delivery.addons, *made.delivery.teams) if one["kind"] == "Kustomization"]
    assert {one["spec"]["sourceRef"]["kind"] for one in first} == {"OCIRepository"}
    text = "\n".join(texts(made, made.delivery).values())
    assert "kind: OCIRepository\n    name: blueprint" in text
    assert "name: blueprint\n" in text
    assert [wrong for one in (found, *first) for wrong in unknown(plain(one))] == []


def test_a_bucket_is_read_by_the_role_of_the_controller() -> None:
    """source-controller api/v1/bucket_types.go"""
    found = source(delivered(S3Folder("platform-clusters")))
    assert found["kind"] == "Bucket"
    assert found["spec"] == {
        "interval": "1m",
        "provider": "aws",
        "bucketName": "platform-clusters",
        "endpoint": "s3.us-west-2.amazonaws.com",
        "region": "us-west-2",
    }
    assert unknown(plain(found)) == []
    china = S3Folder("platform-clusters", region="cn-north-1").spec("us-west-2")
    assert (china["endpoint"], china["region"]) == ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1")


@pytest.mark.parametrize(
    ("chosen", "actions", "services"),
    [
        (
            OciArtifact(ECR, tag="stable"),
            {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
            ("ecr.api", "ecr.dkr", "s3"),
        ),
        (
            OciArtifact(ECR, semver="1.x"),
            {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:ListImages"},
            ("ecr.api", "ecr.dkr", "s3"),
        ),
        (S3Folder("platform-clusters"), {"s3:ListBucket", "s3:GetObject"}, ("s3",)),
        (OciArtifact("oci://ghcr.io/example/platform", tag="stable"), set(), ()),
    ],
)
def test_it_is_read_by_permissions_for_that_alone(
    chosen: OciArtifact | S3Folder, actions: set[str], services: tuple[str, ...]
) -> None:
    flux = part(delivered(chosen), "flux")
    grants = {grant.service_account: grant for grant in flux.grants}
    assert {*grants} == ({"source-controller"} if actions else set())
    statements = grants["source-controller"].statements if actions else ()
    assert {action for statement in statements for action in statement.actions} == actions
    repositories = [each for statement in statements for each in statement.resources if each.startswith("arn:")]
    assert all("platform" in each for each in repositories)
    assert flux.aws_services == services


def test_on_fargate_the_chart_knows_the_role() -> None:
    """charts/flux2 2.18.3 values.yaml (sourceController.serviceAccount.annotations)"""
    profile = FargateProfile("flux", selectors=(FargateSelector("flux-system"),))
    delivery = FluxDelivery(OciArtifact(ECR, tag="stable"))
    there = replace(FARGATE, compute=(*FARGATE.compute, profile), addons=(*FARGATE.addons, Flux()), delivery=delivery)
    flux = part(plan(there), "flux")
    (grant,) = (each for each in flux.grants if each.service_account == "source-controller")
    assert grant.irsa
    account = flux.releases[0].values["sourceController"]["serviceAccount"]
    assert [*account["annotations"]] == ["eks.amazonaws.com/role-arn"]


def test_alerts_are_about_all_that_flux_applies() -> None:
    """notification-controller api/v1beta3 (Provider, Alert), of the chart's definitions"""
    alert = FluxAlert("ops", "pagerduty", credentials="pagerduty", severity="info")
    made = plan(with_addons(Flux(alerts=(alert,))))
    found = [one for one in part(made, "flux").objects if one["apiVersion"].startswith("notification.")]
    assert [(one["kind"], one["metadata"]["name"], one["metadata"]["namespace"]) for one in found] == [
        ("Provider", "ops", "flux-system"),
        ("Alert", "ops", "flux-system"),
    ]
    provider, about = (one["spec"] for one in found)
    assert provider == {"type": "pagerduty", "secretRef": {"name": "pagerduty"}}
    assert about["providerRef"] == {"name": "ops"}
    assert about["eventSeverity"] == "info"
    assert {each["kind"] for each in about["eventSources"]} == {"HelmRelease", "Kustomization"}
    assert [wrong for one in found for wrong in unknown(plain(one))] == []
    with_channel = changed(alert, channel="platform").manifests("flux-system")[0]
    assert with_channel["spec"]["channel"] == "platform"


def of(repository: Any, **fields: Any) -> object:
    return changed(FLUX_DELIVERY, delivery=FluxDelivery(repository, **fields))


MISTAKES = [
    mistake("no reference", of(OciArtifact(ECR)), "delivery.repository.tag", "one of tag, semver and digest", "tag="),
    mistake(
        "two references",
        of(OciArtifact(ECR, tag="stable", digest=DIGEST)),
        "delivery.repository.digest",
        "one of tag, semver and digest",
        "leave out tag, or this",
    ),
    mistake("no artifact", of(OciArtifact("https://ghcr.io/a", tag="a")), "delivery.repository.url", "address", "oci:"),
    mistake("a tag in it", of(OciArtifact(f"{ECR}:v1", tag="a")), "delivery.repository.url", "without its tag", "oci:"),
    mistake(
        "a short digest", of(OciArtifact(ECR, digest="sha256:0a")), "delivery.repository.digest", "digest", "sha256:"
    ),
    mistake("a branch", of(OciArtifact(ECR, tag="a"), branch="x"), "delivery.branch", "only a Git repo", "leave it"),
    mistake("a key", of(S3Folder("abc"), credentials="x"), "delivery.credentials", "by a role", "leave it out"),
    mistake("a bucket", of(S3Folder("A")), "delivery.repository.bucket", "bucket", ""),
    mistake(
        "two alerts of a name",
        with_addons(Flux(alerts=(FluxAlert("a", "slack", credentials="a"), FluxAlert("a", "slack", credentials="b")))),
        "addons[3].alerts[1].name",
        "alert",
        "rename one",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)
