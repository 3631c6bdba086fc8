"""`make kubernetes` builds the programs of control planes, one version or more, and collects definitions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tools.kubernetes.build import BuildError, build
from tools.kubernetes.definitions import collect
from tools.kubernetes.programs import Missing, pinned_versions, programs_for


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make kubernetes", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(pinned_versions())}; the newest")
    for version in parser.parse_args(arguments).versions or pinned_versions()[-1:]:
        found = programs_for(version)
        try:
            folder = build(version) if isinstance(found, Missing) else found
        except BuildError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"Kubernetes {version} is in {folder}")
    try:
        print(f"Custom resource definitions are in {collect()}")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
