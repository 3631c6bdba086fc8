"""Fleets: files of clusters with mistakes of every kind, alone and all at once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from blueprint import Plan
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from tests.blueprint.examples import assert_readable

Fleet = Callable[..., tuple[Plan, ...]]

GOOD = """
from dataclasses import replace

from tests.blueprint import examples

{variable} = replace(examples.SMALL, name={name!r}{fields})
"""


def good(name: str = "dev", fields: str = "") -> str:
    return GOOD.format(name=name, variable=name.upper().replace("-", "_"), fields=f", {fields}" if fields else "")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """Plans the clusters of these files; they are imported as `clusters`, as in the project."""
    (tmp_path / "clusters").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "clusters"}
    for name in ours:
        del sys.modules[name]

    def write(files: Mapping[str, str | bytes], *only: str) -> tuple[Plan, ...]:
        for name, text in {"__init__.py": "", **files}.items():
            path = tmp_path / "clusters" / name
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        importlib.invalidate_caches()
        return planned(tmp_path / "clusters", only)

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "clusters"]:
        del sys.modules[name]
    sys.modules.update(ours)


def report_of(fleet: Fleet, files: Mapping[str, str | bytes], *only: str) -> BlueprintError:
    with pytest.raises(BlueprintError) as raised:
        fleet(files, *only)
    assert_readable(raised.value)
    return raised.value


BROKEN_TEXT = """
class Broken(Exception):
    def __str__(self):
        raise RuntimeError
raise Broken
"""
FILES = [
    ("syntax error", "X = (\n", "clusters/dev.py:1", "SyntaxError: '(' was never closed"),
    ("indentation", "if True:\nX = 1\n", "clusters/dev.py:2", "IndentationError: "),
    ("unknown name", "\nDEV = Bleuprint()\n", "clusters/dev.py:2", "NameError: name 'Bleuprint'"),
    ("unknown module", "\n\nimport addons.kraken\n", "clusters/dev.py:3", "No module named 'addons.kraken'"),
    (
        "unknown class",
        "from addons.karpenter import Kraken\n",
        "clusters/dev.py:1",
        "ImportError: cannot import name 'Kraken'",
    ),
    ("circular import", "from clusters.dev import DEV\n", "clusters/dev.py:1", "cannot import name 'DEV'"),
    ("inside a function", "def f():\n    1 / 0\nf()\n", "clusters/dev.py:2", "ZeroDivisionError: division by zero"),
    ("exit without words", "import sys\nsys.exit(0)\n", "clusters/dev.py:2", "SystemExit: 0"),
    ("os._exit", "import os\nos._exit(0)\n", "clusters/dev.py:2", "SystemExit: os._exit(0)"),
    ("endless recursion", "def f():\n    f()\nf()\n", "clusters/dev.py:2", "RecursionError: maximum recursion"),
    ("no text of the exception", BROKEN_TEXT, "clusters/dev.py:5", "Broken: its str() fails"),
    (
        "lines in the exception",
        "raise ValueError('a\\n\\n    rule   forged')",
        "clusters/dev.py:1",
        "ValueError: a      rule",
    ),
    ("long exception", "raise ValueError('x' * 10**6)", "clusters/dev.py:1", "(1000012 characters)"),
    ("null byte", b"X = 1\x00\n", "clusters/dev.py", "null bytes"),
    ("not UTF-8", b"X = '\xff'\n", "clusters/dev.py", "SyntaxError: "),
    ("empty", "", "clusters/dev.py", "<no Blueprint>"),
    ("only a class", "from blueprint import Blueprint\nDEV = Blueprint\n", "clusters/dev.py", "<no Blueprint>"),
    ("in a list", good() + "ALL = [DEV]\ndel DEV\n", "clusters/dev.py", "<no Blueprint>"),
    ("another name", good("prod"), "clusters/dev.py", "PROD is named 'prod'"),
    ("a name with a newline", good(fields="").replace("'dev'", "'dev\\n'"), "clusters/dev.py", "DEV is named 'dev\\n'"),
    (
        "two of one name",
        good() + "AGAIN = replace(DEV, tags={'a': 'b'})\n",
        "clusters/dev.py",
        "DEV is named 'dev', AGAIN is",
    ),
]


@pytest.mark.parametrize(("text", "place", "value"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_a_file_that_holds_no_cluster(fleet: Fleet, text: str | bytes, place: str, value: str) -> None:
    first = report_of(fleet, {"dev.py": text}).problems[0]
    assert first.place.startswith(place)
    assert value in str(first)
    assert "Traceback" not in str(first)


def test_a_module_that_the_file_imports_has_its_own_line(fleet: Fleet) -> None:
    report = report_of(fleet, {"dev.py": "\n\nfrom clusters.shared import X\n", "shared.py": "X = (\n"}, "dev")
    assert [problem.place for problem in report.problems] == ["clusters/shared.py:1"]
    assert "(shared.py, line 1)" in str(report)


SHARED = """
from blueprint.errors import BlueprintError, Problem
raise BlueprintError([Problem((), None, "rule", "fix", "addons/versions.toml: charts")])
"""


def test_mistakes_of_a_file_that_clusters_share_are_told_once(fleet: Fleet) -> None:
    stands_on_it = "import clusters.shared\n"
    report = report_of(fleet, {"dev.py": stands_on_it, "shared.py": SHARED, "prod.py": stands_on_it}, "dev", "prod")
    assert [problem.place for problem in report.problems] == ["addons/versions.toml: charts"]


def test_a_name_for_the_same_value_is_no_second_cluster(fleet: Fleet) -> None:
    assert [made.facts.name for made in fleet({"dev.py": good() + "CLUSTER = DEV\n"})] == ["dev"]


def test_clusters_that_stand_on_others(fleet: Fleet) -> None:
    stands_on_dev = "from clusters.dev import DEV\n" + good("prod-eu")
    made = fleet({"prod_eu.py": stands_on_dev, "dev.py": good()})
    assert [plan.facts.name for plan in made] == ["dev", "prod-eu"]


@pytest.mark.parametrize(
    ("files", "only", "expected"),
    [
        ({}, [], [("clusters/", "add a file for one")]),
        ({}, ["dev"], [("CLUSTER", "write one of <none>"), ("clusters/", "add a file")]),
        ({"dev.py": good()}, ["unknown"], [("CLUSTER", "write one of dev")]),
        ({"dev.py": good()}, ["dev\n"], [("CLUSTER", "write one of dev")]),
        ({"prod_eu.py": good("prod-eu")}, ["prod_eu"], [("CLUSTER", "write one of prod-eu")]),
        ({"prod-eu.py": good("prod-eu")}, [], [("clusters/prod-eu.py", "prod_eu.py")]),
        ({"dev.py": good(), "1.py": good("1")}, [], [("clusters/1.py", "letters, digits and _")]),
        ({"dev\n    fix    forged.py": ""}, [], [("clusters/dev\n    fix    forged.py", "letters, digits and _")]),
    ],
    ids=[
        "empty",
        "empty, one asked for",
        "unknown",
        "newline",
        "file's name",
        "hyphen",
        "digit",
        "newline in a file's name",
    ],
)
def test_a_fleet_without_the_cluster(
    fleet: Fleet, files: Mapping[str, str], only: list[str], expected: list[tuple[str, str]]
) -> None:
    report = report_of(fleet, files, *only)
    assert [problem.place for problem in report.problems] == [place for place, _ in expected]
    assert all(fix in problem.fix for problem, (_, fix) in zip(report.problems, expected, strict=True))


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="no cluster files"):
        planned(tmp_path / "clusters")


def test_other_files_are_not_imported(fleet: Fleet) -> None:
    (made,) = fleet({"dev.py": good(), "prod.py": "raise SystemExit"}, "dev")
    assert made.facts.name == "dev"


FIVE = """
from dataclasses import replace

from addons.external_dns import ExternalDns
from tests.blueprint import examples
from tests.blueprint.examples import CORE, TEAM, Probe

DEV = replace(
    examples.SMALL,
    name="dev",
    account=111111111111,
    network=replace(examples.SMALL.network, cidr="10.0.0.0/8"),
    addons=(*CORE, ExternalDns(zone="Z1", zones=("Z1",)), Probe(extra_values={"password": "hunter2"})),
    teams=(replace(TEAM, name="kube-payments"),),
)
"""
FIVE_PLACES = [
    "clusters/dev.py: DEV.account",
    "clusters/dev.py: DEV.network.cidr",
    "clusters/dev.py: DEV.addons[3].zone",
    "clusters/dev.py: DEV.addons[4].extra_values['password']",
    "clusters/dev.py: DEV.teams[0].name",
]


def test_five_mistakes_in_one_file_are_one_report(fleet: Fleet) -> None:
    report = report_of(fleet, {"dev.py": FIVE})
    assert [problem.place for problem in report.problems] == FIVE_PLACES
    assert str(report).startswith("5 problems; nothing was synthesized.\n\nclusters/dev.py: DEV.account\n")


def test_mistakes_of_all_files_are_one_report(fleet: Fleet) -> None:
    files = {
        "dev.py": FIVE,
        "prod.py": good("prod", "region=None"),
        "stage.py": "import nothing\n",
        "test-2.py": "",
        "eu.py": "from clusters.dev import DEV\n" + good("eu", "addons=DEV.addons[:-1]"),
    }
    found = [problem.place for problem in report_of(fleet, files).problems]
    assert found == [
        *FIVE_PLACES,
        "clusters/eu.py: EU.addons[3].zone",
        "clusters/prod.py: PROD.region",
        "clusters/stage.py:1",
        "clusters/test-2.py",
    ]


def test_a_wrong_name_hides_no_other_mistake(fleet: Fleet) -> None:
    found = [problem.place for problem in report_of(fleet, {"dev.py": FIVE.replace('"dev"', '"prod"')}).problems]
    assert found == ["clusters/dev.py", *FIVE_PLACES]


def test_the_order_of_add_ons_changes_only_the_places(fleet: Fleet) -> None:
    turned = FIVE.replace("(*CORE, ExternalDns", "(ExternalDns").replace('"}))', '"}), *CORE)')
    assert turned.count("*CORE)") == 1
    found = [problem.place for problem in report_of(fleet, {"dev.py": turned}).problems]
    assert found == [place.replace("[3]", "[0]").replace("[4]", "[1]") for place in FIVE_PLACES]


SECOND = good() + "STAGE = replace(DEV, name='stage')\n"


def test_a_second_cluster_in_a_file_is_not_dropped(fleet: Fleet) -> None:
    (found,) = report_of(fleet, {"dev.py": SECOND}).problems
    assert (found.place, str(found.value)) == ("clusters/dev.py", "STAGE")
    assert found.fix == "move it to a file of its name, or call it _STAGE"


def test_what_a_cluster_is_made_of_is_no_second_one(fleet: Fleet) -> None:
    stands_on_it = "from clusters.dev import DEV as BASE\n" + good("eu")
    assert len(fleet({"dev.py": SECOND.replace("STAGE", "_STAGE"), "eu.py": stands_on_it})) == 2


def test_an_exception_of_no_usual_kind_is_told(fleet: Fleet) -> None:
    (found,) = report_of(fleet, {"dev.py": "raise BaseException('no')\n"}).problems
    assert (found.place, str(found.value)) == ("clusters/dev.py:1", "BaseException: no")


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Role", "blueprint"),
        ("HelmRelease", "blueprint.addons"),
        ("Quota", "blueprint.teams"),
        ("Karpenter", "addons.karpenter"),
        ("CORE", "addons.core"),
        ("SEARCH", "teams.search"),
    ],
)
def test_a_name_that_stands_elsewhere_is_told_with_its_import(
    fleet: Fleet, tmp_path: Path, name: str, module: str
) -> None:
    for folder in ("addons/karpenter", "teams"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "addons/karpenter/__init__.py").write_text("class Karpenter(HelmAddon): ...\n")
    (tmp_path / "addons/core.py").write_text("CORE = (\n)\n")
    (tmp_path / "teams/search.py").write_text(
        "from blueprint.teams import ApplicationTeam\n\nSEARCH = ApplicationTeam('search')\n"
    )
    (problem,) = report_of(fleet, {"dev.py": f"X = {name}\n"}).problems
    assert problem.fix == f"add: from {module} import {name}"


SLIPS = {
    "a class": ("X = Karpentr()\n", "write Karpenter"),
    "of the model": ("X = BluePrint()\n", "write Blueprint"),
    "a function without its import": ("X = core()\n", "add: from addons.core import core"),
    "like nothing": ("X = Xyzzyx()\n", "correct the name, or import it"),
    "an import": ("from addons.karpenter import Karpentr\n", "write Karpenter"),
    "an import of nothing like it": (
        "from addons.karpenter import Nginx\n",
        "import what stands in addons.karpenter, or add it there",
    ),
    "a module": ("from addons.karpentr import Karpenter\n", "write addons.karpenter"),
    "a module that nobody wrote": ("from addons.nginx import Nginx\n", "there is no file addons/nginx.py: correct"),
    "a package from elsewhere": ("import no_such_package\n", "imports from blueprint, addons, teams and other"),
    "a field": (f"{good()}X = DEV.regoin\n", "write region"),
    "a change of a value": (f"{good()}DEV.region = 'eu-west-1'\n", "values never change"),
    "a merge": ("<<<<<<< HEAD\n" + good(), "end the merge"),
    "a merge's middle": (good() + "=======\n", "end the merge"),
    "no UTF-8": (b'X = "\xe4"\n', "save the file as UTF-8"),
    "UTF-16": (good().encode("utf-16"), "save the file as UTF-8"),
    "an account as a number": ("X = 012345678901\n", 'write it as text: "012345678901"'),
    "quotes of a word processor": ("X = \u201cdev\u201d\n", "type it anew"),
    "an exception that fails": (
        "class Bad(ImportError):\n    def __str__(self): raise ValueError\nraise Bad\n",
        "correct it",
    ),
}


@pytest.mark.parametrize(("text", "fix"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_told_with_what_to_write(
    fleet: Fleet, tmp_path: Path, root: Path, text: str | bytes, fix: str
) -> None:
    for folder in ("addons", "teams"):
        (tmp_path / folder).symlink_to(root / folder)
    (problem,) = report_of(fleet, {"dev.py": text}).problems
    assert fix in problem.fix


def test_two_files_that_import_each_other(fleet: Fleet) -> None:
    other = "from clusters.dev import DEV\nfrom dataclasses import replace\nPROD = replace(DEV, name='prod')\n"
    files = {"dev.py": "from clusters.prod import PROD\n" + good(), "prod.py": other}
    fixes = [problem.fix for problem in report_of(fleet, files).problems]
    assert "import in one direction: what both files need stands in a third" in fixes


@pytest.mark.parametrize("name", ["Stage.py", "größe.py", "my stage.py", "2.py"])
def test_a_file_s_name_is_that_of_a_cluster(fleet: Fleet, name: str) -> None:
    (problem,) = report_of(fleet, {"dev.py": good(), name: good("stage")}).problems
    assert (problem.place, problem.fix) == (f"clusters/{name}", "use lowercase letters, digits and _: prod_eu.py")


@pytest.mark.parametrize("name", ["eu/stage_two.py", "stage-two.py.txt", "stage_two.pyw"])
def test_a_file_in_another_place_is_told(fleet: Fleet, tmp_path: Path, name: str) -> None:
    path = tmp_path / "clusters" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(good("stage-two"))
    (problem,) = report_of(fleet, {"dev.py": good()}, "stage-two").problems
    assert problem.fix == f"move clusters/{name} to clusters/stage_two.py"


def test_one_name_in_two_files_is_one_mistake(fleet: Fleet) -> None:
    addons = "addons=(*examples.CORE, ExternalDns(zones=('Z1',)))"
    text = "from addons.external_dns import ExternalDns\n" + good("dev", addons)
    (problem,) = report_of(fleet, {"dev.py": text, "two.py": text}).problems
    assert problem.place == "clusters/two.py"


def test_what_a_file_prints_is_not_among_what_a_program_reads(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    fleet({"dev.py": "print('hello')\n" + good()})
    assert capsys.readouterr() == ("", "hello\n")
