"""Files by which kubectl reaches a control plane as somebody."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

ADMINISTRATOR = "admin"
"""The name of the file that is nobody's in particular."""


def file_names(principals: Collection[str]) -> Mapping[str, str]:
    """A name for the file of each principal: its own, or more of its ARN where somebody else has the same.

    Some systems take names that differ in case only for one.
    """
    names = {each: each.rpartition("/")[2] for each in principals}
    for longer in (_without_service, _digest):
        taken = Counter(name.casefold() for name in (ADMINISTRATOR, *names.values()))
        names = {each: longer(each) if taken[name.casefold()] > 1 else name for each, name in names.items()}
    return names


def _without_service(principal: str) -> str:
    """`111111111111-role-path-Ana`."""
    return re.sub("[:/]+", "-", principal.partition("::")[2])


def _digest(principal: str) -> str:
    return f"{_without_service(principal)}-{hashlib.sha256(principal.encode()).hexdigest()[:8]}"


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
