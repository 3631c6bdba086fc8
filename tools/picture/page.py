"""The page about a cluster in docs/clusters: Markdown, for who asks what runs where."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, collapse_addresses

from tools.contents import Capacity, Contents, Part
from tools.picture import mermaid
from tools.picture.describe import picture
from tools.picture.things import KINDS
from tools.tables import Row, Table, markdown_table

HEADER = "<!-- Written by `make diagram` from the templates of the cluster. Do not edit: run it again. -->"
# "Amazon Web Services reserves both the first four and the last IPv4 address in each subnet's CIDR block."
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html
RESERVED_ADDRESSES = 5


def page(contents: Contents) -> str:
    """All of it, for a file."""
    drawn = picture(contents, contents)
    blocks = [
        HEADER,
        f"# {contents.name}",
        _table(_identity(contents)),
        _chart("Network and compute", mermaid.infrastructure(drawn)),
        _table(_subnets(contents)),
        _room(contents),
        _table(_compute(contents)),
        _chart("Add-ons and teams", mermaid.software(drawn)),
        _table(_addons(contents)),
        _table(_teams(contents)),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _chart(title: str, chart: str) -> str:
    return f"## {title}\n\n{mermaid.fenced(chart)}" if chart else ""


def _table(table: Table) -> str:
    """Under a heading of the second level."""
    return markdown_table(table).removeprefix("#") if table.rows else ""


def _identity(contents: Contents) -> Table:
    ranges = contents.public_ranges
    rows = {
        "account": (contents.account,),
        "region": (contents.region,),
        "Kubernetes": (contents.version,),
        "API": (*(f"open to {each}" for each in ranges), "open to the VPC" if ranges else "open to the VPC only"),
        "deletion protection": ("on" if contents.deletion_protection else "off",),
        "VPC": (contents.cidr,),
        "NAT gateways": (str(contents.nat_gateways),),
        "interface endpoints": contents.endpoints or ("none",),
    }
    return Table("Identity", ("what", "value"), tuple(((what,), value) for what, value in rows.items()))


def _subnets(contents: Contents) -> Table:
    rows: list[Row] = [
        ((each.kind,), (each.zone,), (each.cidr,), (f"{IPv4Network(each.cidr).num_addresses - RESERVED_ADDRESSES:,}",))
        for each in contents.subnets
    ]
    return Table("Subnets", ("kind", "zone", "range", "addresses"), tuple(rows))


def _room(contents: Contents) -> str:
    """What is left of the VPC."""
    vpc = IPv4Network(contents.cidr)
    subnets = [IPv4Network(each.cidr) for each in contents.subnets]
    free = sorted(_free(vpc, subnets), key=lambda block: block.prefixlen)
    left = sum(block.num_addresses for block in free)
    rest = f"the largest free range is `{free[0]}`" if free else "no range is free"
    return (
        f"AWS keeps {RESERVED_ADDRESSES} addresses of each subnet. {left:,} of the {vpc.num_addresses:,} addresses of "
        f"`{vpc}` are in no subnet; {rest}."
    )


def _free(vpc: IPv4Network, taken: list[IPv4Network]) -> Iterator[IPv4Network]:
    """The largest ranges of the VPC that no subnet overlaps."""
    free = [vpc]
    for subnet in collapse_addresses(taken):
        free = [
            part for block in free for part in (block.address_exclude(subnet) if subnet.subnet_of(block) else (block,))
        ]
    return collapse_addresses(free)


def _compute(contents: Contents) -> Table:
    heads = ("name", "kind", "nodes", "instance types", "image", "Kubernetes", "namespaces or node pools")
    return Table("Compute", heads, tuple(map(_capacity, contents.capacity)))


def _capacity(capacity: Capacity) -> Row:
    return (
        (capacity.name,),
        (KINDS[capacity.kind] + (", spot" if capacity.spot else ""),),
        (f"{capacity.min} to {capacity.max}",) if capacity.max else (),
        capacity.instance_types,
        (capacity.image,) if capacity.image else (),
        (capacity.version,) if capacity.version else (),
        capacity.selectors,
    )


def _addons(contents: Contents) -> Table:
    heads = ("add-on", "version", "installed by", "namespaces", "after", "AWS permissions by Pod Identity of")
    return Table("Add-ons", heads, tuple(map(_addon, contents.addons)))


def _addon(part: Part) -> Row:
    return ((part.name,), (part.version,), (part.installer,), part.namespaces, part.after, part.pod_identity)


def _teams(contents: Contents) -> Table:
    rows: list[Row] = [((team.name,), team.namespaces, team.pod_identity) for team in contents.teams]
    return Table("Teams", ("team", "namespaces", "AWS permissions by Pod Identity of"), tuple(rows))
