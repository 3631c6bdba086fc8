"""Runs the CDK's kubectl handler as it is: `python -m tools.local.handler CODE FOLDER VERSION`, with an event as JSON.

CODE is what the function consists of. Around it is what AWS Lambda would put there: kubectl and helm of the layer, an
`aws` that signs in to the cluster, and a folder for files. Its last words on standard error say why it failed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

# All that the handler asks of it; the kubeconfig lies ready. Passwords of registries are for nobody here.
_AWS = """#!/bin/sh
case "$1 $2" in
  "eks update-kubeconfig") cp "{kubeconfig}" "$6" ;;
  "ecr get-login-password" | "ecr-public get-login-password") echo local ;;
  *) echo "aws $*: not known here" >&2; exit 1 ;;
esac
"""


def main(code: Path, folder: Path, version: str) -> int:
    """Exit status: 0, or 1 with the reason."""
    programs = folder / f"bin-{version}"
    if not programs.exists() and (missing := _provide(programs, folder, version)):
        print(missing, file=sys.stderr)
        return 1
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ["TEST_OUTDIR"] = str(folder)
    sys.path.insert(0, str(code))
    from index import handler  # type: ignore[import-not-found]  # the CDK's

    try:
        handler(json.load(sys.stdin), None)
    except Exception as error:  # noqa: BLE001  # whatever it is, Lambda reports it so
        told = error.args[0] if error.args else error
        print(told.decode(errors="replace") if isinstance(told, bytes) else told, file=sys.stderr)
        return 1
    return 0


def _provide(programs: Path, folder: Path, version: str) -> str | None:
    """Makes the folder of programs; the reason if one cannot be had. It loads what takes longer than most events."""
    from tools.charts.helm import program_for
    from tools.charts.results import Unreachable

    scratch = Path(tempfile.mkdtemp(dir=folder))
    for name in ("kubectl", "helm"):
        found = program_for(name, version)
        if isinstance(found, Unreachable):
            return found.reason
        (scratch / name).symlink_to(found)
    (scratch / "aws").write_text(_AWS.format(kubeconfig=folder / "role.kubeconfig"), encoding="utf-8")
    (scratch / "aws").chmod(0o755)
    scratch.rename(programs)
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
