"""Rules about what add-ons and teams together bring to AWS and into the cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.core_dns import CoreDns
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.istio import Istio
from addons.kube_proxy import KubeProxy
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.vpc_cni import VpcCni
from blueprint import FargateProfile, FargateSelector, Role, plan
from blueprint.access import AccessEntry
from blueprint.addons import Addon, CallsAws, ClusterFacts, Contribution, EksAddonByName, Statement, Values
from blueprint.contribution import Grant, ManagedAddon, NodeRole, Queue, Release
from blueprint.kubernetes import Namespace
from blueprint.teams import PlatformTeam, TeamNamespace
from blueprint.teams.workloads import HelmWorkload
from tests.blueprint.examples import (
    FARGATE,
    SMALL,
    TABLE,
    TEAM,
    Probe,
    assert_reported,
    changed,
    error_of,
    mistake,
    part,
    places,
    with_addons,
    with_cluster,
    with_network,
    with_teams,
)

READ = Statement(("s3:GetObject",), ("arn:${blueprint:partition}:s3:::charts/a",))


class Brings(Addon):
    """Whatever a test wants."""

    name = "brings"

    contribution: Contribution

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return self.contribution


class Reader(CallsAws, Probe):
    """A chart with AWS permissions."""

    name = "reader"
    namespace = "reader"
    service_account = "reader"

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return (READ,)


class WithoutPermissions(VpcCni):
    """A network plugin on the permissions of the nodes."""

    service_account = ""


class Old(Probe):
    """A chart that does not run on the cluster's Kubernetes, 1.35."""

    chart = replace(Probe.chart, kubernetes=">=1.26 <=1.34")


class Secretive(Probe):
    """A chart whose own values look like secrets, and are none."""

    def values(self, facts: ClusterFacts) -> Values:
        return {"auth": {"existingSecret": "made-elsewhere", "password": "", "token": None, "passwordFrom": "secret"}}


def brings(**contribution: Any) -> object:
    return with_addons(Brings(Contribution(**contribution)))


def grants(*statements: Statement) -> object:
    return brings(grants=(Grant("kube-system", "brings", statements),))


def secret(**values: object) -> object:
    return with_addons(Probe(extra_values=values))


def manifest(name: str, namespace: str = "default") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


class Patient(Probe):
    """Waits longer than the function lives: Helm may wait as long again to undo it (aws-cdk-lib, kubectl handler)."""

    name = "patient"
    timeout_minutes = 7


class Hurried(Probe):
    """Does not wait."""

    name = "hurried"
    timeout_minutes = 0


WITHOUT_NAT: dict[str, Any] = {"nat": "none"}
OF_SHOP: dict[str, Any] = {
    "namespace": "shop",
    "chart": "web",
    "repository": "https://charts.example.com",
    "version": "1.0.0",
}
WORKLOAD = HelmWorkload(name="a", **OF_SHOP)
SECRET = {"auth": {"password": "hunter22"}}
WITHOUT_CNI = (KubeProxy(), EksPodIdentityAgent())
PERMISSIONS = "addons[3].permissions['kube-system/brings']"
MISTAKES = [
    mistake(
        "no time",
        with_addons(Hurried()),
        "addons[3].timeout_minutes",
        "Helm waits at least a minute for a release",
        "write 1 or more",
    ),
    mistake(
        "a secret in the configuration of an add-on of EKS",
        with_addons(EksAddonByName("own", version="v1.0.0-eksbuild.1", configuration=SECRET)),
        "addons[3].configuration['auth']['password']",
        "so they never hold a secret",
        "existing Secret",
    ),
    *(
        mistake(
            f"a secret in a chart beside that of {addon.name}",
            with_addons(changed(addon, **{field: SECRET})),
            f"addons[3].{field}['auth']['password']",
            "so they never hold a secret",
            "existing Secret",
        )
        for addon, field in ((Istio(), "node_extra_values"), (SecretsStoreCsiDriver(), "provider_extra_values"))
    ),
    mistake(
        "a secret in the chart of a team",
        with_teams(TEAM, changed(TEAM, name="shop", workloads=(WORKLOAD, changed(WORKLOAD, name="b", values=SECRET)))),
        "teams[1].workloads[1].values['auth']['password']",
        "so they never hold a secret",
        "existing Secret",
    ),
    mistake(
        "a public chart of a team without NAT",
        changed(
            with_network(nat="none", interface_endpoints=()), teams=(changed(TEAM, name="shop", workloads=(WORKLOAD,)),)
        ),
        "teams[0].workloads[0].repository",
        "the installer reaches Amazon ECR only",
        "or this one: repository=",
    ),
    mistake(
        "an admin twice", with_cluster(admins=(Role("A"), Role("A"))), "cluster.admins[1]", "admins[0] has it", "once"
    ),
    mistake(
        "an admin twice, with the account",
        with_cluster(admins=(Role("A"), Role("A", "111111111111"))),
        "cluster.admins[1]",
        "duplicate access entry",
        "name each principal once",
    ),
    mistake(
        "an admin in a team",
        with_teams(PlatformTeam("ops", members=(Role("Ops"), Role("BreakGlass")))),
        "teams[0]",
        "cluster.admins[0] has it already",
        "name each principal once",
    ),
    mistake(
        "namespace of an add-on",
        with_teams(changed(TEAM, name="probe"), base=with_addons(Probe())),
        "teams[0]",
        "addons[3] has it already",
        "its own namespace",
    ),
    mistake(
        "namespace of a team",
        with_teams(TEAM, changed(TEAM, name="b", namespaces=(TeamNamespace("payments"),), developers=(Role("B"),))),
        "teams[1]",
        "teams[0] has it already",
        "its own namespace",
    ),
    mistake(
        "kube-system",
        with_teams(changed(TEAM, namespaces=(TeamNamespace("kube-system"),))),
        "teams[0].namespaces[0].name",
        "to Kubernetes",
        "another",
    ),
    mistake(
        "default",
        with_teams(changed(TEAM, namespaces=(TeamNamespace("apps"), TeamNamespace("default")))),
        "teams[0].namespaces[1].name",
        "to Kubernetes",
        "another",
    ),
    mistake("kube-foo", with_teams(changed(TEAM, name="kube-foo")), "teams[0].name", "to Kubernetes", "another name"),
    mistake(
        "team named default", with_teams(changed(TEAM, name="default")), "teams[0].name", "to Kubernetes", "another"
    ),
    mistake(
        "namespace of Kubernetes", brings(namespaces=(Namespace("kube-x"),)), "addons[3]", "to Kubernetes", "another"
    ),
    mistake(
        "an object twice",
        brings(objects=(manifest("a"), manifest("a"))),
        "addons[3]",
        "duplicate Kubernetes object",
        "remove one",
    ),
    # What is made from names.
    mistake(
        "two paths of one name",
        with_cluster(admins=(Role("a/b"), Role("a.b"))),
        "cluster.admins[1]",
        "the same name as arn:${blueprint:partition}:iam::111111111111:role/a/b",
        "another name",
    ),
    mistake(
        "two paths of one name in a team",
        with_teams(changed(TEAM, developers=(Role("x.y/z"),), viewers=(Role("x/y/z"),))),
        "teams[0]",
        "the same name",
        "another name",
    ),
    mistake("no name", brings(objects=(manifest("A_b"),)), "addons[3]", "takes no such name", "other names"),
    mistake("a long name", brings(objects=(manifest("a" * 64),)), "addons[3]", "takes no such name", "shorter"),
    mistake(
        "a Service with a dot",
        brings(objects=({**manifest("a.b"), "kind": "Service"},)),
        "addons[3]",
        "takes no such name",
        "other names",
    ),
    # Text that somebody else reads.
    mistake(
        "a secret by CloudFormation",
        secret(a={"b": ["x {{resolve:secretsmanager:prod/db}}"]}),
        "addons[3].extra_values['a']['b'][0]",
        "rights of the deploy",
        "CopiedSecrets",
    ),
    mistake(
        "a parameter as a key",
        secret(**{"{{ Resolve:ssm:/a}}": "b"}),
        "addons[3].extra_values['{{ Resolve:ssm:/a}}']",
        "rights of the deploy",
        "CopiedSecrets",
    ),
    mistake(
        "a parameter in a statement",
        grants(changed(READ, resources=("arn:aws:s3:::{{resolve:ssm:/a}}",))),
        f"{PERMISSIONS}.resources[0]",
        "rights of the deploy",
        "CopiedSecrets",
    ),
    mistake(
        "a parameter in a tag",
        changed(SMALL, tags={"a": "{{resolve:ssm:/a}}"}),
        "tags['a']",
        "must",
        "write",
    ),
    mistake(
        "a parameter of an object",
        brings(objects=({**manifest("a"), "data": {"a": "{{resolve:ssm:/a}}"}},)),
        "addons[3]",
        "rights of the deploy",
        "CopiedSecrets",
    ),
    mistake(
        "a parameter of a release",
        brings(releases=(Release("a", Probe.chart, "kube-system", {"a": "{{resolve:ssm-secure:a:1}}"}),)),
        "addons[3]",
        "rights of the deploy",
        "CopiedSecrets",
    ),
    mistake("a token of the CDK", secret(a="${Token[TOKEN.1]}"), "addons[3].extra_values['a']", "the CDK", "another"),
    mistake(
        "nowhere to run",
        with_addons(Reader(), base=FARGATE),
        "addons[0]",
        "pods of reader in reader have nowhere to run",
        'FargateSelector("reader")',
    ),
    mistake(
        "DNS nowhere to run",
        changed(FARGATE, addons=(CoreDns(),), compute=(FargateProfile("a", selectors=(FargateSelector("a"),)),)),
        "addons[0]",
        "pods of coredns in kube-system",
        'FargateSelector("kube-system")',
    ),
    mistake(
        "no agent",
        with_addons(Reader(), base=changed(SMALL, addons=(KubeProxy(), WithoutPermissions()))),
        "addons[2]",
        "reader/reader come by EKS Pod Identity, which needs its agent",
        "add *CORE to addons",
    ),
    mistake(
        "an agent on Fargate",
        changed(FARGATE, addons=(Brings(Contribution(grants=(Grant("probe", "reader", (READ,)),))),)),
        "addons[0]",
        "whose agent cannot run on Fargate",
        "add nodes",
    ),
    mistake(
        "a service account twice",
        with_addons(Reader(), Brings(Contribution(grants=(Grant("reader", "reader", (READ,)),)))),
        "addons[3]",
        "addons[4] has it already",
        "one service account for each",
    ),
    mistake(
        "all of AWS",
        grants(Statement(("*",), ("arn:aws:s3:::a",))),
        f"{PERMISSIONS}.actions",
        "never granted",
        "name the actions",
    ),
    mistake(
        "a whole service",
        grants(Statement(("s3:*",), ("arn:aws:s3:::a",))),
        f"{PERMISSIONS}.actions",
        "never granted",
        "name",
    ),
    mistake(
        "every resource",
        grants(Statement(("s3:GetObject",), ("*",))),
        f"{PERMISSIONS}.resources",
        "a reason",
        "name the",
    ),
    mistake(
        "unknown effect", grants(changed(READ, effect="allow")), f"{PERMISSIONS}.effect", "'Allow' or 'Deny'", "'Allow'"
    ),
    mistake("no action", grants(changed(READ, actions=())), f"{PERMISSIONS}.actions", "not be empty", "at least one"),
    mistake(
        "half an action", grants(changed(READ, actions=("s3",))), f"{PERMISSIONS}.actions[0]", "action of", "s3:Get"
    ),
    mistake("no ARN", grants(changed(READ, resources=("a/b",))), f"{PERMISSIONS}.resources[0]", "the ARN of", '"arn:'),
    mistake(
        "unknown operator",
        grants(changed(READ, conditions={"StringIs": {"aws:x": "a"}})),
        f"{PERMISSIONS}.conditions['StringIs']",
        "condition operator",
        '"StringEquals"',
    ),
    mistake(
        "an operator that narrows nothing",
        grants(changed(READ, resources=("arn:aws:s3:::a/*",), conditions={"StringEquals": {}})),
        f"{PERMISSIONS}.conditions['StringEquals']",
        "not be empty",
        "at least one",
    ),
    mistake(
        "no condition key",
        grants(changed(READ, conditions={"StringEquals": {"team": "a"}})),
        f"{PERMISSIONS}.conditions['StringEquals']['team']",
        "condition key",
        '"aws:ResourceTag/team"',
    ),
    *(
        mistake(
            f"{operator} {value}",
            grants(changed(READ, conditions={operator: {"aws:x": ("arn:aws:s3:::a", value)}})),
            f"{PERMISSIONS}.conditions[{operator!r}]['aws:x']",
            f"{operator} compares with {what}",
            "StringEquals",
        )
        for operator, value, what in (("ArnLike", "a", "an ARN"), ("ForAnyValue:ArnNotEqualsIfExists", "*:*", "an ARN"))
    ),
    *(
        mistake(
            f"{operator} {value}",
            grants(changed(READ, conditions={operator: {"aws:x": value}})),
            f"{PERMISSIONS}.conditions[{operator!r}]['aws:x']",
            f"{operator} compares with {what}",
            "StringEquals",
        )
        for operator, value, what in (
            ("Null", "", "true or false"),
            ("Bool", "yes", "true or false"),
            ("NumericLessThan", "ten", "a number"),
            ("DateLessThan", "2026-13-01", "a date"),
            ("NotIpAddress", "office", "a range of addresses"),
        )
    ),
    mistake(
        "large policy",
        grants(changed(READ, resources=tuple(f"arn:aws:s3:::{n:050}" for n in range(200)))),
        PERMISSIONS,
        "at most 10240 characters",
        "fewer resources",
    ),
    mistake(
        "a password",
        secret(password="hunter2"),
        "addons[3].extra_values['password']",
        "never hold a secret",
        "existing Secret",
    ),
    mistake(
        "a nested token",
        secret(a={"b": [{"apiToken": "x"}]}),
        "addons[3].extra_values['a']['b'][0]['apiToken']",
        "never",
        "existing",
    ),
    mistake(
        "an api key", secret(api_key="x"), "addons[3].extra_values['api_key']", "never hold a secret", "existing Secret"
    ),
    mistake(
        "an access key",
        secret(secretKey="x"),
        "addons[3].extra_values['secretKey']",
        "never hold a secret",
        "existing Secret",
    ),
    mistake(
        "a client secret",
        secret(clientSecret="x"),
        "addons[3].extra_values['clientSecret']",
        "never hold",
        "existing Secret",
    ),
    mistake(
        "capitals",
        secret(DB_PASSWORD="x"),
        "addons[3].extra_values['DB_PASSWORD']",
        "never hold a secret",
        "existing Secret",
    ),
    mistake(
        "unknown reference",
        secret(a="${blueprint:queue-arn:mine}"),
        "addons[3]",
        "refers to what it does not make",
        "partition, vpc-id",
    ),
    mistake(
        "misspelt reference", secret(a=["x", {"b": "${blueprint:VPC id}"}]), "addons[3]", "does not make", "vpc-id"
    ),
    mistake("reference in a key", secret(**{"${blueprint:role-arn:x}": 1}), "addons[3]", "does not make", "vpc-id"),
    mistake(
        "reference of an access entry",
        brings(access=(AccessEntry("${blueprint:role-arn:nodes}"),)),
        "addons[3]",
        "does not make",
        "partition",
    ),
    mistake(
        "reference in an EKS add-on",
        brings(managed_addons=(ManagedAddon("a", "v1", {"vpc": "${blueprint:vpc-id}"}),)),
        "addons[3]",
        "does not make",
        "partition",
    ),
    mistake(
        "reference in its permissions",
        brings(
            managed_addons=(
                ManagedAddon(
                    "a", "v1", grant=Grant("a", "b", (Statement(("s3:GetObject",), ("${blueprint:vpc-id}",)),))
                ),
            )
        ),
        "addons[3]",
        "does not make",
        "partition",
    ),
    mistake(
        "a wait longer than the function can undo",
        with_addons(Patient()),
        "addons[3].timeout_minutes",
        "Helm waits for 7 minutes and as long again",
        "write 6 or fewer",
    ),
    mistake(
        "a chart for older clusters",
        with_addons(Old()),
        "addons[3].chart_version",
        "probe 1.0.0 runs on Kubernetes >=1.26 <=1.34",
        "name a version of the chart",
    ),
    mistake(
        "public chart without NAT",
        changed(with_network(**WITHOUT_NAT), addons=(*SMALL.addons, Probe())),
        "addons[3].chart_repository",
        "reaches Amazon ECR only",
        "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/",
    ),
    mistake(
        "policies not enforced",
        with_teams(TEAM, base=changed(SMALL, addons=(VpcCni(network_policy=False), *WITHOUT_CNI))),
        "teams[0]",
        "would not be enforced",
        "turn them on in VpcCni(…)",
    ),
    mistake(
        "policies that the configuration turns off",
        with_teams(
            TEAM,
            base=changed(SMALL, addons=(VpcCni(configuration={"enableNetworkPolicy": "false"}), *WITHOUT_CNI)),
        ),
        "teams[0]",
        "would not be enforced",
        "turn them on in VpcCni(…)",
    ),
    mistake(
        "policies on Fargate",
        with_teams(
            changed(TEAM, name="apps"),
            base=changed(SMALL, compute=(*SMALL.compute, FargateProfile("a", selectors=(FargateSelector("apps"),)))),
        ),
        "teams[0]",
        "Fargate does not enforce",
        "FargateProfile",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_secret_is_not_shown() -> None:
    assert "hunter2" not in str(error_of(secret(password="hunter2")))


def test_what_only_looks_like_a_secret_is_right() -> None:
    assert part(plan(with_addons(Secretive())), "probe").releases[0].values["auth"]["passwordFrom"] == "secret"


def test_every_grant_needs_the_agent() -> None:
    lacking = changed(SMALL, addons=(*CORE[:2], AwsLoadBalancerController()))
    assert places(lacking) == ["addons[0]", "addons[2]"]


def test_references_to_what_it_makes_are_right() -> None:
    made = Contribution(
        resources=(Queue("q"), NodeRole("nodes")),
        grants=(Grant("a", "b", (Statement(("sqs:ReceiveMessage",), ("${blueprint:queue-arn:q}",)),)),),
        access=(AccessEntry("${blueprint:role-arn:nodes}"),),
        objects=(manifest("${blueprint:instance-profile:nodes}"), manifest("${blueprint:queue-name:q}")),
    )
    assert part(plan(with_addons(Brings(made))), "brings").resources == made.resources


def test_a_mirrored_chart_needs_no_nat() -> None:
    mirror = "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/probe"
    isolated = changed(with_network(**WITHOUT_NAT), addons=(*SMALL.addons, Probe(chart_repository=mirror)))
    assert part(plan(isolated), "probe").releases[0].chart.repository == mirror


def test_permissions_come_by_irsa_on_fargate_and_by_pod_identity_elsewhere() -> None:
    fargate = changed(
        FARGATE, compute=(FargateProfile("a", selectors=(FargateSelector("reader"),)),), addons=(Reader(),)
    )
    on_fargate, on_nodes = plan(fargate), plan(with_addons(Reader()))
    (irsa,), (pod_identity,) = (part(made, "reader").grants for made in (on_fargate, on_nodes))
    assert (irsa.irsa, pod_identity.irsa) == (True, False)
    (there,), (here,) = (part(made, "reader").releases for made in (on_fargate, on_nodes))
    annotations = {"eks.amazonaws.com/role-arn": "${blueprint:role-arn:reader/reader}"}
    assert there.values["serviceAccount"]["annotations"] == annotations
    assert "serviceAccount" not in here.values


def test_no_arn_names_a_partition() -> None:
    """Copied from the console it does, and names the cluster's."""
    arn, portable = ("arn:aws-cn:s3:::a/*", "arn:${blueprint:partition}:s3:::a/*")
    statement = Statement(("s3:GetObject",), (arn,), {"ArnLike": {"aws:SourceArn": (arn, "*")}}, reason="a test")
    given = Contribution(
        managed_addons=(ManagedAddon("a", "v1", {"key": [arn]}, Grant("kube-system", "a", (statement,))),),
        grants=(Grant("kube-system", "b", (statement,)),),
        releases=(Release("a", Probe.chart, "kube-system", {"key": {"more": f"see {arn}"}}),),
        first_objects=({**manifest("b"), "data": {"key": arn}},),
        objects=({**manifest("a"), "data": {"key": arn}},),
    )
    made = part(plan(with_addons(Brings(given))), "brings")
    expected = replace(statement, resources=(portable,), conditions={"ArnLike": {"aws:SourceArn": (portable, "*")}})
    assert made.managed_addons[0].grant is not None
    assert made.managed_addons[0].grant.statements == made.grants[0].statements == (expected,)
    assert made.managed_addons[0].configuration == {"key": (portable,)}
    assert made.releases[0].values == {"key": {"more": f"see {portable}"}}
    assert made.first_objects[0]["data"] == made.objects[0]["data"] == {"key": portable}


def test_a_wrong_zone_hides_no_other_reference() -> None:
    """Whether there is such a zone nobody can say then, but of a role one can."""
    referring: Any = secret(a="${blueprint:hosted-zone-id:x}", b="${blueprint:role-arn:x}")
    found = error_of(changed(referring, hosted_zones=("example.com",))).problems
    assert {problem.value for problem in found} == {"example.com", "role-arn:x"}
    assert {problem.value for problem in error_of(referring).problems} == {"hosted-zone-id:x", "role-arn:x"}
