"""Writes the file of a new cluster, small and complete, into clusters/. On a terminal it asks for what is missing.

No file is overwritten. The network is a free one, if none is named.
"""

from __future__ import annotations

import ipaddress
from argparse import ArgumentParser, Namespace

from app import CLUSTERS
from blueprint.errors import BlueprintError, Problem
from blueprint.fields import AccountId, ClusterName, IamName, Region
from blueprint.fleet_rules import ranges
from blueprint.inventory import blueprints
from blueprint.network import VpcCidr
from blueprint.sources import FLEET_FILE
from blueprint.versions import DEFAULT
from tools.new import Question, add_questions, answers, constant, free, module, shown, write
from tools.status import Status

_QUESTIONS = (
    Question("name", "name of the cluster", ClusterName),
    Question("account", "AWS account, 12 digits", AccountId),
    Question("region", "AWS region", Region),
    Question("admin", "IAM role of the account for emergencies", IamName),
)
_TEXT = '''"""The cluster {name}."""

from __future__ import annotations

from addons.core import CORE
from blueprint import Blueprint, Cluster, ManagedNodes, NewNetwork, Role

{constant} = Blueprint(
    name="{name}",
    account="{account}",
    region="{region}",
    network=NewNetwork(cidr="{cidr}"),
    cluster=Cluster(version="{version}", admins=(Role("{admin}"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=CORE,
)
'''


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_questions(parser, (*_QUESTIONS, Question("cidr", "range of its VPC; a free one by default", VpcCidr)))


def run(options: Namespace) -> int:
    """Writes the file, and says what to do next."""
    said = answers(options, (*_QUESTIONS, Question("cidr", "range of its VPC", VpcCidr, _free_range())))
    name = said["name"]
    path = free(CLUSTERS / f"{module(name)}.py")
    if path.name == FLEET_FILE:
        rule = f"{shown(path)} is the file of the whole fleet"
        raise BlueprintError([Problem(("NAME",), name, rule, "choose another name")])
    write(path, _TEXT.format(**said, constant=constant(name), version=DEFAULT))
    print(f"{shown(path)} is written. Look at it, then:\n")
    print(f"{shown(CLUSTERS / FLEET_FILE)} says in which wave it is: name it there.\n")
    print(f"make synth CLUSTER={name}\nmake diagram\nmake pipelines\nmake snapshots ARGS=tests/clusters")
    return Status.DONE


def _free_range() -> str:
    """One in which no cluster of the folder is, so that their networks can be connected."""
    found, _ = blueprints(CLUSTERS)
    networks = [network for each in found.values() for network in ranges(each.network)]
    numbers = (*range(10, 256, 10), *range(256))
    candidates = (f"10.{number}.0.0/16" for number in numbers)
    return next((each for each in candidates if not any(map(ipaddress.IPv4Network(each).overlaps, networks))), "")
