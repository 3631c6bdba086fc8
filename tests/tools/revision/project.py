"""A copy of this project in a repository of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def copied(root: Path, folder: Path) -> Path:
    """A repository with one commit, without what no comparison reads, and with three of the examples."""
    unwanted = shutil.ignore_patterns(".*", "node_modules", "cdk.out", "tests", "docs", "clusters")
    shutil.copytree(root, folder, ignore=unwanted)  # with what Python has compiled, or each process does it again
    for path in (folder / "examples").glob("*.py"):
        if path.stem not in ("__init__", "dev", "prod", "prod_eu"):
            path.unlink()
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    (folder / ".git" / "info").mkdir()
    (folder / ".git" / "info" / "exclude").write_text("__pycache__/\n", encoding="utf-8")
    git(folder, "add", "--all")
    commit(folder)
    git(folder, "repack", "-a", "-d", "--quiet")  # few files, of which tests make copies
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")
    return subprocess.run(
        ("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True, text=True
    ).stdout


def commit(folder: Path) -> None:
    git(folder, "commit", "--quiet", "--all", "--message=x")


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
