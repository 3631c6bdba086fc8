"""The matrix as tables: a person reads these, so words are short and repetition is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tools.access.account import AccountAccess
from tools.access.matrix import Access, Matrix, Right
from tools.arns import principal, shortened
from tools.tables import PlainRow, PlainTable

_SIGNS = {"StringEquals": "=", "StringLike": "like", "ArnEquals": "=", "ArnLike": "like"}


def tables(matrix: Matrix, *, full: bool) -> tuple[PlainTable, ...]:
    """The tables of a cluster. Unless `full`, long lists are shortened and repeated cells are empty."""
    aws = _aws_rows(matrix, full=full)
    nodes = [((", ".join(each.names),), (each.kind,), each.policies) for each in matrix.nodes]
    hosts = [((each.host,), (each.owner,)) for each in matrix.hosts]
    notes = [((note.part,), (note.text,)) for note in matrix.notes]
    return (
        PlainTable("In Kubernetes", ("who", "via", "where", "may"), tuple(_kubernetes_rows(matrix))),
        PlainTable(
            "In AWS", ("service account", "may", "on", "only if"), tuple(aws if full else _without_repetition(aws))
        ),
        PlainTable("Nodes", ("nodes", "kind", "policies of AWS"), tuple(nodes)),
        PlainTable("Host names", ("host", "of"), tuple(hosts)),
        PlainTable("Notes", ("by", "note"), tuple(notes)),
    )


def account_tables(access: AccountAccess) -> tuple[PlainTable, ...]:
    """The three tables of what is done through the account."""
    roles = [((each.role,), (each.who,), tuple(map(_said, each.conditions))) for each in access.roles]
    keys = [((each.key,), (each.who,), each.actions, tuple(map(_said, each.conditions))) for each in access.keys]
    ways = [((each.by,), (each.because,)) for each in access.administration]
    return (
        PlainTable("Administrators through AWS", ("who may", "because"), tuple(ways)),
        PlainTable("Roles and who may assume them", ("role of", "who", "only if"), tuple(roles)),
        PlainTable("Keys", ("key", "who", "may", "only if"), tuple(_without_repetition(keys))),
    )


def _said(condition: str) -> str:
    """`aws:SourceAccount = 1` of `StringEquals aws:SourceAccount: 1`."""
    operator, _, rest = condition.partition(" ")
    key, _, value = rest.rpartition(": ")
    return f"{key} {_SIGNS.get(operator, operator)} {value}"


def _without_repetition(rows: Iterable[PlainRow]) -> Iterator[PlainRow]:
    """Leaves out the first cell of a row where it is that of the row above."""
    above: tuple[str, ...] = ()
    for row in rows:
        yield ((), *row[1:]) if row[0] == above else row
        above = row[0]


def _kubernetes_rows(matrix: Matrix) -> Iterator[PlainRow]:
    """Namespaces in which somebody may do the same share a row."""

    def alike(row: Access) -> tuple[object, ...]:
        return row._replace(where="cluster" if not row.where else "a namespace")

    for _, group in groupby(matrix.kubernetes, alike):
        rows = list(group)
        first = rows[0]
        may = (first.says,) if first.says else tuple(_words(first.rights)) or ("nothing",)
        where = tuple(row.where or "the cluster" for row in rows)
        yield (principal(_short_arn(matrix, first.who)),), (first.via,), where, may


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


def _aws_rows(matrix: Matrix, *, full: bool) -> Iterator[PlainRow]:
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
    return shortened(arn, region=matrix.region, account=matrix.account)


def _conditions(matrix: Matrix, conditions: Mapping[str, Mapping[str, Any]], *, full: bool) -> Iterator[str]:
    for operator, keys in conditions.items():
        # ForAllValues holds of each value of a key, IfExists only where there is one.
        scope, _, name = operator.rpartition(":")
        plain = name.removesuffix("IfExists")
        sign = _SIGNS.get(plain, plain)
        each = {"ForAllValues": "each ", "ForAnyValue": "any "}.get(scope, "")
        for key, values in keys.items():
            wanted = [_short_arn(matrix, one) for one in ([values] if isinstance(values, str) else values)]
            if name == "Null":
                yield f"{key} is {'absent' if wanted == ['true'] else 'present'}"
                continue
            many = " or ".join(wanted) if full or len(wanted) < 4 else f"one of {len(wanted)}"
            yield f"{each}{key} {sign} {many}{' if given' if plain != name else ''}"
