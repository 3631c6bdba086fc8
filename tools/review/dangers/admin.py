"""Who may do much more than before, in Kubernetes and in AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.assembly import Template, text
from tools.review.dangers.conditions import weakened
from tools.review.dangers.danger import Danger, DangerRule, at, danger, shown, surviving
from tools.revision.differences import ClusterDifference

_RULE = "widens-admin"
_ENTRY = "AWS::EKS::AccessEntry"
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
_ADMIN = ("AmazonEKSAdminPolicy", "AmazonEKSClusterAdminPolicy")
_Statement = Mapping[str, Any]


def cluster_admins(difference: ClusterDifference) -> Iterator[Danger]:
    """Principals that administer all namespaces, and did not before."""
    known = {who for stack in difference.before for entry in stack.of_type(_ENTRY).values() for who in _admin(entry)}
    for change in surviving(difference):
        for who in _admin(change.after) if change.after else ():
            if who not in known:
                what = f"{who.partition(':iam::')[2] or who} administers the cluster"
                why = "an access entry gains an administrator's policy for the whole cluster"
                yield danger(_RULE, change, what, why, "a team's own roles reach its namespaces without it")


def statements(difference: ClusterDifference) -> Iterator[Danger]:
    """Permissions that name no resource or no action."""
    for change in surviving(difference):
        old = list(map(_plain, _permissions(change.before)))
        for statement in _permissions(change.after):
            broad = _broad(statement) if _plain(statement) not in old else ""
            if broad:
                fix = "name the actions and the resources, or a condition"
                yield danger(_RULE, change, broad, f"gains {shown(_plain(statement))}", fix)


def trust(difference: ClusterDifference) -> Iterator[Danger]:
    """Roles that more principals may assume, or the same under weaker conditions."""
    for change in surviving(difference):
        if change.type != "AWS::IAM::Role" or not change.after:
            continue
        old = _allowed(at(change.before, "AssumeRolePolicyDocument"))
        for statement in _allowed(at(change.after, "AssumeRolePolicyDocument")):
            wider = _wider(statement, old) if change.before else _anyone(statement)
            if wider:
                why = f"gains {shown(_plain(statement))}"
                yield danger(_RULE, change, wider, why, "name who assumes it, and from where")


def _admin(entry: Template) -> Iterator[str]:
    for policy in at(entry, "AccessPolicies") or ():
        name = text(policy["PolicyArn"]).rpartition("/")[2]
        if name in _ADMIN and policy.get("AccessScope", {}).get("Type") == "cluster":
            yield text(at(entry, "PrincipalArn"))
            return


def _permissions(resource: Template | None) -> list[_Statement]:
    """What a role, or a policy of one, allows; key and queue policies name their own resource by *."""
    if resource is None or not resource["Type"].startswith("AWS::IAM::"):
        return []
    documents = [policy.get("PolicyDocument") for policy in at(resource, "Policies") or ()]
    return [each for document in (*documents, at(resource, "PolicyDocument")) for each in _allowed(document)]


def _allowed(document: Any) -> list[_Statement]:
    if isinstance(document, Mapping) and "Fn::Sub" in document:
        written = document["Fn::Sub"]
        document = json.loads(written if isinstance(written, str) else written[0])
    return [each for each in _many((document or {}).get("Statement")) if each.get("Effect") == "Allow"]


def _broad(statement: _Statement) -> str:
    actions = [text(each) for each in _many(statement.get("Action"))]
    if "NotAction" in statement or any(action in ("*", "*:*") or action.endswith(":*") for action in actions):
        return "it may do anything" if "*" in actions or "NotAction" in statement else "it may do anything in a service"
    everywhere = "NotResource" in statement or "*" in _many(statement.get("Resource"))
    if everywhere and not statement.get("Condition"):
        named = [action for action in actions if not _harmless(action)]
        return f"it may {', '.join(named)} on every resource of the account" if named else ""
    return ""


def _harmless(action: str) -> bool:
    """Lists and descriptions, and actions for which AWS knows no resource but *."""
    from policy_sentry.querying.actions import get_action_data

    service, _, name = action.partition(":")
    if name.startswith(("Describe", "List")):
        return True
    known = get_action_data(service, name)
    return bool(known) and all(each["resource_arn_format"] == "*" for each in known[service])


def _wider(statement: _Statement, old: Sequence[_Statement]) -> str:
    known = {who for each in old for who in _principals(each)}
    new = sorted(_principals(statement) - known)
    if new:
        return f"{', '.join(new)} may assume it"
    those = [each for each in old if _principals(each) & _principals(statement)]
    found = [list(weakened(each, statement)) for each in those]
    # Where one of them let all of this through, nobody is added.
    return f"it is assumed {', '.join(found[0])}" if found and all(found) else ""


def _anyone(statement: _Statement) -> str:
    wide = [who for who in _principals(statement) if who.endswith((":*", ":root"))]
    return f"{', '.join(wide)} may assume it" if wide and not statement.get("Condition") else ""


def _principals(statement: _Statement) -> set[str]:
    principal = statement.get("Principal", {})
    if isinstance(principal, str):
        return {f"AWS:{principal}"}
    return {f"{kind}:{text(who)}" for kind, those in principal.items() for who in _many(those)}


def _plain(statement: _Statement) -> str:
    return json.dumps(statement, sort_keys=True)


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


RULES: tuple[DangerRule, ...] = (cluster_admins, statements, trust)
