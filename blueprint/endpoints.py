"""What a cluster calls in AWS, and what of it passes an endpoint of its VPC.

Policies of endpoints keep credentials of other accounts from carrying anything out by them: only principals of the
cluster's own account pass. They allow nothing by themselves.
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from blueprint.references import PARTITION

if TYPE_CHECKING:
    from blueprint.contribution import Contribution
    from blueprint.planning.draft import Draft

_Json = Mapping[str, Any]

# Of each a page of its own documentation says that its endpoints take policies; of EKS and Pod Identity none does.
_TAKE_POLICIES = frozenset(
    {
        "autoscaling",  # autoscaling/ec2/userguide/ec2-auto-scaling-vpc-endpoints.html
        "ec2",  # AWSEC2/latest/UserGuide/interface-vpc-endpoints.html
        "ecr.api",  # AmazonECR/latest/userguide/vpc-endpoints.html
        "ecr.dkr",
        "elasticloadbalancing",  # elasticloadbalancing/latest/userguide/load-balancer-vpc-endpoints.html
        "kms",  # kms/latest/developerguide/kms-vpc-endpoint.html
        "lambda",  # lambda/latest/dg/configuration-vpc-endpoints.html
        "logs",  # AmazonCloudWatch/latest/logs/cloudwatch-logs-and-interface-VPC.html
        "secretsmanager",  # secretsmanager/latest/userguide/vpc-endpoint-overview.html
        "sqs",  # AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-internetwork-traffic-privacy.html
        "ssm",  # systems-manager/latest/userguide/setup-create-vpc.html
        "sts",  # STS/latest/APIReference: IAM/latest/UserGuide/reference_interface_vpc_endpoints.html
    }
)


def called(parts: Sequence[Draft]) -> Mapping[str, Sequence[str]]:
    """The AWS services that add-ons and teams call, by the names of endpoints, each with the names of its callers."""
    callers: dict[str, list[str]] = {}
    for part in parts:
        for service in sorted(_services(part.contribution)):
            callers.setdefault(service, []).append(part.name)
    return callers


def _services(contribution: Contribution) -> set[str]:
    """What its pods call, and from where they get credentials for that."""
    managed = (addon.grant for addon in contribution.managed_addons if addon.grant)
    by = {"sts" if grant.irsa else "eks-auth" for grant in chain(contribution.grants, managed)}
    return by | set(contribution.aws_services)


def policies(services: Sequence[str], account: str, region: str) -> Mapping[str, _Json]:
    """Of each endpoint that takes one, and of the gateway to S3, in a network without internet.

    Where there is another way out, a policy of S3's would keep nodes from public registries, whose layers lie there.
    """
    found = {service: _policy(_own(account)) for service in services if service in _TAKE_POLICIES}
    if "sts" in found:
        # Whoever asks with the token of a service account is no principal yet: the role says whose it is.
        actions = ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]
        federated = _allow(actions, "*", {"StringEquals": {"aws:ResourceAccount": account}})
        found["sts"] = _policy(_own(account), federated)
    return {**found, "s3": _of_s3(account, region)}


def _of_s3(account: str, region: str) -> _Json:
    """Layers of images come by links that ECR signs, and the functions of the CDK answer by links of CloudFormation.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html (minimum Amazon S3 bucket permissions)
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    """
    bucket = f"arn:{PARTITION}:s3:::"
    answers = f"cloudformation-custom-resource-response-{region.replace('-', '')}"
    return _policy(
        _own(account),
        _allow("s3:GetObject", f"{bucket}prod-{region}-starport-layer-bucket/*"),
        _allow("s3:PutObject", f"{bucket}{answers}/*"),
    )


def _policy(*statements: _Json) -> _Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _own(account: str) -> _Json:
    return _allow("*", "*", {"StringEquals": {"aws:PrincipalAccount": account}})


def _allow(actions: str | list[str], resources: str, conditions: _Json | None = None) -> _Json:
    allow = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resources}
    return {**allow, "Condition": conditions} if conditions else allow
