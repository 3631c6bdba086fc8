"""What delivers a fleet, and whether its accounts let it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app import ROOT
from blueprint import GitHubActions
from blueprint.inventory import planned_fleet
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan
from tests.tools.doctor.account import Account, refused, statuses
from tools.doctor.checks.delivery import delivery
from tools.doctor.finding import Finding
from tools.doctor.runner import Look

FLEET = planned_fleet(ROOT / "examples" / "fleet")
PROD = next(plan for plan in FLEET.clusters if plan.facts.name == "prod-us")
PIPELINE = "444444444444"
GITHUB = "token.actions.githubusercontent.com"
REPOSITORY = GitHubActions("example/clusters")
OF_GITHUB = replace(FLEET, pipelines=(REPOSITORY,), code_pipeline=None)
OF_AWS = replace(FLEET, pipelines=())
ROLES = ("blueprints-check", "blueprints-drift", "blueprints-deploy-prod-us")


def looks(fleet: FleetPlan) -> list[Look]:
    return [check.look for check in delivery(fleet)]


def found(account: Account, fleet: FleetPlan, plan: Plan = PROD) -> list[Finding]:
    return [finding for look in looks(fleet) for finding in account.found(look, plan)]


def trust(context: str, **claims: str) -> dict[str, Any]:
    """As in https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws"""
    values = {"aud": "sts.amazonaws.com", "sub": f"repo:example/clusters:{context}", "ref": "refs/heads/main", **claims}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::333333333333:oidc-provider/{GITHUB}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{GITHUB}:{name}": value for name, value in values.items()}},
            }
        ],
    }


BRANCH, ENVIRONMENT = "ref:refs/heads/main", "environment:prod-us"
TRUSTS = {"blueprints-check": trust(BRANCH), "blueprints-drift": trust(BRANCH), ROLES[2]: trust(ENVIRONMENT)}


def there(account: Account, trusts: Mapping[str, Any], seconds: int = 10_800, *, provider: bool = True) -> None:
    """An account with these roles, by what they trust."""

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if (name := asked["RoleName"]) not in trusts:
            raise refused("NoSuchEntity", status=404)
        own = {"Path": "/", "RoleName": name, "RoleId": "AROAEXAMPLE123456789", "CreateDate": "2026-11-23T09:00:00Z"}
        arn = f"arn:aws:iam::333333333333:role/{name}"
        document = {"AssumeRolePolicyDocument": json.dumps(trusts[name]), "MaxSessionDuration": seconds}
        return {"Role": {**own, "Arn": arn, **document}}

    account.aws._answers = {}  # which remember another account
    account.answers("GetRole", answer)
    arns = [f"arn:aws:iam::333333333333:oidc-provider/{GITHUB}"] if provider else []
    account.answers("ListOpenIDConnectProviders", {"OpenIDConnectProviderList": [{"Arn": arn} for arn in arns]})


def test_nothing_is_asked_where_nothing_delivers(account: Account) -> None:
    assert found(account, replace(OF_AWS, code_pipeline=None)) == []
    assert account.calls == []


class TestTokens:
    def test_roles_that_are_there(self, account: Account) -> None:
        there(account, TRUSTS)
        (finding,) = found(account, OF_GITHUB)
        assert (finding.status, finding.what) == ("ok", f"roles of pipelines: {', '.join(ROLES)}")

    def test_an_account_without_any(self, account: Account) -> None:
        there(account, {}, provider=False)
        (finding,) = found(account, OF_GITHUB)
        assert finding.status == "problem"
        assert finding.what == f"the account has no role {', '.join(ROLES)}"
        assert finding.fix == "make roles, then cdk deploy --app roles 'roles/333333333333'"

    def test_a_provider_that_somebody_else_made(self, account: Account) -> None:
        there(account, {})
        provider, roles = found(account, OF_GITHUB)
        assert (provider.what, provider.fix) == (
            f"the account has an OIDC provider {GITHUB} already",
            "write makes_provider=False",
        )
        given = replace(OF_GITHUB, pipelines=(replace(REPOSITORY, makes_provider=False),))
        assert found(account, given) == [roles]
        there(account, TRUSTS, provider=False)
        problem, fine = found(account, given)
        assert (problem.status, fine.status) == ("problem", "ok")
        assert problem.what == f"the account has no OIDC provider {GITHUB}"

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            (ROLES[2], trust("environment:prod-eu")),
            (ROLES[2], trust(ENVIRONMENT, ref="refs/heads/other")),
            (ROLES[0], trust(BRANCH, sub="repo:example/*")),
            (ROLES[1], {"Statement": []}),
        ],
    )
    def test_a_role_that_lets_others_in(self, account: Account, name: str, other: dict[str, Any]) -> None:
        there(account, {**TRUSTS, name: other})
        (finding,) = found(account, OF_GITHUB)
        context = ENVIRONMENT if name == ROLES[2] else BRANCH
        assert finding.status == "problem"
        assert finding.what == f"{name} does not let in the tokens of {GITHUB} with sub repo:example/clusters:{context}"

    def test_a_deny_or_a_wildcard_is_not_what_was_written(self, account: Account) -> None:
        changes: tuple[dict[str, Any], ...] = (
            {"Effect": "Deny"},
            {"Action": "sts:AssumeRole"},
            {"Condition": {}},
            {"Principal": "*"},
        )
        for change in changes:
            document = trust(BRANCH)
            document["Statement"][0].update(change)
            there(account, {**TRUSTS, ROLES[0]: document})
            assert statuses(found(account, OF_GITHUB)) == ["problem"], change

    def test_a_role_that_ends_before_its_wave(self, account: Account) -> None:
        """30 minutes to begin, and the longest soak of the fleet: 120."""
        there(account, TRUSTS, seconds=9_000)
        assert statuses(found(account, OF_GITHUB)) == ["ok"]
        there(account, TRUSTS, seconds=3_600)
        (finding,) = found(account, OF_GITHUB)
        assert finding.what == "blueprints-check lasts 60 minutes, not 150"


BOOTSTRAPPED = tuple(
    f"cdk-hnb659fds-{purpose}-role-333333333333-us-west-2" for purpose in ("deploy", "file-publishing", "lookup")
)
"""https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"""


def bootstrap(*principals: str) -> dict[str, Any]:
    """Statements of a role of the CDK's bootstrap template, as IAM gives them back."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
            for principal in ("arn:aws:iam::333333333333:root", *principals)
        ],
    }


class TestPipelineOfAws:
    def test_an_account_that_trusts_it(self, account: Account) -> None:
        there(account, dict.fromkeys(BOOTSTRAPPED, bootstrap(f"arn:aws:iam::{PIPELINE}:root")))
        (finding,) = found(account, OF_AWS)
        assert (finding.status, finding.what) == ("ok", f"account {PIPELINE}, which has the pipeline, is trusted")

    @pytest.mark.parametrize("role", BOOTSTRAPPED)
    def test_one_role_that_does_not(self, account: Account, role: str) -> None:
        trusting = dict.fromkeys(BOOTSTRAPPED, bootstrap(f"arn:aws:iam::{PIPELINE}:root"))
        tagging = bootstrap()
        tagging["Statement"].append({"Effect": "Allow", "Principal": {"AWS": PIPELINE}, "Action": ["sts:TagSession"]})
        for document in (bootstrap(), bootstrap("arn:aws:iam::555555555555:root"), tagging):
            there(account, {**trusting, role: document})
            (finding,) = found(account, OF_AWS)
            assert finding.status == "problem"
            assert finding.what == f"account {PIPELINE}, which has the pipeline, is not trusted by {role}"
            assert f"cdk bootstrap --trust {PIPELINE}" in finding.fix
            assert finding.fix.endswith("aws://333333333333/us-west-2")

    def test_what_is_not_bootstrapped_trusts_nobody(self, account: Account) -> None:
        there(account, {})
        (finding,) = found(account, OF_AWS)
        assert finding.what.endswith(", ".join(BOOTSTRAPPED))

    def test_the_account_of_the_pipeline_trusts_itself(self, account: Account) -> None:
        own = replace(PROD, facts=replace(PROD.facts, account=PIPELINE))
        assert found(account, OF_AWS, own) == []
        assert account.calls == []
