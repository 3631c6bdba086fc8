"""What tests of several tools need."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.tools.revision.project import copied


@pytest.fixture(scope="session")
def first_copy(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Of which each test has one of its own."""
    return copied(root, tmp_path_factory.mktemp("copies") / "project")


@pytest.fixture
def project(tmp_path: Path, first_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this project with one commit, and nowhere to leave files but a folder that must be empty at the end."""
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    return Path(shutil.copytree(first_copy, tmp_path / "project", symlinks=True))
