"""Controllers that AWS runs: their roles, what these may do, and how Argo CD there knows the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from addons.ack_capability import AckCapability
from addons.argo_cd import ArgoCd
from addons.argo_cd.bootstrap import Bootstrap
from addons.argo_cd_capability import ArgoCdCapability
from addons.argo_cd_capability.access import IdentityCenterGroup, IdentityCenterUser
from addons.kro_capability import ApiResources, KroCapability
from blueprint import Blueprint, plan
from blueprint.access import AccessEntry
from blueprint.addons import EksCapability
from blueprint.contribution import Capability
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest
from blueprint.planning.document import Plan
from examples.capabilities import CAPABILITIES
from examples.managed import MANAGED
from examples.teams import TEAMS
from tests.addons.support import FACTS, rules_broken
from tests.blueprint.examples import assert_reported, changed, with_addons

CENTER = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
GROUP = IdentityCenterGroup("0123456789-01234567-89ab-cdef-0123-456789abcdef")
USER = IdentityCenterUser("11111111-2222-3333-4444-555555555555")
ARGO = ArgoCdCapability(identity_center=CENTER, admins=(GROUP,))
ARN = "arn:${blueprint:partition}:eks:us-west-2:111111111111:cluster/dev"


def of(addon: EksCapability) -> tuple[Capability, AccessEntry]:
    made = addon.contribute(FACTS)
    (capability,), (entry,) = made.resources, made.access
    assert isinstance(capability, Capability)
    return capability, entry


def configuration(addon: EksCapability) -> Mapping[str, Any]:
    return of(addon)[0].configuration


def policies(addon: EksCapability) -> dict[str, tuple[str, ...]]:
    return {policy.name: policy.namespaces for policy in of(addon)[1].policies}


def objects(planned: Plan, name: str = "argo-cd-capability") -> dict[str, Manifest]:
    (part,) = (part for part in planned.addons if part.name == name)
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in part.contribution.objects}


@pytest.mark.parametrize(
    ("addon", "expected"),
    [
        (AckCapability(), {"AmazonEKSACKPolicy": ()}),
        (
            AckCapability(reads_secrets_in=("b", "a")),
            {"AmazonEKSACKPolicy": (), "AmazonEKSSecretReaderPolicy": ("a", "b")},
        ),
        (KroCapability(), {"AmazonEKSKROPolicy": ()}),
        (
            ARGO,
            {
                "AmazonEKSArgoCDClusterPolicy": (),
                "AmazonEKSArgoCDPolicy": ("argocd",),
                "AmazonEKSClusterAdminPolicy": (),
            },
        ),
    ],
)
def test_its_access_entry_has_what_eks_itself_would_give_it(
    addon: EksCapability, expected: dict[str, tuple[str, ...]]
) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/capabilities-security.html (Kubernetes permissions); scopes:
    aws-controllers-k8s/test-infra bootstrap/argocd-access.tf:6-9, bootstrap/argocd-rbac.tf:9-15.
    """
    assert policies(addon) == expected
    capability, entry = of(addon)
    assert entry.kind == "STANDARD"
    assert entry.principal == f"${{blueprint:role-arn:{capability.name}}}"


def test_what_ack_is_told() -> None:
    assert configuration(AckCapability()) == {}
    full = AckCapability(disabled_services=("s3", "iam"), cross_namespace=False)
    assert configuration(full) == {"ack": {"disabledServices": ["iam", "s3"], "enableCrossNamespace": False}}
    assert configuration(AckCapability(cross_namespace=True)) == {"ack": {"enableCrossNamespace": True}}


def test_what_argo_cd_is_told() -> None:
    least = configuration(ARGO)["argoCd"]
    assert least == {
        "awsIdc": {"idcInstanceArn": CENTER, "idcRegion": "eu-west-1"},
        "namespace": "argocd",
        "rbacRoleMappings": [{"role": "ADMIN", "identities": [{"id": GROUP.id, "type": "SSO_GROUP"}]}],
    }
    full = replace(
        ARGO,
        editors=(USER,),
        viewers=(IdentityCenterGroup(USER.id.replace("1", "2")),),
        identity_center_region="us-east-1",
        endpoint_prefix="platform",
        vpc_endpoints=("vpce-0123456789abcdef0",),
    )
    found = configuration(full)["argoCd"]
    assert found["awsIdc"]["idcRegion"] == "us-east-1"
    assert [each["role"] for each in found["rbacRoleMappings"]] == ["ADMIN", "EDITOR", "VIEWER"]
    assert found["rbacRoleMappings"][1]["identities"] == [{"id": USER.id, "type": "SSO_USER"}]
    assert found["endpointPrefix"] == "platform"
    assert found["networkAccess"] == {"vpceIds": ["vpce-0123456789abcdef0"]}


def test_argo_cd_knows_the_cluster_by_its_arn() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html: the cluster is not registered by
    itself, and neither its address nor kubernetes.default.svc is taken.
    """
    planned = plan(with_addons(replace(ARGO, bootstrap=Bootstrap("https://github.com/a/b", "apps"))))
    found = objects(planned)
    secret = found["Secret/blueprint.dev"]
    assert secret["stringData"] == {"name": "dev", "server": ARN}
    assert secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "cluster"
    assert secret["metadata"]["namespace"] == "argocd"
    assert found["Application/bootstrap"]["spec"]["destination"]["server"] == ARN
    project = found["AppProject/bootstrap"]["spec"]
    assert [each["server"] for each in project["destinations"]] == [ARN]
    # Required there: aws-controllers-k8s/test-infra bootstrap/argocd-access.tf:96-98
    assert project["sourceNamespaces"] == ("argocd",)


def test_folders_of_teams_go_to_the_cluster_by_its_arn() -> None:
    addons = (*(each for each in TEAMS.addons if not isinstance(each, ArgoCd)), ARGO)
    planned = plan(replace(TEAMS, addons=addons))
    applications = [one for one in planned.objects if one["kind"] == "Application"]
    assert applications
    projects = [one for one in planned.objects if one["kind"] == "AppProject"]
    servers = {one["spec"]["destination"]["server"] for one in applications}
    servers |= {each["server"] for one in projects for each in one["spec"]["destinations"]}
    assert servers == {planned.facts.cluster_arn}


def test_there_is_one_registration() -> None:
    """Argo CD looks a cluster up by its server, and two of one server are a mistake there."""
    planned = plan(CAPABILITIES)
    assert planned.delivery
    everything = [*planned.objects, *planned.delivery.addons]
    assert [one["metadata"]["name"] for one in everything if one["kind"] == "Secret"] == ["blueprint.capabilities"]


def test_it_waits_for_applications_of_applications() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/argocd-configure-settings.html: name, namespace and label."""
    found = objects(plan(with_addons(ARGO)))["ConfigMap/argocd-cm"]
    assert found["metadata"] == {
        "name": "argocd-cm",
        "namespace": "argocd",
        "labels": {"app.kubernetes.io/part-of": "argocd"},
    }
    assert [*found["data"]] == ["resource.customizations.health.argoproj.io_Application"]


def test_kro_makes_what_it_is_said_to_and_nothing_else() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/kro-permissions.html; by a group, since the user of an entry has
    another name in each session: aws-controllers-k8s/test-infra bootstrap/argocd-rbac.tf:29-31.
    """
    assert KroCapability().objects(FACTS) == ()
    some = KroCapability(makes=(ApiResources("apps", ("statefulsets", "deployments")), ApiResources("", ("services",))))
    role, binding = some.objects(FACTS)
    assert [(rule["apiGroups"], rule["resources"]) for rule in role["rules"]] == [
        ([""], ["services"]),
        (["apps"], ["deployments", "statefulsets"]),
    ]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {
        *("get", "list", "watch", "create", "update", "patch", "delete")
    }
    assert [subject["name"] for subject in binding["subjects"]] == list(of(some)[1].groups)
    assert binding["roleRef"]["name"] == role["metadata"]["name"]


@pytest.mark.parametrize(
    ("value", "places"),
    [
        (AckCapability(disabled_services=("S3",)), ["disabled_services[0]"]),
        (AckCapability(reads_secrets_in=("a_b",)), ["reads_secrets_in[0]"]),
        (AckCapability(permissions=(Statement(("s3:*",), ("arn:aws:s3:::a",)),)), ["permissions[0].actions"]),
        (
            AckCapability(permissions=(Statement(("s3:GetObjekt",), ("arn:aws:s3:::a/b",)),)),
            ["permissions[0].actions"],
        ),
        (KroCapability(makes=(ApiResources("apps", ()),)), ["makes[0].resources"]),
        (KroCapability(makes=(ApiResources("Apps", ("a",)),)), ["makes[0].group"]),
        (KroCapability(makes=(ApiResources("apps", ("Deployments",)),)), ["makes[0].resources[0]"]),
        (KroCapability(makes=(ApiResources("", ("a",)), ApiResources("", ("b",)))), ["makes[1].group"]),
        (KroCapability(makes=(ApiResources("rbac.authorization.k8s.io", ("roles",)),)), ["makes[0].group"]),
        (replace(ARGO, identity_center="ssoins-0123456789abcdef"), ["identity_center"]),
        (replace(ARGO, admins=()), ["admins"]),
        (replace(ARGO, admins=(IdentityCenterGroup("platform"),)), ["admins[0].id"]),
        (replace(ARGO, editors=(USER, USER)), ["editors[1].id"]),
        (replace(ARGO, viewers=(GROUP,)), ["viewers[0].id"]),
        (replace(ARGO, endpoint_prefix="-a"), ["endpoint_prefix"]),
        (replace(ARGO, endpoint_prefix="a" * 51), ["endpoint_prefix"]),
        (replace(ARGO, vpc_endpoints=("vpc-1",)), ["vpc_endpoints[0]"]),
        (replace(ARGO, identity_center_region="moon"), ["identity_center_region"]),
        (replace(ARGO, endpoint_prefix="a" * 50, editors=(USER,)), []),
    ],
)
def test_mistakes_are_told(value: EksCapability, places: list[str]) -> None:
    assert rules_broken(value) == places


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_other_partitions_have_none(region: str) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html: in all AWS commercial Regions."""
    cluster = changed(with_addons(AckCapability()), region=region)
    assert_reported(cluster, "addons[3]", f"EKS has no capabilities in {region}", "run the controllers by their charts")


def test_there_is_one_argo_cd() -> None:
    both: Blueprint = with_addons(ARGO, ArgoCd(domain="argocd.example.com"))
    assert_reported(both, "addons[3]", "argo-cd-capability conflicts with argo-cd", "remove one of them")


def test_a_cluster_without_any_has_none_of_it() -> None:
    assert plan(MANAGED).facts.argo_cd_server == "https://kubernetes.default.svc"
    assert not plan(MANAGED).facts.by_argo_cd
