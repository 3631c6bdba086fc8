"""Clusters of every kind that the model can say, for tests of what the renderer makes of them."""

from __future__ import annotations

from dataclasses import replace

from addons.argo_cd import ArgoCd
from addons.argo_cd.bootstrap import Bootstrap
from addons.argo_cd.sso import SingleSignOn
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.core_dns import CoreDns
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.kube_proxy import KubeProxy
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.vpc_cni import VpcCni
from blueprint import (
    AutoMode,
    Blueprint,
    Cluster,
    FargateProfile,
    FargateSelector,
    ManagedNodes,
    NewNetwork,
    PermissionSet,
    PublicEndpoint,
    Role,
    SelfManagedNodes,
    Taint,
    User,
)
from blueprint.iam import Statement
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.node_pool import NodePool
from blueprint.secrets import Parameter, SecretsManagerSecret
from teams.base import (
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
from teams.payments import PAYMENTS
from teams.platform import PLATFORM

KEY = "arn:aws:kms:us-west-2:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
MANAGED = Blueprint(
    name="managed",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(
        version="1.36",
        admins=(
            Role("BreakGlass"),
            User("platform/Emergency"),
            PermissionSet("Administrator", suffix="0123456789abcdef", region="eu-west-1"),
        ),
    ),
    compute=(
        ManagedNodes(
            "arm",
            instance_types=("m7g.large",),
            ami_type="BOTTLEROCKET_ARM_64",
            labels={"example.com/pool": "arm"},
            taints=(Taint("example.com/arm", "true"),),
        ),
        ManagedNodes("x86", instance_types=("m7i.large", "m6i.large"), capacity="SPOT", version="1.35"),
    ),
    addons=(
        *CORE,
        ArgoCd(
            domain="argocd.example.com",
            sso=SingleSignOn("https://login.example.com", "argocd", "platform"),
            bootstrap=Bootstrap("https://github.com/example/clusters", "managed"),
        ),
    ),
    teams=(PLATFORM, PAYMENTS),
    tags={"cost-center": "42"},
)
AUTO = replace(
    MANAGED,
    name="auto",
    compute=(AutoMode(),),
    cluster=replace(MANAGED.cluster, version="1.34", endpoint=PublicEndpoint(allow=("203.0.113.0/24",))),
    addons=(*CORE, ExternalDns(zones=("Z0123456789",)), CertManager()),
)
FARGATE = replace(
    MANAGED,
    name="fargate",
    compute=(
        FargateProfile("system", selectors=(FargateSelector("kube-system"), FargateSelector("external-dns"))),
        FargateProfile("batch", selectors=(FargateSelector("batch", labels={"example.com/fargate": "yes"}),)),
    ),
    addons=(CoreDns(), ExternalDns(zones=("Z0123456789",))),
    teams=(PLATFORM,),
)
LAUNCHED = replace(
    MANAGED,
    name="launched",
    compute=(FargateProfile("system", selectors=(FargateSelector("kube-system"),)),),
    addons=(*CORE, Karpenter()),
    teams=(PLATFORM,),
)
"""Karpenter on Fargate, and no nodes but those that it launches."""
SELF_MANAGED = replace(
    MANAGED,
    name="self-managed",
    compute=(
        SelfManagedNodes(
            "al2023", instance_types=("m7i.large",), labels={"example.com/pool": "a"}, taints=(Taint("example.com/a"),)
        ),
        SelfManagedNodes("bottlerocket", instance_types=("m7g.large", "m6g.large"), os="BOTTLEROCKET", capacity="SPOT"),
    ),
    addons=(
        *(addon for addon in MANAGED.addons if addon != AwsEbsCsiDriver()),
        AwsEbsCsiDriver(kms_key_arn=KEY),
        AwsLoadBalancerController(wafv2=True, shield=True),
    ),
)
ISOLATED = replace(
    MANAGED,
    name="isolated",
    network=replace(MANAGED.network, nat="none", interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth")),
    addons=CORE,
)
MIXED = replace(MANAGED, name="mixed", compute=(AutoMode(node_pools=("system",)), *MANAGED.compute))
BARE = replace(MANAGED, name="bare", addons=(CoreDns(), EksPodIdentityAgent(), KubeProxy(), VpcCni()), teams=())
"""Nothing for the add-ons stack and the teams stack."""
CHINA = replace(MANAGED, name="china", region="cn-north-1")
GOVERNMENT = replace(
    MANAGED,
    name="government",
    region="us-gov-west-1",
    addons=(*MANAGED.addons, ExternalDns(zones=("Z0123456789",), assume_role=Role("ExternalDns", "333333333333"))),
    cluster=replace(MANAGED.cluster, version="1.33", support_policy="EXTENDED"),
    compute=(ManagedNodes("x86", instance_types=("m7i.large", "m6i.large")),),
)

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
    permissions_boundary="TeamBoundary",
    image_registries=("111111111111.dkr.ecr.us-west-2.amazonaws.com/shop/",),
    priority_classes=(PriorityClass("high", 1000),),
    node_pool=NodePool(),
    workloads=(
        Manifests("examples/workloads/shop", namespace="shop"),
        HelmWorkload("podinfo", "podinfo", "https://stefanprodan.github.io/podinfo", "6.9.2", namespace="shop-jobs"),
        GitWorkload("pages", "https://github.com/example/pages", "deploy", namespace="shop-jobs"),
    ),
)
TEAMS = replace(
    MANAGED,
    name="teams",
    addons=(
        *CORE,
        AwsLoadBalancerController(),
        ExternalDns(zones=("Z0123456789",), domains=("shop.example.com",)),
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

FLEET = (MANAGED, AUTO, FARGATE, LAUNCHED, SELF_MANAGED, ISOLATED, MIXED, BARE, CHINA, GOVERNMENT, TEAMS)
