"""Writes the CloudFormation of the roles with which pipelines deliver the fleet, a stack for each account.

`cdk deploy --app roles 'roles/111111111111'` makes those of an account, by somebody who may: a pipeline cannot give
itself what it needs to begin. Which pipelines get them, clusters/fleet.py says.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.inventory import planned_fleet
from blueprint.planning.pipeline_roles import account_roles
from tools.doctor.calls import ACTIONS
from tools.options import add_json
from tools.outputs import ASSEMBLY, OutputFolder
from tools.pipelines.reading import READING
from tools.status import Status
from tools.synthesis import synthesize_roles

OUT = Path("roles")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "the names of the roles of each account")


def run(options: Namespace) -> int:
    """Writes the assembly, and prints what is in it."""
    folder = OutputFolder(options.output, "roles", "--output", ASSEMBLY)
    folder.check()
    fleet = planned_fleet(CLUSTERS)
    if not fleet.pipelines:
        rule, fix = "no pipeline needs a role", "write pipelines=(GitHubActions(…),)"
        raise BlueprintError([Problem(("clusters/fleet.py: FLEET", "pipelines"), Quoted("()"), rule, fix)])
    accounts = account_roles(fleet, sorted(ACTIONS.values()), READING)
    with folder.anew():
        synthesize_roles(accounts, options.output)
    names = {each.account: [role.name for role in each.roles] for each in accounts}
    if options.json:
        print(json.dumps(names, indent=2))
    else:
        for account, roles in names.items():
            print(f"{account}  {', '.join(roles)}")
        print(f"\ncdk deploy --app {options.output} 'roles/{accounts[0].account}'")
    return Status.DONE
