"""The same blueprint gives the same bytes anywhere, and synthesis asks nobody."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.planning.planner import plan
from examples.dev import DEV
from tests.templates import Templates, synthesized

pytestmark = pytest.mark.thorough

_SHUFFLED = """
import random, sys
from dataclasses import replace
from pathlib import Path
from blueprint.planning.planner import plan
from examples.dev import DEV
from tools.synthesis import synthesize

addons = list(DEV.addons)
random.Random(int(sys.argv[1])).shuffle(addons)
synthesize([plan(replace(DEV, addons=tuple(addons)))], Path("out"), validate=False)
"""


def _run(command: list[str], folder: Path, root: Path, **environment: str) -> None:
    """Runs a command there with nothing of the caller's environment but programs and jsii's cache; no credentials."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JSII_NODE") if name in os.environ}
    nowhere = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    given = {**kept, **nowhere, "PYTHONPATH": str(root), **environment}
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _files(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_bytes_do_not_depend_on_folder_hash_seed_time_zone_locale_or_order(tmp_path: Path, root: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "a" / "much" / "deeper" / "folder"
    for folder in (here, there):
        folder.mkdir(parents=True)
    python = [sys.executable, "-c", _SHUFFLED]
    _run([*python, "1"], here, root, PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C")
    _run([*python, "2"], there, root, PYTHONHASHSEED="4242", TZ="Asia/Kolkata", LC_ALL="tr_TR.UTF-8")
    first, second = _files(here / "out"), _files(there / "out")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert any(name.endswith(".template.json") for name in first)


def test_templates_do_not_depend_on_the_order_of_addons_teams_and_tags(templates: Templates, tmp_path: Path) -> None:
    shuffled = random.Random(7)  # noqa: S311  # not a secret
    addons, teams = list(DEV.addons), list(DEV.teams)
    shuffled.shuffle(addons)
    shuffled.shuffle(teams)
    blueprint = replace(DEV, addons=tuple(addons), teams=tuple(teams))
    found = synthesized([plan(blueprint)], tmp_path)
    assert addons != list(DEV.addons)
    assert found == {key: template for key, template in templates.items() if key[0] == "dev"}


_BLOCK_PYTHON = """
import os, socket, sys
def refuse(*_):
    sys.stderr.write("network!")
    sys.stderr.flush()
    os._exit(97)
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""
_BLOCK_NODE = """
const refuse = () => { process.stderr.write("network!"); process.exit(97); };
require("net").Socket.prototype.connect = refuse;
require("dns").lookup = refuse;
"""


@pytest.fixture
def no_network(tmp_path: Path, root: Path) -> dict[str, str]:
    """Environment in which Python and Node.js end with status 97 as soon as they look up a name or connect."""
    (tmp_path / "sitecustomize.py").write_text(_BLOCK_PYTHON, encoding="utf-8")
    (tmp_path / "block.js").write_text(_BLOCK_NODE, encoding="utf-8")
    return {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}", "NODE_OPTIONS": f"--require={tmp_path / 'block.js'}"}


def test_synth_needs_no_network_and_no_credentials(tmp_path: Path, root: Path, no_network: dict[str, str]) -> None:
    _run([sys.executable, "-m", "tools", "synth"], tmp_path, root, **no_network)
    assert {path.name for path in (tmp_path / "cdk.out").glob("assembly-*")} == {
        "assembly-dev",
        "assembly-prod",
        "assembly-prod-eu",
    }
    # What the CLI would look up before a deploy, with credentials, and write into cdk.context.json.
    assert "missing" not in json.loads((tmp_path / "cdk.out" / "manifest.json").read_text(encoding="utf-8"))


def test_the_cdk_cli_needs_none_either(tmp_path: Path, root: Path, no_network: dict[str, str]) -> None:
    cdk = Path(sys.prefix) / "bin" / "cdk"
    output = ["--output", str(tmp_path / "cli.out"), "--quiet"]
    command = [str(cdk), "synth", "-c", "cluster=dev", "--app", f"{sys.executable} {root / 'app.py'}", *output]
    (tmp_path / "cdk.json").write_bytes((root / "cdk.json").read_bytes())
    _run(command, tmp_path, root, CDK_VALIDATION="false", **no_network)
    assert (tmp_path / "cli.out" / "assembly-dev").is_dir()
    assert not (tmp_path / "cli.out" / "assembly-prod").exists()


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", "import urllib.request; urllib.request.urlopen('http://localhost:9')"],
        [os.environ.get("JSII_NODE", "node"), "-e", "require('http').get('http://localhost:9')"],
    ],
    ids=["python", "node"],
)
def test_the_network_is_really_denied(tmp_path: Path, no_network: dict[str, str], command: list[str]) -> None:
    given = {"PATH": os.environ["PATH"], **no_network}
    done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (97, "network!")
