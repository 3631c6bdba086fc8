"""People, boundaries and service-linked roles, in moto's IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.karpenter import Karpenter
from blueprint import Blueprint, Plan, Role, plan
from blueprint.access import PermissionSet, User
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.teams import ApplicationTeam, ServiceAccount, TeamNamespace
from tests.blueprint.examples import AUTO, FARGATE, SMALL, changed, with_addons, with_cluster, with_nodes, with_teams
from tests.tools.doctor.account import Account, refused, statuses, worst
from tests.tools.doctor.ready import Writers, allowed, decided, managed_policy, with_cdk_roles
from tools.doctor.checks.identities import (
    boundaries,
    given_roles,
    managed_policies,
    people,
    service_linked_roles,
)

TRUST = '{"Version": "2012-10-17", "Statement": []}'
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
SSO = "/aws-reserved/sso.amazonaws.com/eu-west-1/"


def role(make: Writers, name: str, path: str = "/") -> None:
    make.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=POLICY)


def test_principals_that_exist(make: Writers, account: Account) -> None:
    role(make, "BreakGlass")
    make.iam.create_user(UserName="robot")
    made = plan(with_cluster(admins=(Role("BreakGlass"), User("robot"))))
    (found,) = account.found(people, made)
    assert (found.status, found.what) == ("ok", "principals that exist: BreakGlass, robot")


@pytest.mark.parametrize("principal", [Role("Nobody"), User("nobody")])
def test_a_principal_that_does_not(principal: Role | User, make: Writers, account: Account) -> None:
    found = worst(account.found(people, plan(with_cluster(admins=(principal,)))))
    assert found.status == "problem"
    assert found.what == f"arn:aws:iam::111111111111:{principal.resource} does not exist"


def test_members_of_teams_are_looked_up(make: Writers, account: Account) -> None:
    role(make, "BreakGlass")
    found = worst(account.found(people, plan(with_teams(ApplicationTeam("shop", developers=(Role("Shop"),))))))
    assert found.what == "arn:aws:iam::111111111111:role/Shop does not exist"


def test_a_role_with_another_path(make: Writers, account: Account) -> None:
    """IAM finds it by its name alone, EKS does not."""
    role(make, "BreakGlass", "/admins/")
    found = worst(account.found(people, plan(SMALL)))
    assert found.status == "problem"
    assert found.what.endswith("role/BreakGlass does not exist, arn:aws:iam::111111111111:role/admins/BreakGlass does")


def test_a_role_of_another_account_cannot_be_seen(make: Writers, account: Account) -> None:
    found = worst(account.found(people, plan(with_cluster(admins=(Role("BreakGlass", account="222222222222"),)))))
    assert found.status == "warning"
    assert "222222222222" in found.fix


DEVELOPERS = PermissionSet("Developer", suffix="0123456789abcdef", region="eu-west-1")


def test_a_permission_set(make: Writers, account: Account) -> None:
    role(make, "AWSReservedSSO_Developer_0123456789abcdef", SSO)
    assert statuses(account.found(people, plan(with_cluster(admins=(DEVELOPERS,))))) == ["ok"]


def test_a_permission_set_that_was_assigned_anew(make: Writers, account: Account) -> None:
    role(make, "AWSReservedSSO_Developer_fedcba9876543210", SSO)
    role(make, "AWSReservedSSO_DeveloperLead_fedcba9876543210", SSO)
    found = worst(account.found(people, plan(with_cluster(admins=(DEVELOPERS,)))))
    assert found.status == "problem"
    assert found.fix.startswith("write the suffix of ")
    assert found.fix.endswith("/AWSReservedSSO_Developer_fedcba9876543210")


def test_a_permission_set_that_is_not_assigned(make: Writers, account: Account) -> None:
    found = worst(account.found(people, plan(with_cluster(admins=(DEVELOPERS,)))))
    assert found.fix == "assign the permission set Developer here"


BOUND = with_teams(
    ApplicationTeam(
        "shop",
        developers=(Role("Shop"),),
        namespaces=(TeamNamespace("shop"),),
        service_accounts=(
            ServiceAccount("shop", "shop", permissions=(Statement(("s3:ListBucket",), ("arn:aws:s3:::shop",)),)),
        ),
        permissions_boundary="Bound",
    )
)


def test_a_boundary(make: Writers, account: Account) -> None:
    make.iam.create_policy(PolicyName="Bound", PolicyDocument=POLICY)
    assert statuses(account.found(boundaries, plan(BOUND))) == ["ok"]


def test_a_boundary_that_does_not_exist(make: Writers, account: Account) -> None:
    found = worst(account.found(boundaries, plan(BOUND)))
    assert found.status == "problem"
    assert "the account has no policy Bound" in found.what


def trusting(service: str, *actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


CLUSTER = ("AmazonEKSClusterPolicy",)
AUTOMATIC = (
    *CLUSTER,
    *(f"AmazonEKS{kind}Policy" for kind in ("BlockStorage", "Compute", "LoadBalancing", "Networking")),
)


@pytest.mark.parametrize(
    ("cluster", "trust", "policies", "says"),
    [
        (SMALL, trusting("eks.amazonaws.com", "sts:AssumeRole"), CLUSTER, ""),
        (SMALL, trusting("eks.amazonaws.com", "sts:*"), CLUSTER, ""),
        (SMALL, trusting("ec2.amazonaws.com", "sts:AssumeRole"), CLUSTER, "does not let eks.amazonaws.com do"),
        (SMALL, POLICY, CLUSTER, "does not let eks.amazonaws.com do sts:AssumeRole"),
        (SMALL, trusting("eks.amazonaws.com", "sts:AssumeRole"), (), "lacks AmazonEKSClusterPolicy"),
        # https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html
        (AUTO, trusting("eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"), AUTOMATIC, ""),
        (AUTO, trusting("eks.amazonaws.com", "sts:AssumeRole"), AUTOMATIC, "do sts:AssumeRole and sts:TagSession"),
        (AUTO, trusting("eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"), CLUSTER, "AmazonEKSComputePolicy"),
    ],
)
def test_a_role_of_the_control_plane_that_is_there(
    cluster: Blueprint, trust: str, policies: Sequence[str], says: str, make: Writers, account: Account
) -> None:
    made = plan(changed(cluster, cluster=changed(cluster.cluster, role="platform/Eks")))
    make.iam.create_role(RoleName="Eks", Path="/platform/", AssumeRolePolicyDocument=trust)
    attached = [{"PolicyName": name, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"} for name in policies]
    account.answers("ListAttachedRolePolicies", {"AttachedPolicies": attached})
    (found,) = account.found(given_roles, made)
    assert found.status == ("problem" if says else "ok"), found
    assert says in found.what


def test_a_role_that_is_not_there(make: Writers, account: Account) -> None:
    found = worst(account.found(given_roles, plan(with_cluster(role="platform/Eks"))))
    assert found.what == "arn:aws:iam::111111111111:role/platform/Eks does not exist"


@pytest.mark.parametrize(("service", "status"), [("ec2", "problem"), ("eks-fargate-pods", "ok")])
def test_a_role_of_a_fargate_profile_that_is_there(service: str, status: str, make: Writers, account: Account) -> None:
    made = plan(changed(FARGATE, compute=tuple(changed(each, role="Pods") for each in FARGATE.compute)))
    trust = trusting(f"{service}.amazonaws.com", "sts:AssumeRole")
    make.iam.create_role(RoleName="Pods", AssumeRolePolicyDocument=trust)
    account.answers("ListAttachedRolePolicies", {"AttachedPolicies": []})
    assert statuses(account.found(given_roles, made)) == [status]


def test_roles_that_are_made_are_not_looked_for(account: Account) -> None:
    assert account.found(given_roles, plan(SMALL)) == []


def needed(made: Plan) -> list[str]:
    return [each.name.removeprefix("AWSServiceRoleFor") for each in made.service_linked_roles]


SPOT = Karpenter(node_pools=(NodePool(capacity=("ON_DEMAND", "SPOT")),))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (SMALL, ["AmazonEKS", "AmazonEKSNodegroup", "AutoScaling"]),
        (FARGATE, ["AmazonEKS", "AmazonEKSForFargate"]),
        (AUTO, ["AmazonEKS", "ElasticLoadBalancing"]),
        (with_nodes(capacity="SPOT"), ["AmazonEKS", "AmazonEKSNodegroup", "AutoScaling", "EC2Spot"]),
        (with_addons(Karpenter()), ["AmazonEKS", "AmazonEKSNodegroup", "AutoScaling"]),
        (with_addons(SPOT), ["AmazonEKS", "AmazonEKSNodegroup", "AutoScaling", "EC2Spot"]),
    ],
    ids=["managed", "fargate", "auto", "spot", "karpenter", "karpenter with spot"],
)
def test_service_linked_roles_of_a_plan(made: object, expected: list[str]) -> None:
    assert needed(plan(made)) == expected  # type: ignore[arg-type]  # a Blueprint; pytest does not say so


def test_load_balancers_need_theirs() -> None:
    balanced = with_addons(AwsLoadBalancerController(), CertManager())
    assert "ElasticLoadBalancing" in needed(plan(balanced))


def linked_roles(make: Writers, made: Plan) -> None:
    for each in made.service_linked_roles:
        role(make, each.name, f"/aws-service-role/{each.service}/")


def test_service_linked_roles_that_exist(make: Writers, account: Account, small: Plan) -> None:
    linked_roles(make, small)
    assert statuses(account.found(service_linked_roles, small)) == ["ok"]


def test_a_deploy_makes_what_it_may(make: Writers, account: Account, small: Plan) -> None:
    with_cdk_roles(make, small)
    account.answers("SimulatePrincipalPolicy", allowed)
    (found,) = account.found(service_linked_roles, small)
    names = "AWSServiceRoleForAmazonEKS, AWSServiceRoleForAmazonEKSNodegroup, AWSServiceRoleForAutoScaling"
    assert (found.status, found.what) == ("ok", f"{names}: missing; a deploy makes it")


def test_and_not_what_it_may_not(make: Writers, account: Account, small: Plan) -> None:
    """Then EKS refuses the cluster, the group or the nodes."""
    with_cdk_roles(make, small)
    account.answers("SimulatePrincipalPolicy", lambda asked: decided(asked, EvalDecision="implicitDeny"))
    (found,) = account.found(service_linked_roles, small)
    assert found.status == "problem"
    assert found.fix.split(" && ") == [
        "aws iam create-service-linked-role --aws-service-name eks.amazonaws.com",
        "aws iam create-service-linked-role --aws-service-name eks-nodegroup.amazonaws.com",
        "aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com",
    ]


def test_nobody_makes_that_of_spot(make: Writers, account: Account, small: Plan) -> None:
    with_cdk_roles(make, small)
    account.answers("SimulatePrincipalPolicy", allowed)
    found = worst(account.found(service_linked_roles, plan(with_nodes(capacity="SPOT"))))
    assert (found.status, found.what) == (
        "problem",
        "the account lacks the service-linked role AWSServiceRoleForEC2Spot",
    )


def test_managed_policies_that_a_partition_lacks(account: Account, small: Plan) -> None:
    account.answers("GetPolicy", managed_policy)
    (found,) = account.found(managed_policies, small)
    assert found.status == "ok"

    def without(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked["PolicyArn"] == "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly":
            raise refused("NoSuchEntity")
        return managed_policy(asked)

    account.answers("GetPolicy", without)
    found = worst(account.found(managed_policies, small))
    assert (found.status, found.what) == (
        "problem",
        "the partition aws has no AWS managed policy AmazonEC2ContainerRegistryPullOnly",
    )
