"""Which names say that a secret stands beside them, in Helm values and in variables alike."""

from __future__ import annotations

import pytest

from blueprint.secret_keys import is_secret, is_secret_variable, looks_secret

# As upstream's charts and images name them: https://github.com/argoproj/argo-helm (argo-cd: configs.secret),
# https://github.com/docker-library/docs/tree/master/postgres (POSTGRES_PASSWORD),
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
NAMES = (
    "argocdServerAdminPassword",
    "POSTGRES_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "githubToken",
    "api-key",
    "apiKey",
    "api.key",
    "private_key",
    "sshPrivateKey",
    "oidc.clientSecret",
    "client-secret",
    "passphrase",
    "ftp_passwd",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_by_its_name(name: str) -> None:
    assert is_secret(name, "hunter2")
    assert is_secret_variable(name, "hunter2")


@pytest.mark.parametrize("name", ["existingSecret", "secretName", "tokenPath", "passwordFrom", "monkey", "key"])
def test_other_keys_of_helm_values(name: str) -> None:
    assert not is_secret(name, "made-elsewhere")


@pytest.mark.parametrize("name", ["APP_SECRET", "secret", "webhook-secret"])
def test_a_variable_that_is_called_a_secret_holds_it(name: str) -> None:
    assert is_secret_variable(name, "hunter2")
    assert not is_secret(name, "hunter2")


@pytest.mark.parametrize("value", ["", None, "true", "No", "1", "$(FROM_ELSEWHERE)"])
def test_no_value_a_switch_and_a_reference_are_none(value: object) -> None:
    assert not is_secret("automountServiceAccountToken", value)
    assert not is_secret_variable("APP_SECRET", value)


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",  # https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds.html
        "https://x:ghp_0123456789abcdefghijABCDEFGHIJ012345@github.com/example/pages",
        "glpat-0123456789abcdefghij",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
    ],
)
def test_a_secret_by_its_form(text: str) -> None:
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "AKIA",
        "arn:aws:iam::111111111111:role/BreakGlass",
        "-----BEGIN CERTIFICATE-----",
        "ghp_short",
        "sha256:0a1b2c3d",
    ],
)
def test_what_only_resembles_one(text: str) -> None:
    assert not looks_secret(text)
