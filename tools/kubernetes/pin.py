"""Pins what a Kubernetes version is built from, its go.mod and go.sum: `python -m tools.kubernetes.pin 1.36.3`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile

from tools.kubernetes.build import PACKAGES, find_go
from tools.kubernetes.programs import KWOK, MODULES


def main(release: str) -> int:
    """Exit status: 0, or that of Go's."""
    go = find_go()
    with tempfile.TemporaryDirectory() as nowhere:
        command = [go, "mod", "download", "-json", f"k8s.io/kubernetes@v{release}"]
        told = subprocess.run(command, cwd=nowhere, stdout=subprocess.PIPE, text=True, check=False)
    if told.returncode:
        return told.returncode
    with open(json.loads(told.stdout)["GoMod"], encoding="utf-8") as file:  # noqa: PTH123  # a path of Go's
        text = module(release, file.read())
    folder = MODULES / release.rpartition(".")[0]
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text(text, encoding="utf-8")
    (folder / "go.sum").unlink(missing_ok=True)
    return subprocess.run([go, "mod", "tidy"], cwd=folder, check=False).returncode


def module(release: str, upstream: str) -> str:
    """The go.mod of programs of a release, by that of k8s.io/kubernetes.

    It takes the parts of Kubernetes from its own tree, which its module does not have. They are published beside it,
    with 0 for the major version.
    """
    (language,) = re.findall(r"^go \S+$", upstream, re.MULTILINE)
    parts = re.findall(r"^\s(k8s\.io/\S+) => \./staging/", upstream, re.MULTILINE)
    of_part = f"v0.{release.partition('.')[2]}"
    programs = [package for name, package in PACKAGES.items() if name != KWOK]
    lines = ["module eks-blueprints/kubernetes", "", language, "", f"require k8s.io/kubernetes v{release}", ""]
    lines += ["tool (", *(f"\t{package}" for package in programs), ")", ""]
    lines += ["replace (", *(f"\t{part} => {part} {of_part}" for part in parts), ")", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
