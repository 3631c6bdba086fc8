"""Files by which kubectl reaches a control plane as somebody."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path


def username(principal: str) -> str:
    """By what name the API server of EKS knows an IAM principal, less its session.

    https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    head, kind, name = principal.partition(":role/")
    if not kind:
        return principal
    return f"{head.replace(':iam:', ':sts:')}:assumed-role/{name.rpartition('/')[2]}/session"


def acting(administrator: Path, to: Path, user: str, groups: Sequence[str]) -> None:
    """A copy of the administrator's file that acts as somebody else; authorization and admission see only them.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
    """
    written = copy.deepcopy(json.loads(administrator.read_text(encoding="utf-8")))
    written["users"][0]["user"] |= {"as": user} | ({"as-groups": list(groups)} if groups else {})
    to.parent.mkdir(parents=True, exist_ok=True)
    to.touch(mode=0o600)
    to.write_text(json.dumps(written, indent=2), encoding="utf-8")
