from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from blueprint.value import problems_in
from blueprint.workload import PodSelector
from tests.addons.support import ACCOUNT, FACTS, REGION, allowed, deployed, names_no_partition
from tests.isolation.admission import Request, refusals

TAG = "elbv2.k8s.aws/cluster"
OURS = {f"aws:ResourceTag/{TAG}": "prod"}
THEIRS = {f"aws:ResourceTag/{TAG}": "dev"}
AS_OURS = {f"aws:RequestTag/{TAG}": "prod"}
AS_THEIRS = {f"aws:RequestTag/{TAG}": "dev"}
VPC = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-1"
HERE = {"ec2:Vpc": VPC}
GROUP = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:"
ALB = f"{ELB}loadbalancer/app/name/1"
TARGETS = f"{ELB}targetgroup/name/1"
LISTENER = f"{ELB}listener/app/name/1/2"
RULE = f"{ELB}listener-rule/app/name/1/2/3"

PERMISSIONS = AwsLoadBalancerController().permissions(FACTS)

# Every write that the controller makes, on what it acts.
WRITES = [
    ("ModifyLoadBalancerAttributes", ALB),
    ("SetSecurityGroups", ALB),
    ("SetSubnets", ALB),
    ("SetIpAddressType", ALB),
    ("ModifyIpPools", ALB),
    ("ModifyCapacityReservation", ALB),
    ("DeleteLoadBalancer", ALB),
    ("ModifyTargetGroup", TARGETS),
    ("ModifyTargetGroupAttributes", TARGETS),
    ("RegisterTargets", TARGETS),
    ("DeregisterTargets", TARGETS),
    ("DeleteTargetGroup", TARGETS),
    ("ModifyListener", LISTENER),
    ("ModifyListenerAttributes", LISTENER),
    ("AddListenerCertificates", LISTENER),
    ("RemoveListenerCertificates", LISTENER),
    ("DeleteListener", LISTENER),
    ("ModifyRule", RULE),
    ("SetRulePriorities", RULE),
    ("DeleteRule", RULE),
]


@pytest.mark.parametrize(("action", "resource"), WRITES)
def test_changes_its_own_load_balancers_only(action: str, resource: str) -> None:
    assert allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource, OURS)
    assert not allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource, THEIRS)
    assert not allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource)


@pytest.mark.parametrize(
    ("action", "resource", "on"),
    [
        ("CreateLoadBalancer", ALB, {}),
        ("CreateTargetGroup", TARGETS, {}),
        ("CreateListener", ALB, OURS),
        ("CreateRule", LISTENER, OURS),
    ],
)
def test_creates_only_what_carries_the_tag_of_its_cluster(action: str, resource: str, on: dict[str, str]) -> None:
    tagging = {"elasticloadbalancing:CreateAction": action}
    assert allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource, {**AS_OURS, **on})
    assert allowed(PERMISSIONS, "elasticloadbalancing:AddTags", resource, {**AS_OURS, **tagging})
    assert not allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource, {**AS_THEIRS, **on})
    assert not allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource, on)
    assert not allowed(PERMISSIONS, "elasticloadbalancing:AddTags", resource, {**AS_THEIRS, **tagging})


@pytest.mark.parametrize(("action", "resource"), [("CreateListener", ALB), ("CreateRule", LISTENER)])
def test_hangs_nothing_onto_the_load_balancer_of_another_cluster(action: str, resource: str) -> None:
    assert not allowed(PERMISSIONS, f"elasticloadbalancing:{action}", resource, {**AS_OURS, **THEIRS})


@pytest.mark.parametrize("resource", [ALB, TARGETS, LISTENER, RULE])
def test_cannot_make_a_foreign_resource_its_own(resource: str) -> None:
    named = {"aws:RequestTag/team": "a", "aws:TagKeys": ["team"]}
    assert allowed(PERMISSIONS, "elasticloadbalancing:AddTags", resource, {**OURS, **named})
    assert not allowed(
        PERMISSIONS, "elasticloadbalancing:AddTags", resource, {**OURS, **named, "aws:TagKeys": ["team", TAG]}
    )
    assert not allowed(PERMISSIONS, "elasticloadbalancing:AddTags", resource, AS_OURS)
    assert not allowed(PERMISSIONS, "elasticloadbalancing:AddTags", resource, {**AS_OURS, **THEIRS})
    assert not allowed(PERMISSIONS, "elasticloadbalancing:AddTags", resource, {**AS_THEIRS, **OURS})
    assert not allowed(PERMISSIONS, "ec2:CreateTags", GROUP, {**AS_OURS, **THEIRS})


@pytest.mark.parametrize("action", ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"])
def test_opens_its_own_security_groups_and_those_of_the_nodes(action: str) -> None:
    nodes = {"aws:ResourceTag/kubernetes.io/cluster/prod": "owned"}
    assert allowed(PERMISSIONS, action, GROUP, {**OURS, **HERE})
    assert allowed(PERMISSIONS, action, GROUP, {**nodes, **HERE})
    assert not allowed(PERMISSIONS, action, GROUP, HERE)
    assert not allowed(PERMISSIONS, action, GROUP, {**THEIRS, **HERE})
    assert not allowed(PERMISSIONS, action, GROUP, {"aws:ResourceTag/kubernetes.io/cluster/dev": "owned", **HERE})
    elsewhere = {"ec2:Vpc": VPC.replace("vpc-1", "vpc-2")}
    assert not allowed(PERMISSIONS, action, GROUP, {**OURS, **elsewhere})
    assert not allowed(PERMISSIONS, action, GROUP, {**nodes, **elsewhere})


def test_makes_and_deletes_security_groups_in_its_vpc_only() -> None:
    nodes = {"aws:ResourceTag/kubernetes.io/cluster/prod": "owned"}
    assert allowed(PERMISSIONS, "ec2:CreateSecurityGroup", VPC)
    assert allowed(PERMISSIONS, "ec2:CreateSecurityGroup", GROUP, AS_OURS)
    assert allowed(PERMISSIONS, "ec2:CreateTags", GROUP, {**AS_OURS, "ec2:CreateAction": "CreateSecurityGroup"})
    assert allowed(PERMISSIONS, "ec2:DeleteSecurityGroup", GROUP, {**OURS, **HERE})
    assert not allowed(PERMISSIONS, "ec2:CreateSecurityGroup", VPC.replace("vpc-1", "vpc-2"), AS_OURS)
    assert not allowed(PERMISSIONS, "ec2:CreateSecurityGroup", GROUP)
    assert not allowed(PERMISSIONS, "ec2:DeleteSecurityGroup", GROUP, {**nodes, **HERE})
    assert not allowed(PERMISSIONS, "ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1", AS_OURS)


def test_another_region_and_another_account_are_out_of_reach() -> None:
    for foreign in (ALB.replace(REGION, "us-east-1"), ALB.replace(ACCOUNT, "2" * 12)):
        assert not allowed(PERMISSIONS, "elasticloadbalancing:DeleteLoadBalancer", foreign, OURS)


def test_makes_the_role_of_elastic_load_balancing_and_no_other() -> None:
    service = "elasticloadbalancing.amazonaws.com"
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRoleForElasticLoadBalancing"
    action = "iam:CreateServiceLinkedRole"
    assert allowed(PERMISSIONS, action, role, {"iam:AWSServiceName": service})
    assert not allowed(PERMISSIONS, action, role, {"iam:AWSServiceName": "spot.amazonaws.com"})
    assert not allowed(
        PERMISSIONS, action, role.replace(service, "spot.amazonaws.com"), {"iam:AWSServiceName": service}
    )


@pytest.mark.parametrize(
    ("action", "resource", "option"),
    [
        ("wafv2:AssociateWebACL", ALB, {"wafv2": True}),
        ("wafv2:AssociateWebACL", f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/a/1", {"wafv2": True}),
        ("elasticloadbalancing:SetWebAcl", ALB, {"wafv2": True}),
        ("shield:CreateProtection", "*", {"shield": True}),
    ],
)
def test_waf_and_shield_are_granted_only_where_they_are_used(
    action: str, resource: str, option: dict[str, Any]
) -> None:
    assert not allowed(PERMISSIONS, action, resource, OURS)
    assert allowed(AwsLoadBalancerController(**option).permissions(FACTS), action, resource, OURS)


def test_policy_is_sound_in_every_partition() -> None:
    everything = AwsLoadBalancerController(wafv2=True, shield=True).permissions(FACTS)
    assert names_no_partition(everything)
    assert not [problem for statement in everything for problem in problems_in(statement)]
    for statement in everything:
        reads_or_opted_in = ("Describe", "Get", "List", "wafv2:", "shield:", "SetWebAcl")
        assert "*" not in statement.resources or all(
            any(word in action for word in reads_or_opted_in) for action in statement.actions
        )


def test_values_need_no_instance_metadata_and_keep_services_working() -> None:
    values = AwsLoadBalancerController().values(FACTS)
    assert (values["clusterName"], values["region"], values["vpcId"]) == ("prod", REGION, FACTS.vpc_id)
    assert values["serviceAccount"]["name"] == AwsLoadBalancerController.service_account
    assert values["enableServiceMutatorWebhook"] is False
    # helm/aws-load-balancer-controller/templates/deployment.yaml:148 of v3.5.0: only where it is a bool
    assert values["disableIngressGroupNameAnnotation"] is True
    assert (values["enableShield"], values["enableWaf"], values["enableWafv2"]) == (False, False, False)


def test_runs_twice_in_different_zones() -> None:
    (release,) = AwsLoadBalancerController().contribute(FACTS).releases
    assert release.values["replicaCount"] == 2
    assert release.values["podDisruptionBudget"] == {"maxUnavailable": 1}
    # The chart's pods carry the name of the release as their instance.
    (spread,) = release.values["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"]["app.kubernetes.io/instance"] == release.name


def test_pods_on_fargate_get_their_permissions_by_irsa() -> None:
    contribution = AwsLoadBalancerController().contribute(replace(FACTS, fargate=(PodSelector("kube-system"),)))
    account = contribution.releases[0].values["serviceAccount"]
    assert contribution.grants[0].irsa
    assert account["name"] == "aws-load-balancer-controller"
    assert "eks.amazonaws.com/role-arn" in account["annotations"]


def test_tags_reach_the_controller() -> None:
    tagged = replace(FACTS, tags=(("cost-center", "42"),))
    assert AwsLoadBalancerController().values(tagged)["defaultTags"] == {"cost-center": "42"}


def test_auto_mode_brings_its_own() -> None:
    assert AwsLoadBalancerController.built_into_auto_mode == "skip"


# --- Services without a class ---

TYPE, TARGET = (f"service.beta.kubernetes.io/aws-load-balancer-{suffix}" for suffix in ("type", "nlb-target-type"))
NLB = "service.k8s.aws/nlb"


def service(kind: str = "LoadBalancer", of: str | None = None, **annotations: str) -> dict[str, Any]:
    keys = {"type": TYPE, "target": TARGET}
    given = {keys[name]: value for name, value in annotations.items()}
    metadata = {"name": "web", "namespace": "shop", **({"annotations": given} if given else {})}
    return {"metadata": metadata, "spec": {"type": kind, **({"loadBalancerClass": of} if of is not None else {})}}


# The controller's own test has these: pkg/service/service_utils_test.go of v3.5.0. Each was given to cel-go 0.26, too.
TAKEN = [
    service(of=NLB),
    service(type="nlb-ip"),
    service(type="external", target="ip"),
    service(type="external", target="instance"),
    # Another controller's, and no load balancers at all.
    service(of="eks.amazonaws.com/nlb"),
    service("ClusterIP"),
    service("NodePort"),
    service("ExternalName"),
]
REFUSED = [
    service(),
    service(of=""),
    service(type="external"),
    service(type="nlb"),
    service(type="nlb-ddd", target="instance"),
    service(target="ip"),
]
GUARDS = [deployed(one) for one in AwsLoadBalancerController().objects(FACTS)]


def answer(one: Any, old: Any = None, guards: Any = GUARDS) -> list[str]:
    operation = "UPDATE" if old else "CREATE"
    return list(refusals(guards, Request("services", "shop", one, operation=operation, old=old)))


@pytest.mark.parametrize("one", TAKEN)
def test_services_that_a_controller_takes(one: Any) -> None:
    assert answer(one) == []
    assert answer(one, service("ClusterIP")) == []


@pytest.mark.parametrize("one", REFUSED)
def test_services_that_would_become_classic_load_balancers(one: Any) -> None:
    for old in (None, service("ClusterIP")):
        (message,) = answer(one, old)
        assert f"spec.loadBalancerClass: {NLB}" in message


@pytest.mark.parametrize("one", [*TAKEN, *REFUSED])
def test_one_that_is_there_can_be_changed_and_its_finalizer_removed(one: Any) -> None:
    assert answer(one, service()) == []


def test_it_can_be_turned_off() -> None:
    assert AwsLoadBalancerController(require_class=False).objects(FACTS) == ()
    assert answer(service(), guards=[]) == []


def test_the_class_in_the_message_is_the_one_that_the_chart_takes() -> None:
    """eks-charts stable/aws-load-balancer-controller/values.yaml: loadBalancerClass, empty, is service.k8s.aws/nlb."""
    assert "loadBalancerClass" not in AwsLoadBalancerController().values(FACTS)
    assert [one["kind"] for one in GUARDS] == ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
    other = AwsLoadBalancerController(extra_values={"loadBalancerClass": "example.com/nlb"}).objects(FACTS)
    assert "spec.loadBalancerClass: example.com/nlb" in answer(service(), guards=list(map(deployed, other)))[0]
    assert GUARDS[1]["spec"] == {"policyName": GUARDS[0]["metadata"]["name"], "validationActions": ["Deny"]}
