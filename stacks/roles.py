"""The roles of pipelines: a stack for each account of a fleet. `make roles`, then `cdk deploy --app roles`."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Environment, Stack, Stage, aws_iam
from constructs import Construct

from blueprint import iam
from blueprint.planning.pipeline_roles import AccountRoles, PipelineRole
from blueprint.references import resolved
from stacks.acknowledge import acknowledge, of_statements
from stacks.base import PARTITION, PARTITION_ONLY, own_scope


class RolesStage(Stage):
    """All accounts; `cdk deploy --app roles 'roles/111111111111'` is one."""

    def __init__(self, scope: Construct, accounts: Sequence[AccountRoles]) -> None:
        super().__init__(scope, "roles")
        for account in accounts:
            RolesStack(self, account)


class RolesStack(Stack):
    """Who may deploy what in an account, and who may look at it."""

    def __init__(self, scope: Construct, account: AccountRoles) -> None:
        super().__init__(
            scope,
            account.account,
            env=Environment(account=account.account, region=account.region),
            description="Roles of the pipelines that deliver EKS clusters",
        )
        made = {
            issuer: aws_iam.CfnOIDCProvider(self, issuer, url=f"https://{issuer}", client_id_list=[audience]).ref
            for issuer, audience in account.providers.items()
        }
        names = [role.name for role in account.roles]
        for role in account.roles:
            given = (issuer for issuer, _ in role.trusted if issuer not in made)
            arns = {issuer: f"arn:{PARTITION}:iam::{account.account}:oidc-provider/{issuer}" for issuer in given}
            self._role(own_scope(self, role.name, names), role, {**made, **arns})

    def _role(self, scope: Construct, role: PipelineRole, providers: dict[str, str]) -> None:
        trust = [
            {
                "Effect": "Allow",
                "Principal": {"Federated": providers[issuer]},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{issuer}:{claim}": value for claim, value in claims.items()}},
            }
            for issuer, claims in role.trusted
        ]
        document = resolved(iam.policy(role.statements), PARTITION_ONLY)
        made = aws_iam.CfnRole(
            scope,
            role.name,
            role_name=role.name,
            description=role.description,
            assume_role_policy_document={"Version": "2012-10-17", "Statement": trust},
            max_session_duration=60 * role.session_minutes,
            policies=[{"policyName": "permissions", "policyDocument": document}],
        )
        acknowledge(made, of_statements(role.statements))
