"""The page about a cluster in docs/clusters: Markdown, for who asks what runs where."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, collapse_addresses

from blueprint.planning.document import Part, Plan
from tools.picture import mermaid
from tools.picture.describe import picture
from tools.picture.things import Fact, Thing, accounts, capacity, groups, installed
from tools.tables import PlainRow, PlainTable, markdown_table

HEADER = "<!-- Written by `make diagram` from the plan of the cluster. Do not edit: run it again. -->"
# "Amazon Web Services reserves both the first four and the last IPv4 address in each subnet's CIDR block."
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html
RESERVED_ADDRESSES = 5


def page(plan: Plan) -> str:
    """All of it, for a file."""
    drawn = picture(plan, plan)
    blocks = [
        HEADER,
        f"# {plan.facts.name}",
        _table(_identity(plan)),
        _chart("Network and compute", mermaid.infrastructure(drawn)),
        _table(_subnets(plan)),
        _room(plan),
        _table(_compute(plan)),
        _chart("Add-ons and teams", mermaid.software(drawn)),
        _table(_addons(plan)),
        _table(_teams(plan)),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _chart(title: str, chart: str) -> str:
    return f"## {title}\n\n{mermaid.fenced(chart)}" if chart else ""


def _table(table: PlainTable) -> str:
    """Under a heading of the second level."""
    return markdown_table(table).removeprefix("#") if table.rows else ""


def _identity(plan: Plan) -> PlainTable:
    cluster, network, ranges = plan.control_plane, plan.network, plan.control_plane.public_ranges
    rows = {
        "account": (plan.facts.account,),
        "region": (plan.facts.region,),
        "Kubernetes": (cluster.version,),
        "API": (*(f"open to {each}" for each in ranges), "open to the VPC" if ranges else "open to the VPC only"),
        "deletion protection": ("on" if cluster.deletion_protection else "off",),
        "VPC": (*([f"{network.vpc_id}, the owner's"] if network.vpc_id else []), *network.cidrs),
        "NAT gateways": ("the owner's" if network.vpc_id else str(network.nat_gateways),),
        **({"routes": tuple(f"{each.to} by {each.via}" for each in network.routes)} if network.routes else {}),
        "interface endpoints": tuple(sorted(network.interface_endpoints)) or ("none",),
    }
    return PlainTable("Identity", ("what", "value"), tuple(((what,), value) for what, value in rows.items()))


def _subnets(plan: Plan) -> PlainTable:
    rows: list[PlainRow] = [
        ((each.kind,), (each.zone,), (each.cidr,), (f"{IPv4Network(each.cidr).num_addresses - RESERVED_ADDRESSES:,}",))
        for each in plan.network.subnets
    ]
    return PlainTable("Subnets", ("kind", "zone", "range", "addresses"), tuple(rows))


def _room(plan: Plan) -> str:
    """What is left of the VPC; of one that is there already nobody here knows."""
    if plan.network.vpc_id:
        return f"AWS keeps {RESERVED_ADDRESSES} addresses of each subnet."
    vpc = IPv4Network(plan.network.cidrs[0])
    subnets = [IPv4Network(each.cidr) for each in plan.network.subnets]
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


def _compute(plan: Plan) -> PlainTable:
    heads = ("name", "kind", "nodes", "instance types", "image", "Kubernetes", "namespaces or node pools")
    return PlainTable("Compute", heads, tuple(map(_group, map(capacity, groups(plan)))))


def _group(thing: Thing) -> PlainRow:
    cells = (_cell(thing.facts.get(name, ())) for name in ("", "nodes", "types", "image", "Kubernetes"))
    runs = thing.facts.get("namespaces", thing.facts.get("node pools", ()))
    return ((thing.title,), *cells, _cell(runs))


def _cell(fact: Fact) -> tuple[str, ...]:
    return (fact,) if isinstance(fact, str) else fact


def _addons(plan: Plan) -> PlainTable:
    heads = ("add-on", "version", "installed by", "namespaces", "after", "AWS permissions of")
    return PlainTable("Add-ons", heads, tuple(map(_addon, installed(plan))))


def _addon(part: Part) -> PlainRow:
    return ((part.name,), (part.version,), (part.installed_by,), part.namespaces, part.after, accounts(part))


def _teams(plan: Plan) -> PlainTable:
    rows: list[PlainRow] = [((team.name,), team.namespaces, accounts(team)) for team in plan.teams]
    return PlainTable("Teams", ("team", "namespaces", "AWS permissions of"), tuple(rows))
