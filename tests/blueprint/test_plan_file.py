"""Plans as documents: written, read back, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint.planning.document import Plan
from blueprint.planning.file import SCHEMA, DocumentError, documents, dumped, loaded, write
from tests.stacks.fleet import fleet_plans

PLANS = list(fleet_plans().values())


@pytest.mark.parametrize("made", PLANS, ids=lambda made: made.facts.name)
def test_what_is_read_is_what_was_planned(made: Plan) -> None:
    assert loaded(dumped(made)) == made
    assert dumped(loaded(dumped(made))) == dumped(made)
    assert_is_as_python_writes_it(dumped(made))


def assert_is_as_python_writes_it(document: str) -> None:
    assert document == json.dumps(json.loads(document), indent=1, ensure_ascii=False) + "\n"


def test_any_value_is_written_as_python_does() -> None:
    odd: dict[str, Any] = {
        "text": 'ü"\\\n\u2028',
        "": [],
        "a b": {},
        "of": [None, True, False, 0, -1.5, 1e30, [[{}]], {"x": [{}, [1]]}],
    }
    probe = next(made for made in PLANS if made.addons)
    part = probe.addons[0]
    workload = replace(part, contribution=replace(part.contribution, objects=({"kind": "Odd", "spec": odd},)))
    document = dumped(replace(probe, addons=(workload,)))
    assert_is_as_python_writes_it(document)
    assert json.loads(document)["addons"][0]["contribution"]["objects"] == [{"kind": "Odd", "spec": odd}]


def test_a_folder_holds_a_document_for_each_cluster(tmp_path: Path) -> None:
    for made in PLANS:
        write(made, tmp_path)
    assert (tmp_path / "managed.plan.json").read_text(encoding="utf-8") == dumped(PLANS[0])
    assert documents(tmp_path) == {made.facts.name: dumped(made) for made in PLANS}
    assert documents(tmp_path / "none") == {}


def broken(**changes: Any) -> str:
    return json.dumps({**json.loads(dumped(PLANS[0])), **changes})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no document of a plan"),
        ("[]", "no document of a plan"),
        ("{}", "no document of a plan"),
        ("null", "no document of a plan"),
        ('"schema"', "no document of a plan"),
        (broken(schema=SCHEMA + 1), f"schema {SCHEMA + 1}, and this version reads {SCHEMA}"),
        (broken(facts=None), r"facts"),
        (broken(more=1), "extra fields found (more)"),
        (json.dumps({"schema": SCHEMA}), "required field missing @ $.network"),
    ],
    ids=[
        "empty",
        "list",
        "no schema",
        "null",
        "text",
        "other schema",
        "wrong field",
        "field too many",
        "field missing",
    ],
)
def test_what_is_no_plan_is_refused(text: str, says: str) -> None:
    with pytest.raises(DocumentError) as error:
        loaded(text)
    assert says in str(error.value)
