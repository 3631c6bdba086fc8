"""Plans of the last run that hold: only those of clusters which cannot know of what has changed."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.tools.test_store import files as contents
from tools.holding import ClusterFiles
from tools.unchanged import VARIABLE

VALUE = "from blueprint import Blueprint\n\nDEV: Blueprint = Blueprint(name='dev')\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "clusters_of_this_test"
    folder.mkdir()
    return folder


def read(folder: Path, sources: Mapping[str, str]) -> ClusterFiles | None:
    for name, source in sources.items():
        (folder / name).write_text(source)
    return ClusterFiles.read(folder)


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        (VALUE, set()),
        ('"""About it."""\n\nfrom dataclasses import replace\nimport examples.prod\nA = B = 1\n', set()),
        ("class Own:\n    x = 1\n\ndef made():\n    return 1\n", set()),
        ("from clusters_of_this_test.prod import PROD\n", {"prod"}),
        ("from clusters_of_this_test import prod_eu\n", {"prod-eu"}),
        ("import clusters_of_this_test.prod as other\n", {"prod"}),
        ("from clusters_of_this_test.shared.teams import TEAMS\n", {"shared"}),
        ("from .prod import PROD\n", {"prod"}),
        ("from . import prod, prod_eu\n", {"prod", "prod-eu"}),
        ("def made():\n    from clusters_of_this_test.prod import PROD\n    return PROD\n", {"prod"}),
    ],
)
def test_what_a_file_takes_from_others(source: str, taken: set[str], folder: Path) -> None:
    found = read(folder, {"dev.py": source})
    assert found
    assert found.taken == {"dev": taken}


@pytest.mark.parametrize(
    "source",
    [
        "from addons.argo_cd import ArgoCd\n\nArgoCd.chart = 'another'\n",
        "from addons.argo_cd import ArgoCd\n\nArgoCd.chart: str = 'another'\n",
        "from addons import HOSTS\n\nHOSTS['a'] = 1\n",
        "from addons import HOSTS\n\nHOSTS += ['a']\n",
        "from addons import HOSTS\n\nA, HOSTS['a'] = 1, 2\n",
        "from addons import HOSTS\n\ndel HOSTS['a']\n",
        "from addons import HOSTS\n\nHOSTS.append('a')\n",
        "from addons import HOSTS\n\nfor each in 'ab':\n    HOSTS.append(each)\n",
        "import clusters_of_this_test\n",
        "from clusters_of_this_test import *\n",
        "from . import *\n",
        "x = (\n",
    ],
)
def test_what_does_more_than_to_name_values_is_unclear(source: str, folder: Path) -> None:
    assert read(folder, {"dev.py": VALUE, "prod.py": source}) is None


@pytest.mark.parametrize(
    ("source", "clear"),
    [
        ("from clusters_of_this_test.dev import DEV\n", False),
        ("def made():\n    from clusters_of_this_test import dev\n", False),
        ("from clusters_of_this_test.shared.more import X\n", True),
        ("# what clusters_of_this_test.dev imports\nfrom examples import prod\n", True),
    ],
)
@pytest.mark.parametrize("place", ["library.py", "clusters_of_this_test/shared/teams.py"])
def test_a_module_that_takes_from_a_cluster_makes_it_unclear(
    place: str, source: str, clear: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those in use: no cluster has seen the others."""
    path = folder.parent / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    assert read(folder, {"dev.py": VALUE})
    module = types.ModuleType("library")
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "library", module)
    assert (ClusterFiles.read(folder) is not None) == clear


def test_a_module_beside_clusters_says_it_by_dots(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "shared" / "teams.py"
    path.parent.mkdir()
    path.write_text("from ..dev import DEV\n")
    module = types.ModuleType("library")
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "library", module)
    assert read(folder, {"dev.py": VALUE}) is None


@pytest.mark.parametrize(
    ("changed", "untouched"),
    [
        ((), {"a", "b", "c", "d-e"}),
        (("a.py",), {"d-e"}),
        (("b.py",), {"a", "d-e"}),
        (("c.py",), {"a", "b", "d-e"}),
        (("d_e.py",), {"a", "b", "c"}),
        (("c.py", "d_e.py"), {"a", "b"}),
        ((".",), {"a", "b", "c", "d-e"}),
        (("c.py", "../addons/own.py"), set()),
        (("fleet.py",), set()),
        (("gone.py",), set()),
    ],
)
def test_who_takes_from_what_has_changed_is_touched(
    changed: tuple[str, ...], untouched: set[str], folder: Path
) -> None:
    package = folder.name
    files = read(
        folder,
        {
            "a.py": VALUE,
            "b.py": f"from {package}.a import DEV\n",
            "c.py": f"from {package}.b import DEV\n",
            "d_e.py": VALUE,
            "fleet.py": "",
        },
    )
    assert files
    assert files.untouched([str(folder / each) for each in changed]) == untouched


PROBE = """
import sys
from pathlib import Path
from blueprint.addons import Addon
from blueprint.contribution import Contribution

BESIDE = Path(__file__).with_name("beside.txt")

class Probe(Addon):
    name = "probe"
    def contribute(self, facts):
        print("asked about", facts.name, file=sys.stderr)
        labels = {"said": BESIDE.read_text(), "by": "it"}
        metadata = {"name": "said", "namespace": "default", "labels": labels}
        return Contribution(objects=({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata},))
"""
CLUSTER = """
from dataclasses import replace
from examples.bare import BARE
from library_of_this_test import Probe

{constant} = replace(BARE, name="{name}", addons=(*BARE.addons, Probe()), tags={{"changed": "no"}})
"""
PROGRAM = """
import runpy
from tools import unchanged

unchanged.TICK_SECONDS = -60  # all files are new here
runpy.run_module("tools", run_name="__main__")
"""


@pytest.mark.thorough
class TestCommand:
    """Three clusters, one of which takes from another, with an add-on from elsewhere that tells when it is asked."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        (tmp_path / "library_of_this_test.py").write_text(PROBE)
        (tmp_path / "beside.txt").write_text("before")
        (tmp_path / "fleet_of_this_test").mkdir()
        for name in ("one", "two"):
            path = tmp_path / "fleet_of_this_test" / f"{name}.py"
            path.write_text(CLUSTER.format(constant=name.upper(), name=name))
        text = CLUSTER.format(constant="THREE", name="three").replace(
            "from examples.bare import BARE", "from fleet_of_this_test.two import TWO as BARE"
        )
        (tmp_path / "fleet_of_this_test" / "three.py").write_text(
            text.replace("(*BARE.addons, Probe())", "BARE.addons")
        )
        return tmp_path

    def synth(self, project: Path, root: Path, *options: str, **variables: str) -> set[str]:
        """The clusters about which the add-on was asked."""
        environment = {
            **os.environ,
            "PYTHONPATH": f"{project}{os.pathsep}{root}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "BLUEPRINTS": str(project / "fleet_of_this_test"),
            VARIABLE: str(project / "store"),
            **variables,
        }
        command = (sys.executable, "-c", PROGRAM, "synth", *options)
        run = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return {line.split()[2] for line in run.stderr.splitlines() if line.startswith("asked about")}

    @staticmethod
    def _edit(name: str, old: str, new: str) -> Callable[[Path], object]:
        def edit(project: Path) -> None:
            path = project / name
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))

        return edit

    @staticmethod
    def _add(project: Path) -> None:
        text = CLUSTER.format(constant="FOUR", name="four")
        (project / "fleet_of_this_test" / "four.py").write_text(text)

    @staticmethod
    def _remove(project: Path) -> None:
        (project / "fleet_of_this_test" / "one.py").unlink()

    CHANGES: Mapping[str, tuple[Callable[[Path], object], set[str]]] = {
        "a cluster": (_edit("fleet_of_this_test/one.py", '"no"', '"yes"'), {"one"}),
        "a cluster from which one takes": (_edit("fleet_of_this_test/two.py", '"no"', '"yes"'), {"two", "three"}),
        "one that takes": (_edit("fleet_of_this_test/three.py", '"no"', '"yes"'), {"three"}),
        "an add-on": (
            _edit("library_of_this_test.py", '"by": "it"', '"by": "them"'),
            {"one", "two", "three"},
        ),
        "a new cluster": (_add, {"four"}),
        "no cluster": (_remove, {"two", "three"}),  # from which the others may have taken
        "what an add-on reads": (_edit("beside.txt", "before", "after"), {"one", "two", "three"}),
    }

    @pytest.mark.parametrize("name", CHANGES)
    def test_only_what_a_change_may_reach_is_planned_again(self, name: str, project: Path, root: Path) -> None:
        assert self.synth(project, root) == {"one", "two", "three"}
        change, asked = self.CHANGES[name]
        change(project)
        assert self.synth(project, root) == asked
        self.synth(project, root, "--no-cache", "--output", "anew")
        assert contents(project / "cdk.out") == contents(project / "anew")

    def test_one_whose_value_is_another_is_planned_again_though_its_file_is_not(
        self, project: Path, root: Path
    ) -> None:
        """It looks at the files of others, and opens none."""
        counting = self._edit("fleet_of_this_test/one.py", '"no"', 'str(len([*Path(__file__).parent.glob("*.py")]))')
        counting(project)
        self._edit("fleet_of_this_test/one.py", "\nfrom dataclasses", "\nfrom pathlib import Path\nfrom dataclasses")(
            project
        )
        assert self.synth(project, root) == {"one", "two", "three"}
        self._add(project)
        assert self.synth(project, root) == {"one", "four"}

    def test_a_value_that_cannot_be_shown_never_holds(self, project: Path, root: Path) -> None:
        for what in ("raise RuntimeError", "return object.__repr__(self)"):
            text = PROBE + f"\n    def __repr__(self):\n        {what}\n"
            (project / "library_of_this_test.py").write_text(text)
            self.synth(project, root)
            self._edit("fleet_of_this_test/two.py", "tags=", "tags =")(project)
            assert self.synth(project, root) == {"one", "two", "three"}
            self._edit("fleet_of_this_test/two.py", "tags =", "tags=")(project)

    def test_an_entry_that_somebody_edited_holds_nothing(self, project: Path, root: Path) -> None:
        self.synth(project, root)
        (document,) = (project / "store").glob("*/one.plan.json")
        document.write_text("no plan")
        self._edit("fleet_of_this_test/two.py", '"no"', '"yes"')(project)
        assert self.synth(project, root) == {"one", "two", "three"}
