"""Makes a pretended account ready for a plan: what moto keeps in moto, what it does not know as answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3

from blueprint.planning.document import Plan
from blueprint.references import resolved
from tests.blueprint.examples import SMALL
from tests.tools.doctor.account import Account, refused
from tools.doctor import bootstrap

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_iam import IAMClient

QUOTA = 100
CALLER = f"arn:aws:iam::{SMALL.account}:user/tester"


class Writers(NamedTuple):
    """Clients that may do anything, to furnish an account with."""

    ec2: EC2Client
    iam: IAMClient


def writers(region: str) -> Writers:
    """They take as long to make as the doctor's own."""
    session = boto3.Session(region_name=region)
    return Writers(session.client("ec2"), session.client("iam"))


def empty(account: Account) -> None:
    """No cluster, no stack, no bootstrap; moto takes seconds to say so."""
    account.answers("GetCallerIdentity", {"Arn": CALLER, "Account": SMALL.account})
    account.refuses("GetParameter", "ParameterNotFound")
    account.answers("DescribeStacks", no_stack)
    account.answers("DescribeCluster", no_cluster)
    account.answers("DescribeInstanceTypes", instance_types)


def make_ready(account: Account, plan: Plan) -> None:
    """Answers to everything that moto does not know, as an account gives them that has nothing yet."""
    account.answers("GetParameter", {"Parameter": {"Value": str(bootstrap.VERSION)}})
    account.answers("GetBucketVersioning", {"Status": "Enabled"})
    account.answers("GetPolicy", managed_policy)
    account.answers("GetServiceQuota", {"Quota": {"Value": float(QUOTA)}})
    account.answers("SimulatePrincipalPolicy", allowed)
    account.answers("GetAccountSummary", {"SummaryMap": {"Roles": 10, "RolesQuota": 1000}})
    account.answers(
        "DescribeRegionSettings", {"ResourceTypeOptInPreference": dict.fromkeys(("EBS", "EFS", "EKS"), True)}
    )
    account.answers("ListBackupVaults", {"BackupVaultList": []})
    account.answers("GetEbsDefaultKmsKeyId", {"KmsKeyId": "alias/aws/ebs"})
    account.answers("DescribeClusterVersions", cluster_versions(plan.facts.version))
    account.answers("DescribeAddonVersions", lambda asked: addon_versions(plan, asked["addonName"]))


def furnish(make: Writers, plan: Plan, *, people: bool = True) -> None:
    """The roles that the cluster needs: its administrators', those of the CDK and of AWS's services."""
    trust = '{"Version": "2012-10-17", "Statement": []}'
    with_cdk_roles(make, plan)
    for entry in (*plan.admins, *plan.people) if people else ():
        kind, _, path = resolved(entry.principal, {"partition": "aws"}).rpartition(":")[2].partition("/")
        folder, _, name = f"/{path}".rpartition("/")
        if kind == "user":
            make.iam.create_user(UserName=name, Path=f"{folder}/")
        else:
            make.iam.create_role(RoleName=name, Path=f"{folder}/", AssumeRolePolicyDocument=trust)
    for role in plan.service_linked_roles:
        path = f"/aws-service-role/{role.service}/"
        make.iam.create_role(RoleName=role.name, Path=path, AssumeRolePolicyDocument=trust)


def with_cdk_roles(make: Writers, plan: Plan) -> None:
    """Those that `cdk bootstrap` makes, with the names that the CDK has for them."""
    for purpose in ("deploy", "file-publishing", "cfn-exec", "image-publishing", "lookup"):
        name = f"cdk-hnb659fds-{purpose}-role-{plan.facts.account}-{plan.facts.region}"
        make.iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')


@cache
def _of_aws() -> Mapping[str, Any]:
    """AWS's own policies, as moto ships them."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # heavy

    found: Mapping[str, Any] = json.loads(aws_managed_policies_data)
    return found


def managed_policy(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Each of AWS's own policies exists; the account has none."""
    arn = asked["PolicyArn"]
    if ":aws:policy/" not in arn or arn.rpartition("/")[2] not in _of_aws():
        raise refused("NoSuchEntity", f"Policy {arn} was not found.")
    return {"Policy": {"Arn": arn}}


def without_bootstrap(account: Account) -> None:
    """Nobody has bootstrapped it; AWS's own parameters are there."""

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked["Name"].startswith("/cdk-bootstrap/"):
            raise refused("ParameterNotFound")
        return {"Parameter": {"Value": "ami-0123456789abcdef0"}}

    account.answers("GetParameter", answer)


def no_stack(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """CloudFormation's answer when there is none of the name."""
    raise refused("ValidationError", f"Stack with id {asked['StackName']} does not exist")


def no_cluster(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """EKS's answer when there is none of the name."""
    raise refused("ResourceNotFoundException", f"No cluster found for name: {asked['name']}.")


def allowed(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The policy simulator's answer when everything is allowed."""
    return decided(asked, EvalDecision="allowed")


def decided(asked: Mapping[str, Any], **result: Any) -> Mapping[str, Any]:
    """The same result for each action."""
    resource = asked["ResourceArns"][0]
    results = [{"EvalActionName": name, "EvalResourceName": resource, **result} for name in asked["ActionNames"]]
    return {"EvaluationResults": results}


def cluster_versions(version: str, status: str = "STANDARD_SUPPORT") -> Mapping[str, Any]:
    """EKS offers this version and one that it no longer offers."""
    ends = datetime(2027, 9, 1, tzinfo=UTC)
    dates = {"endOfStandardSupportDate": ends, "endOfExtendedSupportDate": ends}
    versions = [
        {"clusterVersion": version, "versionStatus": status, **dates},
        {"clusterVersion": "1.30", "versionStatus": "UNSUPPORTED"},
    ]
    return {"clusterVersions": versions}


def addon_versions(plan: Plan, name: str) -> Mapping[str, Any]:
    """EKS offers the planned version of the add-on, and makes it the default."""
    planned = (addon for part in plan.addons for addon in part.contribution.managed_addons)
    (version,) = (addon.version for addon in planned if addon.name == name)
    compatible = [{"clusterVersion": plan.facts.version, "defaultVersion": True}]
    offered = {"addonVersion": version, "architecture": ["amd64", "arm64"], "compatibilities": compatible}
    return {"addons": [{"addonName": name, "addonVersions": [offered]}]}


def instance_types(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Facts of instance types, as moto has them."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    found = [INSTANCE_TYPES[name] for name in asked["Filters"][0]["Values"] if name in INSTANCE_TYPES]
    return {"InstanceTypes": [_facts(info) for info in found]}


def _facts(info: Mapping[str, Any]) -> Mapping[str, Any]:
    addresses = info["NetworkInfo"]["Ipv4AddressesPerInterface"]
    return {
        "InstanceType": info["InstanceType"],
        "VCpuInfo": {"DefaultVCpus": info["VCpuInfo"]["DefaultVCpus"]},
        "NetworkInfo": {"Ipv4AddressesPerInterface": addresses},
    }


def live(account: Account, plan: Plan, vpc: str = "vpc-0", **cluster: Any) -> None:
    """The cluster runs already, of the plan's version unless it says otherwise."""
    network = {"vpcId": vpc, "endpointPublicAccess": False, "publicAccessCidrs": []}
    known = {"name": plan.facts.name, "version": plan.facts.version, "status": "ACTIVE", "resourcesVpcConfig": network}
    account.answers("DescribeCluster", {"cluster": {**known, **cluster}})
