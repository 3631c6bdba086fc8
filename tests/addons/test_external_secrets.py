from __future__ import annotations

from typing import Any

import pytest

from addons.external_secrets import ExternalSecrets
from blueprint.copied_secrets import reading
from blueprint.kubernetes import Manifest
from blueprint.secrets import Parameter, SecretsManagerSecret, TeamSecret, TeamSecrets, permissions
from blueprint.teams.external_secrets import objects
from blueprint.value import Value, problems_in
from tests.addons.support import (
    ACCOUNT,
    FACTS,
    REGION,
    allowed,
    deployed,
    first_problem,
    names_no_partition,
    rules_broken,
)

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
OTHER_KEY = KEY.replace("key/1", "key/2")
MULTI_REGION_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-{'0' * 32}"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"
VALUE, PARAMETER_VALUE, DECRYPT = "secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt"

SECRETS: tuple[TeamSecret, ...] = (
    SecretsManagerSecret("payments/db", key_arn=KEY),
    SecretsManagerSecret("payments/api-key", json=False, alias="api"),
    Parameter("/payments/db-url", key_arn=MULTI_REGION_KEY),
)
PERMISSIONS = permissions(FACTS, SECRETS)


class Team(Value):
    """As a team would declare them."""

    secrets: TeamSecrets = ()


@pytest.mark.parametrize("action", [VALUE, "secretsmanager:DescribeSecret"])
def test_a_team_reads_its_own_secrets_and_no_others(action: str) -> None:
    for name in ("payments/db", "payments/api-key"):
        assert allowed(PERMISSIONS, action, f"{SECRET}{name}-AbCdEf")
    for other in ("orders/db", "payments/db2", "payments/db-replica", "payments/db/admin", "x/payments/db", "payments"):
        assert not allowed(PERMISSIONS, action, f"{SECRET}{other}-AbCdEf")
    for elsewhere in (SECRET.replace(REGION, "us-east-1"), SECRET.replace(ACCOUNT, "222222222222")):
        assert not allowed(PERMISSIONS, action, f"{elsewhere}payments/db-AbCdEf")


@pytest.mark.parametrize("action", [PARAMETER_VALUE, "ssm:GetParameters"])
def test_a_team_reads_its_own_parameters_and_no_others(action: str) -> None:
    assert allowed(PERMISSIONS, action, f"{PARAMETER}payments/db-url")
    for other in ("orders/db-url", "payments/db-url2", "payments/db-url/admin", "payments", "payments/db"):
        assert not allowed(PERMISSIONS, action, f"{PARAMETER}{other}")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("secretsmanager:PutSecretValue", f"{SECRET}payments/db-AbCdEf"),
        ("secretsmanager:DeleteSecret", f"{SECRET}payments/db-AbCdEf"),
        ("secretsmanager:PutResourcePolicy", f"{SECRET}payments/db-AbCdEf"),
        ("secretsmanager:ListSecrets", "*"),
        ("secretsmanager:BatchGetSecretValue", "*"),
        ("ssm:PutParameter", f"{PARAMETER}payments/db-url"),
        ("ssm:GetParametersByPath", f"{PARAMETER}payments/db-url"),
        ("ssm:GetParameterHistory", f"{PARAMETER}payments/db-url"),
        ("ssm:DescribeParameters", "*"),
    ],
)
def test_never_writes_lists_or_walks_a_path(action: str, resource: str) -> None:
    assert not allowed(PERMISSIONS, action, resource)


@pytest.mark.parametrize(
    ("key", "via", "expected"),
    [
        (KEY, f"secretsmanager.{REGION}.amazonaws.com", True),
        (KEY, f"ssm.{REGION}.amazonaws.com", False),
        (KEY, "secretsmanager.us-east-1.amazonaws.com", False),
        (KEY, None, False),
        (MULTI_REGION_KEY, f"ssm.{REGION}.amazonaws.com", True),
        (MULTI_REGION_KEY, f"secretsmanager.{REGION}.amazonaws.com", False),
        (OTHER_KEY, f"secretsmanager.{REGION}.amazonaws.com", False),
    ],
)
def test_a_key_serves_only_the_service_that_keeps_the_secret(key: str, via: str | None, expected: bool) -> None:
    assert allowed(PERMISSIONS, DECRYPT, key, {"kms:ViaService": via} if via else {}) is expected
    assert not allowed(PERMISSIONS, "kms:Encrypt", key, {"kms:ViaService": via} if via else {})


def test_no_key_no_permission_on_keys() -> None:
    plain = permissions(FACTS, (SecretsManagerSecret("payments/db"), Parameter("/payments/db-url")))
    assert {action for statement in plain for action in statement.actions} == {
        *(VALUE, "secretsmanager:DescribeSecret"),
        *(PARAMETER_VALUE, "ssm:GetParameters"),
    }
    assert permissions(FACTS, ()) == ()


def test_policy_is_sound_in_every_partition_and_does_not_depend_on_the_order() -> None:
    assert names_no_partition(PERMISSIONS)
    assert not [problem for statement in PERMISSIONS for problem in problems_in(statement)]
    assert permissions(FACTS, SECRETS[::-1]) == PERMISSIONS


@pytest.mark.parametrize(
    ("secret", "place"),
    [
        *(
            (SecretsManagerSecret(name), "name")
            for name in ("", "*", "payments/*", "payments/d?", "${aws:username}", "a b", "a\n", "a" * 513, "{}", "é")
        ),
        (SecretsManagerSecret(f"{SECRET}payments/db-AbCdEf"), "name"),
        (SecretsManagerSecret("${blueprint:partition}"), "name"),
        (SecretsManagerSecret(), "name"),  # type: ignore[call-arg]  # hostile on purpose
        (SecretsManagerSecret("payments/db", value="hunter2"), "value"),  # type: ignore[call-arg]  # hostile on purpose
        (SecretsManagerSecret("payments/db", json="no"), "json"),  # type: ignore[arg-type]  # hostile on purpose
        *(
            (Parameter(path), "path")
            for path in (
                "",
                "/",
                "db",
                "/payments/*",
                "/payments/",
                "//db",
                "/payments/d?",
                "/a\n",
                "/a b",
                "/é",
                "/a:1",
            )
        ),
        *((Parameter(path), "path") for path in ("/aws/service/eks", "/AWS/x", "/ssm/x", "/a" * 16, "/" + "a" * 900)),
        *(
            (Parameter("/a", key_arn=key), "key_arn")
            for key in (
                "*",
                "alias/aws/ssm",
                KEY.replace(":key/", ":alias/"),
                KEY[:-1] + "*",
                KEY + "\n",
                KEY[:-12] + "?",
            )
        ),
        (Parameter("/a", key_arn=KEY.replace("aws:kms", "aws:s3")), "key_arn"),
        (Parameter("/a", alias="Db"), "alias"),
        (Parameter("/a", alias="../db"), "alias"),
        (SecretsManagerSecret("../.."), "alias"),
        (SecretsManagerSecret("a" * 64), "alias"),
    ],
)
def test_refuses_wildcards_and_values(secret: TeamSecret, place: str) -> None:
    assert rules_broken(secret) == [place]
    assert rules_broken(Team((secret,))) == [f"secrets[0].{place}"]
    assert "hunter2" not in first_problem(secret).fix


@pytest.mark.parametrize("name", ["payments/db", "rds!cluster-1234", "a", "Team_A/db+x=y.z@w", "db-secret", "a" * 63])
def test_takes_the_names_that_aws_takes(name: str) -> None:
    assert not rules_broken(Team((SecretsManagerSecret(name), Parameter("/Payments_1/db-url.v2", key_arn=KEY))))


@pytest.mark.parametrize(
    "secrets",
    [
        (SecretsManagerSecret("a/b"), SecretsManagerSecret("a-b")),
        (SecretsManagerSecret("a/b"), Parameter("/a/b")),
        (SecretsManagerSecret("a", alias="x"), Parameter("/b", alias="x")),
    ],
)
def test_two_secrets_never_become_one(secrets: tuple[TeamSecret, ...]) -> None:
    assert rules_broken(Team(secrets)) == ["secrets"]


def test_only_secrets_stand_in_the_list() -> None:
    assert rules_broken(Team(("payments/db",))) == ["secrets[0]"]  # type: ignore[arg-type]  # hostile on purpose


def by_kind(kind: str, secrets: tuple[TeamSecret, ...] = SECRETS) -> list[Manifest]:
    return [manifest for manifest in objects(FACTS, "payments", "reader", secrets) if manifest["kind"] == kind]


def test_a_store_uses_the_teams_role_and_nothing_of_another_namespace() -> None:
    made = reading(FACTS, "payments", "reader", SECRETS)
    assert (made.name, made.irsa, made.statements) == ("payments/reader", True, PERMISSIONS)
    assert all(
        manifest["metadata"]["namespace"] == "payments" for manifest in objects(FACTS, "payments", "reader", SECRETS)
    )
    (account,) = by_kind("ServiceAccount")
    role = {"eks.amazonaws.com/role-arn": "<role-arn:payments/reader>"}
    assert deployed(account["metadata"]) == {"name": "reader", "namespace": "payments", "annotations": role}
    assert account["automountServiceAccountToken"] is False
    for store, service in zip(by_kind("SecretStore"), ("ParameterStore", "SecretsManager"), strict=True):
        auth = {"jwt": {"serviceAccountRef": {"name": "reader"}}}
        assert store["spec"] == {"provider": {"aws": {"service": service, "region": REGION, "auth": auth}}}


def test_the_controller_gets_tokens_of_that_service_account_only() -> None:
    (role,), (binding,) = by_kind("Role"), by_kind("RoleBinding")
    (rule,) = role["rules"]
    assert rule == {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": ["reader"],
        "verbs": ["create"],
    }
    values = ExternalSecrets().values(FACTS)
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": values["serviceAccount"]["name"], "namespace": ExternalSecrets.namespace}
    ]
    assert values["rbac"]["serviceAccountTokenCreate"] is False


def test_each_secret_becomes_one_of_its_name() -> None:
    copies = {manifest["metadata"]["name"]: manifest["spec"] for manifest in by_kind("ExternalSecret")}
    assert list(copies) == ["api", "payments-db", "payments-db-url"]
    assert copies["payments-db"]["dataFrom"] == [{"extract": {"key": "payments/db"}}]
    assert copies["api"]["data"] == [{"secretKey": "value", "remoteRef": {"key": "payments/api-key"}}]
    assert copies["payments-db-url"]["data"] == [{"secretKey": "value", "remoteRef": {"key": "/payments/db-url"}}]
    stores = {store["metadata"]["name"] for store in by_kind("SecretStore")}
    for name, spec in copies.items():
        assert spec["target"] == {"name": name}
        assert spec["secretStoreRef"]["kind"] == "SecretStore"
        assert spec["secretStoreRef"]["name"] in stores
    assert copies["api"]["secretStoreRef"]["name"] != copies["payments-db-url"]["secretStoreRef"]["name"]


def test_objects_do_not_depend_on_the_order_and_need_no_store_that_has_no_secret() -> None:
    assert objects(FACTS, "payments", "reader", SECRETS[::-1]) == objects(FACTS, "payments", "reader", SECRETS)
    (store,) = by_kind("SecretStore", (Parameter("/a"),))
    assert store["metadata"]["name"] == "reader-parameterstore"


def test_the_controller_has_no_aws_permissions_and_a_restricted_namespace() -> None:
    contribution = ExternalSecrets().contribute(FACTS)
    assert contribution.grants == ()
    (namespace,) = contribution.namespaces
    assert (namespace.name, namespace.pod_security) == ("external-secrets", "restricted")


def test_nothing_reaches_across_namespaces_or_out_of_the_cluster() -> None:
    values = ExternalSecrets().values(FACTS)
    for kind in ("ClusterStore", "ClusterExternalSecret", "ClusterPushSecret", "ClusterGenerator", "PushSecret"):
        assert values[f"process{kind}"] is False
    for kind in ("ClusterSecretStore", "ClusterExternalSecret", "ClusterPushSecret", "ClusterGenerator", "PushSecret"):
        assert values["crds"][f"create{kind}"] is False


def test_definitions_outlive_the_release_and_every_part_has_a_second_replica() -> None:
    values: Any = ExternalSecrets().values(FACTS)
    assert values["crds"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    for part in (values, values["webhook"], values["certController"]):
        assert part["replicaCount"] == 2
        assert part["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
        assert part["resources"]["requests"]
    assert values["leaderElect"] is True
    assert values["webhook"]["port"] != 10250  # the kubelet's, which on Fargate is in the way


def test_what_is_copied_is_looked_at_again_each_hour() -> None:
    """External-secrets v2 apis/externalsecrets/v1/externalsecret_types.go (ExternalSecretSpec): field and form."""
    made = by_kind("ExternalSecret")
    assert len(made) == len(SECRETS)
    assert {one["spec"]["refreshInterval"] for one in made} == {"1h0m0s"}
    assert {*made[0]["spec"]} <= {"refreshInterval", "secretStoreRef", "target", "data", "dataFrom"}
