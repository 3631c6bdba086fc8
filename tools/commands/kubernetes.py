"""Builds the programs of control planes from Go modules, and collects definitions of custom resources."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from tools.kubernetes.build import build, build_evaluator
from tools.kubernetes.definitions import collect
from tools.kubernetes.programs import MissingPrograms, pinned_versions, programs_for
from tools.status import Status


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(pinned_versions())}; the newest")


def run(options: Namespace) -> int:
    """Builds what is missing, and says where it is."""
    for version in options.versions or pinned_versions()[-1:]:
        found = programs_for(version)
        folder = build(version) if isinstance(found, MissingPrograms) else found
        print(f"Kubernetes {version} is in {folder}")
    print(f"Custom resource definitions are in {collect()}")
    if evaluator := build_evaluator():
        print(f"An evaluator of network policies is {evaluator}")
    return Status.DONE
