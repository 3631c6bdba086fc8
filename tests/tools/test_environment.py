"""Credentials of whoever runs a command stay with it: neither a revision's code nor a chart's helm gets any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.review.dangers.support import resource, stack_of
from tests.tools.revision.project import git
from tools.charts.helm import run
from tools.environment import INSTALLERS, inherited
from tools.revision import differences as engine
from tools.revision.revisions import Revision, RevisionError, compared

SECRET = "s3cr3t"
# https://docs.github.com/en/actions/reference/workflows-and-actions/variables, .../openid-connect-reference;
# https://docs.gitlab.com/ci/variables/predefined_variables/;
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
CREDENTIALS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    *("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN"),
    *("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    *("GITLAB_TOKEN", "CI_JOB_TOKEN", "CI_REGISTRY_PASSWORD", "CI_DEPLOY_PASSWORD", "CI_REPOSITORY_URL"),
    *("SSH_AUTH_SOCK", "KUBECONFIG", "VAULT_TOKEN"),
)


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.setenv(name, SECRET)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, f"/home/{SECRET}")
    monkeypatch.setenv("BLUEPRINTS", "examples")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")


def assert_signed_out(environment: str) -> None:
    assert "https_proxy=http://127.0.0.1:1" in environment
    assert "AWS_EC2_METADATA_DISABLED=true" in environment
    assert SECRET not in environment


def test_only_what_says_where_things_are_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", SECRET)
    assert inherited()["BLUEPRINTS"] == "examples"
    assert "PATH" in inherited()
    assert SECRET not in inherited().values()
    assert inherited(*INSTALLERS)["PIP_INDEX_URL"] == SECRET


def test_the_code_of_a_revision_gets_no_credentials(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__main__.py").write_text('import os\nfor each in os.environ.items(): print("=".join(each))')
    printed = Revision("it", tmp_path, Path(sys.executable)).run("plan")
    assert_signed_out(printed)
    assert "BLUEPRINTS=examples" in printed


def script(path: Path) -> Path:
    """A program that tells its environment and fails."""
    path.write_text("#!/bin/sh\nenv\nenv >&2\nexit 1\n")
    path.chmod(0o755)
    return path


def test_nor_does_the_installation_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("setup:\n\t@env >&2; exit 1\n")
    (tmp_path / "requirements.txt").write_text("one\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message=x")
    (tmp_path / "requirements.txt").write_text("another\n")
    with pytest.raises(RevisionError, match="cannot be installed") as raised:
        compared("HEAD", tmp_path)
    assert_signed_out(str(raised.value))


def test_nor_does_helm(tmp_path: Path) -> None:
    printed, _ = run(script(tmp_path / "helm"), (), seconds=10)
    assert_signed_out(printed)


def test_nor_does_the_engine_that_compares_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_NODE", script(tmp_path / "node"))
    with pytest.raises(subprocess.CalledProcessError) as raised:
        engine.differences({"dev": (stack_of({}),)}, {"dev": (stack_of({"It": resource("AWS::SQS::Queue")}),)})
    assert_signed_out(raised.value.stderr)
