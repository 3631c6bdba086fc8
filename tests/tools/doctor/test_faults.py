"""Thirty accounts with one fault each, and five without: the fault is found, nothing else, and the advice mends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from addons.aws_backup import AwsBackup
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from blueprint import Blueprint, Plan, Role, plan
from blueprint.addons import ExistingVault, NewVault
from blueprint.node_pool import NodePool
from examples.auto import AUTO
from examples.backup import BACKUP
from examples.fargate import FARGATE
from examples.managed import MANAGED
from examples.self_managed import SELF_MANAGED
from tests.blueprint.examples import SMALL, with_addons, with_cluster, with_network, with_nodes
from tests.tools.doctor.account import Account, refused
from tests.tools.doctor.ready import (
    QUOTA,
    Writers,
    addon_versions,
    allowed,
    cluster_versions,
    decided,
    furnish,
    live,
    make_ready,
    without_bootstrap,
)
from tools.doctor.checklist import CHECKS
from tools.doctor.finding import Finding
from tools.doctor.runner import run

Fault = Callable[[Account, Plan], None]

HEALTHY = {
    "managed": MANAGED,
    "self-managed": SELF_MANAGED,
    "Fargate": FARGATE,
    "Auto Mode": AUTO,
    "small": SMALL,
    "backup": BACKUP,
}


def not_fine(account: Account, made: Plan) -> list[Finding]:
    found = run(CHECKS, made, account.aws, lambda _: None)
    return [one for one in found if one.status not in ("ok", "unchecked")]


def prepared(account: Account, make: Writers, blueprint: Blueprint) -> Plan:
    made = plan(blueprint)
    make_ready(account, made)
    furnish(make, made)
    account.answers(
        "GetCallerIdentity", {"Arn": f"arn:aws:iam::{made.facts.account}:root", "Account": made.facts.account}
    )
    return made


@pytest.mark.parametrize("blueprint", HEALTHY.values(), ids=HEALTHY)
def test_an_account_without_a_fault_is_ready(blueprint: Blueprint, account: Account, make: Writers) -> None:
    here = replace(blueprint, account=SMALL.account, region=SMALL.region, addons=without_zones(blueprint))
    assert not_fine(account, prepared(account, make, here)) == []


def without_zones(blueprint: Blueprint) -> tuple[Any, ...]:
    """Those of examples are of nobody's domain."""
    return tuple(each for each in blueprint.addons if each.name not in ("external-dns", "cert-manager"))


# --- Faults ---


def quota(code: str, value: int) -> Fault:
    def fault(account: Account, _: Plan) -> None:
        account.answers(
            "GetServiceQuota",
            lambda asked: {"Quota": {"Value": float(value if asked["QuotaCode"] == code else QUOTA)}},
        )

    return fault


def denies(service: str, **result: Any) -> Fault:
    """The simulator's answer for a service."""

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        of_it = asked["ActionNames"][0].startswith(f"{service}:")
        return decided(asked, EvalDecision="implicitDeny", **result) if of_it else allowed(asked)

    return lambda account, _: account.answers("SimulatePrincipalPolicy", answer)


def lacks_role(part: str) -> Fault:
    """IAM has all roles but one."""

    def fault(account: Account, made: Plan) -> None:
        def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
            name = asked["RoleName"]
            if part in name:
                raise refused("NoSuchEntity", f"Role {name} not found")
            arn = f"arn:aws:iam::{made.facts.account}:role/{name}"
            role = {"Path": "/", "RoleName": name, "RoleId": "AROA0123456789ABCDEF", "Arn": arn}
            return {"Role": {**role, "CreateDate": "2026-01-01T00:00:00Z"}}

        account.answers("GetRole", answer)

    return fault


def lacks_linked_role(account: Account, made: Plan) -> None:
    """And CloudFormation may not have it made."""
    lacks_role("AWSServiceRoleForAmazonEKSNodegroup")(account, made)

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        barred = asked["ActionNames"] == ["iam:CreateServiceLinkedRole"]
        return decided(asked, EvalDecision="implicitDeny") if barred else allowed(asked)

    account.answers("SimulatePrincipalPolicy", answer)


def stack(state: str) -> Fault:
    def fault(account: Account, made: Plan) -> None:
        def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
            if asked["StackName"] != f"{made.facts.name}-network":
                raise refused("ValidationError", f"Stack with id {asked['StackName']} does not exist")
            found = {"StackName": asked["StackName"], "StackStatus": state, "CreationTime": "2026-01-01T00:00:00Z"}
            return {"Stacks": [found]}

        account.answers("DescribeStacks", answer)

    return fault


def runs(account: Account, made: Plan, **changes: Any) -> None:
    """The cluster is live and well, made by its stack."""
    found = {
        "StackName": f"{made.facts.name}-x",
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": "2026-01-01T00:00:00Z",
    }
    account.answers("DescribeStacks", {"Stacks": [found]})
    live(account, made, **changes)
    account.answers("ListNodegroups", {"nodegroups": ["system"]})
    account.answers("DescribeNodegroup", {"nodegroup": {"status": "ACTIVE", "version": made.facts.version}})
    account.answers("ListAddons", {"addons": []})
    account.answers("ListFargateProfiles", {"fargateProfileNames": []})


def live_group(**group: Any) -> Fault:
    def fault(account: Account, made: Plan) -> None:
        runs(account, made)
        account.answers("DescribeNodegroup", {"nodegroup": {"version": made.facts.version, **group}})

    return fault


def live_addon(account: Account, made: Plan) -> None:
    runs(account, made)
    account.answers("ListAddons", {"addons": ["coredns"]})
    issue = {"code": "ConfigurationConflict", "message": "Conflicts found when trying to apply."}
    account.answers("DescribeAddon", {"addon": {"status": "UPDATE_FAILED", "health": {"issues": [issue]}}})


def live_version(version: str) -> Fault:
    return lambda account, made: runs(account, made, version=version)


def zone(private: bool, domain: str = "example.com.") -> Fault:
    found = {
        "Id": "/hostedzone/Z0123456789",
        "Name": domain,
        "CallerReference": "1",
        "Config": {"PrivateZone": private},
    }
    vpcs = [{"VPCRegion": "us-west-2", "VPCId": "vpc-other"}]
    return lambda account, _: account.answers(
        "GetHostedZone", {"HostedZone": found, **({"VPCs": vpcs} if private else {})}
    )


def shows(operation: str, output: Mapping[str, Any]) -> Fault:
    return lambda account, _: account.answers(operation, output)


def refuses(operation: str, code: str, message: str, status: int = 400) -> Fault:
    return lambda account, _: account.refuses(operation, code, message, status)


def no_image(account: Account, _: Plan) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked["Name"].startswith("/aws/service/"):
            raise refused("ParameterNotFound")
        return {"Parameter": {"Value": "30"}}

    account.answers("GetParameter", answer)


def no_addon(account: Account, made: Plan) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"addons": []} if asked["addonName"] == "kube-proxy" else addon_versions(made, asked["addonName"])

    account.answers("DescribeAddonVersions", answer)


def unbootstrapped(account: Account, _: Plan) -> None:
    without_bootstrap(account)


def old_bootstrap(account: Account, _: Plan) -> None:
    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"Parameter": {"Value": "5" if "cdk-bootstrap" in asked["Name"] else "ami-1"}}

    account.answers("GetParameter", answer)


BACKED_UP = with_addons(AwsEbsCsiDriver(), CoreDns(), AwsBackup(NewVault("dev")))
VAULT = {"BackupVaultList": [{"BackupVaultName": "dev"}]}
DNS = with_addons(ExternalDns(zones=("Z0123456789",), domains=("example.com",)))
WITH_CHART = with_addons(Karpenter(node_pools=(NodePool(max_cpu=20),)))
POOL = with_addons(Karpenter(node_pools=(NodePool(max_cpu=500),)))
ON_FARGATE = replace(FARGATE, account=SMALL.account, region=SMALL.region, addons=(CoreDns(),))
BY_ORGANIZATION = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
BY_BOUNDARY = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
DENIED = "User: x is not authorized to perform: eks:ListClusters with an explicit deny in a service control policy"
FULL = {"code": "Ec2SubnetInvalidConfiguration", "message": "subnet-1 has no free addresses"}

FAULTS: Mapping[str, tuple[Blueprint, Fault, str, str, str]] = {
    "not bootstrapped": (
        SMALL,
        lambda account, _: without_bootstrap(account),
        "problem",
        "not bootstrapped",
        "cdk boot",
    ),
    "an old bootstrap": (SMALL, old_bootstrap, "problem", "version '5'", "cdk bootstrap aws://111111111111/us-west-2"),
    "no assets bucket": (
        SMALL,
        refuses("GetBucketVersioning", "NoSuchBucket", "The specified bucket does not exist", 404),
        *("problem", "bucket cdk-hnb659fds-assets-111111111111-us-west-2", "delete-stack --stack-name CDKToolkit"),
    ),
    "no deploy role": (SMALL, lacks_role("-deploy-role-"), "problem", "-deploy-role-", "--stack-name CDKToolkit"),
    "no role of CloudFormation": (
        SMALL,
        lacks_role("-cfn-exec-"),
        "problem",
        "-cfn-exec-role-",
        "--stack-name CDKToolkit",
    ),
    "denied by the organization": (
        SMALL,
        denies("eks", **BY_ORGANIZATION),
        "problem",
        "eks:CreateCluster",
        "ask whoever",
    ),
    "denied by a boundary": (
        SMALL,
        denies("ec2", **BY_BOUNDARY),
        "problem",
        "ec2:CreateVpc",
        "allow it in that policy",
    ),
    "not allowed": (SMALL, denies("kms"), "problem", "kms:CreateKey", "--cloudformation-execution-policies"),
    "a service-linked role that may not be made": (
        SMALL,
        lacks_linked_role,
        *("problem", "AWSServiceRoleForAmazonEKSNodegroup", "--aws-service-name eks-nodegroup.amazonaws.com"),
    ),
    "spot without its role": (
        with_nodes(capacity="SPOT"),
        lacks_role("EC2Spot"),
        *("problem", "AWSServiceRoleForEC2Spot", "create-service-linked-role --aws-service-name spot.amazonaws.com"),
    ),
    "an administrator who is not": (SMALL, lacks_role("BreakGlass"), "problem", "role/BreakGlass does not", "make it"),
    "a stack that waits": (
        SMALL,
        stack("UPDATE_ROLLBACK_FAILED"),
        "problem",
        "dev-network",
        "continue-update-rollback",
    ),
    "a stack that stopped": (SMALL, stack("UPDATE_FAILED"), "warning", "dev-network", "cdk rollback 'dev/network'"),
    "logs of a destroyed cluster": (
        SMALL,
        shows("DescribeLogGroups", {"logGroups": [{"logGroupName": "/aws/eks/dev/cluster"}]}),
        *("problem", "/aws/eks/dev/cluster", "aws logs delete-log-group"),
    ),
    "no VPC left": (SMALL, quota("L-F678F1CE", 1), "problem", "VPCs in the region: 1 of 1", "--desired-value 2"),
    "no address left": (SMALL, quota("L-0263D0A3", 2), "problem", "Elastic IP", "--desired-value 3"),
    "no vCPU left": (SMALL, quota("L-1216C47A", 3), "problem", "on-demand standard", "--desired-value 6"),
    "no vCPU for Karpenter": (POOL, quota("L-1216C47A", 50), "warning", "4 to 506", "--desired-value 506"),
    "no vCPU on Fargate": (ON_FARGATE, quota("L-3032A538", 0), "problem", "Fargate", "--quota-code L-3032A538"),
    "a new account's functions": (WITH_CHART, quota("L-B99A9384", 1), "problem", "Lambda", "--desired-value 1000"),
    "no role left": (
        SMALL,
        shows("GetAccountSummary", {"SummaryMap": {"Roles": 1000, "RolesQuota": 1000}}),
        *("problem", "roles of the account: 1000 of 1000", "remove roles"),
    ),
    "no image": (SMALL, no_image, "problem", "us-west-2 has no image", "aws ssm get-parameters-by-path"),
    "a version that is gone": (
        SMALL,
        shows("DescribeClusterVersions", cluster_versions("1.34")),
        "problem",
        "1.35",
        "1.34",
    ),
    "extended support": (
        SMALL,
        shows("DescribeClusterVersions", cluster_versions("1.35", "EXTENDED_SUPPORT")),
        *("problem", "in extended support", 'support_policy="EXTENDED"'),
    ),
    "a group held back in a cluster that is not there": (
        with_nodes(version="1.34"),
        lambda *_: None,
        *("problem", "is not there yet", "leave version and release_version out"),
    ),
    "an add-on that is not offered": (SMALL, no_addon, "problem", "EKS offers no kube-proxy", "leave the add-on out"),
    "a key of its own for volumes": (
        with_addons(AwsEbsCsiDriver(), CoreDns()),
        shows("GetEbsDefaultKmsKeyId", {"KmsKeyId": "arn:aws:kms:us-west-2:111111111111:key/1"}),
        *("warning", "key/1", "kms_key_arn="),
    ),
    "no opt-in to backups of clusters": (
        BACKED_UP,
        shows("DescribeRegionSettings", {"ResourceTypeOptInPreference": {"EBS": False, "EKS": True}}),
        *("warning", "not opted in to EBS", "--resource-type-opt-in-preference EBS=true"),
    ),
    "a vault of a cluster that is gone": (
        BACKED_UP,
        shows("ListBackupVaults", VAULT),
        *("problem", "the backup vault dev exists already", 'ExistingVault("dev")'),
    ),
    "no such vault": (
        with_addons(AwsEbsCsiDriver(), CoreDns(), AwsBackup(ExistingVault("dev"))),
        lambda *_: None,
        *("problem", "no backup vault dev", "NewVault(…)"),
    ),
    "a private zone of another VPC": (
        DNS,
        zone(private=True),
        "warning",
        "vpc-other",
        "associate-vpc-with-hosted-zone",
    ),
    "a zone of another domain": (DNS, zone(private=False, domain="example.org."), "problem", "example.com", "correct"),
    "a degraded group": (
        SMALL,
        live_group(status="DEGRADED", health={"issues": [FULL]}),
        *("problem", "system is DEGRADED", "mend what EKS names"),
    ),
    "an add-on that failed": (SMALL, live_addon, "problem", "coredns is UPDATE_FAILED", "mend what EKS names"),
    "a version that cannot go back": (SMALL, live_version("1.36"), "problem", "runs 1.36", 'write version="1.36"'),
    "a look that is denied": (
        SMALL,
        refuses("ListClusters", "AccessDenied", DENIED, 403),
        "unknown",
        "eks:ListClu",
        "ask",
    ),
    "an endpoint that is not offered": (
        with_network(interface_endpoints=("sts",)),
        shows("DescribeVpcEndpointServices", {"ServiceDetails": []}),
        *("problem", "no interface endpoint for sts", "correct or leave out"),
    ),
    "people of another account": (
        with_cluster(admins=(Role("Ops", account="222222222222"),)),
        lambda *_: None,
        *("warning", "in another account", "222222222222"),
    ),
}


@pytest.mark.parametrize(("blueprint", "fault", "status", "what", "fix"), FAULTS.values(), ids=FAULTS)
def test_one_fault_is_one_finding(
    blueprint: Blueprint, fault: Fault, status: str, what: str, fix: str, account: Account, make: Writers
) -> None:
    made = prepared(account, make, blueprint)
    fault(account, made)
    (found,) = not_fine(account, made)
    assert found.status == status
    assert what in found.what
    assert fix in found.fix
