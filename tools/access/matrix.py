"""Who may do what where, worked out from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from blueprint.access import AccessEntry
from blueprint.contribution import Capability, NodeRole
from blueprint.iam import Statement
from blueprint.planning.document import AutoModeNodes, FargateNodes, NodeGroup, NodeRoleKind, Plan
from blueprint.references import resolved
from tools.placeholders import placeholders

INSTALLER = "the installer"
NOBODY = "nobody yet"
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
POLICIES = {
    "AmazonEKSClusterAdminPolicy": "everything",
    "AmazonEKSAdminViewPolicy": "read: everything, Secrets too",
    "AmazonEKSViewPolicy": "read: what workloads consist of, no Secrets",
    "AmazonEKSSecretReaderPolicy": "read: Secrets",
    "AmazonEKSACKPolicy": "everything: objects of ACK",
    "AmazonEKSArgoCDClusterPolicy": "what Argo CD needs itself: namespaces, kinds that there are",
    "AmazonEKSArgoCDPolicy": "everything: objects of Argo CD, and Secrets and ConfigMaps beside them",
    "AmazonEKSKROPolicy": "everything: definitions of kro, kinds that they define",
}


class Right(NamedTuple):
    """What may be done with one kind of resource, `deployments.apps`; with objects of these names only, if any."""

    resource: str
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


class Access(NamedTuple):
    """What somebody may do in Kubernetes."""

    who: str
    """An ARN, a service account as namespace/name, or nobody."""
    via: str
    where: str
    """A namespace; the whole cluster when empty."""
    rights: tuple[Right, ...] = ()
    says: str = ""
    """Instead of rights, where no object of the plan states them."""


class AwsAccess(NamedTuple):
    """One statement on what a service account may do in AWS, or one policy of AWS that it has."""

    service_account: str
    """As namespace/name; or a capability of EKS, which has none."""
    by: str
    boundary: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]
    policy: str = ""


class NodeAccess(NamedTuple):
    """Nodes that share a role, and its AWS policies. Each may join the cluster."""

    names: tuple[str, ...]
    kind: str
    policies: tuple[str, ...]


class Note(NamedTuple):
    """What an add-on or a team wants a reviewer to know."""

    part: str
    text: str


class Host(NamedTuple):
    """A name, or all names under one, and the team or add-on that alone may serve it."""

    host: str
    owner: str


class Matrix(NamedTuple):
    """All of one cluster."""

    cluster: str
    account: str
    region: str
    kubernetes: tuple[Access, ...]
    aws: tuple[AwsAccess, ...]
    nodes: tuple[NodeAccess, ...]
    hosts: tuple[Host, ...]
    notes: tuple[Note, ...]


def matrix(plan: Plan) -> Matrix:
    """Who may do what in a cluster, complete and in full."""
    facts = plan.facts
    return Matrix(
        facts.name,
        facts.account,
        facts.region,
        kubernetes=tuple(_in_kubernetes(plan)),
        aws=tuple(_in_aws(plan)),
        nodes=tuple(_nodes(plan)),
        hosts=tuple(Host(host, part.name) for part in plan.parts for host in part.contribution.hosts),
        notes=tuple(Note(part.name, text) for part in plan.parts for text in part.contribution.notes),
    )


def _in_kubernetes(plan: Plan) -> Iterator[Access]:
    for policy in plan.installer.policies if plan.installer else ():
        yield Access(INSTALLER, f"administrator, {policy.name}", "", says=POLICIES[policy.name])
    bound = list(_bound(plan))
    of_addons = (entry for part in plan.parts for entry in part.contribution.access if entry.kind == "STANDARD")
    held: set[str] = set()
    for kind, entry in (
        *(("administrator", entry) for entry in plan.admins),
        *(("access policy", entry) for entry in (*plan.people, *of_addons)),
    ):
        who = resolved(entry.principal, placeholders(plan))
        yield from _by_policy(who, kind, entry)
        for name in entry.groups:
            held.add(f"group {name}")
            found = [row._replace(who=who) for row in bound if row.via == f"group {name}"]
            yield from found or [Access(who, f"group {name}", "", says="nothing: the group has no role")]
        if not entry.policies and not entry.groups:
            yield Access(who, "no group", "", says="nothing")
    yield from sorted((row for row in bound if row.via not in held), key=lambda row: row.via)


def _by_policy(who: str, kind: str, entry: AccessEntry) -> Iterator[Access]:
    for policy in entry.policies:
        for where in policy.namespaces or ("",):
            yield Access(who, f"{kind}, {policy.name}", where, says=POLICIES.get(policy.name, policy.name))


def _bound(plan: Plan) -> Iterator[Access]:
    """What each subject of a role binding may do; the members of groups are not looked up yet."""
    everything = (one for part in plan.parts for one in part.contribution.objects)
    kinds = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    objects = resolved([one for one in everything if one["kind"] in kinds], placeholders(plan))
    roles = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in objects}
    for binding in objects:
        if not binding["kind"].endswith("Binding"):
            continue
        where = binding["metadata"]["namespace"] if binding["kind"] == "RoleBinding" else ""
        kind, name = binding["roleRef"]["kind"], binding["roleRef"]["name"]
        role = roles.get((kind, where if kind == "Role" else "", name))
        rights = _rights(role.get("rules") or ()) if role else ()
        says = "" if role else f"what the {kind} {name} allows"
        for subject in binding.get("subjects") or ():
            named = subject["name"]
            match subject["kind"]:
                case "Group":
                    # Kubernetes itself puts people and pods into the groups system:…
                    who = "whom Kubernetes puts there" if named.startswith("system:") else NOBODY
                    yield Access(who, f"group {named}", where, rights, says)
                case "ServiceAccount":
                    account = f"{subject.get('namespace') or where}/{named}"
                    yield Access(account, f"binding {binding['metadata']['name']}", where, rights, says)
                case _:
                    yield Access(f"user {named}", f"binding {binding['metadata']['name']}", where, rights, says)


def _rights(rules: Sequence[Mapping[str, Any]]) -> tuple[Right, ...]:
    """One for each kind of resource, with the verbs of all rules about it."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    for rule in rules:
        names = tuple(rule.get("resourceNames") or ())
        resources = [
            *(_resource(group, name) for group in rule.get("apiGroups", ()) for name in rule.get("resources", ())),
            *rule.get("nonResourceURLs", ()),
        ]
        for resource in resources:
            found.setdefault((resource, names), {}).update(dict.fromkeys(rule["verbs"]))
    return tuple(Right(resource, tuple(verbs), names) for (resource, names), verbs in found.items())


def _resource(group: str, name: str) -> str:
    """As kubectl writes it: pods/log, deployments.apps/scale."""
    kind, slash, subresource = name.partition("/")
    return f"{kind}{'.' if group else ''}{group}{slash}{subresource}"


def _in_aws(plan: Plan) -> Iterator[AwsAccess]:
    for part in plan.parts:
        for made in part.contribution.resources:
            if isinstance(made, Capability):
                yield from _granted(plan, (made.name, "EKS Capability", ""), made.statements)
        for grant in part.contribution.every_grant:
            holder = (grant.name, "IRSA" if grant.irsa else "Pod Identity", grant.boundary or "")
            yield from _granted(plan, holder, grant.statements, grant.managed_policies)


def _granted(
    plan: Plan, holder: tuple[str, str, str], statements: Sequence[Statement], policies: Sequence[str] = ()
) -> Iterator[AwsAccess]:
    def row(statement: Statement, policy: str = "") -> AwsAccess:
        actions, resources, conditions = (
            resolved(data, placeholders(plan))
            for data in (statement.actions, statement.resources, statement.conditions)
        )
        return AwsAccess(*holder, statement.effect, tuple(actions), tuple(resources), conditions, policy)

    rows = [row(statement) for statement in statements]
    rows += [row(Statement((), ()), policy) for policy in policies]
    yield from rows or [row(Statement((), ()))]


def _of_auto_mode(auto: AutoModeNodes) -> Iterator[NodeAccess]:
    """EKS's own pools, and those of the blueprint, whose nodes may have a role of their own."""
    if auto.role:
        yield NodeAccess((auto.name,), "Auto Mode", auto.role.managed_policies)
    if auto.own_role:
        yield NodeAccess(auto.own_node_pools, "Auto Mode, by node classes of its own", auto.own_role.managed_policies)


def _fargate(plan: Plan) -> Iterator[NodeAccess]:
    """Profiles whose roles the templates make have the same; others have one that is there already."""
    profiles = [each for each in plan.compute if isinstance(each, FargateNodes)]
    if made := [(each.name, each.role) for each in profiles if each.role]:
        yield NodeAccess(tuple(name for name, _ in made), "Fargate profiles", made[0][1].managed_policies)
    for each in profiles:
        if each.role_arn:
            yield NodeAccess((each.name,), f"Fargate profile, by {resolved(each.role_arn, placeholders(plan))}", ())


def _nodes(plan: Plan) -> Iterator[NodeAccess]:
    """Node groups of one kind share a role."""
    groups = [each for each in plan.compute if isinstance(each, NodeGroup)]
    labels: Mapping[NodeRoleKind, str] = {
        "managed": "managed node groups",
        "self-managed": "self-managed nodes",
        "managed Windows": "managed node groups of Windows",
        "self-managed Windows": "self-managed nodes of Windows",
    }
    for kind, label in labels.items():
        if names := tuple(group.name for group in groups if group.role == kind):
            yield NodeAccess(names, label, plan.node_roles[kind].managed_policies)
    for each in plan.control_plane.hybrid:
        yield NodeAccess((each.name,), "hybrid nodes", each.role.managed_policies)
    if auto := plan.control_plane.auto_mode:
        yield from _of_auto_mode(auto)
    yield from _fargate(plan)
    for part in plan.parts:
        roles = {role.name: role for role in part.contribution.resources if isinstance(role, NodeRole)}
        for name, role in roles.items():
            yield NodeAccess((name,), f"launched by {part.name}", role.managed_policies)
        for entry in part.contribution.access:
            who = resolved(entry.principal, placeholders(plan))
            if entry.kind != "STANDARD" and who not in {f"<role-arn:{name}>" for name in roles}:
                yield NodeAccess((who,), f"a role that {part.name} names", ())
