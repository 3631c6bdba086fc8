"""The access matrices of both revisions, each made by the revision's own code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tools.access.matrix import Access, Matrix, Note, Right
from tools.compare.revisions import Revision, RevisionError

Matrices = Mapping[str, Matrix]
"""By cluster."""


BothMatrices = tuple[Matrices, Matrices] | str
"""Before and after, or why they cannot be compared."""


def matrices(*sides: tuple[Revision, Iterable[str]]) -> BothMatrices:
    """Of the base and of the folder, those of the clusters named."""
    with ThreadPoolExecutor() as pool:
        found = [pool.submit(_of, *side) for side in sides]
        try:
            one, other = (side.result() for side in found)
        except RevisionError as error:
            return str(error).splitlines()[-1]
        except (AttributeError, KeyError, TypeError, ValueError):
            return "the two revisions write access matrices of different forms"
    return one, other


def _of(revision: Revision, clusters: Iterable[str]) -> Matrices:
    names = sorted(clusters)
    found = json.loads(revision.run("-m", "tools.access", "--json", *names)) if names else []
    return {each["cluster"]: from_json(each) for each in found}


def from_json(data: Mapping[str, Any]) -> Matrix:
    """Less what is reviewed elsewhere: AWS permissions and nodes, which stand in templates."""
    return Matrix(
        data["cluster"],
        data["account"],
        data["region"],
        kubernetes=tuple(_accesses(data["kubernetes"])),
        aws=(),
        nodes=(),
        notes=tuple(Note(note["part"], note["text"]) for note in data["notes"]),
    )


def _accesses(rows: list[Mapping[str, Any]]) -> Iterator[Access]:
    for row in rows:
        rights = tuple(Right(each["resource"], tuple(each["verbs"]), tuple(each["names"])) for each in row["rights"])
        yield Access(row["who"], row["via"], row["where"], rights, row["says"])
