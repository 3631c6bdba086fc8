"""Writes the file of a new cluster, small and complete, into clusters/. On a terminal it asks for what is missing.

No file is overwritten. The network is a free one, if none is named.
"""

from __future__ import annotations

import ipaddress
from argparse import ArgumentParser, Namespace

from app import CLUSTERS
from blueprint.existing_network import ExistingNetwork
from blueprint.fields import AccountId, ClusterName, IamName, Region
from blueprint.inventory import blueprints
from blueprint.network import NewNetwork, VpcCidr
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
    write(path, _TEXT.format(**said, constant=constant(name), version=DEFAULT))
    print(f"{shown(path)} is written. Look at it, then:\n")
    print(f"make synth CLUSTER={name}\nmake diagram\nmake snapshots ARGS=tests/clusters")
    return Status.DONE


def _free_range() -> str:
    """One in which no cluster of the folder is, so that their networks can be connected."""
    found, _ = blueprints(CLUSTERS)
    networks = [ipaddress.ip_network(cidr) for each in found.values() for cidr in _ranges(each.network)]
    numbers = (*range(10, 256, 10), *range(256))
    candidates = (f"10.{number}.0.0/16" for number in numbers)
    return next((each for each in candidates if not any(map(ipaddress.ip_network(each).overlaps, networks))), "")


def _ranges(network: object) -> list[str]:
    """Those of its VPC, as far as they are any: the file of a cluster may be wrong."""
    if not isinstance(network, NewNetwork | ExistingNetwork):
        return []
    found: object = network.cidrs
    return [cidr for cidr in found if _is_range(cidr)] if isinstance(found, tuple) else []


def _is_range(cidr: object) -> bool:
    try:
        return isinstance(cidr, str) and bool(ipaddress.IPv4Network(cidr))
    except ValueError:
        return False
