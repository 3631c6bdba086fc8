"""Objects that are no longer declared and stay in the cluster all the same.

`kubectl apply --prune` removes some kinds only, and these only in namespaces that what it applies still names:
https://github.com/kubernetes/kubectl/blob/v0.36.3/pkg/cmd/apply/prune.go (pruneAll, visitedNamespaces),
https://github.com/kubernetes/kubectl/blob/v0.36.3/pkg/util/prune/prune.go
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.kubernetes import PRUNED, ObjectKey
from tools.assembly import MANIFEST, Stack, Template
from tools.gitops.assembly import is_from_git
from tools.review.dangers.danger import Danger, DangerRule, at, danger_of, is_retained
from tools.review.dangers.names import keys
from tools.revision.differences import ClusterDifference

_SHOWN = 5


def keeps_objects(difference: ClusterDifference) -> Iterator[Danger]:
    """Of each manifest that stays, what leaves it and stays in the cluster; its namespace stays too."""
    pairs = [(stack.before, stack.after) for stack in difference.stacks if stack.before and stack.after]
    declared = {key for _, after in pairs for key in _declared(after)}
    spaces_gone = {key[3] for before, _ in pairs for key in _declared(before) if key[1] == "Namespace"} - {
        key[3] for key in declared if key[1] == "Namespace"
    }
    for before, after in pairs:
        for id, resource in before.of_type(MANIFEST).items():
            gone = sorted(keys(resource) - declared)
            left = [
                key for key in gone if key[2] not in spaces_gone and not is_removed(key, id, after.resources.get(id))
            ]
            if left:
                what = f"in the cluster stay as they are: {_listed(left)}"
                why = "no longer in the manifest, of kinds or in namespaces that kubectl does not prune by it"
                yield danger_of("keeps-objects", after, id, MANIFEST, what, why, f"after the deploy: {_command(left)}")


def is_removed(key: ObjectKey, id: str, after: Template | None) -> bool:
    """Whether a deploy removes from the cluster what has left this manifest, itself gone or not."""
    if after is None:
        return True
    if is_from_git(id):
        return not is_retained(after)
    visited = {"", *(each[2] for each in keys(after))}
    return bool(at(after, "PruneLabel")) and key[:2] in PRUNED and key[2] in visited


def _declared(stack: Stack) -> Iterator[ObjectKey]:
    for resource in stack.of_type(MANIFEST).values():
        yield from keys(resource)


def _listed(left: list[ObjectKey]) -> str:
    words = [f"{kind} {f'{space}/' if space else ''}{name}" for _, kind, space, name in left]
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more


def _command(left: Iterable[ObjectKey]) -> str:
    """One for each namespace."""
    found: dict[str, list[str]] = {}
    for group, kind, space, name in left:
        found.setdefault(space, []).append(f"{kind.lower()}{f'.{group}' if group else ''}/{name}")
    commands = (f"kubectl delete {f'-n {space} ' if space else ''}{' '.join(names)}" for space, names in found.items())
    return "; ".join(commands)


RULES: tuple[DangerRule, ...] = (keeps_objects,)
