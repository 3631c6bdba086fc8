"""Requests to AWS that no role of a team may make, whatever its permissions say: as AWS knows them."""

from __future__ import annotations

from blueprint.facts import ClusterFacts


def forbidden(facts: ClusterFacts) -> tuple[tuple[str, str], ...]:
    """Actions and ARNs: the CDK's roles and assets, the functions that administer a cluster, machines, keys, access."""
    here, account = f"{facts.region}:{facts.account}", facts.account
    roles = f"arn:aws:iam::{account}:role"
    kubectl = f"arn:aws:lambda:{here}:function:{facts.name}-cluster-KubectlHandler44EFEE3B-x1Y2z3"
    instance = f"arn:aws:ec2:{here}:instance/i-0123456789abcdef0"
    stack = f"arn:aws:cloudformation:{here}:stack/{facts.name}-cluster/0"
    key, cluster = f"arn:aws:kms:{here}:key/0", f"arn:aws:eks:{here}:cluster/{facts.name}"
    return (
        # https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
        ("sts:AssumeRole", f"{roles}/cdk-hnb659fds-deploy-role-{account}-{facts.region}"),
        ("s3:PutObject", f"arn:aws:s3:::cdk-hnb659fds-assets-{account}-{facts.region}/0.json"),
        ("sts:AssumeRole", f"{roles}/BreakGlass"),
        ("iam:PassRole", f"{roles}/BreakGlass"),
        ("iam:PutRolePolicy", f"{roles}/search"),
        *((f"lambda:{verb}", kubectl) for verb in ("InvokeFunction", "UpdateFunctionCode", "AddPermission")),
        ("lambda:UpdateFunctionConfiguration", kubectl),
        *((f"ssm:{verb}", instance) for verb in ("SendCommand", "StartSession")),
        ("ec2-instance-connect:SendSSHPublicKey", instance),
        *((f"cloudformation:{verb}", stack) for verb in ("UpdateStack", "CreateChangeSet")),
        *((f"kms:{verb}", key) for verb in ("PutKeyPolicy", "CreateGrant", "ScheduleKeyDeletion")),
        *((f"eks:{verb}", cluster) for verb in ("CreateAccessEntry", "CreatePodIdentityAssociation")),
    )
