"""Charts and images of add-ons come from the blueprint's mirrors, unless the add-on says otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.karpenter import Karpenter
from addons.keda import Keda
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.snapshot_controller import SnapshotController
from addons.velero import Velero
from blueprint import Blueprint, Mirrors, NewNetwork
from blueprint.addons import Addon, HelmRelease
from blueprint.contribution import split_image
from blueprint.planning.planner import plan
from tests.blueprint.examples import SMALL, error_of, part

ECR = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
MIRRORS = Mirrors(
    images={host: f"{ECR}/{name}" for host, name in (("docker.io", "hub"), ("public.ecr.aws", "public"))},
    charts=f"oci://{ECR}/charts",
)


def of(*addons: Addon, mirrors: Mirrors = MIRRORS) -> Blueprint:
    return replace(SMALL, addons=(*CORE, *addons), mirrors=mirrors)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("quay.io/argoproj/argocd", ("quay.io", "argoproj/argocd")),
        ("localhost/a", ("localhost", "a")),
        ("registry:5000/a/b", ("registry:5000", "a/b")),
        ("openpolicyagent/gatekeeper", ("docker.io", "openpolicyagent/gatekeeper")),
        ("redis", ("docker.io", "library/redis")),
    ],
)
def test_an_image_without_a_host_is_the_docker_hubs(name: str, split: tuple[str, str]) -> None:
    """distribution/reference v0.6.0 normalize.go (splitDockerDomain), normalize_test.go."""
    assert split_image(name) == split


def test_every_chart_is_below_the_mirror_by_its_name() -> None:
    """An OCI chart has the whole address: https://helm.sh/docs/topics/registries"""
    made = plan(of(Karpenter(), SecretsStoreCsiDriver(), Keda()))
    charts = {each.name: each.chart for one in made.parts for each in one.contribution.releases}
    assert {chart.repository for chart in charts.values()} == {f"oci://{ECR}/charts/{each}" for each in charts}
    assert {*charts} == {
        *("karpenter", "karpenter-crd", "keda"),
        *("secrets-store-csi-driver", "secrets-store-csi-driver-provider-aws"),
    }
    assert {charts[name].published for name in ("karpenter", "karpenter-crd")} == {
        "oci://public.ecr.aws/karpenter/karpenter",
        "oci://public.ecr.aws/karpenter/karpenter-crd",
    }
    assert charts["karpenter"].digest == Karpenter.chart.digest


def test_an_add_on_s_own_repository_wins() -> None:
    own = f"oci://{ECR}/mine/keda"
    release = HelmRelease("a", chart="a", repository="oci://a.example.com/a", version="1.0.0", namespace="a")
    made = plan(of(Keda(chart_repository=own), release))
    charts = {each.name: each.chart for name in ("keda", "a") for each in part(made, name).releases}
    assert [(charts[name].repository, charts[name].published) for name in ("keda", "a")] == [
        (own, ""),
        ("oci://a.example.com/a", ""),
    ]


def test_images_come_from_the_mirror_of_their_registry_and_others_from_where_they_were() -> None:
    made = plan(of(AwsLoadBalancerController(), SnapshotController(), Velero(bucket="backups"), Keda()))
    controller, velero, keda = (part(made, name) for name in ("aws-load-balancer-controller", "velero", "keda"))
    assert controller.images == (f"{ECR}/public/eks/aws-load-balancer-controller",)
    assert controller.mirrored == (("public.ecr.aws/eks/aws-load-balancer-controller", *controller.images),)
    assert controller.releases[0].values["image"]["repository"] == controller.images[0]
    (plugin,) = velero.releases[0].values["initContainers"]
    assert plugin["image"].startswith(f"{ECR}/hub/velero/velero-plugin-for-aws:v")
    assert velero.images == (f"{ECR}/hub/velero/velero", f"{ECR}/hub/velero/velero-plugin-for-aws")
    assert (keda.mirrored, {image.partition("/")[0] for image in keda.images}) == ((), {"ghcr.io"})


def test_a_registry_of_a_chart_is_that_of_the_mirror() -> None:
    made = part(plan(of(Keda(), mirrors=Mirrors(images={"ghcr.io": f"{ECR}/github"}))), "keda")
    images = made.releases[0].values["image"]
    assert {each["registry"] for each in images.values()} == {f"{ECR}/github"}
    assert made.images[0] == f"{ECR}/github/kedacore/keda"


def test_what_the_user_says_of_an_image_wins() -> None:
    values = {"image": {"repository": "example.com/lbc"}}
    made = part(plan(of(AwsLoadBalancerController(extra_values=values))), "aws-load-balancer-controller")
    assert (made.images, made.releases[0].values["image"]) == (("example.com/lbc",), values["image"])


@pytest.mark.parametrize(
    ("mirrors", "place", "rule"),
    [
        (Mirrors(images={"quay.io": "quay.io/mirror"}), "mirrors.images['quay.io']", "no mirror of itself"),
        (Mirrors(images={"registry-1.docker.io": ECR}), "mirrors.images['registry-1.docker.io']", "by docker.io"),
        (Mirrors(images={"quay.io": f"{ECR}/quay/"}), "mirrors.images['quay.io']", "without a slash"),
        (Mirrors(images={"https://quay.io": ECR}), "mirrors.images['https://quay.io']", "host of a registry"),
        (Mirrors(charts="https://charts.example.com"), "mirrors.charts", "beginning of addresses of charts"),
        (Mirrors(charts=f"oci://{ECR}/charts/"), "mirrors.charts", "without a slash"),
    ],
)
def test_mistakes(mirrors: Mirrors, place: str, rule: str) -> None:
    (found,) = error_of(of(mirrors=mirrors)).problems
    assert found.place.endswith(place)
    assert rule in found.rule


def test_without_internet_only_ecr_is_a_mirror_of_charts() -> None:
    network = NewNetwork(cidr="10.0.0.0/16", nat="none")
    both = Mirrors(images=MIRRORS.images, charts="oci://harbor.example.com/charts")
    (found,) = error_of(replace(of(Karpenter(), mirrors=both), network=network)).problems
    assert (found.place.endswith("mirrors.charts"), "Amazon ECR only" in found.rule) == (True, True)
    assert plan(replace(of(Karpenter()), network=network)).facts.internet is False


def test_the_report_says_which_mirror_is_missing() -> None:
    network = NewNetwork(cidr="10.0.0.0/16", nat="none")
    mirrors = Mirrors(charts=f"oci://{ECR}/charts")
    found = error_of(replace(of(CertManager(zones={"example.com": "Z1"}), mirrors=mirrors), network=network)).problems
    fixes = {each.fix for each in found if "pull from" in each.rule}
    assert len(fixes) == 1
    assert 'mirrors=Mirrors(images={"quay.io": "…"})' in fixes.pop()
