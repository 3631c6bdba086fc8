"""How long a review takes, beside the synthesis that it cannot do without: of what changed, in both revisions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from app import ROOT
from tools.unchanged import VARIABLE

CLUSTERS = 20
GOAL = 1.5
_CODE = (
    "app.py",
    "cdk.json",
    "requirements.txt",
    "addons",
    "blueprint",
    "examples",
    "facts",
    "stacks",
    "teams",
    "tools",
)
CLUSTER = """from dataclasses import replace

from addons.argo_cd import ArgoCd
from examples.prod import PROD

OTHERS = tuple(each for each in PROD.addons if not isinstance(each, ArgoCd))
{constant} = replace(
    PROD,
    name="{name}",
    tags={{**PROD.tags, "changed": "{tag}"}},
    addons=(*OTHERS, ArgoCd(domain="argocd.{name}.example.com")),
)
"""
_CASES = (
    (
        "an add-on of all clusters",
        ("addons/versions.toml", 'repository = "https://argoproj', 'repository = "https://mirror.argoproj'),
        [f"c{index:02}" for index in range(CLUSTERS)],
    ),
    (
        "an add-on of one cluster",
        ("clusters/c07.py", "addons=(*OTHERS, ", "addons=(*OTHERS[:-1], "),
        ["c07"],
    ),
)


def review_table(folder: Path, turns: int) -> Iterator[str]:
    """A row for each change of a fleet."""
    yield f"{f'review, {CLUSTERS} clusters':28}review s  synthesis s  ratio  goal"
    for number, (what, (file, before, after), names) in enumerate(_CASES):
        base, now = folder / f"base{number}", folder / f"now{number}"
        for side in (base, now):
            project(side)
        path = now / file
        text = path.read_text(encoding="utf-8")
        if before not in text:
            raise RuntimeError(f"{file} has no {before}")
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        runs = [(_review(now, folder), _syntheses((base, now), names)) for _ in range(turns)]
        ratio = median(one / other for one, other in runs)
        review, synthesis = map(median, zip(*runs, strict=True))
        # Starting, planning and comparing take as long for one cluster as for all: the goal is for all.
        goal = f"≤ {GOAL:g} {'pass' if ratio <= GOAL else 'miss'}" if len(names) > 1 else ""
        yield f"{what:28}{review:8.2f}{synthesis:13.2f}{ratio:7.2f}  {goal}".rstrip()


def project(folder: Path) -> None:
    """A repository with a fleet, and its first commit."""
    for name in _CODE:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        folder.mkdir(exist_ok=True)
        copy(source, folder / name)
    (folder / "clusters").mkdir()
    for index in range(CLUSTERS):
        text = CLUSTER.format(constant=f"C{index:02}", name=f"c{index:02}", tag="never")
        (folder / "clusters" / f"c{index:02}.py").write_text(text, encoding="utf-8")
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=x")):
        subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")


def _review(folder: Path, charts: Path) -> float:
    """Seconds. Its charts cannot be had, so that nothing waits for a network."""
    command = (sys.executable, "-m", "tools", "review", "--base", "HEAD", "--charts", str(charts))
    with tempfile.TemporaryDirectory() as store:  # else it finds what it has synthesized in the last turn
        return _seconds([(command, folder)], {VARIABLE: store})


def _syntheses(folders: Sequence[Path], names: Sequence[str]) -> float:
    """Seconds until both revisions are synthesized, side by side."""
    command = (sys.executable, "-m", "tools", "synth", "--no-cache", *names)
    return _seconds([(command, folder) for folder in folders], {})


def _seconds(commands: Sequence[tuple[Sequence[str], Path]], variables: Mapping[str, str]) -> float:
    """Side by side."""
    start = time.perf_counter()
    runs = [
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command, folder in commands
    ]
    statuses = [run.wait() for run in runs]
    if any(statuses):
        raise RuntimeError(f"{' '.join(commands[0][0])} failed")
    return time.perf_counter() - start
