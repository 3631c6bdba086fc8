"""The CDK CLI of this project, driven as a person would, against the emulator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.local.aws import Account, program
from tools.local.errors import LocalError
from tools.local.process import ROOT


def find_cli() -> tuple[str, str]:
    """Node.js and the CLI, both of this project."""
    cli = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not cli.exists():
        raise LocalError("The CDK CLI is missing from node_modules: run make setup")
    return program("node", ROOT), str(cli)


@dataclass(frozen=True)
class Result:
    """How a command of the CLI ended, and what it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Cdk:
    """The CLI in one account and region. `assembly` is a folder that was synthesized before."""

    account: Account
    home: Path
    assembly: Path
    show: Callable[[str], None] = lambda _: None

    def bootstrap(self) -> Result:
        return self._run("bootstrap", f"aws://{self.account.account}/{self.account.region}")

    def deploy(self, *stacks: str) -> Result:
        return self._run("deploy", *stacks, "--require-approval", "never")

    def destroy(self, *stacks: str) -> Result:
        return self._run("destroy", *stacks, "--force")

    def drift(self, *stacks: str) -> Result:
        return self._run("drift", *stacks, "--fail")

    def _run(self, command: str, *arguments: str) -> Result:
        options = ["--app", str(self.assembly), "--no-color", "--no-notices", "--no-version-reporting"]
        environment = self.account.environment(self.home)
        environment |= {"CI": "true", "CDK_DISABLE_VERSION_CHECK": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.local.leash", *find_cli(), command, *arguments, *options],
            # It writes a context file into its folder.
            cwd=self.home,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C is for the command, whose end takes the CLI with it.
            start_new_session=True,
        )
        assert process.stdout  # noqa: S101  # a pipe
        lines = []
        with process:
            for line in process.stdout:
                lines.append(line.rstrip())
                self.show(lines[-1])
            process.wait()
        return Result(process.returncode, "\n".join(lines))
