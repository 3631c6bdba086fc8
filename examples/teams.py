"""Teams with all that a team can have: roles, secrets, workloads, nodes of their own."""

from __future__ import annotations

from dataclasses import replace

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import Role
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.secrets import Parameter, SecretsManagerSecret
from blueprint.teams import (
    ApplicationTeam,
    CopiedSecrets,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    FromTeam,
    GitWorkload,
    HelmWorkload,
    Manifests,
    Permission,
    PlatformTeam,
    PriorityClass,
    ServiceAccount,
    Share,
    TeamNamespace,
    ToInternet,
    ToRange,
    ToTeam,
)
from examples.managed import MANAGED
from examples.shared import CERTIFICATE, KEY, PAYMENTS, PLATFORM

OPERATORS = PlatformTeam("operators", members=(Role("Operator"),), access="read-only")
SHOP = ApplicationTeam(
    "shop",
    owners=(Role("ShopOwner"),),
    developers=(Role("ShopDeveloper"),),
    viewers=(Role("Auditor"),),
    deployers=(Role("ShopPipeline"),),
    namespaces=(TeamNamespace("shop", pod_security="baseline"), TeamNamespace("shop-jobs")),
    network=(
        FromTeam("payments", ports=(8080,)),
        FromLoadBalancer(ports=(8080,)),
        FromInternalLoadBalancer(ports=(8081,)),
        ToRange("10.9.0.0/24", ports=(5432,)),
        ToInternet(),
    ),
    shares=(Share("shop-jobs", "payments", "developer"), Share("shop", "payments")),
    permissions=(Permission("argoproj.io", ("rollouts",), ("get", "patch")),),
    service_accounts=(
        ServiceAccount(
            "api",
            "shop",
            permissions=(
                Statement(("sqs:SendMessage",), ("arn:${blueprint:partition}:sqs:us-west-2:111111111111:orders",)),
            ),
            secrets=(Parameter("/shop/db-url"), SecretsManagerSecret("shop/api", key_arn=KEY)),
        ),
    ),
    copied_secrets=(CopiedSecrets("shop", (SecretsManagerSecret("shop/db"), Parameter("/shop/flags", key_arn=KEY))),),
    hosts=("shop.example.com", "*.shop.example.com"),
    certificates=(CERTIFICATE,),
    issuers=("letsencrypt",),
    permissions_boundary="TeamBoundary",
    image_registries=(
        "111111111111.dkr.ecr.us-west-2.amazonaws.com/shop/",
        "public.ecr.aws/aws-containers/",
        "public.ecr.aws/docker/library/",
    ),
    priority_classes=(PriorityClass("high", 1000),),
    node_pool=NodePool(),
    workloads=(
        Manifests("examples/workloads/shop", namespace="shop"),
        Manifests("examples/workloads/hello", namespace="shop-jobs"),
        HelmWorkload(
            "podinfo",
            "podinfo",
            "https://stefanprodan.github.io/podinfo",
            "6.9.2",
            values={"ingress": {"enabled": True, "className": "alb", "hosts": [{"host": "podinfo.shop.example.com"}]}},
            namespace="shop-jobs",
        ),
        GitWorkload("pages", "https://github.com/example/pages", "deploy", namespace="shop-jobs"),
    ),
)
TEAMS = replace(
    MANAGED,
    name="teams",
    addons=(
        *CORE,
        AwsLoadBalancerController(),
        ExternalDns(zones=("Z0123456789",), domains=("example.com",)),
        CertManager(zones={"example.com": "Z0123456789"}, acme_email="platform@example.com"),
        Karpenter(),
        ExternalSecrets(),
        SecretsStoreCsiDriver(),
        ArgoCd(domain="argocd.example.com"),
    ),
    teams=(
        PLATFORM,
        OPERATORS,
        SHOP,
        replace(
            PAYMENTS, network=(ToTeam("shop", ports=(8080,)),), shares=(Share("payments-jobs", "shop", "deployer"),)
        ),
    ),
)
