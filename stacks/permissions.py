"""Roles of service accounts, and access entries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Fn, aws_iam
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint import iam
from blueprint.access import AccessEntry
from blueprint.contribution import Grant
from blueprint.planning.document import Plan
from blueprint.references import resolved
from stacks.acknowledge import acknowledge, of_grant
from stacks.base import PARTITION, PARTITION_ONLY, managed_policies, of_every_role


def role_of(
    scope: Construct,
    id: str,
    plan: Plan,
    grant: Grant,
    references: Mapping[str, str],
    provider: IdentityProvider | None = None,
) -> aws_iam.CfnRole:
    """The role of one service account in one namespace of this cluster, and of no other."""
    policies = []
    if grant.statements:
        policies = [{"policyName": "permissions", "policyDocument": resolved(iam.policy(grant.statements), references)}]
    role = aws_iam.CfnRole(
        scope,
        id,
        role_name=grant.role_name or None,
        assume_role_policy_document=_irsa_trust(grant, provider) if provider else _pod_identity_trust(plan, grant),
        policies=policies or None,
        managed_policy_arns=managed_policies(*grant.managed_policies) or None,
        **of_every_role(plan, grant.boundary),
    )
    acknowledge(role, of_grant(grant))
    return role


def _pod_identity_trust(plan: Plan, grant: Grant) -> dict[str, Any]:
    """Without the conditions on the session's tags, an association in any cluster of the account could use the role.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": plan.facts.account,
                "aws:RequestTag/eks-cluster-arn": resolved(plan.facts.cluster_arn, PARTITION_ONLY),
                "aws:RequestTag/kubernetes-namespace": grant.namespace,
                "aws:RequestTag/kubernetes-service-account": grant.service_account,
            }
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


class IdentityProvider:
    """The cluster's OpenID Connect provider, which IRSA needs."""

    def __init__(self, scope: Construct, cluster: eks.CfnCluster) -> None:
        self.issuer = cluster.attr_open_id_connect_issuer_url
        self.arn = aws_iam.CfnOIDCProvider(
            scope, "IdentityProvider", url=self.issuer, client_id_list=["sts.amazonaws.com"]
        ).attr_arn


def _irsa_trust(grant: Grant, provider: IdentityProvider) -> str:
    """The keys of the conditions hold the issuer, which only Fn::Sub can put there: CloudFormation keys are text.

    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    subject = f"system:serviceaccount:{grant.namespace}:{grant.service_account}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "${Provider}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"${Issuer}:aud": "sts.amazonaws.com", "${Issuer}:sub": subject}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    issuer = Fn.select(1, Fn.split("://", provider.issuer))
    return Fn.sub(document, {"Provider": provider.arn, "Issuer": issuer})


def access_entry(
    scope: Construct, plan: Plan, entry: AccessEntry, references: Mapping[str, str], id: str | None = None
) -> eks.CfnAccessEntry:
    """An access entry, named after its principal unless `id` is given."""
    policies = [
        {
            "policyArn": f"arn:{PARTITION}:eks::aws:cluster-access-policy/{policy.name}",
            "accessScope": {"type": "namespace", "namespaces": list(policy.namespaces)}
            if policy.namespaces
            else {"type": "cluster"},
        }
        for policy in entry.policies
    ]
    return eks.CfnAccessEntry(
        scope,
        id or entry.name,
        cluster_name=plan.facts.name,
        principal_arn=resolved(entry.principal, references),
        type=entry.kind,
        kubernetes_groups=list(entry.groups) or None,
        access_policies=policies or None,
    )
