"""Rules of networks without internet: what pods call and pull must be reached inside the VPC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from blueprint.auto_mode import AutoMode
from blueprint.contribution import split_image
from blueprint.endpoints import called
from blueprint.errors import Problem, Quoted
from blueprint.existing_network import ExistingNetwork
from blueprint.nodes import Nodes
from blueprint.planning.network import interface_endpoints

if TYPE_CHECKING:
    from blueprint.checked import Checked
    from blueprint.network import NewNetwork
    from blueprint.planning.draft import Draft

# Services without a region: no endpoint in a VPC has the name that their clients look up.
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
_GLOBAL = frozenset({"route53", "iam", "shield"})


def problems(view: Checked, parts: Sequence[Draft]) -> Iterator[Problem]:
    """Nothing where there is a way to it, but of endpoints' number."""
    network, proxy = view.blueprint.network, view.blueprint.proxy
    if not network.internet:
        charts = view.blueprint.mirrors.charts
        if charts and ".dkr.ecr." not in charts and not proxy:
            rule = "without internet the installer reaches Amazon ECR only"
            yield Problem(("mirrors", "charts"), charts, rule, "name a repository of ECR")
        # Neither Fargate nor the built-in node pools of Auto Mode take a proxy.
        all_told = all(
            isinstance(compute, Nodes) or (isinstance(compute, AutoMode) and not compute.node_pools)
            for compute in view.compute.values()
        )
        for part in parts:
            yield from _of_part(part, network.way_out, proxied=proxy is not None and all_told)
    callers = {service: names for service, names in called(parts).items() if service not in _GLOBAL}
    if isinstance(network, ExistingNetwork):
        lacking = {service: names for service, names in callers.items() if service not in network.interface_endpoints}
        if lacking and not network.internet and view.knows("network", "interface_endpoints"):
            yield _missing(network, lacking)
    elif view.knows("network"):
        yield from _crowded(network, interface_endpoints(network, callers))


def _of_part(part: Draft, way_out: str, *, proxied: bool) -> Iterator[Problem]:
    """By a proxy nodes pull from anywhere, and pods that know of it call what has no endpoint."""
    for service in sorted(_GLOBAL & {*called([part])}) if not part.contribution.by_proxy else ():
        rule = f"{part.name} calls {service}, which no endpoint in the VPC reaches"
        yield Problem(part.path, service, rule, f"{way_out}, or remove it")
    for image in dict.fromkeys(part.contribution.images) if not proxied else ():
        if ".dkr.ecr." not in image:
            rule = "without internet nodes pull from Amazon ECR only"
            mirrors = f'mirrors=Mirrors(images={{"{split_image(image)[0]}": "…"}})'
            fix = f"mirror it, and name the mirror: {mirrors}, or where the chart takes it, in {part.fields.values}"
            yield Problem(part.path, image, rule, fix)


def _missing(network: ExistingNetwork, lacking: dict[str, Sequence[str]]) -> Problem:
    callers = "; ".join(f"{service} ({', '.join(names)})" for service, names in sorted(lacking.items()))
    rule = f"without internet, pods reach AWS through endpoints only; missing: {callers}"
    given = Quoted(", ".join(network.interface_endpoints))
    return Problem(("network", "interface_endpoints"), given, rule, f"add {', '.join(map(repr, sorted(lacking)))}")


def _crowded(network: NewNetwork, endpoints: Sequence[str]) -> Iterator[Problem]:
    if len(endpoints) > network.most_endpoints:
        rule = f"{len(endpoints)} endpoints ({', '.join(endpoints)}), and their subnets have {network.most_endpoints}"
        rule += " free addresses each"
        yield Problem(("network", "cidr"), network.cidr, rule, "take a range of /20 or larger, or fewer endpoints")
