"""Facts that AWS tells, in moto's account: its quotas of VPCs were recorded from AWS."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.linked_roles import FILE as LINKED_ROLES
from blueprint.linked_roles import read as read_roles
from tools import recording
from tools.__main__ import main
from tools.commands import facts as command
from tools.quotas import FILE as QUOTAS
from tools.quotas import read as read_quotas

DAY = dt.date(2027, 1, 2)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto, for all services but those whose quotas it lacks."""
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_codes_come_from_aws_and_everything_else_stays() -> None:
    text = QUOTAS.read_text(encoding="utf-8")
    wrong = text.replace("L-F678F1CE", "L-00000000")
    known = {key: row for key, row in read_quotas(wrong).items() if row.service == "vpc"}
    found = recording.quotas(wrong, known, command.session_in("us-east-1"), DAY)
    assert found.untold == ()
    rows = read_quotas(found.text)
    assert (rows["VPCs"].code, rows["VPCs"].default, rows["VPCs"].date) == ("L-F678F1CE", 5, DAY)
    assert rows["VPCs"].source == "servicequotas:ListAWSDefaultServiceQuotas"
    assert rows["VPCs"].counts == ("AWS::EC2::VPC",)
    before = read_quotas(text)
    assert {key for key in before if rows[key] != before[key]} == set(known)
    assert all(rows[key].code == before[key].code for key in before)
    assert [line for line in found.text.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]


@pytest.mark.usefixtures("aws")
def test_a_role_of_the_account_names_its_service() -> None:
    text = LINKED_ROLES.read_text(encoding="utf-8")
    session = command.session_in("us-east-1")
    session.client("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    wrong = text.replace("autoscaling.amazonaws.com", "wrong.amazonaws.com")
    found = recording.linked_roles(wrong, read_roles(wrong), session, DAY)
    assert found.told == ("AWSServiceRoleForAutoScaling",)
    row = read_roles(found.text)["AWSServiceRoleForAutoScaling"]
    assert (row.service, row.by_itself, row.date) == ("autoscaling.amazonaws.com", True, DAY)
    assert "AWSServiceRoleForEC2Spot" in found.untold


@pytest.mark.usefixtures("aws")
def test_the_command_says_what_aws_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quotas, roles = tmp_path / "quotas.toml", tmp_path / "roles.toml"
    vpc = [line for line in QUOTAS.read_text(encoding="utf-8").splitlines() if 'service = "vpc"' in line]
    gone = vpc[0].replace('"VPCs"', '"gone"').replace("VPCs per Region", "Gone per Region")
    quotas.write_text("\n".join(["[quota]", *vpc, gone, ""]), encoding="utf-8")
    roles.write_text(LINKED_ROLES.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(command, "QUOTAS", quotas)
    monkeypatch.setattr(command, "LINKED_ROLES", roles)
    assert main(["facts"]) == 2
    out, err = capsys.readouterr()
    assert "facts/quotas.toml: 5 rows from AWS" in out
    assert "facts/quotas.toml: AWS does not tell gone\n" in err
    assert read_quotas(quotas.read_text(encoding="utf-8"))["VPCs"].date > dt.date(2026, 11, 1)
    assert main(["facts", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["quotas.toml"]["untold"] == ["gone"]
    assert "VPCs" in document["quotas.toml"]["told"]


def test_without_credentials_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    before = QUOTAS.read_text(encoding="utf-8")
    assert main(["facts"]) == 2
    _, err = capsys.readouterr()
    assert "AWS was not asked: Unable to locate credentials" in err
    assert "sign in to any account" in err
    assert QUOTAS.read_text(encoding="utf-8") == before
