"""Synthesizes two revisions of this project: the one where a branch began, and the folder as it is now."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.assembly import Assembly, read
from tools.compare.differences import ClusterDifference, differences

ROOT = Path(__file__).parents[2]
_FINGERPRINTS = Path(__file__).with_name("fingerprints.py")
_LOCK = "requirements.txt"


class RevisionError(Exception):
    """A revision that cannot be found, planned or synthesized; the text is for the user."""


@dataclass(frozen=True)
class Revision:
    """A revision in a folder, with the Python that its own lock file asks for."""

    name: str
    folder: Path
    python: Path

    def run(self, *arguments: str) -> str:
        """What a Python program prints there. Raises RevisionError with what it says when it fails."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "PYTHONPATH": str(self.folder),
            "JSII_NODE": str(self.python.with_name("node")),
        }
        done = subprocess.run(
            (str(self.python), "-P", *arguments),
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RevisionError(f"{self.name} cannot be read.\n\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


@dataclass(frozen=True)
class Comparison:
    """Two revisions of the fleet."""

    base: str
    """The commit that the folder is compared with, abbreviated."""
    touched: tuple[ClusterDifference, ...]
    untouched: tuple[str, ...]
    """Clusters of which not one byte of a template differs."""
    before: Assembly
    """Of the clusters that had to be synthesized."""
    after: Assembly


Ahead = Callable[[tuple[Revision, Assembly], tuple[Revision, Assembly]], object]
"""Called with both revisions as soon as they are synthesized, before they are compared."""


@contextmanager
def compared(base: str, root: Path = ROOT, ahead: Ahead | None = None) -> Iterator[Comparison]:
    """Compares the folder, uncommitted changes included, with the commit where it left the git revision `base`.

    Only clusters whose plan or renderer differs are synthesized. The revisions that `ahead` gets can be asked for more
    while the context lasts. Raises RevisionError.
    """
    commit = _merge_base(base, root)
    with tempfile.TemporaryDirectory(prefix="eks-blueprints-") as temporary:
        folder = Path(temporary)
        old = _checked_out(commit, root, folder / "base")
        new = Revision("the working folder", root, Path(sys.executable))
        yield _comparison(commit[:12], old, new, folder, ahead)


def _comparison(commit: str, old: Revision, new: Revision, folder: Path, ahead: Ahead | None) -> Comparison:
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(_fingerprints, (old, new))
        differing = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
        _say(f"Synthesizing {', '.join(differing)} of both revisions" if differing else "No plan differs")
        out = folder / "after"
        # An older revision may not know --output, and its folder is ours anyway.
        sides = [(old, one, old.folder / "cdk.out", ()), (new, other, out, ("--output", str(out)))]
        synthesized = [
            pool.submit(_synthesized, revision, [name for name in differing if name in known], where, options)
            for revision, known, where, options in sides
        ]
        before, after = (side.result() for side in synthesized)
    if ahead:
        ahead((old, before), (new, after))
    touched = differences(before, after)
    untouched = sorted({*one, *other} - {cluster.name for cluster in touched})
    return Comparison(commit, touched, tuple(untouched), before, after)


def _fingerprints(revision: Revision) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(revision.run(str(_FINGERPRINTS)))
    return found


def _synthesized(revision: Revision, clusters: Sequence[str], out: Path, options: Sequence[str]) -> Assembly:
    if not clusters:
        return {}
    revision.run("-m", "tools.synth", *clusters, *options)
    return read(out)


def default_base(root: Path = ROOT) -> str:
    """The branch that a change goes to, as its remote has it; a clone of one branch may lack it."""
    command = ("git", "-C", str(root), "rev-parse", "--verify", "--quiet", "origin/main^{commit}")
    there = subprocess.run(command, capture_output=True, check=False).returncode == 0
    return "origin/main" if there else "main"


def _merge_base(base: str, root: Path) -> str:
    """The commit that a pull request would be compared with. https://git-scm.com/docs/git-merge-base"""
    fix = "write a branch, tag or commit: BASE=origin/main"
    if base.startswith("-") or not base.strip():
        raise RevisionError(f"BASE={base!r} is not a git revision; {fix}")
    for arguments in (("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"), ("merge-base", base, "HEAD")):
        done = subprocess.run(("git", "-C", str(root), *arguments), capture_output=True, text=True, check=False)
        if done.returncode:
            known = (
                "is no commit of this repository"
                if arguments[0] == "rev-parse"
                else "and HEAD have no commit in common"
            )
            shallow = "; in CI, fetch the whole history (fetch-depth: 0)"
            raise RevisionError(f"BASE={base} {known}; {fix}{shallow}")
    return done.stdout.strip()


def _checked_out(commit: str, root: Path, folder: Path) -> Revision:
    """The files of a commit, without touching the repository; and its environment, if it needs another."""
    name = f"the base, {commit[:12]},"
    archive = subprocess.run(("git", "-C", str(root), "archive", commit), capture_output=True, check=True).stdout
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        locks = [(each / _LOCK).read_bytes() for each in (folder, root)]
    except (OSError, tarfile.TarError) as error:  # links that lead out of it; a commit before there was a lock file
        raise RevisionError(f"{name} cannot be unpacked: {error}") from None
    if locks[0] == locks[1]:
        return Revision(name, folder, Path(sys.executable))
    _say(f"{_LOCK} differs: installing the base's own packages")
    done = subprocess.run(("make", "setup"), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RevisionError(f"The packages of {name} cannot be installed.\n\n{done.stderr.strip()}")
    return Revision(name, folder, folder / ".venv" / "bin" / "python")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
