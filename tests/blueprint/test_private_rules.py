"""Networks without internet: what pods call and pull is reached inside the VPC, or the report says what is not."""

from __future__ import annotations

from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import Blueprint, FargateProfile, FargateSelector, ManagedNodes, plan
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.secrets import Parameter, SecretsManagerSecret
from blueprint.teams import ApplicationTeam, CopiedSecrets, ServiceAccount
from tests.blueprint.examples import SMALL, TEAM, assert_reported, changed, error_of, part, with_network

ECR = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
NODES = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
LBC = AwsLoadBalancerController(
    chart_repository=f"oci://{ECR}/lbc", extra_values={"image": {"repository": f"{ECR}/lbc"}}
)
KARPENTER = Karpenter(
    chart_repository=f"oci://{ECR}/karpenter",
    extra_values={"controller": {"image": {"repository": f"{ECR}/karpenter", "digest": ""}}},
)


def isolated(*addons: object, endpoints: tuple[str, ...] = ("eks-auth",), **fields: Any) -> Blueprint:
    network = with_network(nat="none", interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, *endpoints)).network
    return changed(SMALL, network=network, compute=(NODES,), addons=(*CORE, *addons), **fields)


def lacking(blueprint: Blueprint) -> str:
    """What the report says is missing."""
    (problem,) = error_of(blueprint).problems
    assert problem.place.endswith("network.interface_endpoints")
    return problem.rule.partition("missing: ")[2]


def test_nodes_and_installers_need_some_themselves() -> None:
    """What the guide to private clusters lists for nodes, and what the functions of the CDK call (EKS, Lambda).

    https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    assert {"ec2", "ecr.api", "ecr.dkr", "eks", "lambda"} == set(ENDPOINTS_WITHOUT_NAT)
    assert plan(isolated()).facts.internet is False


@pytest.mark.parametrize(
    ("addons", "endpoints", "missing"),
    [
        ((), (), "eks-auth (aws-ebs-csi-driver, vpc-cni)"),
        ((LBC,), ("eks-auth",), "elasticloadbalancing (aws-load-balancer-controller)"),
        ((KARPENTER,), ("eks-auth",), "sqs (karpenter); ssm (karpenter)"),
    ],
)
def test_endpoints_that_add_ons_call(addons: tuple[object, ...], endpoints: tuple[str, ...], missing: str) -> None:
    """Load balancer controller: pkg/aws/cloud.go; Karpenter: getting-started "Private clusters"; credentials by EKS Pod
    Identity: eks-pod-identity-agent internal/cloud/eksauth/service.go.
    """
    assert lacking(isolated(*addons, endpoints=endpoints)) == missing


def test_what_the_report_says_to_add_helps() -> None:
    endpoints = ("eks-auth", "elasticloadbalancing", "sqs", "ssm")
    made = plan(isolated(LBC, KARPENTER, endpoints=endpoints))
    (_, karpenter) = part(made, "karpenter").releases
    assert karpenter.values["settings"]["isolatedVPC"] is True
    (_, elsewhere) = part(plan(changed(SMALL, compute=(NODES,), addons=(*CORE, Karpenter()))), "karpenter").releases
    assert "isolatedVPC" not in elsewhere.values["settings"]


def test_credentials_by_irsa_come_from_sts() -> None:
    profile = FargateProfile("fargate", selectors=(FargateSelector("kube-system"),))
    blueprint = changed(isolated(), compute=(NODES, profile))
    assert lacking(blueprint) == "sts (aws-ebs-csi-driver)"


def test_secrets_of_teams_are_called_for_as_well() -> None:
    account = ServiceAccount("api", "payments", secrets=(Parameter("/payments/url"),))
    copied = CopiedSecrets("payments", (SecretsManagerSecret("payments/db"),))
    team = ApplicationTeam(
        "payments", developers=TEAM.developers, service_accounts=(account,), copied_secrets=(copied,)
    )
    mirror = {"image": {"repository": f"{ECR}/eso"}, "global": {"repository": f"{ECR}/eso"}}
    eso = ExternalSecrets(chart_repository=f"oci://{ECR}/eso", extra_values=mirror)
    driver = SecretsStoreCsiDriver(
        chart_repository=f"oci://{ECR}/driver",
        extra_values={
            "linux": {
                "image": {"repository": f"{ECR}/a"},
                "crds": {"image": {"repository": f"{ECR}/b"}},
                "registrarImage": {"repository": f"{ECR}/c"},
                "livenessProbeImage": {"repository": f"{ECR}/d"},
            }
        },
        provider_extra_values={"image": {"repository": f"{ECR}/e"}},
    )
    assert lacking(isolated(eso, driver, teams=(team,))) == (
        "secretsmanager (payments); ssm (payments); sts (payments)"
    )


@pytest.mark.parametrize("addon", [ExternalDns(zones=("Z1",)), CertManager(zones={"example.com": "Z1"})])
def test_services_without_a_region_have_no_endpoint(addon: object) -> None:
    mirrored = changed(addon, chart_repository=f"oci://{ECR}/chart")  # type: ignore[type-var]  # add-ons are values
    found = [problem for problem in error_of(isolated(mirrored)).problems if problem.value == "route53"]
    assert [problem.rule.partition(" calls ")[2] for problem in found] == [
        "route53, which no endpoint in the VPC reaches"
    ]


@pytest.mark.parametrize(
    ("addon", "images"),
    [
        (AwsLoadBalancerController(), {"public.ecr.aws/eks/aws-load-balancer-controller"}),
        (Karpenter(), {"public.ecr.aws/karpenter/controller"}),
        (ArgoCd(domain="a.example.com"), {"quay.io/argoproj/argocd", "ecr-public.aws.com/docker/library/redis"}),
        (
            CertManager(),
            {
                f"quay.io/jetstack/cert-manager-{name}"
                for name in ("controller", "webhook", "cainjector", "acmesolver", "startupapicheck")
            },
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_images_come_from_ecr(addon: object, images: set[str]) -> None:
    found = {str(problem.value) for problem in error_of(isolated(addon)).problems if "pull from" in problem.rule}
    assert found == images


def test_a_registry_may_be_named_for_all_images_of_a_chart() -> None:
    """https://artifacthub.io/packages/helm/cert-manager/cert-manager: imageRegistry"""
    certs = CertManager(chart_repository=f"oci://{ECR}/cert-manager", extra_values={"imageRegistry": ECR})
    assert plan(isolated(certs)).facts.internet is False
    public = CertManager(chart_repository=f"oci://{ECR}/cert-manager", extra_values={"imageRegistry": "ghcr.io"})
    found = error_of(isolated(public)).problems
    assert {str(problem.value).partition("/")[0] for problem in found} == {"ghcr.io"}


def test_a_public_chart_is_refused_too() -> None:
    images = {"controller": {"image": {"repository": f"{ECR}/karpenter"}}}
    blueprint = isolated(Karpenter(extra_values=images), endpoints=("eks-auth", "sqs", "ssm"))
    places = [problem.place.partition("DEV.")[2] for problem in error_of(blueprint).problems]
    assert places == ["addons[7].chart_repository"] * 2  # Karpenter's and that of its definitions


def test_with_nat_nothing_is_asked() -> None:
    blueprint = changed(SMALL, compute=(NODES,), addons=(*CORE, AwsLoadBalancerController(), Karpenter()))
    assert plan(blueprint).facts.internet
    assert_reported(with_network(nat="none"), "network.interface_endpoints", "missing: ec2, ecr.api", "add them")
