"""Files of teams are data: parsed, and never executed when they are more."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import blueprint
from app import ROOT
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from blueprint.team_files import is_read, problems, problems_in
from blueprint.value import Value
from tests.blueprint.examples import assert_readable

TEAM = '''"""The search team."""

from __future__ import annotations

from blueprint.access import Role
from blueprint.teams import ApplicationTeam, Quota, TeamNamespace

LEADS = (Role("SearchLead"), Role("Search" "Deputy"))
SEARCH = ApplicationTeam(
    "search",
    owners=LEADS,
    namespaces=(TeamNamespace("search", quota=Quota(cpu="20"), labels={"a/b": "c"}),),
)
"""Who searches."""
'''


def told(line: str | bytes, name: str = "teams/search.py") -> list[str]:
    """Places and what stands there, of a file with this line after those of a team."""
    source = TEAM.encode() + (line if isinstance(line, bytes) else line.encode())
    return [f"{problem.place} {problem.value}" for problem in problems_in(name, source)]


def test_a_team_is_data() -> None:
    assert told("") == []
    assert told('A, = (1,)\nB = [1, -2.5, None, True, {"a": {"b"}}]\nC = B\n') == ["teams/search.py:15 A,"]


CODE = {
    "what AWS_SESSION_TOKEN allows": 'ADMIN = __import__("os").environ.get("AWS_SESSION_TOKEN")',
    "a condition": 'ADMIN = Role("Admin") if LEADS else Role("None")',
    "an import": "import os",
    "an import of a part": "from os import environ",
    "another team": "from teams.payments import PAYMENTS",
    "an add-on": "from addons.core import CORE",
    "beside it": "from . import payments",
    "a module whose name begins alike": "from blueprints.x import Y",
    "everything": "from blueprint.teams import *",
    "a function of the model": "from blueprint.inventory import planned",
    "a module of the model": "from blueprint.inventory import importlib",
    "under a name of upper case": "from blueprint.inventory import importlib as IMPORTLIB",
    "hidden in the model": "from blueprint.teams import _X",
    "a built-in": 'X = open("/etc/passwd")',
    "a built-in as a value": "X = Role(open)",
    "an attribute": "X = Role.__subclasses__",
    "a method": 'X = Role("a").arn("1")',
    "a call of what is called": 'X = Role("a")("b")',
    "a call of a constant": "X = LEADS()",
    "unpacking": "X = Role(**{})",
    "arguments of a list": "X = Role(*LEADS)",
    "members of a list": "X = (*LEADS,)",
    "members of a mapping": "X = {**{}}",
    "a comprehension": "X = [Role(a) for a in LEADS]",
    "a generator": "X = tuple(Role(a) for a in LEADS)",
    "a function": "X = lambda: 1",
    "a named function": "def f(): pass",
    "a class": "class A: pass",
    "a decorator": "@Role\nclass A: pass",
    "an f-string": 'X = f"{LEADS}"',
    "an index": "X = LEADS[0]",
    "arithmetic": 'X = "a" * 10**9',
    "a comparison": "X = 1 < 2",
    "an assignment in between": "X = (Y := 1)",
    "if": "if LEADS: pass",
    "a type for checkers": "X: int = 1",
    "a lower name": "x = 1",
    "Python's own name": "__all__ = []",
    "a place in something": "LEADS.x = 1",
    "two names": "X = Y = 1",
    "what was never defined": "X = Y",
    "an addition": "LEADS += (1,)",
    "with": 'with Role("a"): pass',
    "a call without a name": 'Role("a")',
    "del": "del LEADS",
    "assert": "assert LEADS",
    "a future": "from __future__ import generators",
}


@pytest.mark.parametrize("line", CODE.values(), ids=CODE)
def test_code_is_refused_with_its_line(line: str) -> None:
    (first, *_) = told(f"{line}\n")
    assert re.match(r"teams/search\.py:1[56] .", first)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X = (", "SyntaxError"),
        (b"X = '\xff'", "SyntaxError|UnicodeDecodeError"),
        (b"X = 1\x00", "SyntaxError|ValueError"),
        ("X = " + "-" * 100_000 + "1", "RecursionError|MemoryError|SyntaxError"),
    ],
)
def test_what_python_cannot_read_is_refused(line: str | bytes, value: str) -> None:
    assert re.search(value, told(line)[0])


def test_a_file_says_the_same_to_python_and_to_its_reader() -> None:
    """In UTF-7, `+AAo-` is the end of a line, and so of a comment."""
    hidden = b'# coding: utf-7\n# +AAo-X = __import__("os")\n'
    (problem,) = problems_in("teams/search.py", hidden.replace(b"X = __import__", b"X = (1) #"))
    assert (problem.place, problem.value) == ("teams/search.py", "<coding>")
    assert problem.rule == "Python reads the file in another encoding than its reader"
    assert problem.fix == "remove the line with the encoding, and save it as UTF-8"
    assert list(problems_in("teams/search.py", b"# coding: utf-8\nX = 1\n")) == []
    assert list(problems_in("teams/search.py", b"\xef\xbb\xbfX = 1\r\n")) == []


def test_what_python_would_load_instead_is_refused(tmp_path: Path) -> None:
    """A compiled module goes before a text of its name, and nobody can review it."""
    suffixes = ("__pycache__/search.cpython-313.pyc", "search.so", "search/__init__.pyc")
    for name in suffixes:
        assert told("", f"teams/{name}")[0].endswith("<compiled>"), name
        assert is_read(f"teams/{name}")
    assert not told("import os", "teams/search.md")
    assert not is_read("teams/search.md")
    assert not is_read("docs/search.py")
    (tmp_path / "search.py").symlink_to(ROOT / "app.py")
    (tmp_path / "search").symlink_to(ROOT / "tools")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "one.py").write_text("import os\n")
    found = [problem.place for problem in problems(tmp_path)]
    assert [place.partition("/")[2] for place in found] == ["search", "search.py", "sub/one.py:1"]


def test_all_teams_of_this_project_are_data() -> None:
    assert list((ROOT / "teams").glob("*.py"))
    assert problems(ROOT / "teams") == []


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a cluster that names a team, in the place of the project's own."""
    monkeypatch.syspath_prepend(tmp_path)
    ours = {name: each for name, each in sys.modules.items() if name.partition(".")[0] in ("clusters", "teams")}
    for name in ours:
        del sys.modules[name]
    for name, text in {
        "clusters/__init__.py": "",
        "clusters/dev.py": "from dataclasses import replace\nfrom teams.search import SEARCH\n"
        'from tests.blueprint import examples\nDEV = replace(examples.SMALL, name="dev")\n',
        "teams/__init__.py": "",
        "teams/search.py": TEAM,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("clusters", "teams")]:
        del sys.modules[name]
    sys.modules.update(ours)


def test_a_team_s_code_never_runs(fleet: Path) -> None:
    """Two lines that make an administrator where there are credentials, and nothing where a reviewer looks."""
    assert [plan.facts.name for plan in planned(fleet / "clusters")] == ["dev"]
    ran = fleet / "ran"
    team = fleet / "teams" / "search.py"
    team.write_text(f'{TEAM}import os\nX = os.environ.get("AWS_SESSION_TOKEN") or open({str(ran)!r}, "w")\n')
    for name in [name for name in sys.modules if name.partition(".")[0] in ("clusters", "teams")]:
        del sys.modules[name]
    with pytest.raises(BlueprintError) as raised:
        planned(fleet / "clusters", ["dev"])
    assert not ran.exists()
    assert [problem.place for problem in raised.value.problems] == ["teams/search.py:15", "teams/search.py:16"]
    assert_readable(raised.value)


# Of others, under names that a team may import. None does anything when it is called.
FOREIGN = {
    *("Annotated", "Any", "Callable", "ClassVar", "Collection", "Iterable", "Iterator", "Literal", "Mapping"),
    *("NamedTuple", "NoReturn", "Sequence", "TypeGuard", "TypeVar", "Union"),
    *("Counter", "CycleError", "Field", "Fraction", "MappingProxyType", "TopologicalSorter"),
    *("MIMEMultipart", "MIMENonMultipart", "Path", "PurePosixPath", "FrozenInstanceError"),
}


def test_what_a_team_may_call_makes_values() -> None:
    """Classes of the model, types of fields, and the few of others that were looked at."""
    called = {
        name: found
        for module in pkgutil.walk_packages(blueprint.__path__, "blueprint.")
        for name, found in vars(importlib.import_module(module.name)).items()
        if re.fullmatch("[A-Z][A-Za-z0-9_]*", name) and callable(found)
    }
    assert issubclass(called["ApplicationTeam"], Value)
    ours = {name for name, found in called.items() if getattr(found, "__module__", "").startswith("blueprint.")}
    assert all(isinstance(called[name], type) for name in ours)
    aliases = {name for name, found in called.items() if name not in ours and hasattr(found, "__origin__")}
    assert called.keys() - ours - aliases <= FOREIGN
