"""Charts and images of add-ons come from the blueprint's mirrors, unless the add-on says otherwise."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.karpenter import Karpenter
from addons.keda import Keda
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.snapshot_controller import SnapshotController
from addons.velero import Velero
from blueprint import (
    AutoMode,
    AutoNodeClass,
    Blueprint,
    FargateProfile,
    FargateSelector,
    ManagedNodes,
    Mirrors,
    NewNetwork,
    PullThroughCache,
    SelfManagedNodes,
)
from blueprint.addons import Addon, ExistingBucket, HelmRelease
from blueprint.contribution import NodeRole, split_image
from blueprint.errors import BlueprintError
from blueprint.node_pool import NodePool
from blueprint.planning.document import FargateNodes
from blueprint.planning.planner import plan
from blueprint.planning.registry_cache import registry_caches
from blueprint.value import problems_in
from tests.blueprint.examples import SMALL, assert_reported, changed, error_of, part

ECR = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
NODES = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
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
    made = plan(of(AwsLoadBalancerController(), SnapshotController(), Velero(bucket=ExistingBucket("backups")), Keda()))
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
        *(
            (Mirrors(images={hub: ECR}), f"mirrors.images['{hub}']", "by docker.io")
            # distribution/reference v0.6.0 normalize.go:17-29, and where clients go
            for hub in ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
        ),
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


SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/hub-AbCdEf"
CACHES = Mirrors(
    charts=MIRRORS.charts,
    cache=(PullThroughCache("docker.io", prefix="hub", secret=SECRET), PullThroughCache("public.ecr.aws", "public")),
)


def test_a_cache_says_names_of_images_as_a_mirror_does() -> None:
    """Below the prefix: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-working-pulling.html"""
    addons = (AwsLoadBalancerController(), SnapshotController(), Velero(bucket=ExistingBucket("backups")))
    cached, mirrored = plan(of(*addons, mirrors=CACHES)), plan(of(*addons))
    assert cached.addons == mirrored.addons
    assert [each.registry for each in cached.image_caches] == ["docker.io", "public.ecr.aws"]


def test_all_that_pulls_may_fill_the_cache_and_make_no_other_repository() -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html"""
    fargate = FargateProfile("jobs", selectors=(FargateSelector("jobs"),))
    groups = (NODES, SelfManagedNodes("own", instance_types=("m7g.large",)), fargate)
    auto = AutoMode(node_classes=(AutoNodeClass("own"),), own_node_pools=(NodePool("own", node_class="own"),))
    found = []
    for base in (
        changed(of(Karpenter(), mirrors=CACHES), compute=groups),
        changed(of(mirrors=CACHES), compute=(auto,)),
    ):
        made = plan(base)
        modes = [made.control_plane.auto_mode] if made.control_plane.auto_mode else []
        found += [role.statements for role in made.node_roles.values()]
        found += [each.role.statements for each in made.compute if isinstance(each, FargateNodes) and each.role]
        found += [role.statements for mode in modes for role in (mode.role, mode.own_role) if role]
        resources = (each for one in made.addons for each in one.contribution.resources)
        found += [each.statements for each in resources if isinstance(each, NodeRole)]
    assert len(found) == 6
    # AmazonEC2ContainerRegistryPullOnly lets nodes import, AmazonEKSFargatePodExecutionRolePolicy does not.
    imports = [statement for (statement,) in found if "ecr:BatchImportUpstreamImage" in statement.actions]
    assert len(imports) == 1
    for (statement,) in found:
        assert {*statement.actions} - {"ecr:BatchImportUpstreamImage"} == {"ecr:CreateRepository"}
        of_account = "arn:${blueprint:partition}:ecr:us-west-2:111111111111:repository"
        assert statement.resources == (f"{of_account}/hub/*", f"{of_account}/public/*")
    assert plan(of(Karpenter())).node_roles["managed"].statements == ()


def of_hub(**fields: object) -> Mirrors:
    return Mirrors(cache=(changed(CACHES.cache[0], **fields),))


AT = "mirrors.cache[0]"


@pytest.mark.parametrize(
    ("blueprint", "place", "rule", "fix"),
    [
        (of(mirrors=of_hub(secret=None)), f"{AT}.secret", "asks who pulls", "ecr-pullthroughcache/"),
        (of(mirrors=of_hub(secret=SECRET.replace("ecr-pull", "pull"))), f"{AT}.secret", "begins with", "hub-AbCdEf"),
        (of(mirrors=of_hub(secret=SECRET.replace("-2:", "-1:"))), f"{AT}.secret", "own account and region", "there"),
        (of(mirrors=of_hub(secret=SECRET.replace(":1", ":2"))), f"{AT}.secret", "own account and region", "there"),
        (of(mirrors=of_hub(registry="quay.io")), f"{AT}.secret", "takes no secret", "leave it out"),
        (of(mirrors=of_hub(registry="nvcr.io")), f"{AT}.registry", "'public.ecr.aws'", "write"),
        *(
            (of(mirrors=of_hub(prefix=each)), f"{AT}.prefix", "2 to 30", '"quay"')
            for each in ("h", "h/", "Hub", "h" * 31)
        ),
        (
            of(mirrors=changed(CACHES, images={"docker.io": f"{ECR}/docker"})),
            f"{AT}.registry",
            "images says already",
            "one of both",
        ),
        (
            of(mirrors=changed(CACHES, cache=(CACHES.cache[1], PullThroughCache("quay.io", "public")))),
            "mirrors.cache[1].prefix",
            "duplicate prefix",
            "take another",
        ),
        (
            of(mirrors=changed(CACHES, cache=(CACHES.cache[1], PullThroughCache("public.ecr.aws", "other")))),
            "mirrors.cache[1].registry",
            "duplicate registry",
            "keep one",
        ),
    ],
)
def test_mistakes_of_caches(blueprint: Blueprint, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_partitions_without_a_cache(region: str) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html (considerations)"""
    base = changed(of(mirrors=Mirrors(cache=CACHES.cache[1:])), region=region)
    assert_reported(base, AT, f"caches no other registry in {region}", 'images={"public.ecr.aws": "…"}')


def test_clusters_of_an_account_and_region_have_one_set_of_rules() -> None:
    quay = PullThroughCache("quay.io", "quay")
    more = changed(CACHES, cache=(*CACHES.cache, quay))
    one, two, plain = (
        plan(changed(of(mirrors=mirrors), name=name)) for name, mirrors in (("a", CACHES), ("b", more), ("c", MIRRORS))
    )
    (found,) = registry_caches([one, two, plain])
    assert (found.name, found.caches) == ("111111111111-us-west-2", (*CACHES.cache, quay))
    other = plan(changed(of(mirrors=Mirrors(cache=CACHES.cache[1:])), name="d", region="eu-west-1"))
    assert [each.region for each in registry_caches([one, other])] == ["us-west-2", "eu-west-1"]


def test_clusters_that_contradict_each_other() -> None:
    one = plan(changed(of(mirrors=CACHES), name="a"))
    another = changed(CACHES.cache[0], secret=SECRET.replace("hub-", "other-"))
    for caches, rule in (
        ((CACHES.cache[0], PullThroughCache("quay.io", "public")), "a has it for public.ecr.aws"),
        ((another, CACHES.cache[1]), "a has it for docker.io, with another secret"),
    ):
        with pytest.raises(BlueprintError) as error:
            registry_caches([one, plan(changed(of(mirrors=Mirrors(cache=caches)), name="b"))])
        (problem,) = error.value.problems
        assert problem.place == "b.mirrors.cache"
        assert problem.rule.endswith(rule)


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


def test_a_secret_may_be_of_any_partition() -> None:
    """Schema of AWS::ECR::PullThroughCacheRule, CredentialArn: where there is no cache, the region is what is wrong."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::ECR::PullThroughCacheRule").schema
    for partition in ("aws", "aws-cn", "aws-us-gov"):
        secret = SECRET.replace("arn:aws:", f"arn:{partition}:")
        assert re.fullmatch(schema["definitions"]["CredentialArn"]["pattern"], secret)
        assert not problems_in(PullThroughCache("docker.io", "hub", secret=secret))
