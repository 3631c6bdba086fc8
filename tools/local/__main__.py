"""`make local` deploys a cluster to an AWS emulator on this machine, `make local-destroy` removes it.

    python -m tools.local deploy CLUSTER [--port PORT] [--charts FOLDER] [--json]
    python -m tools.local destroy [CLUSTER …] [--keep | --force]

The real CDK CLI talks to a real process on loopback; AWS is never reached. docs/local.md says what this shows and
what it cannot.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError

from botocore.exceptions import BotoCoreError

from blueprint.errors import BlueprintError
from tools.local import aws
from tools.local.commands import deploy, destroy
from tools.local.errors import LocalError
from tools.local.process import ROOT

FOLDER = ROOT / ".local"


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 1 after a report, 130 when interrupted."""
    parser = argparse.ArgumentParser(
        prog="make local", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("deploy", help="start the emulator unless it runs, and deploy a cluster")
    up.add_argument("cluster", metavar="CLUSTER")
    up.add_argument("--port", type=int, help="port of a new emulator on loopback; a free one by default")
    up.add_argument("--charts", type=Path, help="folder of chart archives that helm renders: <chart>-<version>.tgz")
    up.add_argument("--json", action="store_true", help="print what exists as JSON")
    down = commands.add_parser("destroy", help="remove clusters; the last one takes the emulator with it")
    down.add_argument("clusters", nargs="*", metavar="CLUSTER", help="all when none is given")
    down.add_argument("--keep", action="store_true", help="leave the emulator running with what the stacks retain")
    down.add_argument("--force", action="store_true", help="end the emulator at once, whatever is in it")
    options = parser.parse_args(arguments)
    aws.isolate()
    # Ends as Ctrl-C does, so that nothing is left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.command == "deploy":
            print(deploy(FOLDER, options.cluster, port=options.port, charts=options.charts, as_json=options.json))
        else:
            print(destroy(FOLDER, options.clusters, keep=options.keep, force=options.force))
    except (BlueprintError, LocalError) as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, URLError) as error:
        print(f"The emulator does not answer: {error}\nmake local starts another.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. make local goes on from here; make local-destroy removes what there is.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
