"""Plans and synthesizes two revisions of this project: where a branch began, and the folder as it is now."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blueprint.planning.file import documents, loaded
from tools.apart import synthesize_apart
from tools.assembly import Assembly, read
from tools.environment import INSTALLERS, inherited
from tools.gitops.assembly import with_git
from tools.revision.differences import ClusterDifference, differences
from tools.status import CannotError
from tools.store import BESIDE, RENDERER, Store, fingerprint
from tools.synthesis import settings
from tools.unchanged import VARIABLE, place
from tools.workers import WORTH, Workers

ROOT = Path(__file__).parents[2]
_LOCK = "requirements.txt"
Documents = Mapping[str, str]
"""By cluster, its plan as a document."""


class RevisionError(CannotError):
    """A revision that cannot be found, planned or synthesized; the text is for the user."""


@dataclass(frozen=True)
class Revision:
    """A revision in a folder, with the Python that its own lock file asks for."""

    name: str
    folder: Path
    python: Path

    def run(self, command: str, *arguments: str) -> str:
        """What a command of tools prints there. Raises RevisionError with what it says when it fails.

        It is code that nobody may have read yet, so it gets no credentials.
        """
        environment = {
            **inherited(),
            "PYTHONPATH": str(self.folder),
            "JSII_NODE": str(self.python.with_name("node")),
            VARIABLE: str(place()),
        }
        # Before there was one program for all commands, each was one of its own.
        program = ("tools", command) if (self.folder / "tools" / "__main__.py").exists() else (f"tools.{command}",)
        done = subprocess.run(
            (str(self.python), "-P", "-m", *program, *arguments),
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
    plans_before: Documents | None
    """Of all clusters; None where the base is from before these documents."""
    plans_after: Documents


def compared(base: str, root: Path = ROOT) -> Comparison:
    """Compares the folder, uncommitted changes included, with the commit where it left the git revision `base`.

    Only clusters whose plan or renderer differs are synthesized. Raises RevisionError.
    """
    commit = _merge_base(base, root)
    with (
        tempfile.TemporaryDirectory(prefix="eks-blueprints-") as temporary,
        Workers(1) as workers,  # which get ready meanwhile
        ThreadPoolExecutor() as pool,
    ):
        folder = Path(temporary)
        new = Revision("the working folder", root, Path(sys.executable))
        planned = pool.submit(_planned, new, folder / "new-plans")
        old = _checked_out(commit, root, folder / "base")
        plans_before = _planned(old, folder / "old-plans")
        one, other = plans_before or {}, planned.result() or {}
        same_renderer = fingerprint(old.folder) == fingerprint(root)
        names = sorted(name for name in {*one, *other} if not same_renderer or one.get(name) != other.get(name))
        _say(f"Synthesizing {', '.join(names)} of both revisions" if names else "No plan differs")
        # Nobody knows the clusters of a base that writes no plans, so these are all synthesized.
        old_names = None if plans_before is None else [name for name in names if name in one]
        new_names = [name for name in names if name in other]
        if old_names is not None and same_renderer and _is_of_this_program(old.folder, root):
            workers.grow(min(os.cpu_count() or 1, len(old_names + new_names) // WORTH))
            sides = ((one, old_names, folder / "old"), (other, new_names, folder / "new"))
            synthesized: Iterable[Assembly] = [_synthesized_here(*side, workers) for side in sides]
        else:
            folders = (folder / "old", folder / "new")
            synthesized = pool.map(_synthesized, (old, new), (old_names, new_names), folders)
        before, after = map(with_git, synthesized, (one, other))
    # Without the base's plans no section tells of objects and values.
    touched = differences(before, after, folded=plans_before is not None)
    untouched = sorted({*one, *other} - {cluster.name for cluster in touched})
    return Comparison(commit[:12], touched, tuple(untouched), before, after, plans_before, other)


def _planned(revision: Revision, out: Path) -> Documents | None:
    if not any((revision.folder / "tools" / name).exists() for name in ("__main__.py", "plan.py")):
        return None
    revision.run("plan", "--output", str(out))
    return documents(out)


def _synthesized(revision: Revision, clusters: Sequence[str] | None, out: Path) -> Assembly:
    """Those named, or all."""
    if clusters is not None and not clusters:
        return {}
    revision.run("synth", *(clusters or ()), "--output", str(out))
    return read(out)


def _is_of_this_program(*folders: Path) -> bool:
    """Whether what turns plans into templates is in all of these as it is in this process."""
    names = (*RENDERER, *BESIDE)
    return {fingerprint(folder, names) for folder in folders} == {fingerprint(ROOT, names)}


def _synthesized_here(plans: Documents, clusters: Sequence[str], out: Path, workers: Workers) -> Assembly:
    """By processes of this revision, which is quicker than by two of each."""
    if not clusters:
        return {}
    out.mkdir()
    made = [loaded(plans[name]) for name in clusters]
    synthesize_apart(made, out, store=Store(settings()), processes=1, workers=workers, written=plans)
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


def _unpack(files: tarfile.TarFile, folder: Path) -> None:
    """Raises tarfile.TarError for a link that leads out of the folder."""
    if hasattr(tarfile, "data_filter"):
        files.extractall(folder, filter="data")
        return
    # Python has filters from 3.11.4 on, which Debian 12's is not. Of what Git archives only links could lead out.
    for each in files:
        to = os.path.normpath(PurePosixPath(each.name).parent / each.linkname)
        if (each.issym() or each.islnk()) and PurePosixPath(to).parts[0] in ("/", ".."):
            raise tarfile.TarError(f"{each.name!r} is a link to {each.linkname!r}, which is outside of the project")
    files.extractall(folder)  # noqa: S202  # see above


def _checked_out(commit: str, root: Path, folder: Path) -> Revision:
    """The files of a commit, without touching the repository; and its environment, if it needs another."""
    name = f"the base, {commit[:12]},"
    archive = subprocess.run(("git", "-C", str(root), "archive", commit), capture_output=True, check=True).stdout
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            _unpack(files, folder)
        locks = [(each / _LOCK).read_bytes() for each in (folder, root)]
    except (OSError, tarfile.TarError) as error:  # links that lead out of it; a commit before there was a lock file
        raise RevisionError(f"{name} cannot be unpacked: {error}") from None
    if locks[0] == locks[1]:
        return Revision(name, folder, Path(sys.executable))
    _say(f"{_LOCK} differs: installing the base's own packages")
    done = subprocess.run(
        ("make", "setup"), cwd=folder, env=inherited(*INSTALLERS), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RevisionError(f"The packages of {name} cannot be installed.\n\n{done.stderr.strip()}")
    return Revision(name, folder, folder / ".venv" / "bin" / "python")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
