"""Secrets that AWS keeps for a team: their names, never a value, and the permissions to read these and no others."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Annotated, ClassVar

from blueprint.encryption import key_of
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel, KmsKeyArn, matches
from blueprint.iam import Statement
from blueprint.value import Rule, Value

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (Name); RDS puts a ! into its own
_NAME = r"[\w/+=.@!-]{1,512}", "must be the name of a secret, no ARN and no wildcard", 'write for example "payments/db"'
# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html (name requirements)
_PATH = (
    r"(?!/(?i:aws|ssm))(?=.{2,900}\Z)(/[\w.-]+){1,15}",
    "must be the path of a parameter of your own, from its /, no wildcard",
    'write for example "/payments/db-url"',
)


class _AwsSecret(Value):
    service: ClassVar[str]
    actions: ClassVar[tuple[str, ...]]
    resource: ClassVar[str]

    key_arn: KmsKeyArn | None = field(default=None, kw_only=True)
    """The customer managed key that encrypts it; None where it is the AWS managed one, which needs no permission."""
    alias: DnsLabel | None = field(default=None, kw_only=True)
    """Name of the Kubernetes Secret or of the file; made from the name in AWS when None: payments/db, payments-db."""
    shared_with: tuple[DnsLabel, ...] = field(default=(), kw_only=True)
    """Other teams that name it as well; each of them says so, too. Nobody else's role may reach it."""

    @property
    def is_object(self) -> bool:
        """Whether External Secrets takes its text apart, as a JSON object."""
        return False

    @property
    @abstractmethod
    def aws_name(self) -> str:
        """What AWS calls it."""

    @property
    def name_in_cluster(self) -> str:
        """Name of the Kubernetes Secret or of the file."""
        return self.alias or re.sub(r"[^a-z0-9]+", "-", self.aws_name.lower()).strip("-")

    @property
    def pattern(self) -> str:
        """Its ARN, wherever the cluster is."""
        return f"arn:*:{self.service}:*:*:{self.resource.format(self.aws_name)}"

    def arn(self, facts: ClusterFacts) -> str:
        """Its ARN, as a policy names it."""
        return facts.arn(self.service, self.resource.format(self.aws_name))

    def problems(self) -> Iterator[Problem]:
        if not 1 <= len(self.name_in_cluster) <= 63:
            rule = "no name of 1 to 63 lowercase letters, digits and hyphens can be made from it"
            yield Problem(("alias",), self.alias, rule, 'name it: alias="db"')


class SecretsManagerSecret(_AwsSecret):
    """A secret of AWS Secrets Manager in the cluster's account and region."""

    # BatchGetSecretValue and ListSecrets, which upstream names as well, know no resource; only searches need them.
    service, actions = "secretsmanager", ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")
    resource = "secret:{}-??????"  # six characters that Secrets Manager picks

    name: Annotated[str, matches(*_NAME)]
    """As Secrets Manager calls it, without the six characters that stand behind the name in its ARN."""
    json: bool = field(default=True, kw_only=True)
    """External Secrets: each key of its JSON object becomes a key of the Kubernetes Secret; else all is in `value`."""

    @property
    def is_object(self) -> bool:
        return self.json

    @property
    def aws_name(self) -> str:
        return self.name


class Parameter(_AwsSecret):
    """A parameter of the Systems Manager Parameter Store in the cluster's account and region."""

    # Not GetParametersByPath, which would also read all that is below the path.
    service, actions = "ssm", ("ssm:GetParameter", "ssm:GetParameters")
    resource = "parameter{}"

    path: Annotated[str, matches(*_PATH)]
    """Its name in the Parameter Store, from the first slash on."""

    @property
    def aws_name(self) -> str:
        return self.path


TeamSecret = SecretsManagerSecret | Parameter
TeamSecrets = Annotated[
    tuple[TeamSecret, ...],
    Rule(
        lambda secrets: len({secret.name_in_cluster for secret in secrets}) == len(secrets),
        "each has a name of its own in the cluster",
        'tell them apart: alias="db"',
    ),
]
"""The type of a field that lists secrets of a team."""


def permissions(facts: ClusterFacts, secrets: Sequence[TeamSecret]) -> tuple[Statement, ...]:
    """Reading exactly these; no listing, no writing, and no key but through the service that keeps the secret."""
    found: list[Statement] = []
    for kind in (SecretsManagerSecret, Parameter):
        these = [secret for secret in secrets if isinstance(secret, kind)]
        if these:
            found.append(Statement(kind.actions, tuple(sorted({secret.arn(facts) for secret in these}))))
        if keys := {secret.key_arn for secret in these if secret.key_arn}:
            # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
            via = tuple(f"{kind.service}.{facts.region}.{suffix}" for suffix in ("amazonaws.com", "amazonaws.com.cn"))
            arns = tuple(sorted(map(key_of, keys)))
            found.append(Statement(("kms:Decrypt",), arns, {"StringEquals": {"kms:ViaService": via}}))
    return tuple(found)
