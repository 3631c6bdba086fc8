"""How two sets of Kubernetes objects differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.review.document import Row, Sign
from tools.review.flat import changed, codes, flat

Name = tuple[str, str, str]
"""A Kubernetes object: kind with its API group (`Deployment.apps`), namespace or nothing, and name."""
_EXPRESSION = ".expression"
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
    """Rows of four cells, one for each change of a field; objects and fields that change alike share a row."""
    alike: dict[tuple[Sign, str, str], list[tuple[str, str]]] = {}
    for name, field, sign, old, new in _changes(before, after):
        alike.setdefault((sign, old, new), []).append((title(name), field))
    for (sign, old, new), found in alike.items():
        objects, changing = ("\n".join(dict.fromkeys(words)) for words in zip(*found, strict=True))
        yield codes(sign, objects, changing, old, new)


def expressions(before: Objects, after: Objects) -> Iterator[Row]:
    """Rows as of `fields`, for expressions of policies whose messages say the same in words."""
    for name, field, sign, *change in _changes(before, after, told=True):
        yield codes(sign, title(name), field, *change)


def _changes(before: Objects, after: Objects, *, told: bool = False) -> Iterator[tuple[Name, str, Sign, str, str]]:
    for name, manifest in after.items():
        if name in before and before[name] != manifest:
            differing = tuple(changed(dict(flat(before[name])), dict(flat(manifest))))
            found = {field for _, field, *_ in differing}
            for sign, field, old, new in differing:
                said = field.endswith(_EXPRESSION) and f"{field.removesuffix(_EXPRESSION)}.message" in found
                if said is told:
                    yield name, field, sign, old, new


def name_in(manifest: Mapping[str, Any]) -> Name:
    """As `name_of`, of an object that may lack what Kubernetes requires."""
    metadata = {"name": "(no name)", **(manifest.get("metadata") or {})}
    return name_of({**manifest, "metadata": metadata})


def title(name: Name) -> str:
    """`Deployment.apps shop/web`."""
    kind, namespace, own = name
    return f"{kind} {namespace}/{own}" if namespace else f"{kind} {own}"
