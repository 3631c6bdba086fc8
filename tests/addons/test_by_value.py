"""Add-ons that have no class."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any, cast

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from blueprint import Blueprint, FargateProfile, FargateSelector, plan
from blueprint.addons import Addon, EksAddonByName, HelmRelease, KubernetesManifests
from blueprint.addons.by_value import EVERYTHING
from blueprint.contribution import Chart, ManagedAddon, Release
from blueprint.iam import Statement
from blueprint.kubernetes import Namespace
from examples.fargate import FARGATE
from examples.isolated import ISOLATED
from tests.addons.support import rules_broken
from tests.blueprint.examples import assert_reported, part, places, with_addons
from tools.reference.values import classes

READS = Statement(("s3:GetObject",), ("arn:${blueprint:partition}:s3:::shop/list.json",))
MISSPELLED = Statement(("s3:GetObjekt",), ("arn:aws:s3:::settings/a",))
EFS: dict[str, Any] = {
    "version": "v3.0.0-eksbuild.1",
    "service_account": "efs-csi-controller-sa",
    "managed_policies": ("service-role/AmazonEFSCSIDriverPolicy",),
}
PODINFO: dict[str, Any] = {
    "chart": "podinfo",
    "repository": "https://stefanprodan.github.io/podinfo",
    "version": "6.9.2",
    "namespace": "podinfo",
}
OTHER = {**PODINFO, "namespace": "other"}


def by_place(cls: type[Addon]) -> list[str]:
    """The fields that a user may write without their names."""
    return [each.name for each in fields(cls) if each.init and not each.kw_only]


def test_only_the_name_has_a_place() -> None:
    """So that a field more never takes the place of another that somebody wrote."""
    for cls in (EksAddonByName, HelmRelease, KubernetesManifests):
        assert by_place(cls) == ["name"]


def test_what_a_base_brings_has_no_place() -> None:
    for cls in classes():
        if issubclass(cls, Addon) and cls.__module__.startswith("addons."):
            assert set(by_place(cls)) <= set(cls.__annotations__), cls


def test_the_longest_version_of_an_add_on_of_eks() -> None:
    longest = f"v1.{'1' * 61}"
    for version, broken in ((longest, []), (f"{longest}1", ["version"])):
        assert rules_broken(EksAddonByName("aws-efs-csi-driver", **{**EFS, "version": version})) == broken


def test_the_longest_name_of_an_image() -> None:
    """NameTotalLengthMax of github.com/distribution/reference."""
    longest = f"example.com/{'a' * 243}"
    for image, broken in ((longest, []), (f"{longest}a", ["images[0]"])):
        assert rules_broken(HelmRelease("podinfo", images=(image,), **PODINFO)) == broken


def test_a_service_account_without_permissions_gets_no_role() -> None:
    one = part(plan(with_addons(HelmRelease("podinfo", service_account="podinfo", **PODINFO))), "podinfo")
    assert one.grants == ()
    assert one.releases[0].values == {}
    of_eks = EksAddonByName("adot", version="v0.117.0-eksbuild.1", service_account="adot")
    assert part(plan(with_addons(of_eks)), "adot").managed_addons == (
        ManagedAddon("adot", "v0.117.0-eksbuild.1", {}, None, before_nodes=False),
    )


def _gives_everything(statement: dict[str, Any]) -> bool:
    actions, resources = (statement.get(key, []) for key in ("Action", "Resource"))
    if statement["Effect"] == "Deny" or "*" not in resources:
        return False
    return "NotAction" in statement or not {"*", "iam:*"}.isdisjoint([actions] if isinstance(actions, str) else actions)


def test_policies_of_aws_that_give_everything_are_refused() -> None:
    """By their documents, of which moto has a copy of all."""
    documents = {name: found["Document"]["Statement"] for name, found in json.loads(aws_managed_policies_data).items()}
    every = {
        name
        for name, found in documents.items()
        if any(map(_gives_everything, found if isinstance(found, list) else [found]))
    }
    assert len(documents) > 1000
    assert every == set(EVERYTHING)
    for name in every:
        one = EksAddonByName("adot", version="v0.117.0-eksbuild.1", service_account="adot", managed_policies=(name,))
        assert rules_broken(one) == ["managed_policies[0]"]


def test_an_add_on_of_eks_is_what_was_written() -> None:
    one = EksAddonByName(
        "aws-efs-csi-driver", configuration={"a": 1}, permissions=(READS,), endpoints=("elasticfilesystem",), **EFS
    )
    contribution = part(plan(with_addons(one)), "aws-efs-csi-driver")
    assert contribution.aws_services == ("elasticfilesystem",)
    (managed,) = contribution.managed_addons
    assert managed.grant is not None
    assert managed == ManagedAddon("aws-efs-csi-driver", "v3.0.0-eksbuild.1", {"a": 1}, managed.grant)
    assert managed.grant.name == "kube-system/efs-csi-controller-sa"
    assert managed.grant.managed_policies == ("service-role/AmazonEFSCSIDriverPolicy",)
    assert [each.actions for each in managed.grant.statements] == [("s3:GetObject",)]


def test_without_permissions_there_is_no_role() -> None:
    one = EksAddonByName("snapshot-controller", version="v8.3.0-eksbuild.1", before_nodes=True)
    (managed,) = part(plan(with_addons(one)), "snapshot-controller").managed_addons
    assert managed == ManagedAddon("snapshot-controller", "v8.3.0-eksbuild.1", before_nodes=True)


def test_a_chart_is_what_was_written() -> None:
    one = HelmRelease(
        "web",
        values={"replicaCount": 2},
        pod_security="restricted",
        timeout_minutes=3,
        images=("ghcr.io/x/y",),
        **PODINFO,
    )
    contribution = part(plan(with_addons(one)), "web")
    chart = Chart("podinfo", "https://stefanprodan.github.io/podinfo", "6.9.2")
    assert contribution.releases == (Release("web", chart, "podinfo", {"replicaCount": 2}, 3),)
    assert contribution.namespaces == (Namespace("podinfo", "restricted"),)
    assert contribution.images == ("ghcr.io/x/y",)
    assert contribution.grants == ()


def test_a_namespace_of_kubernetes_is_not_made() -> None:
    one = HelmRelease("web", **{**PODINFO, "namespace": "kube-system"})
    assert part(plan(with_addons(one)), "web").namespaces == ()


def test_pods_on_fargate_get_their_role_by_an_annotation() -> None:
    """EKS Pod Identity has no agent there: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html"""
    one = HelmRelease(
        "web", service_account="web", permissions=(READS,), service_account_annotations=("sa", "notes"), **PODINFO
    )
    on_nodes = part(plan(with_addons(one)), "web")
    assert [(grant.name, grant.irsa) for grant in on_nodes.grants] == [("podinfo/web", False)]
    assert on_nodes.releases[0].values == {}
    profile = FargateProfile("podinfo", selectors=(FargateSelector("podinfo"),))
    on_fargate = part(plan(with_addons(one, base=replace(FARGATE, compute=(*FARGATE.compute, profile)))), "web")
    assert [grant.irsa for grant in on_fargate.grants] == [True]
    assert on_fargate.releases[0].values == {
        "sa": {"notes": {"eks.amazonaws.com/role-arn": "${blueprint:role-arn:podinfo/web}"}}
    }


def test_any_number_stands_in_a_cluster_in_the_order_that_was_asked_for() -> None:
    first, last = (
        HelmRelease("z-first", **PODINFO),
        HelmRelease("a-last", after=("z-first", "vpc-cni"), **OTHER),
    )
    made = plan(with_addons(last, first))
    names = [each.name for each in made.addons]
    assert names.index("z-first") < names.index("a-last")
    (last_part,) = (each for each in made.addons if each.name == "a-last")
    assert set(last_part.after) == {"z-first", "vpc-cni"}
    assert plan(with_addons(first, last)) == made


@pytest.mark.parametrize(
    ("addons", "place", "rule", "fix"),
    [
        ((HelmRelease("a", **PODINFO), HelmRelease("a", **PODINFO)), "addons[4]", "duplicate", "remove one"),
        ((EksAddonByName("vpc-cni", version="v1.1.1"),), "addons[3]", "duplicate", "remove one"),
        ((HelmRelease("a", after=("nobody",), **PODINFO),), "addons[3].after", "has this name", "write one of"),
        ((HelmRelease("a", after=("a",), **PODINFO),), "addons[3].after", "has this name", "write one of"),
        (
            (
                HelmRelease("a", after=("b",), **PODINFO),
                HelmRelease("b", after=("a",), **{**PODINFO, "namespace": "b"}),
            ),
            "addons",
            "require each other in a circle",
            "remove one",
        ),
        *(
            (
                (each,),
                "addons[3].permissions[1].actions",
                "AWS knows no such action",
                "write s3:GetObject",
            )
            for each in (
                HelmRelease("a", permissions=(READS, MISSPELLED), service_account="a", **PODINFO),
                EksAddonByName("a", version="v1.1.1", permissions=(READS, MISSPELLED), service_account="a"),
            )
        ),
        ((HelmRelease("a", permissions=(READS,), **PODINFO),), "addons[3].service_account", "service account", "name"),
        (
            (EksAddonByName("a", version="v1.1.1", managed_policies=("ReadOnlyAccess",)),),
            "addons[3].service_account",
            "service account",
            "name",
        ),
        (
            (HelmRelease("a", values={"password": "hunter22"}, **PODINFO),),
            "addons[3].values['password']",
            "never hold a secret",
            "existing Secret",
        ),
        ((HelmRelease(1, **PODINFO),), "addons[3].name", "must be str", "write"),  # type: ignore[arg-type]  # is wrong
    ],
)
def test_mistakes(addons: tuple[Addon, ...], place: str, rule: str, fix: str) -> None:
    assert_reported(with_addons(*addons), place, rule, fix)


def test_without_internet_images_and_chart_come_from_amazon_ecr() -> None:
    registry = "111111111111.dkr.ecr.us-west-2.amazonaws.com"

    def having(**fields: Any) -> object:
        mirrored = HelmRelease("a", **{**PODINFO, "repository": f"oci://{registry}/podinfo"})
        return replace(ISOLATED, addons=(*ISOLATED.addons, replace(mirrored, **fields)))

    place, own = f"addons[{len(ISOLATED.addons)}]", (f"{registry}/y",)
    assert_reported(having(), f"{place}.images", "nobody knows what the chart's pods run", "images=")
    assert_reported(having(images=("ghcr.io/x/y",)), place, "Amazon ECR only", "in values")
    assert places(having(images=own, repository=PODINFO["repository"])) == [f"{place}.repository"]
    assert "bedrock-runtime" not in plan(cast("Blueprint", having(images=own))).network.interface_endpoints
    called = plan(cast("Blueprint", having(images=own, endpoints=("bedrock-runtime",))))
    assert "bedrock-runtime" in called.network.interface_endpoints
