"""What several checks ask for, asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from blueprint.zones import is_id
from tools.doctor.aws import Aws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_ec2.type_defs import (
        AvailabilityZoneTypeDef,
        FilterTypeDef,
        InstanceTypeInfoTypeDef,
        SubnetTypeDef,
        VpcTypeDef,
    )
    from types_boto3_eks.type_defs import ClusterTypeDef, NodegroupTypeDef
    from types_boto3_iam.type_defs import RoleTypeDef

    from blueprint.planning.document import Plan

STACKS = ("network", "cluster", "addons", "teams")
"""In the order of deployment; a stack is called <cluster>-<name>."""
NOT_CREATED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS")
"""States of a stack whose creation failed or never began."""


class Caller(NamedTuple):
    """Who asks."""

    arn: str
    account: str

    @property
    def partition(self) -> str:
        """aws, aws-cn or aws-us-gov."""
        return self.arn.split(":")[1]


def caller(aws: Aws) -> Caller:
    """The identity behind the credentials."""

    def ask() -> Caller:
        answer = aws.sts.get_caller_identity()
        return Caller(answer["Arn"], answer["Account"])

    return aws.once("caller", ask)


def where(name: str, *values: str) -> list[FilterTypeDef]:
    """A filter of EC2: any of the values."""
    return [{"Name": name, "Values": values}]


def code_of(error: ClientError) -> str:
    """AWS's name for an error; empty when it gives none, which no service of AWS does."""
    code: str = error.response.get("Error", {}).get("Code", "")
    return "" if code == "Unknown" else code


def live_cluster(plan: Plan, aws: Aws) -> ClusterTypeDef | None:
    """The cluster of this name in the account; None when there is none yet."""

    def ask() -> ClusterTypeDef | None:
        try:
            return aws.eks.describe_cluster(name=plan.facts.name)["cluster"]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise

    return aws.once("cluster", ask)


def node_groups(plan: Plan, aws: Aws) -> dict[str, NodegroupTypeDef]:
    """The managed node groups of the live cluster, by name."""
    cluster = plan.facts.name

    def ask() -> dict[str, NodegroupTypeDef]:
        pages = aws.eks.get_paginator("list_nodegroups").paginate(clusterName=cluster)
        return {
            name: aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            for page in pages
            for name in page["nodegroups"]
        }

    return aws.once("node groups", ask)


def stacks(plan: Plan, aws: Aws) -> dict[str, StackTypeDef]:
    """The stacks of the cluster that exist, by their name in STACKS."""

    def ask() -> dict[str, StackTypeDef]:
        found: dict[str, StackTypeDef] = {}
        for name in STACKS:
            try:
                found[name] = aws.cloudformation.describe_stacks(StackName=f"{plan.facts.name}-{name}")["Stacks"][0]
            except ClientError as error:
                # CloudFormation has no code of its own for a stack that does not exist.
                if code_of(error) != "ValidationError" or "does not exist" not in str(error):
                    raise
        return found

    return aws.once("stacks", ask)


def vpcs(aws: Aws) -> list[VpcTypeDef]:
    """Every VPC of the region that is the account's own; what others share with it is theirs, and so are its quotas.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing-service-behavior.html
    """

    def ask() -> list[VpcTypeDef]:
        found = [vpc for page in aws.ec2.get_paginator("describe_vpcs").paginate() for vpc in page["Vpcs"]]
        return [vpc for vpc in found if vpc.get("OwnerId", own) == own]

    own = caller(aws).account

    return aws.once("vpcs", ask)


def live_vpc(plan: Plan, aws: Aws) -> VpcTypeDef | None:
    """The VPC that the blueprint names, that the live cluster is in, or that the network stack made; None before the
    first deploy, and where the account sees none of this id.
    """
    if plan.network.vpc_id:
        return _named_vpc(plan.network.vpc_id, aws)
    cluster = live_cluster(plan, aws)
    in_use = cluster["resourcesVpcConfig"]["vpcId"] if cluster else None
    stack = {"Key": "aws:cloudformation:stack-name", "Value": f"{plan.facts.name}-network"}
    for vpc in vpcs(aws):
        if vpc["VpcId"] == in_use or (in_use is None and stack in vpc.get("Tags", [])):
            return vpc
    return None


def _named_vpc(id: str, aws: Aws) -> VpcTypeDef | None:
    """Also one that another account shares."""

    def ask() -> VpcTypeDef | None:
        try:
            return aws.ec2.describe_vpcs(VpcIds=[id])["Vpcs"][0]
        except ClientError as error:
            if code_of(error) == "InvalidVpcID.NotFound":
                return None
            raise

    return aws.once(f"vpc {id}", ask)


def subnets(aws: Aws) -> list[SubnetTypeDef]:
    """Every subnet of the region."""

    def ask() -> list[SubnetTypeDef]:
        return [one for page in aws.ec2.get_paginator("describe_subnets").paginate() for one in page["Subnets"]]

    return aws.once("subnets", ask)


def zones(aws: Aws) -> list[AvailabilityZoneTypeDef]:
    """Every availability zone of the region, also those that the account has not opted in to."""
    return _zones("availability-zone", aws)


def local_zones(aws: Aws) -> list[AvailabilityZoneTypeDef]:
    """Every Local Zone of the region, also those that the account has not opted in to."""
    return _zones("local-zone", aws)


def _zones(kind: str, aws: Aws) -> list[AvailabilityZoneTypeDef]:
    def ask() -> list[AvailabilityZoneTypeDef]:
        filters = where("zone-type", kind)
        return aws.ec2.describe_availability_zones(AllAvailabilityZones=True, Filters=filters)["AvailabilityZones"]

    return aws.once(f"zones {kind}", ask)


def named(zone: str, aws: Aws) -> str:
    """The name that a zone has in this account, where the blueprint has its id; an id that is none here stays."""
    if not is_id(zone):
        return zone
    return next((each["ZoneName"] for each in zones(aws) if each.get("ZoneId") == zone), zone)


def instance_types(names: Sequence[str], aws: Aws) -> dict[str, InstanceTypeInfoTypeDef]:
    """Facts of those EC2 instance types that the region knows.

    A filter, since a name that EC2 does not know would fail the whole call. It takes 200 names.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
    """
    wanted = sorted(set(names))

    def ask() -> dict[str, InstanceTypeInfoTypeDef]:
        found: dict[str, InstanceTypeInfoTypeDef] = {}
        for start in range(0, len(wanted), 200):
            filters = where("instance-type", *wanted[start : start + 200])
            for page in aws.ec2.get_paginator("describe_instance_types").paginate(Filters=filters):
                found.update({info["InstanceType"]: info for info in page["InstanceTypes"]})
        return found

    return aws.once(f"instance types {wanted}", ask)


def principal(kind: str, name: str, aws: Aws) -> str:
    """The ARN of a role or user; empty when there is none of the name."""
    if kind != "user":
        role = role_of(name, aws)
        return role["Arn"] if role else ""

    def ask() -> str:
        try:
            return aws.iam.get_user(UserName=name)["User"]["Arn"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return ""
            raise

    return aws.once(f"user {name}", ask)


def role_of(name: str, aws: Aws) -> RoleTypeDef | None:
    """A role of the account; None when there is none of the name."""

    def ask() -> RoleTypeDef | None:
        try:
            return aws.iam.get_role(RoleName=name)["Role"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            raise

    return aws.once(f"role {name}", ask)


def listed(value: Any) -> list[Any]:
    """What a policy document says once, or in a list, or not at all."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]
