"""The roads of the documents, in a copy of the project: a cluster, a team and a chart of one's own end green."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

UNWANTED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".local", ".kubernetes", "cdk.out", "node_modules")
# Those that look into the folders of users, or at every add-on that is there.
LOOKING = (
    "tests/addons/test_lock.py",
    "tests/addons/test_offers.py",
    "tests/addons/test_tags.py",
    "tests/blueprint/test_every_value.py::test_the_fleet_has_a_value_of_every_class",
    "tests/blueprint/test_structure.py",
    "tests/teams/test_guide.py::test_a_team_owns_its_own_file_and_nothing_else",
    "tests/test_words.py",
    "tests/tools/test_reference.py",
    "-k",  # of the files, those that a user wrote
    "not test_structure or podinfo or own or search",
)


class Project:
    """A copy of this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> str:
        # A worker of xdist, as which pytest would take itself, removes no snapshot that nothing uses any more.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment = {**own, "BLUEPRINTS": "clusters", "JSII_NODE": str(Path(sys.prefix, "bin", "node"))}
        done = subprocess.run(
            (sys.executable, "-m", *arguments),
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def add(self, name: str, text: str) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def accept(self) -> None:
        """As CONTRIBUTING says of a changed cluster."""
        self.run("tools", "pipelines")
        self.run("tools", "diagram")
        self.run("pytest", "--snapshot-update", "tests/clusters", "-q", "-n0")

    def files(self) -> set[str]:
        found = self.folder.rglob("*")
        return {str(each.relative_to(self.folder)) for each in found if each.is_file() and each.suffix != ".pyc"}


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("roads") / "project"
    shutil.copytree(root, folder, ignore=UNWANTED)
    return Project(folder)


def test_an_own_cluster_with_a_team_and_an_add_on_of_its_own_is_green(project: Project) -> None:
    """What `make new-…` writes, each with the lines that it says."""
    before = project.files()
    identity = ("--account=333333333333", "--region=eu-central-1", "--admin=BreakGlass")
    project.run("tools", "new-cluster", "--name=own", *identity)
    of_team = project.run("tools", "new-team", "--name=search", "--owner=SearchLead")
    chart = ("--repository=https://stefanprodan.github.io/podinfo", "--version=6.9.2")
    of_addon = project.run("tools", "new-addon", "--name=podinfo", *chart)
    (owner,) = re.findall(r"^/teams/search.py .*\n", of_team, re.MULTILINE)
    project.add(".github/CODEOWNERS", owner)
    imports = re.findall(r"^from .*\n", of_team + of_addon, re.MULTILINE)
    (addons,) = re.findall(r"^addons=.*\n", of_addon, re.MULTILINE)
    (teams,) = re.findall(r"^teams=.*\n", of_team, re.MULTILINE)
    own = (project.folder / "clusters" / "own.py").read_text(encoding="utf-8")
    own = own.replace("addons=CORE,\n", addons + teams.replace("…", "PLATFORM"))
    imports.append("from teams.platform import PLATFORM\n")
    project.write("clusters/own.py", own.replace("from blueprint", f"{''.join(imports)}from blueprint", 1))
    assert re.search(r"addons 3, teams 2 +8 +2$", project.run("tools", "synth", "own"), re.MULTILINE)
    assert "role/SearchLead" in project.run("tools", "access", "own")
    project.run("tools", "reference")
    fleet = (project.folder / "clusters" / "fleet.py").read_text(encoding="utf-8")
    project.write("clusters/fleet.py", fleet.replace('clusters=("dev",)', 'clusters=("dev", "own")'))
    project.accept()
    shutil.rmtree(project.folder / "cdk.out")
    project.run("pytest", *LOOKING, "-q", "-n0", "-p", "no:cacheprovider")
    assert {name for name in project.files() - before if not name.startswith((".pytest", ".hypothesis"))} == {
        "addons/podinfo.py",
        "clusters/own.py",
        "docs/clusters/own.md",
        "docs/reference/addons/podinfo.md",
        "teams/search.py",
        "tests/clusters/__snapshots__/test_inventory/test_what_a_cluster_consists_of[own].txt",
    }


def test_other_clusters_than_those_that_came_with_it_are_green(project: Project) -> None:
    """After the road above: the user's clusters alone, and no team of the examples."""
    for path in (project.folder / "clusters").glob("[!_]*.py"):
        if path.stem not in ("own", "fleet"):
            path.unlink()
    waves = '(Wave("only", clusters=("own",)),)'
    fleet = f'from blueprint import *\n\nFLEET = Fleet(environments=(Environment("all", waves={waves}),))\n'
    project.write("clusters/fleet.py", fleet)
    (project.folder / "teams" / "payments.py").unlink()
    owners = project.folder / ".github" / "CODEOWNERS"
    project.write(".github/CODEOWNERS", re.sub(r"/teams/payments.*\n", "", owners.read_text(encoding="utf-8")))
    project.accept()
    pages = {each.name for each in (project.folder / "docs" / "clusters").iterdir()}
    assert pages == {"own.md"}
    kept = {each.name for each in (project.folder / "tests/clusters/__snapshots__/test_inventory").iterdir()}
    assert kept == {"test_what_a_cluster_consists_of[own].txt"}
    project.run("pytest", "tests/teams/test_guide.py", "-k", "owns_its_own_file", "-q", "-n0")
