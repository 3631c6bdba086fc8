"""What a review executes and reads, as it does it: all of it judges, but for what the review is about."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.environment import inherited
from tools.forge.verdict import Edited, edits

# What `make review` runs of each revision, and what it is made of itself.
PROGRAM = """
import importlib, pkgutil, sys
opened = set()
sys.addaudithook(lambda event, found: event == "open" and opened.add(str(found[0])))
from tools.__main__ import main
import tools
for module in pkgutil.walk_packages(tools.__path__, "tools."):
    if module.name.startswith(("tools.review", "tools.revision", "tools.charts", "tools.commands.review")):
        importlib.import_module(module.name)
assert main(["plan", "dev", "--output", sys.argv[1]]) == 0
assert main(["synth", "dev", "--output", sys.argv[2]]) == 0
print("\\n".join(opened))
"""


@pytest.mark.thorough
def test_what_a_review_comes_from_is_all_that_it_reads_but_what_it_is_about(root: Path, tmp_path: Path) -> None:
    folders = (str(tmp_path / "plans"), str(tmp_path / "out"))
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, *folders),
        cwd=root,
        env=inherited() | {"PYTHONPATH": str(root), "BLUEPRINTS": "examples"},
        capture_output=True,
        text=True,
        check=True,
    )
    opened = {os.path.relpath(path, root) for path in done.stdout.splitlines() if path.startswith(f"{root}/")}
    read = {re.sub(r"__pycache__/(\w+)\..*", r"\1.py", path) for path in opened if not path.startswith(".venv")}
    judges = {path for path in read if edits(Edited([path]))}
    assert {"app.py", "cdk.json", "facts/resources.toml", "addons/karpenter/__init__.py"} <= judges
    assert {"blueprint/iam.py", "stacks/stage.py", "tools/review/compose.py"} <= judges
    about = {path for path in read - judges if not path.startswith(("examples/", "teams/"))}
    assert about == {"addons/versions.toml", "facts/node_images.toml"}
