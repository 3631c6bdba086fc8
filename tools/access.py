"""`make access`: who may do what where, in Kubernetes and in AWS, from the plan alone: no CDK, no account, no network.

    python -m tools.access [CLUSTER …] [--markdown | --json]

The table shortens long lists, Markdown and JSON do not. A test compares it with the objects in the templates. Charts
and EKS add-ons bring Kubernetes roles of their own, for their pods; no plan shows those.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

from app import CLUSTERS
from blueprint.access import AccessEntry
from blueprint.compute import AutoMode, FargateProfile, ManagedNodes, SelfManagedNodes
from blueprint.contribution import Grant, NodeRole
from blueprint.errors import BlueprintError
from blueprint.iam import Statement
from blueprint.inventory import planned
from blueprint.plan import Plan
from blueprint.references import resolved

INSTALLER = "the installer"
NOBODY = "nobody yet"
# stacks/compute.py and stacks/kubectl.py name these again; the test of the templates sees that they agree.
NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
FARGATE_POLICIES = ("AmazonEKSFargatePodExecutionRolePolicy",)
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
POLICIES = {
    "AmazonEKSClusterAdminPolicy": "everything",
    "AmazonEKSAdminViewPolicy": "read: everything, Secrets too",
    "AmazonEKSViewPolicy": "read: what workloads consist of, no Secrets",
}
WIDTH = 120
"""Columns of the plain table."""
LEGEND = (
    "read is get, list and watch; write is create, update, patch and delete. Pods act as any service account of their "
    "namespace, so whoever may create pods there, or Deployments and Jobs, has its AWS permissions. ARNs stand without "
    "arn:<partition>:, and without region and account where these are the cluster's or none. Charts and EKS add-ons "
    "bring Kubernetes roles of their own, which no plan shows."
)


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


class Matrix(NamedTuple):
    """All of one cluster."""

    cluster: str
    account: str
    region: str
    kubernetes: tuple[Access, ...]
    aws: tuple[AwsAccess, ...]
    nodes: tuple[NodeAccess, ...]
    notes: tuple[Note, ...]


Row = tuple[tuple[str, ...], ...]
"""Of cells, which consist of lines."""


class Table(NamedTuple):
    """What renderers write."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make access", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="names of clusters; all when none is given")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for a pull request")
    form.add_argument("--json", action="store_true", help="for a program: a list with one object for each cluster")
    options = parser.parse_args(arguments)
    try:
        matrices = [matrix(plan) for plan in planned(CLUSTERS, options.clusters)]
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps([as_json(found) for found in matrices], indent=2))
    elif options.markdown:
        print("\n\n".join([*map(as_markdown, matrices), LEGEND.replace("<", "&lt;").replace(">", "&gt;")]))
    else:
        print("\n\n".join([*map(as_text, matrices), "\n".join(textwrap.wrap(LEGEND, WIDTH))]))
    return 0


# --- From the plan to rows ---


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
        notes=tuple(Note(part.name, text) for part in plan.parts for text in part.contribution.notes),
    )


def _in_kubernetes(plan: Plan) -> Iterator[Access]:
    # What installs charts and objects is no part of a plan, and administers the cluster in every deploy.
    admin = "AmazonEKSClusterAdminPolicy"
    yield Access(INSTALLER, f"administrator, {admin}", "", says=POLICIES[admin])
    bound = list(_bound(plan))
    of_addons = (entry for part in plan.parts for entry in part.contribution.access if entry.kind == "STANDARD")
    held: set[str] = set()
    for kind, entry in (
        *(("administrator", entry) for entry in plan.admins),
        *(("access policy", entry) for entry in (*plan.people, *of_addons)),
    ):
        who = resolved(entry.principal, _shown(plan))
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
    objects = resolved([one for one in everything if one["kind"] in kinds], _shown(plan))
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
        of_addons = (addon.grant for addon in part.contribution.managed_addons if addon.grant)
        for grant in chain(of_addons, part.contribution.grants):
            yield from _granted(plan, grant)


def _granted(plan: Plan, grant: Grant) -> Iterator[AwsAccess]:
    by = "IRSA" if grant.irsa else "Pod Identity"

    def row(statement: Statement, policy: str = "") -> AwsAccess:
        actions, resources, conditions = (
            resolved(data, _shown(plan)) for data in (statement.actions, statement.resources, statement.conditions)
        )
        holder = (grant.name, by, grant.boundary or "")
        return AwsAccess(*holder, statement.effect, tuple(actions), tuple(resources), conditions, policy)

    rows = [row(statement) for statement in grant.statements]
    rows += [row(Statement((), ()), policy) for policy in grant.managed_policies]
    yield from rows or [row(Statement((), ()))]


def _nodes(plan: Plan) -> Iterator[NodeAccess]:
    """Node groups of one kind share a role."""
    kinds = (
        (ManagedNodes, "managed node groups", NODE_POLICIES),
        (SelfManagedNodes, "self-managed nodes", NODE_POLICIES),
        (AutoMode, "Auto Mode", NODE_POLICIES),
        (FargateProfile, "Fargate profiles", FARGATE_POLICIES),
    )
    for cls, kind, policies in kinds:
        if names := tuple(compute.name for compute in plan.blueprint.compute if isinstance(compute, cls)):
            yield NodeAccess(names, kind, policies)
    for part in plan.parts:
        made = [resource.name for resource in part.contribution.resources if isinstance(resource, NodeRole)]
        for name in made:
            yield NodeAccess((name,), f"launched by {part.name}", NODE_POLICIES)
        for entry in part.contribution.access:
            who = resolved(entry.principal, _shown(plan))
            if entry.kind != "STANDARD" and who not in {f"<role-arn:{name}>" for name in made}:
                yield NodeAccess((who,), f"a role that {part.name} names", ())


class _References(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"


def _shown(plan: Plan) -> Mapping[str, str]:
    """The partition of the region, and names for what AWS decides."""
    partitions = {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "eusc-": "aws-eusc",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "eu-isoe-": "aws-iso-e",
        "us-isof-": "aws-iso-f",
    }
    region = plan.facts.region
    return _References(partition=next((to for prefix, to in partitions.items() if region.startswith(prefix)), "aws"))


# --- From rows to text ---


def tables(matrix: Matrix, *, full: bool) -> tuple[Table, ...]:
    """The four tables of a cluster. Unless `full`, long lists are shortened and repeated cells are empty."""
    aws = _aws_rows(matrix, full=full)
    nodes = [((", ".join(each.names),), (each.kind,), each.policies) for each in matrix.nodes]
    notes = [((note.part,), (note.text,)) for note in matrix.notes]
    return (
        Table("In Kubernetes", ("who", "via", "where", "may"), tuple(_kubernetes_rows(matrix))),
        Table("In AWS", ("service account", "may", "on", "only if"), tuple(aws if full else _without_repetition(aws))),
        Table("Nodes", ("nodes", "kind", "policies of AWS"), tuple(nodes)),
        Table("Notes", ("by", "note"), tuple(notes)),
    )


def _without_repetition(rows: Iterable[Row]) -> Iterator[Row]:
    """Leaves out the first cell of a row where it is that of the row above."""
    above: tuple[str, ...] = ()
    for row in rows:
        yield ((), *row[1:]) if row[0] == above else row
        above = row[0]


def _kubernetes_rows(matrix: Matrix) -> Iterator[Row]:
    """Namespaces in which somebody may do the same share a row."""

    def alike(row: Access) -> tuple[object, ...]:
        return row._replace(where="cluster" if not row.where else "a namespace")

    for _, group in groupby(matrix.kubernetes, alike):
        rows = list(group)
        first = rows[0]
        may = (first.says,) if first.says else tuple(_words(first.rights)) or ("nothing",)
        where = tuple(row.where or "the cluster" for row in rows)
        yield (_principal(matrix, first.who),), (first.via,), where, may


def _principal(matrix: Matrix, arn: str) -> str:
    """`role/BreakGlass`, and the account where it is another one."""
    head, _, name = arn.partition(":iam::")
    account, _, name = name.partition(":")
    if not head.startswith("arn:"):
        return arn
    return name if account == matrix.account else f"{name} of account {account}"


def _words(rights: Sequence[Right]) -> Iterator[str]:
    """A line for each set of verbs: `read, write: services, deployments`."""
    found: dict[str, list[str]] = {}
    for right in rights:
        names = f" {' or '.join(right.names)}" if right.names else ""
        found.setdefault(_verbs(right.verbs), []).append(_short_resource(right.resource) + names)
    for verbs, resources in found.items():
        yield "everything" if (verbs, resources) == ("*", ["*.*"]) else f"{verbs}: {', '.join(resources)}"


def _verbs(verbs: Sequence[str]) -> str:
    left = list(verbs)
    words = []
    for word, meaning in (("read", ("get", "list", "watch")), ("write", ("create", "update", "patch", "delete"))):
        if set(meaning) <= set(left):
            words.append(word)
            left = [verb for verb in left if verb not in meaning]
    return ", ".join([*words, *left])


def _short_resource(resource: str) -> str:
    """Leaves out the groups of Kubernetes' own workloads; those of custom resources say what they are."""
    kind, dot, rest = resource.partition(".")
    group, slash, subresource = rest.partition("/")
    own = ("apps", "autoscaling", "batch", "networking.k8s.io", "policy")
    return f"{kind}{slash}{subresource}" if dot and group in own else resource


def _aws_rows(matrix: Matrix, *, full: bool) -> Iterator[Row]:
    for row in matrix.aws:
        holder = (row.service_account, f"by {row.by}", *((f"within {row.boundary}",) if row.boundary else ()))
        if row.policy or not row.actions:
            yield holder, (f"the policy {row.policy} of AWS" if row.policy else "nothing",), (), ()
            continue
        may = _listed(row.actions, full=full)
        if row.effect == "Deny":
            may = ("never", *may)
        resources = _listed([_short_arn(matrix, arn) for arn in row.resources], full=full)
        yield holder, may, resources, tuple(_conditions(matrix, row.conditions, full=full))


def _listed(names: Sequence[str], *, full: bool) -> tuple[str, ...]:
    """A line for each service: `ec2: RunInstances, CreateFleet`."""
    most = len(names) if full or len(names) < 6 else 4
    found: dict[str, list[str]] = {}
    for name in names[:most]:
        plain = name.count(":") == 1 and not name.startswith("<")
        service, _, rest = name.rpartition(":") if plain else ("", "", name)
        found.setdefault(service, []).append(rest)
    lines = [f"{service}{': ' if service else ''}{', '.join(rest)}" for service, rest in found.items()]
    return (*lines, *((f"and {len(names) - most} more",) if most < len(names) else ()))


def _short_arn(matrix: Matrix, arn: str) -> str:
    match arn.split(":", 5):
        case ["arn", _, service, region, account, resource]:
            if region in ("", matrix.region) and account in ("", matrix.account):
                return f"{service}:{resource}"
            return f"{service}:{region}:{account}:{resource}"
    return arn


def _conditions(matrix: Matrix, conditions: Mapping[str, Mapping[str, Any]], *, full: bool) -> Iterator[str]:
    signs = {"StringEquals": "=", "StringLike": "like", "ArnEquals": "=", "ArnLike": "like"}
    for operator, keys in conditions.items():
        # ForAllValues holds of each value of a key, IfExists only where there is one.
        scope, _, name = operator.rpartition(":")
        plain = name.removesuffix("IfExists")
        sign = signs.get(plain, plain)
        each = {"ForAllValues": "each ", "ForAnyValue": "any "}.get(scope, "")
        for key, values in keys.items():
            wanted = [_short_arn(matrix, one) for one in ([values] if isinstance(values, str) else values)]
            if name == "Null":
                yield f"{key} is {'absent' if wanted == ['true'] else 'present'}"
                continue
            many = " or ".join(wanted) if full or len(wanted) < 4 else f"one of {len(wanted)}"
            yield f"{each}{key} {sign} {many}{' if given' if plain != name else ''}"


def heading(matrix: Matrix) -> str:
    """What the tables are about."""
    return f"{matrix.cluster}: account {matrix.account}, {matrix.region}"


def as_text(matrix: Matrix) -> str:
    """For a terminal; the same when it is piped."""
    return "\n\n".join([heading(matrix), *(text_table(table) for table in tables(matrix, full=False) if table.rows)])


def as_markdown(matrix: Matrix) -> str:
    """For a pull request, in full."""
    found = [markdown_table(table) for table in tables(matrix, full=True) if table.rows]
    return "\n\n".join([f"## {heading(matrix)}", *found])


def as_json(matrix: Matrix) -> dict[str, Any]:
    """All of it, under the names of the fields."""

    def plain(data: Any) -> Any:
        if isinstance(data, tuple) and hasattr(data, "_asdict"):
            return plain(data._asdict())
        if isinstance(data, Mapping):
            return {key: plain(item) for key, item in data.items()}
        return [plain(item) for item in data] if isinstance(data, list | tuple) else data

    found: dict[str, Any] = plain(matrix)
    return found


def text_table(table: Table, width: int = WIDTH) -> str:
    """Aligned, and never wider than `width`: the widest columns are wrapped."""
    heads: Row = tuple((head,) for head in table.heads)
    cells = [heads, *(tuple(tuple(map(_line, cell)) for cell in row) for row in table.rows)]
    widths = [max([1, *(len(line) for row in cells for line in row[column])]) for column in range(len(table.heads))]
    while sum(widths) + 2 * len(widths) > width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    lines = [table.title.upper()]
    for row in cells:
        wrapped = [
            [part for line in cell for part in _wrapped(line, limit)] for cell, limit in zip(row, widths, strict=True)
        ]
        for number in range(max(map(len, wrapped))):
            parts = [cell[number] if number < len(cell) else "" for cell in wrapped]
            line = "  ".join(part.ljust(limit) for part, limit in zip(parts, widths, strict=True))
            lines.append(f"  {line}".rstrip())
    return "\n".join(lines)


class _Wrapper(textwrap.TextWrapper):
    """Breaks at spaces and within an ARN or a tag after / and :."""

    wordsep_simple_re = re.compile(r"(\s+)|(?<=[/:])(?=\S)")


def _wrapped(line: str, width: int) -> list[str]:
    return _Wrapper(width, subsequent_indent="  " if width > 4 else "", break_on_hyphens=False).wrap(line)


def markdown_table(table: Table) -> str:
    """Every cell is code, so nothing in it is markup, a link or a mention."""
    lines = [f"### {table.title}", "", _row(table.heads), _row(["---"] * len(table.heads))]
    lines += [_row(["<br>".join(map(_code, cell)) for cell in row]) for row in table.rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    line = _line(text)
    if not any(character in line for character in "`|\\"):
        return f"`{line}`" if line else ""
    # No escape for these in code holds in every reader of Markdown; a character reference does.
    return f"<code>{''.join(each if each.isalnum() or each == ' ' else f'&#{ord(each)};' for each in line)}</code>"


def _line(text: str) -> str:
    """One line that a terminal shows and does not obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make access | head`
    sys.exit(main(sys.argv[1:]))
