"""What runs is what is written, whatever `.pyc` lies beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from blueprint.sources import compile_from_source
if sys.argv[2:]:
    compile_from_source(*(Path(sys.argv[1], name) for name in sys.argv[2:]))
import inventory.dev
print(inventory.dev.SIZE, inventory.dev.TEAM)
"""


@pytest.mark.parametrize(
    ("folders", "expected"), [((), "1 1"), (("inventory",), "2 1"), (("inventory", "teams"), "2 2"), ((".",), "2 2")]
)
@pytest.mark.thorough
def test_a_second_edit_within_a_second(tmp_path: Path, root: Path, folders: tuple[str, ...], expected: str) -> None:
    """Of the same length and at the same time, so that Python alone takes what it compiled before."""
    files = {"inventory/dev.py": "from teams.sub.one import TEAM\nSIZE = {}\n", "teams/sub/one.py": "TEAM = {}\n"}

    for name in ("inventory", "teams", "teams/sub"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()

    def run(*given: str) -> str:
        command = (sys.executable, "-c", PROGRAM, str(tmp_path), *given)
        environment = {**os.environ, "PYTHONPATH": str(root)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    def write(size: int) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.write_text(text.format(size), encoding="utf-8")
            os.utime(path, (1_700_000_000, 1_700_000_000))

    write(1)
    assert run() == "1 1"
    write(2)
    assert run(*folders) == expected


def test_commands_compile_what_users_write(root: Path) -> None:
    code = """
from app import CLUSTERS, ROOT
import addons.core, importlib, sys
importlib.import_module(f"{CLUSTERS.name}.dev")
for name in ("addons.core", "addons.argo_cd", f"{CLUSTERS.name}.dev", "blueprint.facts"):
    module = importlib.import_module(name)
    print(name, type(module.__spec__.loader).__name__)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    loaders = dict(line.split() for line in ran.stdout.splitlines())
    assert loaders.pop("blueprint.facts") == "SourceFileLoader"
    assert set(loaders.values()) == {"_FromSource"}
