"""Availability zones: by a letter, which is another zone in each account, or by an id, which is one zone in all. Local
Zones have names alone.

https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from blueprint.fields import matches
from blueprint.value import Rule

AvailabilityZone = Annotated[
    str,
    matches(
        r"[a-z]|[a-z]{3,10}[0-9]-az[0-9]{1,2}",
        "an availability zone is given by its letter in the region, or by its id",
        'write "a" for us-west-2a, or "usw2-az1", as aws ec2 describe-availability-zones has it',
    ),
]

# https://docs.aws.amazon.com/local-zones/latest/ug/how-local-zones-work.html; zones of Wavelength have other names, and
# need gateways of a carrier.
_LOCAL = r"[a-z]{2}(-[a-z]+)+-[0-9]-[a-z]{3}-[0-9][a-z]"
LocalZone = Annotated[
    str,
    matches(
        _LOCAL,
        "must be the name of a Local Zone",
        'write for example "us-west-2-lax-1a", as aws ec2 describe-availability-zones --all-availability-zones has it',
    ),
]
AnyZone = Annotated[
    str,
    matches(
        rf"[a-z]|[a-z]{{3,10}}[0-9]-az[0-9]{{1,2}}|{_LOCAL}",
        "an availability zone is given by its letter in the region, or by its id, and a Local Zone by its name",
        'write "a" for us-west-2a, "usw2-az1", or "us-west-2-lax-1a", as aws ec2 describe-availability-zones has it',
    ),
]
"""An availability zone or a Local Zone."""

# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#cluster-subnets
WITHOUT_CONTROL_PLANES = ("use1-az3", "usw1-az2", "cac1-az3")
"""Where no subnet of a control plane may be. Their letters differ by account, so only an id tells before a deploy."""


def is_id(zone: str) -> bool:
    """Whether it is an id, and no letter or name."""
    return "-az" in zone


def is_local(zone: str) -> bool:
    """Whether it is the name of a Local Zone."""
    return re.fullmatch(_LOCAL, zone) is not None


def mixed(zones: Sequence[str]) -> bool:
    """Whether some are letters and others ids, of which nobody knows here whether they are the same zones."""
    return any(map(is_id, zones)) and any(len(zone) == 1 for zone in zones)


MIXED = "must be all letters, or all ids: a letter and an id may be the same zone"
ALL_ALIKE = "write all as letters, or all as ids"
ONE_FORM = Rule(lambda zones: not mixed(zones), MIXED, ALL_ALIKE)


def in_region(zone: str, region: str) -> str:
    """The name of a zone that is given by its letter; an id stays, and the name of a Local Zone."""
    return zone if is_id(zone) or is_local(zone) else f"{region}{zone}"


def written(zone: str) -> str:
    """What a cluster file has for a name: its letter; an id stays, and the name of a Local Zone."""
    return zone if is_id(zone) or is_local(zone) else zone[-1]


def id_prefix(region: str) -> str:
    """How ids of the region's zones begin: use1 of us-east-1, usgw1 of us-gov-west-1.

    Empty for regions of partitions about which nothing is published.
    """
    *area, side, number = region.split("-") if region.count("-") > 1 else ("", "", "")
    if len(area) > 1 and area != ["us", "gov"]:
        return ""
    points = re.findall("north|south|east|west|central", side)
    return "".join((area[0], *(part[0] for part in (*area[1:], *points)), number))
