"""The commands of this project.

    python -m tools COMMAND

`make COMMAND` does the same, and installs first what the command needs.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Protocol, cast

from tools.status import MEANINGS, CannotError, FindingsError, Status

COMMANDS: Mapping[str, str] = {
    "synth": "write the CloudFormation of clusters",
    "live": "show what each saved file changes, as soon as it is saved",
    "plan": "write what clusters consist of, without the CDK",
    "fleet": "print which clusters there are, in which waves, and what lags",
    "pipelines": "write the workflows that deliver the fleet, for GitHub or GitLab",
    "roles": "write the CloudFormation of the roles with which pipelines deliver the fleet",
    "traffic": "write the CloudFormation of the names that two clusters share, blue and green",
    "registry-cache": "write the CloudFormation of the registries that Amazon ECR caches for clusters",
    "code-pipeline": "write the CloudFormation of the pipeline of AWS that delivers the fleet",
    "watch": "watch the alarms of a cluster for as long as its wave says",
    "gitops": "write what Argo CD or Flux installs of clusters, for a Git repository",
    "render": "write what of a cluster makes sense on a laptop",
    "access": "print who may do what where",
    "doctor": "check whether an account is ready for a cluster",
    "local": "deploy a cluster to an AWS emulator on this machine",
    "local-destroy": "remove clusters from the emulator again",
    "plan-upgrade": "print the way to a newer Kubernetes version",
    "versions": "look up charts, EKS add-ons and images of nodes, write what is found into the locks, and "
    "print what advisories name",
    "contracts": "write down what charts of add-ons install",
    "prices": "write a price table for reviews, by AWS's price list",
    "mirror-list": "print the charts and images that clusters take from elsewhere",
    "facts": "write down what AWS says of quotas and service-linked roles",
    "guard": "refuse a change that loses state",
    "diagram": "write a page with pictures about each cluster",
    "review": "show what changes since a git revision",
    "reference": "write a page about every value and field",
    "new-cluster": "write the file of a new cluster",
    "new-team": "write the file of a new team",
    "new-addon": "write the file of a new add-on",
    "kubernetes": "build a control plane from Go modules",
    "mutants": "put mistakes into the code, to see whether the tests notice them",
}
"""Each is a module in `tools/commands`, and only the one that runs is imported: it starts as if it were alone."""


class Command(Protocol):
    """What such a module has. Its docstring is the command's description."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Declares the options."""

    def run(self, options: argparse.Namespace) -> int:
        """The exit status. May raise BlueprintError, FindingsError and CannotError, whose texts are for the user.

        `options.quick` says that the process ends with the command.
        """


def main(arguments: Sequence[str], *, quick: bool = False) -> int:
    """Runs a command. Exit status: one of tools/status.py."""
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    parser = parser_of([chosen])
    options, unknown = parser.parse_known_args(arguments, argparse.Namespace(quick=quick))
    if unknown:  # which argparse would report with the usage of the program, not of the command
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        status = _command(options.command).run(options)
        sys.stdout.flush()
    except _mistakes() as error:
        print(error, file=sys.stderr)
        return Status.REFUSED
    except FindingsError as error:
        print(f"{error}\n\nThe findings above fail the command; nothing is written.", file=sys.stderr)
        return Status.REFUSED
    except CannotError as error:
        print(error, file=sys.stderr)
        return Status.FAILED
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    except BrokenPipeError:
        # Not by SIG_DFL: that would also end a command whose connection to AWS breaks, without a word.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        if not _is_unread():
            raise
        return Status.UNREAD
    return status


def _mistakes() -> type[Exception]:
    """What is raised for mistakes in files. Not imported before something is raised: it takes the whole model along."""
    from blueprint.errors import BlueprintError

    return BlueprintError


def parser_of(commands: Collection[str]) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of these."""
    width = max(map(len, map(str, MEANINGS)))
    listed = "\n".join(
        textwrap.fill(f"{status:{width}}  {meaning}", 100, initial_indent="  ", subsequent_indent=" " * (width + 4))
        for status, meaning in MEANINGS.items()
    )
    epilog = f"exit status:\n{listed}"
    form = partial(argparse.RawTextHelpFormatter, max_help_position=32)
    parser = argparse.ArgumentParser("python -m tools", description=__doc__, epilog=epilog, formatter_class=form)
    below = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        own = below.add_parser(name, help=summary, epilog=epilog, formatter_class=form)
        if name in commands:
            command = _command(name)
            own.description = command.__doc__
            command.add_options(own)
            own.set_defaults(parser=own)
    return parser


def _command(name: str) -> Command:
    return cast("Command", import_module(f"tools.commands.{name.replace('-', '_')}"))


def _is_unread() -> bool:
    """Whether nobody reads the output any more; only another line tells. Then Python has none to write at its end."""
    try:
        print(flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], quick=True))
