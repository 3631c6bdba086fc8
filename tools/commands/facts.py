"""Asks AWS for the codes of quotas and the services of service-linked roles, and writes them into `facts/`.

It needs credentials of any account, in a region with all quotas (us-east-1), that may call
servicequotas:ListAWSDefaultServiceQuotas and iam:ListRoles; it changes nothing there. Read the difference, then commit
it.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from blueprint.linked_roles import FILE as LINKED_ROLES
from blueprint.linked_roles import read as read_roles
from tools.options import add_json
from tools.quotas import FILE as QUOTAS
from tools.quotas import read as read_quotas
from tools.status import CannotError, Status

if TYPE_CHECKING:
    import boto3


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--region", default="us-east-1", help="whose quotas are asked for; us-east-1")
    add_json(parser, "the rows of each file that AWS told, and those that it did not")


def run(options: Namespace) -> int:
    """Writes both tables, or neither. Fails when AWS did not tell something."""
    from botocore.exceptions import BotoCoreError, ClientError

    from tools import recording

    quotas, roles = (path.read_text(encoding="utf-8") for path in (QUOTAS, LINKED_ROLES))
    today = dt.datetime.now(dt.UTC).date()
    try:
        session = session_in(options.region)
        told = {
            QUOTAS: recording.quotas(quotas, read_quotas(quotas), session, today),
            LINKED_ROLES: recording.linked_roles(roles, read_roles(roles), session, today),
        }
    except (BotoCoreError, ClientError) as error:
        fix = "sign in to any account, with servicequotas:ListAWSDefaultServiceQuotas and iam:ListRoles"
        raise CannotError(f"AWS was not asked: {error}\n    fix  {fix}") from error
    read_quotas(told[QUOTAS].text)
    read_roles(told[LINKED_ROLES].text)
    for path, each in told.items():
        path.write_text(each.text, encoding="utf-8")
        if not options.json:
            print(f"facts/{path.name}: {len(each.told)} rows from AWS")
        if each.untold:
            print(f"facts/{path.name}: AWS does not tell {', '.join(each.untold)}", file=sys.stderr)
    if options.json:
        rows = {path.name: {"told": each.told, "untold": each.untold} for path, each in told.items()}
        print(json.dumps(rows, indent=2))
    return Status.FAILED if any(each.untold for each in told.values()) else Status.DONE


def session_in(region: str) -> boto3.Session:
    """With the credentials of the environment."""
    import boto3

    return boto3.Session(region_name=region)
