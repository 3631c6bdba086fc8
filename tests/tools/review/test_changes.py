"""What a reviewer is told about changes as people make them.

Each snapshot was read by somebody who agrees with it. The words of `cdk diff` are the CDK's own and left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from blueprint.blueprint import Blueprint
from blueprint.contribution import Release
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from tests.templates import renamed
from tests.tools.charts import packed, write
from tests.tools.review.changes import CHANGES
from tools.assembly import read
from tools.charts.render import render_all
from tools.charts.results import Outcome, Render, Unreachable
from tools.review.compose import review
from tools.review.dangers import dangers
from tools.review.document import Diff, Document
from tools.review.fleet import ReviewedFleet, Touched
from tools.review.markdown import LIMIT, markdown, size
from tools.review.prices import prices
from tools.revision.differences import differences
from tools.synthesis import synthesize

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: external-dns, namespace: external-dns}}
spec:
  template:
    spec:
      containers:
        - name: external-dns
          image: registry.k8s.io/external-dns/external-dns:{image}
          args: {args}
          securityContext: {security}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: external-dns}}
rules:
  - {{apiGroups: [""], resources: [services, pods], verbs: [get, list, watch]}}
{more}
"""
_STRICT = "{runAsNonRoot: true, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}}"
_OLD = _DEPLOYMENT.format(image="v0.21.0", args="[--source=service]", security=_STRICT, more="")
_NEW = _DEPLOYMENT.format(
    image="v0.22.0",
    args="[--source=service, --source=ingress]",
    security="{runAsNonRoot: true, allowPrivilegeEscalation: false}",
    more='  - {apiGroups: [""], resources: [secrets], verbs: [get, list]}',
)


class Markdown(SingleFileSnapshotExtension):
    """A file that GitHub shows."""

    file_extension = "md"
    _write_mode = WriteMode.TEXT


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Document]:
    """All changes, in one synth and one call of the diff engine. Most begin with the same cluster."""
    folder = tmp_path_factory.mktemp("reviews")
    before, after = ({name: _plan(name, change[side]) for name, change in CHANGES.items()} for side in (0, 1))
    bases: list[Blueprint] = []
    for base, _ in CHANGES.values():
        if base and base not in bases:
            bases.append(base)
    of = {name: f"base{bases.index(base):03}" for name, (base, _) in CHANGES.items() if base}
    every = {f"base{number:03}": _plan(f"base{number:03}", base) for number, base in enumerate(bases)} | after
    synthesize([each for each in every.values() if each], folder / "out", validate=False)
    assembly = read(folder / "out")
    found = differences(
        {name: renamed(assembly[base], name) for name, base in of.items()},
        {name: renamed(assembly[name], name) for name, each in after.items() if each},
    )
    render = partial(_render, charts=_charts(folder))
    touched = {each.name: Touched(each, (before[each.name], after[each.name])) for each in found}
    return {name: _review(name, touched.get(name), render) for name in CHANGES}


def _plan(name: str, blueprint: Blueprint | None) -> Plan | None:
    return plan(replace(blueprint, name=name)) if blueprint else None


def _charts(folder: Path) -> Path:
    """Two versions of a chart as a release of it might change."""
    for version, text in (("1.21.1", _OLD), ("1.22.0", _NEW)):
        files = {"templates/all.yaml": text}
        packed(write(folder / version, files, name="external-dns", version=version), folder / "charts")
    return folder / "charts"


def _render(releases: Sequence[Release], version: str, charts: Path) -> tuple[Outcome, ...]:
    outcomes = render_all(releases, version, str(charts))
    return tuple(Unreachable("not in the tests") if isinstance(each, Unreachable) else each for each in outcomes)


def _review(name: str, found: Touched | None, render: Render) -> Document:
    fleet = ReviewedFleet("0123456789ab", (found,) if found else (), ("another",) if found else (name, "another"))
    return review(fleet, dangers(found.difference, found.plans) if found else (), render, prices())


@pytest.mark.locked
@pytest.mark.parametrize("name", CHANGES)
def test_review_of(name: str, reviews: Mapping[str, Document], snapshot: SnapshotAssertion) -> None:
    document = reviews[name]
    sections = tuple(each for each in document.sections if each.id != "templates")
    assert markdown(replace(document, sections=sections)) == snapshot(extension_class=Markdown)


@pytest.mark.parametrize("name", CHANGES)
def test_every_review_fits_into_a_comment(name: str, reviews: Mapping[str, Document]) -> None:
    assert size(markdown(reviews[name])) <= LIMIT


ONE_SCREEN = 60
"""Lines, of which GitHub shows the blank ones as nothing. A whole new cluster takes more."""


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "new-region"])
def test_what_is_seen_without_asking_fits_on_a_screen(name: str, reviews: Mapping[str, Document]) -> None:
    seen = markdown(reviews[name]).partition("<details")[0]
    assert len([line for line in seen.splitlines() if line]) <= ONE_SCREEN


@pytest.mark.parametrize(
    ("name", "words"),
    [("everything-retained", ": all resources are retained"), ("no-longer-retained", ": no longer all resources are")],
)
def test_policies_of_all_resources_are_one_line_of_a_stack(
    name: str, words: str, reviews: Mapping[str, Document]
) -> None:
    (section,) = (each for each in reviews[name].sections if each.id == "templates")
    texts = [block.text for block in section.blocks if isinstance(block, Diff)]
    assert len(texts) == 3, "a stack without resources does not change"
    assert all(len(text.splitlines()) == 1 and words in text for text in texts), texts
