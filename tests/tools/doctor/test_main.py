"""`make doctor`, as its user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ProfileNotFound

from addons.aws_backup import AwsBackup
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from app import ROOT
from blueprint import (
    Blueprint,
    ExistingNetwork,
    ExistingSubnet,
    Mirrors,
    PermissionSet,
    Plan,
    PullThroughCache,
    Role,
    Route,
    TransitGateway,
    User,
    plan,
)
from blueprint.addons import ExistingVault
from blueprint.iam import Statement
from blueprint.inventory import planned_fleet
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.teams import ApplicationTeam, ServiceAccount
from tests.blueprint.examples import SMALL, changed, with_network
from tests.tools.doctor.account import Account
from tests.tools.doctor.ready import Writers, furnish, live, make_ready, without_bootstrap
from tools.__main__ import main
from tools.commands import doctor as command
from tools.doctor.calls import ACTIONS, policy
from tools.doctor.checks import account as account_checks
from tools.doctor.checks import reach
from tools.doctor.finding import Finding, NotReadyError, problem, unknown, warning
from tools.doctor.login import Login
from tools.doctor.report import WIDTH, as_json, as_text, summary


@pytest.fixture
def doctor(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The command on the small cluster, in this account."""
    monkeypatch.setattr(account_checks, "connect", lambda *_: account.aws)
    planned(monkeypatch, plan(SMALL))
    return account


def planned(monkeypatch: pytest.MonkeyPatch, made: Plan) -> None:
    monkeypatch.setattr(command, "planned", lambda *_: (made,))


def test_an_account_that_is_ready(
    doctor: Account, make: Writers, small: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ready(doctor, small)
    furnish(make, small)
    assert main(["doctor", "dev"]) == 0
    out, err = capsys.readouterr()
    assert err == "Checking 111111111111 us-west-2 for dev\n"
    *report, last = out.splitlines()
    assert last.startswith("111111111111 us-west-2 is ready for dev: 0 problem, 0 unknown, 0 warning, ")
    assert [line for line in report if line.isupper()] == ["UNCHECKED", "OK"]
    assert all(len(line) <= WIDTH for line in report)


def test_an_empty_account_is_not(
    doctor: Account, make: Writers, small: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ready(doctor, small)
    without_bootstrap(doctor)
    assert main(["doctor", "dev"]) == 1
    out, _ = capsys.readouterr()
    assert out.startswith("PROBLEM\n  account     account and region are not bootstrapped for the CDK\n")
    assert "fix  cdk bootstrap aws://111111111111/us-west-2\n" in out
    assert out.splitlines()[-1].startswith("111111111111 us-west-2 is not ready for dev: 2 problem, 0 unknown, 0 warn")


def test_what_could_not_be_checked_fails_too(
    doctor: Account, make: Writers, small: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ready(doctor, small)
    furnish(make, small)
    doctor.refuses("GetServiceQuota", "AccessDeniedException")
    assert main(["doctor", "dev"]) == 2
    out, _ = capsys.readouterr()
    assert out.count("servicequotas:GetServiceQuota is denied; not checked in full: quotas\n") == 1
    assert "could not be checked in full for dev: 0 problem, 1 unknown" in out


def test_json_is_the_only_output(
    doctor: Account, make: Writers, small: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ready(doctor, small)
    furnish(make, small)
    without_bootstrap(doctor)
    assert main(["doctor", "dev", "--json"]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert list(document) == ["cluster", "account", "region", "counts", "findings"]
    assert document["counts"]["problem"] == 1
    assert document["findings"][0] == {
        "check": "account",
        "status": "problem",
        "what": "account and region are not bootstrapped for the CDK",
        "why": "the templates ask for version 6 and for its roles and bucket",
        "fix": "cdk bootstrap aws://111111111111/us-west-2",
    }
    assert sum(document["counts"].values()) == len(document["findings"])
    assert err.splitlines()[-1].startswith("111111111111 us-west-2 is not ready for dev")


FULL = replace(
    SMALL,
    cluster=replace(
        SMALL.cluster,
        admins=(User("robot"), PermissionSet("Admin", suffix="0123456789abcdef", region="us-east-1")),
    ),
    network=replace(SMALL.network, interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth")),
    addons=(
        *SMALL.addons,
        AwsBackup(ExistingVault("backups")),
        AwsEbsCsiDriver(),
        ExternalDns(zones=("Z0123456789",)),
        CertManager(zones={"example.com": "Z0123456789"}),
    ),
    teams=(
        ApplicationTeam(
            "shop",
            owners=(Role("Shop"),),
            service_accounts=(
                ServiceAccount("shop", "shop", (Statement(("s3:ListBucket",), ("arn:aws:s3:::shop",)),)),
            ),
            permissions_boundary="Bound",
        ),
    ),
)


def with_network_that_is_there(vpc: str) -> Blueprint:
    """SMALL in a VPC of somebody else."""
    nodes = tuple(
        ExistingSubnet(f"subnet-{place}1111111", zone, f"10.0.{place}.0/24") for place, zone in enumerate("ab")
    )
    return replace(SMALL, network=ExistingNetwork(vpc, ("10.0.0.0/16",), nodes))


def test_every_listed_call_is_made(
    doctor: Account, make: Writers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before a first deploy, before an upgrade, in a VPC of somebody else: nothing stands in the policy for nothing."""
    made = plan(FULL)
    planned(monkeypatch, made)
    make_ready(doctor, made)
    doctor.refuses("GetServiceQuota", "NoSuchResourceException")
    doctor.answers("GetAWSDefaultServiceQuota", {"Quota": {"Value": 100.0}})
    furnish(make, made, people=False)
    doctor.answers("DescribeLogGroups", {"logGroups": []})
    doctor.answers("DescribeVpcEndpointServices", {"ServiceDetails": []})
    doctor.refuses("GetHostedZone", "NoSuchHostedZone")
    assert main(["doctor", "dev"]) == 1
    with_upgrade(doctor, made, make)
    monkeypatch.setattr(reach, "unreachable", lambda *_: "no answer")
    cached = Mirrors(
        charts="oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/charts",
        cache=(PullThroughCache("public.ecr.aws", "public"),),
    )
    company = Route("10.128.0.0/9", via=TransitGateway("tgw-0a1b2c3d4e5f60718"))
    isolated = with_network(nat="none", routes=(company,))
    doctor.refuses("DescribeTransitGateways", "InvalidTransitGatewayID.NotFound")
    make.iam.create_role(RoleName="Eks", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    given = changed(isolated.cluster, role="Eks")
    planned(monkeypatch, plan(changed(isolated, addons=(*isolated.addons, Karpenter()), mirrors=cached, cluster=given)))
    doctor.answers("DescribePullThroughCacheRules", {"pullThroughCacheRules": []})
    doctor.refuses("DescribeImages", "RepositoryNotFoundException")
    doctor.aws._answers.clear()
    assert main(["doctor", "dev"]) == 1
    vpc = make.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    planned(monkeypatch, plan(with_network_that_is_there(vpc)))
    doctor.aws._answers.clear()
    assert main(["doctor", "dev"]) == 1
    capsys.readouterr()
    assert set(doctor.calls) == set(ACTIONS)


def with_upgrade(doctor: Account, made: Plan, make: Writers) -> None:
    vpc = make.ec2.create_vpc(CidrBlock=made.network.cidrs[0])["Vpc"]["VpcId"]
    live(doctor, made, vpc=vpc, version="1.34", endpoint="https://x", certificateAuthority={"data": ""})
    insight: dict[str, Any] = {"id": "1", "name": "Kubelet skew", "insightStatus": {"status": "ERROR"}}
    doctor.answers("ListAddons", {"addons": ["vpc-cni"]})
    doctor.answers("DescribeAddon", {"addon": {"status": "ACTIVE"}})
    doctor.answers("ListFargateProfiles", {"fargateProfileNames": ["apps"]})
    doctor.answers("DescribeFargateProfile", {"fargateProfile": {"status": "ACTIVE"}})
    doctor.answers("ListNodegroups", {"nodegroups": ["system"]})
    doctor.answers("DescribeNodegroup", {"nodegroup": {"version": "1.34"}})
    doctor.answers("ListInsights", {"insights": [insight]})
    doctor.answers("DescribeInsight", {"insight": insight})


def test_the_policy_is_printed_without_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--policy"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == policy()
    assert err == ""


def test_what_fails_every_check_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise NotReadyError("there are no AWS credentials", "every check asks the account", "sign in")

    planned(monkeypatch, plan(SMALL))
    monkeypatch.setattr(account_checks, "connect", fail)
    assert main(["doctor", "dev"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[1:] == [
        "there are no AWS credentials",
        "    why  every check asks the account",
        "    fix  sign in",
    ]


def fleet(monkeypatch: pytest.MonkeyPatch, account: Account, *others: str) -> None:
    """The small cluster, and one in each of other accounts, which the credentials do not reach."""
    plans = [plan(SMALL), *(plan(replace(SMALL, name=f"c{number}", account=number)) for number in others)]
    monkeypatch.setattr(command, "planned", lambda *_: tuple(plans))
    monkeypatch.setattr(account_checks, "Aws", lambda *_: account.aws)


def test_all_clusters_when_none_is_named(
    account: Account, make: Writers, small: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ready(account, small)
    furnish(make, small)
    fleet(monkeypatch, account, "222222222222", "333333333333")
    assert main(["doctor"]) == 2
    out, err = capsys.readouterr()
    assert err.count("Checking ") == 3
    assert "111111111111 us-west-2 is ready for dev" in out
    assert "not checked: c222222222222 (222222222222)\n" in out
    assert "--profile or --role" in out
    assert main(["doctor", "--json"]) == 2
    documents = json.loads(capsys.readouterr().out)
    assert [each["cluster"] for each in documents] == ["dev", "c222222222222", "c333333333333"]
    assert "error" not in documents[0]
    assert documents[1]["error"]["what"].startswith("the credentials are of account 111111111111")


def test_of_the_whole_fleet_it_asks_what_delivers_it(
    account: Account, make: Writers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job of a pipeline, which names its cluster, got in already."""
    monkeypatch.setattr(account_checks, "Aws", lambda *_: account.aws)
    clusters = ROOT / "examples" / "fleet"
    monkeypatch.setattr(command, "CLUSTERS", clusters)
    plans = planned_fleet(clusters).clusters
    make_ready(account, plans[0])
    assert main(["doctor", "--json"]) == 1
    documents = {each["cluster"]: each for each in json.loads(capsys.readouterr().out)}
    assert [*documents] == [each.facts.name for each in plans]
    asked = [each["what"] for each in documents["dev-us"]["findings"] if each["check"] == "delivery"]
    roles = "blueprints-check, blueprints-drift, blueprints-deploy-dev-us"
    assert asked[0] == f"the account has no role {roles}"
    assert asked[1].startswith("account 444444444444, which has the pipeline, is not trusted by cdk-hnb659fds-deploy-")
    assert main(["doctor", "--json", "dev-us"]) == 1
    assert "delivery" not in {each["check"] for each in json.loads(capsys.readouterr().out)["findings"]}


def test_one_reason_for_all_is_told_once(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet(monkeypatch, account, "222222222222")
    account.refuses("GetCallerIdentity", "ExpiredToken", "The security token is expired", 403)
    assert main(["doctor"]) == 2
    out, _ = capsys.readouterr()
    assert out.splitlines()[0] == "not checked: dev (111111111111), c222222222222 (222222222222)"
    assert out.count("the credentials have expired") == 1


PROFILES = """
[profile 111111111111-readonly]
aws_access_key_id = one
aws_secret_access_key = x
"""


def test_each_account_has_its_profile(small: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(PROFILES, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    given = Login("{account}-readonly").session(small).get_credentials()
    assert given
    assert given.access_key == "one"
    with pytest.raises(ProfileNotFound, match="dev-us-west-2"):
        Login("{cluster}-{region}").session(small)


@pytest.mark.parametrize(("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn")])
@pytest.mark.usefixtures("moto")
def test_each_account_has_its_role(region: str, partition: str, small: Plan) -> None:
    made = replace(small, facts=replace(small.facts, account="222222222222", region=region))
    from moto.sts.models import sts_backends

    given = Login(role="audit/Doctor").session(made).get_credentials()
    assert given
    (assumed,) = sts_backends["222222222222"][partition].assumed_roles
    assert assumed.role_arn == f"arn:{partition}:iam::222222222222:role/audit/Doctor"
    assert given.access_key == assumed.access_key_id


def test_the_policy_is_of_no_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["doctor", "dev", "--policy"])
    assert raised.value.code == 2
    assert "usage: python -m tools doctor" in capsys.readouterr().err


def test_a_mistake_is_reported_before_boto3_is_loaded(root: Path) -> None:
    code = "import sys; from tools.__main__ import main; print(main(['doctor', 'porduction']), 'boto3' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == "1 False\n"
    assert "write one of argo-delivery, argo-hub, " in ran.stderr


def test_without_credentials_it_is_over_at_once(root: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    ran = subprocess.run(
        [sys.executable, "-m", "tools", "doctor", "dev"],
        cwd=root,
        env={**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "there are no AWS credentials" in ran.stderr
    assert "Traceback" not in ran.stderr


# --- The report ---

FINDINGS = (
    Finding("quotas", "ok", "fine"),
    warning("dns", "a zone is odd", "names are lost", "correct it"),
    unknown("network", "ec2:DescribeVpcs is denied", "nobody looked", "allow it"),
    problem("permissions", "a role is missing", "the deploy fails", "make it"),
)


def test_the_worst_stands_first() -> None:
    assert as_text(FINDINGS).split("\n") == [
        "PROBLEM",
        "  permissions  a role is missing",
        "               why  the deploy fails",
        "               fix  make it",
        "",
        "UNKNOWN",
        "  network  ec2:DescribeVpcs is denied",
        "           why  nobody looked",
        "           fix  allow it",
        "",
        "WARNING",
        "  dns  a zone is odd",
        "       why  names are lost",
        "       fix  correct it",
        "",
        "OK",
        "  quotas  fine",
    ]
    assert [found["status"] for found in as_json(plan(SMALL), FINDINGS)["findings"]] == [
        *("problem", "unknown", "warning", "ok")
    ]


def test_the_summary_counts(small: Plan) -> None:
    assert summary(small, FINDINGS) == (
        "111111111111 us-west-2 is not ready for dev: 1 problem, 1 unknown, 1 warning, 0 unchecked, 1 ok"
    )


def test_what_aws_answers_cannot_forge_a_line() -> None:
    hostile = problem("versions", "insight\n\x1b[31mPROBLEM\r  fake", "why\x07", f"see {'x' * 300}")
    text = as_text([hostile])
    assert text.splitlines()[1] == "  versions  insight [31mPROBLEM fake"
    assert all(line.isprintable() for line in text.splitlines())
    assert "x" * 300 in text  # a command is copied whole
