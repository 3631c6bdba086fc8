"""How two sets of Kubernetes objects differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.review.document import Row, Sign
from tools.review.flat import changed, codes, flat

Name = tuple[str, str, str]
"""A Kubernetes object: kind with its API group (`Deployment.apps`), namespace or nothing, and name."""
Objects = Mapping[Name, Mapping[str, Any]]


def name_of(manifest: Mapping[str, Any]) -> Name:
    """What tells an object from all others of a cluster, whatever its version."""
    group, slash, _ = manifest["apiVersion"].rpartition("/")
    kind = f"{manifest['kind']}.{group}" if slash else str(manifest["kind"])
    return kind, manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def come_and_gone(before: Objects, after: Objects) -> Iterator[Row]:
    """Rows of three cells: kind, namespaces, and names; a namespace that comes or goes stands for all in it."""
    new, gone = _namespaces(after, before), _namespaces(before, after)
    yield from _listed("+", [name for name in after if name not in before and name[1] not in new])
    yield from _listed("-", [name for name in before if name not in after and name[1] not in gone])


def in_new_namespaces(before: Objects, after: Objects) -> Iterator[Row]:
    """Rows as those of `come_and_gone`: all that comes with its namespace."""
    new = _namespaces(after, before)
    yield from _listed("+", [name for name in after if name[1] in new])


def _namespaces(these: Objects, those: Objects) -> set[str]:
    return {name for kind, _, name in these if kind == "Namespace" and (kind, "", name) not in those}


def _listed(sign: Sign, names: Iterable[Name]) -> Iterator[Row]:
    """Namespaces with objects of the same kind and names share a row."""
    found: dict[tuple[str, str], list[str]] = {}
    for kind, namespace, name in names:
        found.setdefault((kind, namespace), []).append(name)
    alike: dict[tuple[str, str], list[str]] = {}
    for (kind, namespace), own in found.items():
        alike.setdefault((kind, "\n".join(own)), []).append(namespace)
    for (kind, listed), namespaces in alike.items():
        whole = ", with all in it" if kind == "Namespace" else ""
        yield codes(sign, f"{kind}{whole}", "\n".join(namespaces), listed)


def fields(before: Objects, after: Objects) -> Iterator[Row]:
    """Rows of four cells, one for each field of an object on both sides."""
    for name, manifest in after.items():
        if name in before and before[name] != manifest:
            for sign, *change in changed(dict(flat(before[name])), dict(flat(manifest))):
                yield codes(sign, title(name), *change)


def name_in(manifest: Mapping[str, Any]) -> Name:
    """As `name_of`, of an object that may lack what Kubernetes requires."""
    metadata = {"name": "(no name)", **(manifest.get("metadata") or {})}
    return name_of({**manifest, "metadata": metadata})


def title(name: Name) -> str:
    """`Deployment.apps shop/web`."""
    kind, namespace, own = name
    return f"{kind} {namespace}/{own}" if namespace else f"{kind} {own}"
