"""What a statement of IAM gives beyond its own workload: access, others' identities and code, the platform's stacks.

A team may have none of it, and in any other role it is a danger that the review shows. Access levels are AWS's own;
the lists name what AWS calls a write, and is more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from blueprint.actions import CHANGES, ListedAction, matching

_PERMISSIONS = "changes who may do what"
_ACCESS = "gives access to the account or to a cluster"
_ACCESS_SERVICES = {
    *("iam", "organizations", "account", "sso", "sso-directory", "identitystore", "ram", "rolesanywhere", "eks"),
    *("controltower", "identity-sync"),
}
_IDENTITIES = "takes on another identity"
_STACKS = "changes stacks, and with them all that CloudFormation may do"
_MACHINES = "runs commands on machines, or decides what they start with"
_KEYS = "takes a key away from what it encrypts"
# Names of actions, as IAM writes them.
_NEVER = (
    (_IDENTITIES, r"sts:(AssumeRole.*|AssumeRoot|GetFederationToken)|iam:PassRole|eks-auth:.*|rds:AddRoleTo.*"),
    (_IDENTITIES, r"cognito-identity:Get(Credentials|OpenIdToken).*"),
    (_MACHINES, r"ssm:(Send|Start|Resume|Create|Update|Register)(?!.*Parameter).*|ec2-instance-connect:.*"),
    (_MACHINES, r"ssm-guiconnect:Start.*|ssmmessages:.*|ec2messages:.*|ecs:ExecuteCommand|ec2:GetPasswordData"),
    (_MACHINES, r"glue:.*DevEndpoint|lightsail:GetInstanceAccessDetails"),
    (
        _MACHINES,
        r"ec2:(Run(Scheduled)?Instances|RequestSpot.*|CreateFleet|ModifyFleet|ModifyInstance.*|StartInstances)",
    ),
    (_MACHINES, r"ec2:(Create|Modify|Delete)LaunchTemplate.*|ec2:.*IamInstanceProfile.*|ec2:CreateReplaceRootVolume.*"),
    (_MACHINES, r"autoscaling:(Create|Update|Attach|Put|Start).*"),
    (_KEYS, r"kms:(ScheduleKeyDeletion|Disable.*|Delete.*|Update.*|Import.*|Synchronize.*|Replicate.*)"),
)
# AWS calls it permissions management. Of a database and user that are named it is what IAM authentication is for.
_SIGNS_IN = "rds-db:connect"
# What runs code of its own: by its name a team may have its own run, and never by a pattern.
_RUN_CODE = "runs or changes code that is not its own"
_CODE_SERVICES = {
    *("lambda", "states", "ecs", "batch", "glue", "datapipeline", "sagemaker", "imagebuilder", "cloud9"),
    *("codebuild", "codepipeline", "codedeploy", "codestar"),
}
_NAMED = re.compile(r"arn:[^:*?]+:[^:*?]+:[^:*?]*:[^:*?]*:[A-Za-z-]+[:/][^*?]*[\w-]([:/]\*)?")
_SURE = r"\$\{(blueprint:partition|AWS::(Partition|Region|AccountId))\}"
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html, and the functions that administer our clusters; their
# names are those that CloudFormation makes of stacks/kubectl.py.
_PLATFORM = (
    ("is the CDK's own, and with it comes what the CDK may do", "arn:*:s3:::cdk-*"),
    ("is the CDK's own, and with it comes what the CDK may do", "arn:*:ecr:*:*:repository/cdk-*"),
    ("is the CDK's own, and with it comes what the CDK may do", "arn:*:ssm:*:*:parameter/cdk-bootstrap/*"),
    ("administers a cluster", "arn:*:lambda:*:*:function:*Kubectl*"),
)

_BUCKET = re.compile(r"arn:[^:]*:s3:::")
"""And objects in it."""


def powers(actions: Sequence[str], resources: Sequence[str], *, reading: bool = True) -> Iterator[tuple[str, str]]:
    """What stands there, an action or a resource, and what it does; references in resources stand for anything.

    Without `reading`, what belongs to the platform counts only for actions that change it.
    """
    plain = [_plain(resource) for resource in resources]
    for pattern in actions:
        found = matching(pattern)
        if why := next(filter(None, (power(each, plain) for each in found)), ""):
            yield pattern, why
    for written, resource in zip(resources, plain, strict=True):
        for why, platform in _PLATFORM:
            named = resource.removesuffix(":*") if _NAMED.fullmatch(resource) else resource
            if overlap(named, platform) and any(_acts_on(each, platform, reading) for each in actions):
                yield written, why
                break


def power(action: ListedAction, resources: Sequence[str]) -> str:
    """What the action gives on these; empty where it gives nothing that must be refused."""
    service = action.name.partition(":")[0]
    changes = action.level in CHANGES
    for why, names in _NEVER:
        if re.fullmatch(names, action.name, re.IGNORECASE):
            return why
    named = all(map(_NAMED.fullmatch, resources))
    if action.level == "Permissions management" and not (named and action.name == _SIGNS_IN):
        return _PERMISSIONS
    if changes and service in _ACCESS_SERVICES:
        return _ACCESS
    if changes and service == "cloudformation":
        return _STACKS
    if changes and service in _CODE_SERVICES and not named:
        return _RUN_CODE
    return ""


def reaches(actions: Sequence[str], resources: Sequence[str], arn: str) -> bool:
    """Whether some of the actions may be done to what a pattern means."""
    return any(overlap(_plain(each), arn) for each in resources) and any(_acts_on(each, arn, True) for each in actions)


def misses(actions: Sequence[str], resources: Sequence[str]) -> Iterator[str]:
    """The actions that can be done to none of these: IAM takes them, and they give nothing.

    Of S3 buckets and objects are told apart, elsewhere services only, since AWS's list lacks some forms of ARNs.
    """
    plain = [_plain(resource) for resource in resources]
    for pattern in actions:
        found = matching(pattern)
        if all(each.resources for each in found) and not any(_meets(each, arn) for each in found for arn in plain):
            yield pattern


def _meets(action: ListedAction, arn: str) -> bool:
    service = [*arn.split(":", 3), "*", "*"][2]
    if arn == "*" or (action.name.startswith(f"{service}:") and not _BUCKET.match(arn)):
        return True
    if _BUCKET.match(arn):
        return any(overlap(resource, arn) for resource in action.resources)
    return any(_overlap(resource.split(":", 3)[2], service) for resource in action.resources)


def _plain(resource: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "*", re.sub(_SURE, "aws", resource))


def _acts_on(pattern: str, arn: str, reading: bool) -> bool:
    found = [action for action in matching(pattern) if reading or action.level in CHANGES]
    return any(overlap(resource, arn) for action in found for resource in action.resources)


def overlap(one: str, other: str) -> bool:
    """Whether some resource is meant by both; a wildcard stays in its part of an ARN, whose sixth is the rest."""
    parts = one.split(":", 5), other.split(":", 5)
    return "*" in (one, other) or (len(parts[0]) == len(parts[1]) and all(map(_overlap, *parts)))


@cache
def _overlap(one: str, other: str) -> bool:
    """`*` stands for any characters, `?` for one."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(one, other[1:]) or _overlap(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _overlap(one[1:], other[1:])
