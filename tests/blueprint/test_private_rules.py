"""Networks without internet: what pods call and pull is reached inside the VPC, or the report says what is not."""

from __future__ import annotations

from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.cluster_autoscaler import ClusterAutoscaler
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import Blueprint, FargateProfile, FargateSelector, ManagedNodes, plan
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.secrets import Parameter, SecretsManagerSecret
from blueprint.teams import ApplicationTeam, CopiedSecrets, ServiceAccount
from examples.existing_vpc import EXISTING_VPC
from tests.blueprint.examples import SMALL, TEAM, changed, error_of, part, with_network

ECR = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
NODES = ManagedNodes("system", instance_types=("m7g.xlarge",), min=3)
LBC = AwsLoadBalancerController(
    chart_repository=f"oci://{ECR}/lbc", extra_values={"image": {"repository": f"{ECR}/lbc"}}
)
KARPENTER = Karpenter(
    chart_repository=f"oci://{ECR}/karpenter",
    extra_values={"controller": {"image": {"repository": f"{ECR}/karpenter", "digest": ""}}},
)
AUTOSCALER = ClusterAutoscaler(
    chart_repository=f"oci://{ECR}/cluster-autoscaler",
    extra_values={"image": {"repository": f"{ECR}/cluster-autoscaler"}},
)


def isolated(*addons: object, endpoints: tuple[str, ...] = (), **fields: Any) -> Blueprint:
    network = with_network(nat="none", interface_endpoints=endpoints).network
    return changed(SMALL, network=network, compute=(NODES,), addons=(*CORE, *addons), **fields)


def derived(blueprint: Blueprint) -> set[str]:
    """Endpoints beside those of nodes and of the functions that install."""
    found = plan(blueprint).network.interface_endpoints
    assert list(found) == sorted({*found}), "each once, in an order that no list of add-ons moves"
    return {*found} - OF_NODES


# What the guide to private clusters lists for nodes, and what the functions of the CDK call (EKS, Lambda).
# https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
OF_NODES = {"ec2", "ecr.api", "ecr.dkr", "eks", "lambda"}


def test_nodes_and_installers_need_some_themselves() -> None:
    assert {*ENDPOINTS_WITHOUT_NAT} == OF_NODES
    bare = plan(changed(isolated(), compute=(FargateProfile("f", selectors=(FargateSelector("f"),)),), addons=()))
    assert {*bare.network.interface_endpoints} == OF_NODES
    assert bare.facts.internet is False
    assert plan(changed(SMALL, compute=(NODES,), addons=CORE)).network.interface_endpoints == ()


CALLED: list[tuple[tuple[object, ...], set[str]]] = [
    ((), {"eks-auth"}),
    ((LBC,), {"eks-auth", "elasticloadbalancing"}),
    ((KARPENTER,), {"eks-auth", "sqs", "ssm"}),
    ((AUTOSCALER,), {"autoscaling", "eks-auth", "sts"}),
]


@pytest.mark.parametrize(("addons", "endpoints"), CALLED)
def test_endpoints_that_add_ons_call(addons: tuple[object, ...], endpoints: set[str]) -> None:
    """Load balancer controller: pkg/aws/cloud.go; Karpenter: getting-started "Private clusters"; Cluster Autoscaler:
    the guide to private clusters; credentials by EKS Pod Identity: eks-pod-identity-agent
    internal/cloud/eksauth/service.go.
    """
    assert derived(isolated(*addons)) == endpoints


def test_they_come_and_go_with_their_callers_beside_those_that_are_named() -> None:
    made = plan(isolated(LBC, KARPENTER, endpoints=("sqs", "kinesis-streams")))
    assert {*made.network.interface_endpoints} - OF_NODES == {
        *("eks-auth", "elasticloadbalancing", "kinesis-streams", "sqs", "ssm")
    }
    (_, karpenter) = part(made, "karpenter").releases
    assert karpenter.values["settings"]["isolatedVPC"] is True
    (_, elsewhere) = part(plan(changed(SMALL, compute=(NODES,), addons=(*CORE, Karpenter()))), "karpenter").releases
    assert "isolatedVPC" not in elsewhere.values["settings"]


def test_credentials_by_irsa_come_from_sts() -> None:
    profile = FargateProfile("fargate", selectors=(FargateSelector("kube-system"),))
    assert derived(changed(isolated(), compute=(NODES, profile))) == {"eks-auth", "sts"}


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
    assert derived(isolated(eso, driver, teams=(team,))) == {"eks-auth", "secretsmanager", "ssm", "sts"}


def test_a_vpc_of_another_owner_must_have_them() -> None:
    """Nobody here makes endpoints there, so the report says which to ask for."""
    network = changed(EXISTING_VPC.network, internet=False, interface_endpoints=ENDPOINTS_WITHOUT_NAT)
    blueprint = changed(isolated(KARPENTER), network=network)
    callers = "eks-auth (aws-ebs-csi-driver, karpenter, vpc-cni); sqs (karpenter); ssm (karpenter)"
    (problem,) = error_of(blueprint).problems
    assert problem.place.endswith("network.interface_endpoints")
    assert problem.rule.partition("missing: ")[2] == callers
    assert problem.fix == "add 'eks-auth', 'sqs', 'ssm'"
    everything = changed(network, interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth", "sqs", "ssm"))
    assert plan(changed(blueprint, network=everything)).network.endpoint_policies == {}


# --- Policies of endpoints ---


def test_only_the_cluster_s_own_account_passes_an_endpoint() -> None:
    """aws-samples/data-perimeter-policy-examples vpc_endpoint_policies: default_endpoint_policy.json, of which these
    have the side of identities; sts_endpoint_policy.json for whoever comes with a token.
    """
    profile = FargateProfile("fargate", selectors=(FargateSelector("kube-system"),))
    made = plan(changed(isolated(KARPENTER), compute=(NODES, profile))).network.endpoint_policies
    own = {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}
    assert set(made) == {"ec2", "ecr.api", "ecr.dkr", "lambda", "s3", "sqs", "ssm", "sts"}
    for service, policy in made.items():
        first, *others = policy["Statement"]
        assert first == {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": own}
        assert bool(others) == (service in ("s3", "sts"))
    (_, federated) = made["sts"]["Statement"]
    assert [*federated["Action"]] == ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]
    assert federated["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111111111111"}}


def test_images_and_answers_to_cloudformation_pass_the_gateway() -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms and
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    """
    _, layers, answers = plan(isolated()).network.endpoint_policies["s3"]["Statement"]
    s3 = "arn:${blueprint:partition}:s3:::"
    assert (layers["Action"], layers["Resource"]) == ("s3:GetObject", f"{s3}prod-us-west-2-starport-layer-bucket/*")
    assert answers["Action"] == "s3:PutObject"
    assert answers["Resource"] == f"{s3}cloudformation-custom-resource-response-uswest2/*"


def test_with_nat_images_of_public_registries_pass_it_as_well() -> None:
    """registry.k8s.io and others answer with links to buckets of other accounts."""
    made = plan(with_network(interface_endpoints=("ec2", "sts"))).network
    assert (made.gateway_endpoints, made.endpoint_policies) == (("s3",), {})


# --- What no endpoint reaches ---


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
    blueprint = isolated(Karpenter(extra_values=images))
    places = [problem.place.partition("DEV.")[2] for problem in error_of(blueprint).problems]
    assert places == ["addons[7].chart_repository"] * 2  # Karpenter's and that of its definitions


def test_with_nat_nothing_is_asked() -> None:
    blueprint = changed(SMALL, compute=(NODES,), addons=(*CORE, AwsLoadBalancerController(), Karpenter()))
    assert plan(blueprint).facts.internet
