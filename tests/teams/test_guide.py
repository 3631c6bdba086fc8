"""The guide for teams says what is so, and who owns which file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app import ROOT
from blueprint import Blueprint, plan
from blueprint.errors import BlueprintError
from blueprint.team_files import problems_in
from blueprint.teams import ApplicationTeam
from examples.prod import PROD
from examples.shared import PAYMENTS, PLATFORM
from examples.teams import TEAMS
from tests.isolation.admission import Request, refusals
from tests.isolation.pod_security import violations
from tests.templates import plain
from tools.access import render
from tools.access.matrix import matrix

GUIDE = ROOT / "docs" / "onboard-a-team.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@cache
def words() -> dict[str, Any]:
    """What the guide's own code defines and imports."""
    names: dict[str, Any] = {"PLATFORM": PLATFORM, "PAYMENTS": PAYMENTS, "replace": replace}
    for block in blocks("python"):
        if not block.startswith("# "):
            exec(block, names)  # noqa: S102  # the guide's
    return names


def fragments() -> list[Mapping[str, str]]:
    """The options: what stands in which file, for each block."""
    found: list[Mapping[str, str]] = []
    for block in blocks("python"):
        if block.startswith("# "):
            parts = re.split(r"^# (\w+/\w+\.py)\n", block, flags=re.MULTILINE)
            assert parts[0] == ""
            found.append(dict(zip(parts[1::2], parts[2::2], strict=True)))
    return found


def changed(value: Any, lines: str) -> Any:
    return eval(f"replace(value, {lines})", {**words(), "value": value})  # noqa: S307  # the guide's


def cluster(*options: Mapping[str, str], base: Blueprint = TEAMS) -> Blueprint:
    """With the guide's team, options written into its files."""
    search, payments, lines = words()["SEARCH"], PAYMENTS, "teams=(PLATFORM, PAYMENTS, SEARCH)"
    for option in options:
        assert set(option) <= {"teams/search.py", "teams/payments.py", "clusters/prod.py"}
        search = changed(search, option.get("teams/search.py", ""))
        payments = changed(payments, option.get("teams/payments.py", ""))
        lines = option.get("clusters/prod.py", lines)
    names = {**words(), "SEARCH": search, "PAYMENTS": payments, "value": base}
    return eval(f"replace(value, {lines})", names)  # type: ignore[no-any-return]  # noqa: S307  # the guide's


@pytest.mark.parametrize("number", range(len(fragments())))
def test_every_example_of_the_guide_is_right(number: int) -> None:
    """Added to those before it, on which it may build."""
    plan(cluster(*fragments()[: number + 1]))


def test_every_team_file_of_the_guide_is_data() -> None:
    file, imports = (block for block in blocks("python") if not block.startswith("# "))
    options = [option for each in fragments() for name, option in each.items() if name == "teams/search.py"]
    assert len(options) > 10
    for option in options:
        source = f"{file}{imports}TEAM = ApplicationTeam({option})\n"
        assert list(problems_in("teams/search.py", source.encode())) == []


@cache
def complete() -> Blueprint:
    return cluster(*fragments())


def test_all_examples_together_are_right_and_use_every_option() -> None:
    (search,) = [team for team in complete().teams if team.name == "search"]
    assert isinstance(search, ApplicationTeam)
    default = ApplicationTeam("search")
    same = {each.name for each in fields(default) if getattr(search, each.name) == getattr(default, each.name)}
    assert {name for name in same if not name.startswith("_")} == {"name"}


def test_the_first_team_is_fifteen_lines_and_fits_into_prod() -> None:
    file, *_ = blocks("python")
    assert len(file.splitlines()) <= 15
    plan(cluster(base=PROD))


def pods() -> list[Any]:
    """The guide's Deployment, as it is and with each fragment of a pod."""
    whole, *parts = map(yaml.safe_load, blocks("yaml"))
    found = [whole]
    for part in parts:
        spec = whole["spec"]["template"]["spec"]
        merged = {**spec, **part}
        if "containers" in part:
            merged["containers"] = [{**spec["containers"][0], **part["containers"][0]}]
        found.append({**whole, "spec": {**whole["spec"], "template": {**whole["spec"]["template"], "spec": merged}}})
    return found


@pytest.mark.parametrize("number", range(len(blocks("yaml"))))
def test_every_pod_of_the_guide_runs(number: int) -> None:
    deployment = pods()[number]
    made = plan(complete())
    kubernetes_validate.validate(deployment, made.facts.version, strict=True)
    pod = deployment["spec"]["template"]
    (namespace,) = [
        space.manifest() for part in made.teams for space in part.contribution.namespaces if space.name == "search"
    ]
    assert list(violations(namespace, pod)) == []
    others = [plain(one) for part in made.teams for one in part.contribution.objects]
    assert list(refusals([namespace, *others], Request("pods", "search", pod))) == []
    there = {(one["kind"], one["metadata"]["name"]) for one in others if one["metadata"].get("namespace") != "payments"}
    assert named_by(pod["spec"]) <= there


def named_by(spec: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The objects that a pod cannot do without; External Secrets makes a Secret of the name of each ExternalSecret."""
    found = {("ServiceAccount", spec.get("serviceAccountName", "default"))}
    found |= {("PriorityClass", spec["priorityClassName"])} if "priorityClassName" in spec else set()
    for volume in spec.get("volumes", ()):
        found.add(("SecretProviderClass", volume["csi"]["volumeAttributes"]["secretProviderClass"]))
    for container in spec["containers"]:
        found |= {("ExternalSecret", each["secretRef"]["name"]) for each in container.get("envFrom", ())}
    if "nodeSelector" in spec:
        found.add(("NodePool", f"team-{spec['nodeSelector']['blueprint/team']}"))
    return found


def refused() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| `(.+)` \| (.+?) \| .+ \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return [(written, rule) for written, rule in rows if "=" in written]


@pytest.mark.parametrize(("written", "rule"), refused())
def test_the_guide_names_what_is_refused_and_the_rule(written: str, rule: str) -> None:
    with pytest.raises(BlueprintError) as error:
        plan(cluster({"teams/search.py": written}))
    assert [problem for problem in error.value.problems if rule in problem.rule]


def test_the_guide_shows_what_the_matrix_prints() -> None:
    (excerpt,) = re.findall(r"^  ```\n(.*?)^  ```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert excerpt in render.as_text(matrix(plan(cluster(base=PROD)))) + "\n"
    assert len(refused()) > 10


def test_a_team_owns_its_own_file_and_nothing_else(root: Path) -> None:
    lines = (root / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    owned = dict(line.split() for line in lines if line and not line.startswith("#"))
    assert next(iter(owned)) == "*", "the last line that matches counts"
    teams = {f"/teams/{path.name}" for path in (root / "teams").glob("*.py")} - {"/teams/__init__.py"}
    assert set(owned) - {"*"} == teams - {"/teams/platform.py"}
    assert all(owner == f"@example/{Path(path).stem}" for path, owner in owned.items() if path != "*")
    assert owned["*"] == "@example/platform"
