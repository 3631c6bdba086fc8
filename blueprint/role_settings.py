"""What an organization asks of every IAM role that is made in its accounts."""

from __future__ import annotations

from typing import Annotated

from blueprint.fields import IamName, matches
from blueprint.value import Value


class Iam(Value):
    """All roles of the cluster: its own, of nodes, add-ons, teams, and of the functions that install charts."""

    create_only = {"path": "all roles are replaced, and the cluster with its own"}

    permissions_boundary: IamName | None = None
    """A managed policy of the account beyond which no role goes, with its path if it has one; that of a team stands in
    its place for the team's roles. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
    path: Annotated[
        str,
        matches(
            r"/([\w+=,.@-]+/){0,8}",
            "must be a path of IAM, which begins and ends in a slash",
            'write for example "/platform/"',
        ),
    ] = "/"
    """Stands before the name of each role, so that policies can speak of them all.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
