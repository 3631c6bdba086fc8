"""What is generated is what GitHub and GitLab take, by the schemas that others keep (json.schemastore.org, GitLab)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import ROOT
from tests.tools.pipelines.jobs import pins
from tools.commands.pipelines import pages_of

FORMS = {
    ".github": ("vendor.github-workflows",),
    ".gitlab": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


def judged(path: Path, form: tuple[str, ...]) -> int:
    """By the program that `make lint` runs; it asks nobody."""
    own = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("check-jsonschema", path=own)
    assert program, "run make setup"
    command = (program, "--quiet", "--builtin-schema", *form, str(path))
    return subprocess.run(command, check=False, capture_output=True).returncode


@pytest.mark.parametrize("folder", FORMS)
@pytest.mark.thorough
def test_the_files_of_the_example(folder: str, tmp_path: Path) -> None:
    pins(tmp_path)
    pages = pages_of(ROOT / "examples" / "fleet", tmp_path)
    names = [name for name in pages.texts if name.startswith(f"{folder}/")]
    assert names
    for name in names:
        path = tmp_path / Path(name).name
        path.write_text(pages.texts[name], encoding="utf-8")
        assert judged(path, FORMS[folder]) == 0, name
        # What is no key of a job is seen.
        path.write_text(pages.texts[name].replace("timeout", "time-out"), encoding="utf-8")
        assert judged(path, FORMS[folder]) == 1, name
