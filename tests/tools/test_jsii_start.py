"""What makes synthesis quick changes nothing else."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from jsii import _type_checking
from jsii._kernel.providers.process import _NodeProcess

from tools import jsii_start
from tools.jsii_start import TESTED, ahead, quicken

pytestmark = pytest.mark.thorough

_SYNTHESIS = """
import sys
from pathlib import Path
from app import CLUSTERS
from blueprint.inventory import planned
from tools.jsii_start import finish, quicken
from tools.synthesis import synthesize

def synthesized(cache=None):
    if cache:
        quicken(Path(cache))
    synthesize(planned(CLUSTERS, ["bare"]), Path("cdk.out"), validate=False)

"""


def ran(folder: Path, program: str, *, root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(root), "BLUEPRINTS": "examples", **variables}
    return subprocess.run(
        (sys.executable, "-c", program), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def of_versions(cache: Path) -> Path:
    """Where it keeps what it knows of the packages that are installed."""
    (found,) = (path for path in cache.iterdir() if path.is_dir())
    return found


def until(condition: Callable[[], bool]) -> None:
    """A kernel ends by itself, a little after the program."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def gone(process: int) -> bool:
    """Also when it has ended and nobody has asked yet how."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, bytes]:
    """What jsii writes when it starts as it always does."""
    folder = tmp_path_factory.mktemp("plain")
    assert ran(folder, f"{_SYNTHESIS}synthesized()", root=root).returncode == 0
    found = written(folder)
    assert any(name.endswith(".template.json") for name in found)
    return found


@pytest.fixture
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jsii and the garbage collector are as before, and no kernel is left."""
    for name in ("start", "send", "_next_message"):
        monkeypatch.setattr(_NodeProcess, name, getattr(_NodeProcess, name))
    monkeypatch.setattr(_type_checking, "_resolved_check", _type_checking._resolved_check)
    monkeypatch.setattr(jsii_start, "_started", [])
    monkeypatch.delenv("CDK_VALIDATION", raising=False)
    yield
    for kernel in jsii_start._started:
        kernel.kill()
        kernel.wait()
    gc.enable()


def test_the_locked_jsii_is_the_one_that_was_looked_at(root: Path) -> None:
    """After an upgrade: read jsii's launcher and kernel provider again, then write the version down."""
    locked = (root / "requirements.txt").read_text(encoding="utf-8")
    assert f"\njsii=={TESTED} " in locked


def test_it_writes_the_same_bytes_whatever_it_has_kept(tmp_path: Path, root: Path, plain: dict[str, bytes]) -> None:
    """Nothing, what a run before has loaded, junk, what is no more, and links to packages of another place."""
    cache = tmp_path / "cache"
    program = f"{_SYNTHESIS}synthesized({str(cache)!r}); finish(0)"

    def check(name: str) -> Path:
        run = ran(tmp_path / name, program, root=root)
        assert (run.returncode, run.stderr) == (0, ""), name
        assert written(tmp_path / name) == plain, name
        return of_versions(cache)

    kept = check("first")
    loads = kept / "synthesis.json"
    until(loads.exists)
    loaded = json.loads(loads.read_text(encoding="utf-8"))
    assert len(loaded) > 100
    assert all((kept / name).is_file() for name in loaded)
    assert any((kept / "compiled").rglob("*"))
    check("second")
    loads.write_text("junk", encoding="utf-8")
    check("junk")
    loads.write_text(json.dumps(["node_modules/aws-cdk-lib/missing.js"]), encoding="utf-8")
    check("missing")
    until(lambda: "missing" not in loads.read_text(encoding="utf-8"))
    package = kept / "node_modules" / "constructs"
    package.unlink()
    package.symlink_to(tmp_path)
    loads.write_text("[]", encoding="utf-8")
    check("elsewhere")
    assert package.resolve() != tmp_path


def test_it_writes_nothing_else_when_packages_are_unpacked_for_the_first_time(
    tmp_path: Path, root: Path, plain: dict[str, bytes]
) -> None:
    """Workers of the kernel, which have its options, look through them then."""
    program = f"{_SYNTHESIS}synthesized({str(tmp_path / 'cache')!r}); finish(0)"
    run = ran(tmp_path / "out", program, root=root, JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(tmp_path / "packages"))
    assert (run.returncode, run.stderr) == (0, "")
    assert written(tmp_path / "out") == plain


def test_it_writes_the_same_with_a_cache_that_nobody_may_write(
    tmp_path: Path, root: Path, plain: dict[str, bytes]
) -> None:
    (tmp_path / "file").touch()
    program = f"{_SYNTHESIS}synthesized({str(tmp_path / 'file' / 'cache')!r}); finish(0)"
    assert ran(tmp_path / "out", program, root=root).returncode == 0
    assert written(tmp_path / "out") == plain


def test_a_kernel_that_nobody_asks_ends_without_a_word(tmp_path: Path, root: Path) -> None:
    assert not Path("/proc").exists() or not gone(os.getpid())
    program = (
        "from pathlib import Path; from tools.jsii_start import _started, ahead, finish\n"
        f"ahead(Path({str(tmp_path / 'cache')!r})); print(_started[0].pid); "
    )
    for end in ("", "finish(0)"):
        run = ran(tmp_path, program + end, root=root)
        assert run.stderr == ""
        until(partial(gone, int(run.stdout)))


def test_a_package_that_is_missing_is_told_with_the_next_request(tmp_path: Path, root: Path) -> None:
    program = (
        f"from tools.jsii_start import *; quicken(Path({str(tmp_path / 'cache')!r}))\n"
        "import jsii; jsii.kernel.load('missing', '1.0.0', '/missing.tgz')\n"
        "import constructs; constructs.Node.PATH_SEP"
    )
    run = ran(tmp_path, program, root=root)
    assert "jsii.errors.JSIIError: ENOENT" in run.stderr


@pytest.mark.usefixtures("_restored")
def test_the_cache_heals(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert ahead(cache)
    files = {path.name: path.read_bytes() for path in cache.iterdir() if path.is_file()}
    assert sorted(files) == ["program.js", "runtime-index-worker.js"]
    (cache / "program.js").write_text("of another version", encoding="utf-8")
    (cache / "runtime-index-worker.js").unlink()
    assert ahead(cache)
    assert {path.name: path.read_bytes() for path in cache.iterdir() if path.is_file()} == files
    assert len(jsii_start._started) == 1


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("judging", [True, False])
def test_it_knows_whether_rules_run(judging: bool, tmp_path: Path) -> None:
    """Its environment is that of its start."""
    assert ahead(tmp_path, judging=judging)
    assert os.environ["CDK_VALIDATION"] == str(judging).lower()


@pytest.mark.usefixtures("_restored")
def test_without_a_cache_or_with_another_jsii_it_starts_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = _NodeProcess.start
    (tmp_path / "file").touch()
    quicken(tmp_path / "file" / "cache")
    monkeypatch.setattr(jsii_start, "TESTED", "0.0.0")
    quicken(tmp_path)
    monkeypatch.undo()
    monkeypatch.setenv("JSII_RUNTIME", "somebody's own")
    quicken(tmp_path)
    assert _NodeProcess.start is start
    assert jsii_start._started == []
