from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint.secrets import Parameter, SecretsManagerSecret, TeamSecret, permissions
from blueprint.teams import ServiceAccount
from blueprint.teams.mounted_secrets import objects
from tests.addons.support import ACCOUNT, FACTS, REGION, allowed, problems_on, rules_broken

SECRETS: tuple[TeamSecret, ...] = (
    SecretsManagerSecret("payments/db"),
    SecretsManagerSecret("../../etc/passwd"),
    Parameter("/payments/db-url", alias="url"),
)
DRIVER, PROVIDER = SecretsStoreCsiDriver().contribute(FACTS).releases
ECR = f"oci://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


def test_pods_mount_with_the_role_of_their_own_service_account() -> None:
    made = ServiceAccount("api", "payments", secrets=SECRETS).grant(FACTS, None)
    assert (made.name, made.irsa, made.statements) == ("payments/api", False, permissions(FACTS, SECRETS))
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
    assert allowed(made.statements, "secretsmanager:GetSecretValue", f"{secret}payments/db-AbCdEf")
    assert not allowed(made.statements, "secretsmanager:GetSecretValue", f"{secret}orders/db-AbCdEf")
    (provider_class,) = objects(FACTS, "payments", "api", SECRETS)
    assert provider_class["metadata"] == {"name": "api", "namespace": "payments"}
    assert provider_class["spec"]["provider"] == "aws"
    parameters = provider_class["spec"]["parameters"]
    assert (parameters["usePodIdentity"], parameters["region"]) == ("true", REGION)


def test_each_secret_is_a_file_of_a_plain_name() -> None:
    (provider_class,) = objects(FACTS, "payments", "api", SECRETS)
    assert all(isinstance(text, str) for text in provider_class["spec"]["parameters"].values())
    assert json.loads(provider_class["spec"]["parameters"]["objects"]) == [
        {"objectName": "../../etc/passwd", "objectType": "secretsmanager", "objectAlias": "etc-passwd"},
        {"objectName": "payments/db", "objectType": "secretsmanager", "objectAlias": "payments-db"},
        {"objectName": "/payments/db-url", "objectType": "ssmparameter", "objectAlias": "url"},
    ]
    assert "secretObjects" not in provider_class["spec"]
    assert objects(FACTS, "payments", "api", SECRETS[::-1]) == (provider_class,)


def test_driver_and_provider_have_no_permissions_of_their_own() -> None:
    contribution = SecretsStoreCsiDriver().contribute(FACTS)
    assert contribution.grants == ()
    assert contribution.namespaces == ()
    assert DRIVER.values["syncSecret"] == {"enabled": False}
    assert PROVIDER.values["awsRegion"] == REGION


def test_the_provider_is_a_release_of_its_own_after_the_driver() -> None:
    assert (DRIVER.name, PROVIDER.name) == ("secrets-store-csi-driver", "secrets-store-csi-driver-provider-aws")
    assert PROVIDER.values["secrets-store-csi-driver"] == {"install": False}
    assert DRIVER.namespace == PROVIDER.namespace == "kube-system"


def test_both_run_on_every_node_but_fargates() -> None:
    values: Any
    for values in (DRIVER.values["linux"], PROVIDER.values):
        assert values["tolerations"] == [{"operator": "Exists"}]
        assert values["priorityClassName"] == "system-node-critical"
        (term,) = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"
        ]
        assert term == {
            "matchExpressions": [{"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate"]}]
        }


def test_tokens_are_for_pod_identity_only() -> None:
    assert DRIVER.values["tokenRequests"] == [{"audience": "pods.eks.amazonaws.com"}]


def test_files_follow_their_secrets() -> None:
    values = SecretsStoreCsiDriver(refresh_minutes=5).values(FACTS)
    assert (values["enableSecretRotation"], values["rotationPollInterval"]) == (True, "5m")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"{ECR}/secrets-store-csi-driver", f"{ECR}/secrets-store-csi-driver-provider-aws"),
        ("https://charts.example.com", "https://charts.example.com"),
    ],
)
def test_a_mirror_holds_both_charts(given: str, expected: str) -> None:
    addon = SecretsStoreCsiDriver(
        chart_repository=given,
        chart_version="1.6.1",
        provider_version="3.1.2",
        provider_extra_values={"useFipsEndpoint": True},
    )
    driver, provider = addon.contribute(FACTS).releases
    assert (driver.chart.repository, driver.chart.version) == (given, "1.6.1")
    assert (provider.chart.repository, provider.chart.version) == (expected, "3.1.2")
    assert provider.values["useFipsEndpoint"] is True


@pytest.mark.parametrize(
    ("has_nodes", "auto_mode", "places"), [(True, False, []), (False, True, []), (False, False, [""])]
)
def test_needs_nodes(has_nodes: bool, auto_mode: bool, places: list[str]) -> None:
    facts = replace(FACTS, has_nodes=has_nodes, auto_mode=auto_mode)
    assert [problem.place for problem in problems_on(facts, SecretsStoreCsiDriver())] == places


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"refresh_minutes": 0}, "refresh_minutes"),
        ({"refresh_minutes": "2m"}, "refresh_minutes"),
        ({"refresh_minutes": True}, "refresh_minutes"),
        ({"provider_version": "latest"}, "provider_version"),
        ({"provider_extra_values": {"a": object()}}, "provider_extra_values"),
        ({"sync": True}, "sync"),
    ],
)
def test_refuses_what_would_break_it(fields: dict[str, Any], place: str) -> None:
    assert place in rules_broken(SecretsStoreCsiDriver(**fields))
