"""Writes down what AWS itself says of quotas and service-linked roles. Each row of these tables is one line.

A row is found by what AWS documents: a quota by its service and name, a role by its name. What AWS does not tell, since
the account has no such role or the region no such quota, stays as it is.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import boto3

from blueprint.linked_roles import LinkedRoleFacts
from tools.doctor.aws import iam_region
from tools.quotas import ServiceQuota

_Row = Mapping[str, str | bool | int | dt.date | tuple[str, ...]]


class Recorded(NamedTuple):
    """The text of a table, and which of its rows AWS told something of."""

    text: str
    told: tuple[str, ...]
    untold: tuple[str, ...]


def quotas(text: str, known: Mapping[str, ServiceQuota], session: boto3.Session, today: dt.date) -> Recorded:
    """The table of quotas with AWS's codes."""
    said: dict[tuple[str, str], tuple[str, int]] = {}
    for service in sorted({quota.service for quota in known.values()}):
        said |= {(service, name): told for name, told in _quotas_of(service, session)}
    rows: dict[str, _Row] = {}
    for key, quota in known.items():
        if told := said.get((quota.service, quota.name)):
            rows[key] = {
                "service": quota.service,
                "name": quota.name,
                "code": told[0],
                "default": told[1],
                **({"counts": quota.counts} if quota.counts else {}),
                "date": today,
                "source": "servicequotas:ListAWSDefaultServiceQuotas",
            }
    return _with_rows(text, rows, tuple(known))


def _quotas_of(service: str, session: boto3.Session) -> Iterator[tuple[str, tuple[str, int]]]:
    """Names, with codes and values. IAM's are those of the partition's home."""
    region = iam_region(session.region_name) if service == "iam" else session.region_name
    client = session.client("service-quotas", region_name=region)
    pages = client.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode=service)
    for quota in (quota for page in pages for quota in page["Quotas"]):
        yield quota["QuotaName"], (quota["QuotaCode"], int(quota["Value"]))


def linked_roles(text: str, known: Mapping[str, LinkedRoleFacts], session: boto3.Session, today: dt.date) -> Recorded:
    """The table of service-linked roles with the services that stand in the paths of the account's own."""
    pages = session.client("iam").get_paginator("list_roles").paginate(PathPrefix="/aws-service-role/")
    services = {role["RoleName"]: role["Path"].split("/")[2] for page in pages for role in page["Roles"]}
    rows: dict[str, _Row] = {
        name: {"service": services[name], "by_itself": row.by_itself, "date": today, "source": "iam:ListRoles"}
        for name, row in known.items()
        if name in services
    }
    return _with_rows(text, rows, tuple(known))


def _with_rows(text: str, rows: Mapping[str, _Row], all_rows: tuple[str, ...]) -> Recorded:
    for key, row in rows.items():
        line = f"{_toml(key)} = {{ {', '.join(f'{name} = {_toml(value)}' for name, value in row.items())} }}"
        lines = [line if old.startswith(f"{_toml(key)} = ") else old for old in text.split("\n")]
        text = "\n".join(lines)
    return Recorded(text, tuple(rows), tuple(key for key in all_rows if key not in rows))


def _toml(value: Any) -> str:
    """Texts of TOML and JSON are alike, as are truths and lists. https://toml.io/en/v1.0.0#string"""
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)
