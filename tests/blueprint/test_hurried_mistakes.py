"""What hurried engineers write: mistakes of security that a plan refuses, and what is left to whoever decides.

The first 21 are those of 40 injected into templates that neither the validation of the CDK nor cfn-lint nor checkov
saw (of manifests that are garbage, tests/teams/test_workloads.py knows more); the others were made up before the rules
were read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.argo_cd.bootstrap import Bootstrap
from addons.argo_cd.sso import SingleSignOn
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.karpenter.node_class import NodeClass
from addons.metrics_server import MetricsServer
from addons.vpc_cni import VpcCni
from blueprint import (
    AutoMode,
    Blueprint,
    PermissionSet,
    PublicEndpoint,
    Role,
    SelfManagedNodes,
    User,
    plan,
)
from blueprint.addons import Addon, EksAddonByName, HelmRelease
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.secrets import SecretsManagerSecret
from blueprint.teams import (
    ContainerDefaults,
    CopiedSecrets,
    GitWorkload,
    Manifests,
    Permission,
    Quota,
    ServiceAccount,
    Share,
    ToRange,
)
from examples.dev import DEV
from examples.shared import KEY
from examples.teams import SHOP, TEAMS
from tests.blueprint.examples import changed, places


def cluster(**fields: Any) -> Blueprint:
    return replace(DEV, cluster=changed(DEV.cluster, **fields))


def network(**fields: Any) -> Blueprint:
    return replace(DEV, network=changed(DEV.network, **fields))


def nodes(**fields: Any) -> Blueprint:
    return changed(DEV, compute=(changed(DEV.compute[0], **fields),))


def addon(cls: type[Addon], base: Blueprint = DEV, **fields: Any) -> Blueprint:
    return replace(base, addons=tuple(changed(one, **fields) if type(one) is cls else one for one in base.addons))


def more(*addons: Addon) -> Blueprint:
    return replace(DEV, addons=(*DEV.addons, *addons))


def release(**fields: Any) -> Blueprint:
    podinfo = HelmRelease(
        "podinfo",
        chart="podinfo",
        repository="oci://ghcr.io/stefanprodan/charts/podinfo",
        version="6.9.2",
        namespace="podinfo",
    )
    return more(changed(podinfo, **fields))


def pool(**fields: Any) -> Blueprint:
    return addon(Karpenter, node_pools=(changed(NodePool(), **fields),))


def shop(**fields: Any) -> Blueprint:
    return replace(TEAMS, teams=tuple(changed(SHOP, **fields) if team is SHOP else team for team in TEAMS.teams))


def sa(*statements: Any) -> Blueprint:
    """The shop with a service account that may do this."""
    return shop(service_accounts=(*SHOP.service_accounts, ServiceAccount("worker", "shop", permissions=statements)))


def ns(**fields: Any) -> Blueprint:
    return shop(namespaces=(changed(SHOP.namespaces[0], **fields), SHOP.namespaces[1]))


Written = Callable[[], Blueprint]
MISTAKES: list[tuple[str, Written, str]] = [
    ("v1.99", lambda: cluster(version="1.99"), "cluster.version"),
    ("eol 1.25", lambda: cluster(version="1.25"), "cluster.version"),
    ("min>max", lambda: nodes(min=5, max=3), "compute[0].min"),
    ("unknown instance type", lambda: nodes(instance_types=("m7q.large",)), "compute[0].instance_types[0]"),
    ("arm+x86 ami", lambda: nodes(ami_type="AL2023_x86_64_STANDARD"), "compute[0].ami_type"),
    ("lt+disk", lambda: nodes(launch_template="lt-1", disk_gib=50), "compute[0].launch_template"),
    (
        "both max unavailable",
        lambda: nodes(max_unavailable=1, max_unavailable_percent=33),
        "compute[0].max_unavailable",
    ),
    ("config not json", lambda: addon(VpcCni, configuration='{"enableNetworkPolicy": tru'), "addons[0].configuration"),
    ("unknown addon version", lambda: addon(VpcCni, version="v9.9.9-eksbuild.1"), "addons[0].version"),
    ("ns scope without ns", lambda: shop(shares=(Share("", "payments"),)), "teams[2].shares[0].namespace"),
    (
        "access policy on ec2_linux",
        lambda: cluster(admins=(changed(Role("BreakGlass"), type="EC2_LINUX"),)),
        "cluster.admins[0].type",
    ),
    (
        "dup PIA",
        lambda: shop(service_accounts=(*SHOP.service_accounts, *SHOP.service_accounts)),
        "teams[2].service_accounts[1]",
    ),
    ("auto half on", lambda: replace(DEV, compute=(AutoMode(node_pools=()),)), "compute[0].node_pools"),
    ("both endpoints off", lambda: cluster(endpoint=None), "cluster.endpoint"),
    ("one AZ", lambda: network(zones=("a",)), "network.zones"),
    (
        "manifests that are not there",
        lambda: shop(workloads=(Manifests("garbage", namespace="shop"),)),
        "teams[2].workloads[0].directory",
    ),
    ("helm without version", lambda: release(version=""), "addons[12].version"),
    ("encryption of pods", lambda: cluster(encryption_resources=("pods",)), "cluster.encryption_resources"),
    (
        "policy >6144",
        lambda: sa(
            *(Statement(("s3:GetObject",), (f"arn:aws:s3:::shop-a-rather-long-bucket-name-{n}/x",)) for n in range(200))
        ),
        "teams[2].service_accounts[1]",
    ),
    (
        "trust of no service",
        lambda: sa(
            changed(
                Statement(("sqs:SendMessage",), ("arn:aws:sqs:us-west-2:111111111111:orders",)),
                principals=("pods.eks.amazon.com",),
            )
        ),
        "teams[2].service_accounts[1].permissions[0].principals",
    ),
    ("imdsv1", lambda: nodes(http_tokens="optional"), "compute[0].http_tokens"),
    (
        "s3:* everywhere with a reason",
        lambda: sa(Statement(("s3:*",), ("*",), reason="needed")),
        "teams[2].service_accounts[1].permissions[0].actions",
    ),
    (
        "action typo",
        lambda: sa(Statement(("s3:GetObjects",), ("arn:aws:s3:::shop/data",))),
        "teams[2].service_accounts[1].permissions[0].actions",
    ),
    (
        "passrole",
        lambda: sa(Statement(("iam:PassRole",), ("arn:aws:iam::111111111111:role/*",), reason="x")),
        "teams[2].service_accounts[1].permissions[0].actions",
    ),
    (
        "all secrets by arn wildcard",
        lambda: sa(
            Statement(("secretsmanager:GetSecretValue",), ("arn:aws:secretsmanager:us-west-2:111111111111:secret:*",))
        ),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "all buckets",
        lambda: sa(Statement(("s3:GetObject",), ("arn:aws:s3:::*",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "object action on bucket",
        lambda: sa(Statement(("s3:GetObject",), ("arn:aws:s3:::shop",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "arn account 11 digits",
        lambda: sa(Statement(("sqs:SendMessage",), ("arn:aws:sqs:us-west-2:11111111111:orders",))),
        "teams[2].service_accounts[1].permissions[0].resources[0]",
    ),
    (
        "arn region typo",
        lambda: sa(Statement(("sqs:SendMessage",), ("arn:aws:sqs:us-west2:111111111111:orders",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "condition narrows nothing",
        lambda: sa(
            Statement(("s3:GetObject",), ("arn:aws:s3:::shop/*",), {"StringLike": {"aws:PrincipalTag/team": "*"}})
        ),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "assume any role",
        lambda: sa(Statement(("sts:AssumeRole",), ("arn:aws:iam::*:role/*",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "AdministratorAccess by name",
        lambda: more(
            EksAddonByName(
                "snapshot-controller",
                version="v8.3.0-eksbuild.1",
                service_account="sc",
                managed_policies=("AdministratorAccess",),
            )
        ),
        "addons[12].managed_policies[0]",
    ),
    (
        "default SA",
        lambda: shop(
            service_accounts=(
                ServiceAccount(
                    "default", "shop", permissions=(Statement(("s3:GetObject",), ("arn:aws:s3:::shop/data",)),)
                ),
            )
        ),
        "teams[2].service_accounts[0].name",
    ),
    (
        "admin ARN",
        lambda: cluster(admins=(Role("arn:aws:iam::111111111111:role/BreakGlass"),)),
        "cluster.admins[0].name",
    ),
    (
        "SSO role as Role without path",
        lambda: cluster(admins=(Role("AWSReservedSSO_Administrator_0123456789abcdef"),)),
        "cluster.admins[0].name",
    ),
    ("admin also owner of a team", lambda: shop(owners=(Role("BreakGlass"),)), "teams[2]"),
    ("wildcard principal", lambda: shop(developers=(Role("Shop*"),)), "teams[2].developers[0].name"),
    (
        "endpoint world in halves",
        lambda: cluster(endpoint=PublicEndpoint(allow=("0.0.0.0/1", "128.0.0.0/1"))),
        "cluster.endpoint.allow[0]",
    ),
    (
        "private range on public endpoint",
        lambda: cluster(endpoint=PublicEndpoint(allow=("10.0.0.0/8",))),
        "cluster.endpoint.allow[0]",
    ),
    ("log retention 100", lambda: cluster(log_retention_days=100), "cluster.log_retention_days"),
    (
        "aws key in values",
        lambda: addon(
            ExternalDns,
            extra_values={
                "env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}]
            },
        ),
        "addons[8].extra_values['env'][0]['value']",
    ),
    (
        "password in values",
        lambda: release(values={"auth": {"password": "hunter2hunter2"}}),
        "addons[12].values['auth']['password']",
    ),
    (
        "token in git url",
        lambda: shop(
            workloads=(
                GitWorkload(
                    "pages",
                    "https://x:ghp_0123456789abcdefghijABCDEFGHIJ012345@github.com/example/pages",
                    "deploy",
                    namespace="shop",
                ),
            )
        ),
        "teams[2].workloads[0].repository",
    ),
    ("key in a tag", lambda: replace(DEV, tags={"key": "AKIAIOSFODNN7EXAMPLE"}), "tags['key']"),
    (
        "ebs key of another region",
        lambda: addon(AwsEbsCsiDriver, kms_key_arn=KEY.replace("us-west-2", "eu-west-1")),
        "addons[4].kms_key_arn",
    ),
    (
        "secret's key of another region",
        lambda: shop(
            copied_secrets=(
                CopiedSecrets("shop", (SecretsManagerSecret("a", key_arn=KEY.replace("us-west-2", "eu-west-1")),)),
            )
        ),
        "teams[2].copied_secrets[0].secrets[0].key_arn",
    ),
    (
        "cert of another region",
        lambda: shop(
            certificates=("arn:aws:acm:us-east-1:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",)
        ),
        "teams[2].certificates",
    ),
    ("region does not exist", lambda: replace(DEV, region="us-west-3"), "region"),
    ("account of 11", lambda: replace(DEV, account="11111111111"), "account"),
    ("images from all of docker hub", lambda: shop(image_registries=("docker.io/",)), "teams[2].image_registries[0]"),
    ("quota of 0 cpu", lambda: ns(quota=Quota(cpu="0")), "teams[2].namespaces[0].quota.cpu"),
    ("quota memory 16 (bytes)", lambda: ns(quota=Quota(memory="16")), "teams[2].namespaces[0].quota.memory"),
    ("pool without limit", lambda: pool(max_cpu=0), "addons[10].node_pools[0].max_cpu"),
    (
        "psa label override",
        lambda: ns(labels={"pod-security.kubernetes.io/enforce": "privileged"}),
        "teams[2].namespaces[0].labels['pod-security.kubernetes.io/enforce']",
    ),
    ("network policy off with teams", lambda: addon(VpcCni, network_policy=False), "teams[1]"),
    (
        "network policy off by configuration",
        lambda: addon(VpcCni, configuration={"enableNetworkPolicy": "false"}),
        "teams[1]",
    ),
    ("zone by name", lambda: addon(ExternalDns, zones=("dev.example.com",)), "addons[8].zones[0]"),
    (
        "argo anonymous",
        lambda: addon(ArgoCd, extra_values={"configs": {"cm": {"users.anonymous.enabled": "true"}}}),
        "addons[11].extra_values['configs']['cm']['users.anonymous.enabled']",
    ),
    (
        "argo everybody admin",
        lambda: addon(ArgoCd, extra_values={"configs": {"rbac": {"policy.default": "role:admin"}}}),
        "addons[11].extra_values['configs']['rbac']['policy.default']",
    ),
    (
        "es role by annotation",
        lambda: addon(
            ExternalSecrets,
            TEAMS,
            extra_values={
                "serviceAccount": {
                    "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/Admin"}
                }
            },
        ),
        "addons[11].extra_values['serviceAccount']['annotations']['eks.amazonaws.com/role-arn']",
    ),
    (
        "sso http",
        lambda: addon(ArgoCd, sso=SingleSignOn("http://login.example.com", "argocd", "platform")),
        "addons[11].sso.issuer",
    ),
    (
        "bootstrap from a http git",
        lambda: addon(ArgoCd, bootstrap=Bootstrap("http://github.com/example/clusters", "dev")),
        "addons[11].bootstrap.repository",
    ),
    ("release in a teams namespace", lambda: release(namespace="payments"), "teams[1]"),
    ("vpc range is service range", lambda: network(cidr="172.20.0.0/16"), "cluster.service_cidr"),
    (
        "no vpc-cni",
        lambda: replace(DEV, addons=tuple(one for one in DEV.addons if not isinstance(one, VpcCni))),
        "addons",
    ),
    (
        "extra_permissions all",
        lambda: addon(AwsLoadBalancerController, extra_permissions=(Statement(("*",), ("*",), reason="debugging"),)),
        "addons[7].extra_permissions[0].actions",
    ),
    (
        "node label control-plane",
        lambda: nodes(labels={"node-role.kubernetes.io/control-plane": "true"}),
        "compute[0].labels['node-role.kubernetes.io/control-plane']",
    ),
    ("metadata range", lambda: shop(network=(ToRange("169.254.169.254/32", ports=(80,)),)), "teams[2].network[0].cidr"),
    (
        "helm resolves secret",
        lambda: release(values={"x": "{{resolve:secretsmanager:shop/db}}"}),
        "addons[12].values['x']",
    ),
    (
        "sso region",
        lambda: cluster(admins=(PermissionSet("Admin", suffix="0123456789abcdef", region="eu-west-9"),)),
        "cluster.admins[0].region",
    ),
    (
        "kms all keys",
        lambda: sa(Statement(("kms:Decrypt",), ("arn:aws:kms:us-west-2:111111111111:key/*",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "principal in other partition acct",
        lambda: cluster(admins=(Role("BreakGlass", "0"),)),
        "cluster.admins[0].account",
    ),
    ("release image latest", lambda: release(version="latest"), "addons[12].version"),
    (
        "ebs all delete",
        lambda: addon(AwsEbsCsiDriver, extra_permissions=(Statement(("ec2:*",), ("*",), reason="debug"),)),
        "addons[4].extra_permissions[0].actions",
    ),
    (
        "self-asg type typo",
        lambda: replace(DEV, compute=(SelfManagedNodes("a", instance_types=("t5.large",)),)),
        "compute[0].instance_types[0]",
    ),
    (
        "cert-manager zone wrong",
        lambda: addon(CertManager, zones={"dev.example.com": "Z0123456789DEV"}, acme_email="platform"),
        "addons[9].acme_email",
    ),
    (
        "dynamodb all tables",
        lambda: sa(Statement(("dynamodb:GetItem",), ("arn:aws:dynamodb:*:*:table/*",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "lambda invoke all",
        lambda: sa(Statement(("lambda:InvokeFunction",), ("arn:aws:lambda:us-west-2:111111111111:function:*",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    (
        "arn service typo",
        lambda: sa(Statement(("sqs:SendMessage",), ("arn:aws:sns:us-west-2:111111111111:orders",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
    ("node pool category", lambda: pool(categories=("zz",)), "addons[10].node_pools[0].categories[0]"),
    (
        "limit < request",
        lambda: ns(container_defaults=ContainerDefaults(memory_request="512Mi")),
        "teams[2].namespaces[0].container_defaults.memory_request",
    ),
    (
        "sqs typo name wildcard",
        lambda: sa(Statement(("sqs:*Message",), ("arn:aws:sqs:us-west-2:111111111111:*",))),
        "teams[2].service_accounts[1].permissions[0].resources",
    ),
]
CHOICES: list[tuple[str, Written]] = [
    (
        "condition key typo",
        lambda: sa(
            Statement(("s3:GetObject",), ("arn:aws:s3:::shop/*",), {"StringEquals": {"aws:ResourceTags/team": "shop"}})
        ),
    ),
    (
        "managed policy typo",
        lambda: more(
            EksAddonByName(
                "aws-efs-csi-driver",
                version="v2.1.0-eksbuild.1",
                service_account="efs-csi-controller-sa",
                managed_policies=("service-role/AmazonEFSCSIDriversPolicy",),
            )
        ),
    ),
    ("account root as user", lambda: cluster(admins=(User("root"),))),
    ("a /8 of the internet", lambda: cluster(endpoint=PublicEndpoint(allow=("52.0.0.0/8",)))),
    ("audit logs for a day", lambda: cluster(log_retention_days=1)),
    (
        "secret key of another partition",
        lambda: shop(
            copied_secrets=(
                CopiedSecrets(
                    "shop", (SecretsManagerSecret("shop/db", key_arn=KEY.replace("arn:aws:", "arn:aws-cn:")),)
                ),
            )
        ),
    ),
    ("zone does not exist", lambda: network(zones=("a", "b", "z"))),
    (
        "externalsecrets by permission",
        lambda: shop(permissions=(Permission("external-secrets.io", ("externalsecrets",), ("create",)),)),
    ),
    ("nodepools by permission", lambda: shop(permissions=(Permission("karpenter.sh", ("nodepools",), ("create",)),))),
    ("argo public LB", lambda: addon(ArgoCd, extra_values={"server": {"service": {"type": "LoadBalancer"}}})),
    (
        "lbc group names back",
        lambda: addon(
            AwsLoadBalancerController,
            TEAMS,
            extra_values={"controllerConfig": {"featureGates": {}}, "disableIngressGroupNameAnnotation": False},
        ),
    ),
    ("lbc host network", lambda: addon(AwsLoadBalancerController, extra_values={"hostNetwork": True})),
    ("kubelet insecure", lambda: addon(MetricsServer, configuration={"args": ["--kubelet-insecure-tls"]})),
    ("cni years old", lambda: addon(VpcCni, version="v1.12.0-eksbuild.1")),
    ("chart old", lambda: addon(CertManager, chart_version="v1.8.0")),
    ("chart of a stranger", lambda: addon(CertManager, chart_repository="https://charts.evil.example")),
    ("release in kube-system", lambda: release(namespace="kube-system", pod_security="privileged")),
    (
        "ToRange of the pods",
        lambda: shop(
            network=(
                *SHOP.network,
                ToRange("10.0.0.0/8", ports=(5432,)),
            )
        ),
    ),
    ("endpoint typo", lambda: network(interface_endpoints=("ecr.apis",))),
    ("release of an older minor", lambda: nodes(release_version="1.34.1-20251001")),
    ("same role owner and viewer", lambda: shop(viewers=(Role("ShopOwner"),))),
    ("helm privileged own ns", lambda: release(pod_security="privileged")),
    ("nodeclass ami old", lambda: addon(Karpenter, node_classes=(NodeClass(ami="v20230101"),))),
    (
        "resource arn of other region typo",
        lambda: sa(Statement(("sqs:SendMessage",), ("arn:aws:sqs:eu-west-1:111111111111:orders",))),
    ),
    ("hosts public suffix", lambda: shop(hosts=(*SHOP.hosts, "*.co.uk"))),
    ("extended+new", lambda: cluster(support_policy="EXTENDED")),
    (
        "mgmt policy full access",
        lambda: more(
            EksAddonByName(
                "aws-efs-csi-driver",
                version="v2.1.0-eksbuild.1",
                service_account="efs-csi-controller-sa",
                managed_policies=("AmazonS3FullAccess",),
            )
        ),
    ),
    (
        "shared_with unknown",
        lambda: shop(
            copied_secrets=(CopiedSecrets("shop", (SecretsManagerSecret("shop/db", shared_with=("nobody",)),)),)
        ),
    ),
]


@pytest.mark.parametrize(("written", "place"), [pytest.param(*row, id=name) for name, *row in MISTAKES])
def test_is_refused_where_it_stands(written: Written, place: str) -> None:
    assert places(written())[0] == place


@pytest.mark.parametrize("written", [pytest.param(written, id=name) for name, written in CHOICES])
def test_is_left_to_who_decides(written: Written) -> None:
    """Legitimate somewhere, stopped by the review or by the cluster, or beyond what any list here can say."""
    assert plan(written()).parts
