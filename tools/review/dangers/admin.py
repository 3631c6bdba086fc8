"""Who may do much more than before, in Kubernetes and in AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from blueprint.actions import CHANGES, matching
from blueprint.powers import overlap, powers
from tools.assembly import Template, text
from tools.review.dangers.conditions import weakened
from tools.review.dangers.danger import Danger, DangerRule, at, danger, shown, surviving
from tools.revision.differences import ClusterDifference

_RULE = "widens-admin"
_ENTRY = "AWS::EKS::AccessEntry"
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
_ADMIN = ("AmazonEKSAdminPolicy", "AmazonEKSClusterAdminPolicy")
_EVERYTHING = ("AdministratorAccess", "PowerUserAccess")
# Whatever its name is: `*`, `arn:aws:s3:::*`, `arn:aws:ec2:eu-west-1:1:instance/*`.
_ALL = re.compile(r"\*|arn:[^:]*:s3:::\*(/\*)?|arn:[^:]*:(?!s3:)[^:]*:[^:]*:[^:]*:([A-Za-z-]+[:/])?\*")
_CONTENTS = re.compile(
    r"s3:GetObject.*|secretsmanager:(Batch)?GetSecretValue|ssm:GetParameter.*|dynamodb:((Batch)?Get.*|Query|Scan)"
)
# Not IfExists, ForAllValues and negations, which a request without the key passes.
_NARROWING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
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
    """Permissions that name no resource or no action, or that give what a team may not have (blueprint/powers.py)."""
    for change in surviving(difference):
        before = _permissions(change.before)
        old, known = list(map(_plain, before)), {given for statement in before for given in _gives(statement)}
        for statement in _permissions(change.after):
            if _plain(statement) in old:
                continue
            new = [given.what for given in _gives(statement) if given not in known]
            if broad := _broad(statement) or "; ".join(dict.fromkeys(new)):
                fix = "name the actions and the resources, or a condition"
                yield danger(_RULE, change, broad, f"gains {shown(_plain(statement))}", fix)


def managed_policies(difference: ClusterDifference) -> Iterator[Danger]:
    """Policies of AWS that give a whole service, or all."""
    for change in surviving(difference):
        if change.type == "AWS::IAM::Role" and change.after:
            old, new = (
                [text(arn) for arn in at(role, "ManagedPolicyArns") or ()] for role in (change.before, change.after)
            )
            for name in dict.fromkeys(arn.rpartition("/")[2] for arn in new if arn not in old):
                if name in _EVERYTHING or name.endswith("FullAccess"):
                    what = f"it has AWS's policy {name}"
                    yield danger(
                        _RULE, change, what, f"ManagedPolicyArns: +{name}", "name the actions and the resources"
                    )


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


class _Given(NamedTuple):
    what: str
    resource: str
    conditions: str


def _gives(statement: _Statement) -> Iterator[_Given]:
    actions = [text(each) for each in _many(statement.get("Action"))]
    conditions = json.dumps(statement.get("Condition"), sort_keys=True)
    narrowed = any(operator in _NARROWING for operator in statement.get("Condition") or ())
    for resource in [text(each) for each in _many(statement.get("Resource"))] or ["*"]:
        for action in actions:
            for what, why in powers((action,), (resource,), reading=False):
                # Machines are told apart by their tags; another's role by its name, and what it is for.
                bound = narrowed and what == action and (action.startswith("ec2:") or not re.search(r"[*?]", resource))
                if bound or _part_of_a_launch(action, resource):
                    continue
                words = f"it may {action}, which {why}" if what == action else f"it may {action} on what {why}"
                yield _Given(words, resource, conditions)


def _broad(statement: _Statement) -> str:
    actions = [text(each) for each in _many(statement.get("Action"))]
    if "NotAction" in statement or any(action in ("*", "*:*") or action.endswith(":*") for action in actions):
        return "it may do anything" if "*" in actions or "NotAction" in statement else "it may do anything in a service"
    resources = ["*"] if "NotResource" in statement else [text(each) for each in _many(statement.get("Resource"))]
    everywhere = [resource for resource in resources if _ALL.fullmatch(re.sub(r"\$\{[^}]*\}", "x", resource))]
    if everywhere and not statement.get("Condition"):
        named = [action for action in actions if any(_matters(action, resource) for resource in everywhere)]
        whole = "every resource of the account" if "*" in everywhere else shown(everywhere[0])
        return f"it may {', '.join(named)} on {whole}" if named else ""
    return ""


def _matters(action: str, resource: str) -> bool:
    """Of a name that is all wildcard but says its kind, changes and contents do."""
    if resource == "*":
        return not _harmless(action)
    changes = any(each.level in CHANGES for each in matching(action)) and not _part_of_a_launch(action, resource)
    return changes or _CONTENTS.fullmatch(action) is not None


def _part_of_a_launch(action: str, resource: str) -> bool:
    """What a machine is made of: an image, a subnet. Alone it starts none."""
    launches = action in ("ec2:RunInstances", "ec2:CreateFleet")
    return launches and not any(overlap(resource, f"arn:*:ec2:*:*:{kind}/*") for kind in ("instance", "fleet"))


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


RULES: tuple[DangerRule, ...] = (cluster_admins, statements, managed_policies, trust)
