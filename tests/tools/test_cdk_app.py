"""What `cdk` runs: the CDK's own app does the same, more slowly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.planning.planner import plan
from examples.bare import BARE
from tests.tools.test_store import files, forbidden
from tools import apart, cdk_app
from tools.status import FindingsError
from tools.synthesis import synthesize
from tools.unchanged import VARIABLE


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the command line interface tells it: aws-cdk-cli packages/@aws-cdk/toolkit-lib, lib/api/cloud-assembly."""
    monkeypatch.delenv("CDK_VALIDATION", raising=False)  # as another synthesis of this process has left it
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "cdk.out"))
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"cluster": "bare", "aws:cdk:bundling-stacks": ["**"]}))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "store"))
    return tmp_path / "cdk.out"


def test_it_judges_once_and_then_takes_what_it_kept(out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cdk_app.main()
    assert (out / "validation-report.json").exists()
    (tmp_path / "fresh").mkdir()
    synthesize([plan(BARE)], tmp_path / "fresh", validate=True)
    assert files(out) == files(tmp_path / "fresh")
    monkeypatch.setattr(apart, "synthesize", forbidden)
    cdk_app.main()
    assert files(out) == files(tmp_path / "fresh")


@pytest.mark.parametrize("variable", ["CDK_CONTEXT_JSON", "CONTEXT_OVERFLOW_LOCATION_ENV"])
def test_another_context_is_another_synthesis(out: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    made: list[str] = []

    def counting(plans: Any, *arguments: Any, **options: Any) -> None:
        made.extend(each.facts.name for each in plans)
        synthesize(plans, *arguments, **options)

    monkeypatch.setattr(apart, "synthesize", counting)
    monkeypatch.setenv("CDK_VALIDATION", "false")
    cdk_app.main()
    monkeypatch.setenv(variable, json.dumps({"cluster": "bare", "@aws-cdk/core:enableDiffNoFail": True}))
    cdk_app.main()
    assert made == ["bare", "bare"]
    assert (out / "manifest.json").exists()


@pytest.mark.parametrize(
    ("context", "said"),
    [({"cluster": "porduction"}, "unknown cluster"), ({"cluster": "bare"}, "is open")],
)
def test_what_is_wrong_is_said_without_a_traceback(
    out: Path, monkeypatch: pytest.MonkeyPatch, context: dict[str, str], said: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise FindingsError("the endpoint is open")

    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(context))
    monkeypatch.setattr(cdk_app, "synthesize_apart", failing)
    with pytest.raises(SystemExit) as left:
        cdk_app.main()
    assert said in str(left.value.code)
    assert not list(out.iterdir())
