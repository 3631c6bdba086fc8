"""What tests of several tools need."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.tools.revision.project import copied


@pytest.fixture
def project(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this project with one commit, and nowhere to leave files but a folder that must be empty at the end."""
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    return copied(root, tmp_path / "project")
