"""Who gets into a cluster: access entries, and service accounts with an AWS role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.access.roles import id_of, owners
from tools.arns import principal
from tools.assembly import text
from tools.review.document import Section, Table
from tools.review.fleet import ReviewedFleet, Side


def section(fleet: ReviewedFleet) -> Section:
    """One row for each group or policy of a principal, and for each service account."""
    rows = fleet.gained_and_lost(lambda _, side: _facts(side))
    table = Table(("who", "is", "in", "clusters"), rows)
    return Section("entries", "Access entries and Pod Identity", (table,) if rows else ())


def _facts(side: Side) -> Iterator[tuple[str, str, str]]:
    for stack in side.stacks:
        whose = owners(stack)
        for resource in stack.of_type("AWS::EKS::AccessEntry").values():
            properties = resource["Properties"]
            id = id_of(properties["PrincipalArn"])
            named = principal(side.place.short(text(properties["PrincipalArn"])))
            who = (whose.get(id) or f"the role {stack.paths.get(id, id)}") if id else named
            for what, where in _rights(properties):
                yield who, what, where
        for resource in stack.of_type("AWS::EKS::PodIdentityAssociation").values():
            properties = resource["Properties"]
            role = "its own role" if id_of(properties["RoleArn"]) in whose else text(properties["RoleArn"])
            name = f"pods with the service account {properties['ServiceAccount']}"
            yield name, f"holder of {role}", str(properties["Namespace"])


def _rights(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    everywhere = "the cluster"
    if (kind := entry.get("Type", "STANDARD")) != "STANDARD":
        yield f"node ({kind})", everywhere
    elif not entry.get("KubernetesGroups") and not entry.get("AccessPolicies"):
        yield "known, without any right", everywhere
    for group in entry.get("KubernetesGroups", ()):
        yield f"in the group {group}", everywhere
    for policy in entry.get("AccessPolicies", ()):
        name = text(policy["PolicyArn"]).rpartition("/")[2]
        yield f"holder of {name}", ", ".join(policy["AccessScope"].get("Namespaces", ())) or everywhere
