"""From a blueprint to a plan: checked, ordered, expanded, and complete before any construct is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from operator import itemgetter
from types import MappingProxyType

from blueprint import contribution_rules, hosts, linked_roles, partition_rules, placement_rules, private_rules, rules
from blueprint.access import AccessEntry, AccessPolicy, Role
from blueprint.addons import Addon
from blueprint.addons.offers import BY_FLUX
from blueprint.asking import contribution_of, off_aws_of
from blueprint.auto_mode import AutoMode
from blueprint.blueprint import Blueprint
from blueprint.checked import Checked, checked
from blueprint.contribution import Contribution, ServiceLinkedRole
from blueprint.delivery import ArgoCdDelivery, SelfManagedHub, artifact_of, hub_of, hubs_in_fleet
from blueprint.endpoints import called
from blueprint.errors import BlueprintError, FieldPath, Problem, Quoted, rendered
from blueprint.existing_network import ExistingNetwork
from blueprint.facts import ClusterFacts, ReadBy
from blueprint.fargate import FargateProfile, log_group
from blueprint.faults import FAILS, no_way_out, place, told
from blueprint.hybrid_nodes import HybridNodes
from blueprint.network import PUBLIC_KINDS
from blueprint.nodes import Nodes
from blueprint.off_aws import OffAws
from blueprint.one_maker import made_twice
from blueprint.planning import auto_mode
from blueprint.planning.compute import is_windows, node_roles, planned_compute
from blueprint.planning.control_plane import planned_control_plane, planned_installer
from blueprint.planning.delivery import from_git, planned_delivery, unknown_to_hub, unread_charts
from blueprint.planning.document import FargateNodes, NodeGroup, Plan, Skipped, Subnet
from blueprint.planning.draft import Draft
from blueprint.planning.frozen import frozen
from blueprint.planning.network import (
    internal_load_balancer_subnets,
    ipv6_ranges,
    named_subnets,
    planned_network,
    subnets,
)
from blueprint.planning.placement import Placement, place_workload, places_of
from blueprint.planning.platform_network import with_policies
from blueprint.proxy import Proxy, without_proxy
from blueprint.references import SERVICE_RANGE, VPC_ID
from blueprint.repositories import AwsRole
from blueprint.value import in_order


def plan(blueprint: Blueprint, place: str = "blueprint") -> Plan:
    """The plan of one cluster.

    Raises BlueprintError with every mistake; `place` is the path to the blueprint that the report shows.
    """
    return plans({place: blueprint})[0]


def plans(
    fleet: Mapping[str, Blueprint], found: Iterable[Problem] = (), known: Mapping[str, Plan] = MappingProxyType({})
) -> tuple[Plan, ...]:
    """The plans of many clusters; raises one BlueprintError for the mistakes of all and for those already `found`.

    Those that are `known`, by the names of clusters, are not planned again.
    """
    problems = [(problem.file or rendered(problem.path[:1]), problem) for problem in found]
    made: dict[str, Plan] = {}
    for where, blueprint in fleet.items():
        name = blueprint.name if isinstance(blueprint, Blueprint) and type(blueprint.name) is str else ""
        outcome = known.get(name) or _outcome(blueprint)
        if isinstance(outcome, Plan):
            made[where] = outcome
            continue
        root = (where,) if where else ()
        problems.extend((where, problem.below(root)) for problem in in_order(blueprint, outcome))
    sound = {where: fleet[where] for where in made}
    problems += [*hosts.contested_in_fleet(sound), *hosts.alike_in_fleet(sound), *made_twice(sound, made)]
    problems += hubs_in_fleet(sound)
    if problems:
        raise BlueprintError(problem for _, problem in sorted(problems, key=itemgetter(0)))
    return tuple(made.values())


def _outcome(blueprint: object) -> Plan | list[Problem]:
    """A plan or problems, whatever code of users does; a fault of this project stays an exception."""
    try:
        with no_way_out():
            return _planned(blueprint)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if line := place(error):
            return [Problem((), told(error), f"what is asked of its parts {FAILS}", f"correct {line}")]
        raise


def _planned(blueprint: object) -> Plan | list[Problem]:
    """Goes as far as the mistakes allow: what depends on a broken value is not judged, all else is."""
    if not isinstance(blueprint, Blueprint):
        return [Problem((), blueprint, "must be a Blueprint", 'write Blueprint(name="dev", …)')]
    view = checked(blueprint)
    problems = [*view.problems, *rules.between_values(view)]
    if not (view.knows("cluster", "version") and view.knows_all("compute")):
        return problems  # add-ons and teams depend on these
    facts = _facts(view)
    skipped = tuple(sorted(_skipped(view, facts), key=lambda skip: skip.name))
    ordered, of_cycle = _ordered(view, {skip.name for skip in skipped})
    problems.extend(of_cycle)

    found = [(path, compute) for path, compute in view.compute.items() if isinstance(compute, AutoMode)][:1]
    auto = [one for _, one in found]
    addons = []
    for path, one in found:
        problems.extend(auto_mode.problems(path, one, facts))
        brought = auto_mode.contribution(facts, one)
        off_aws = OffAws("EKS runs it")
        addons.append(Draft(path, auto_mode.NAME, "AutoMode", brought, lost=auto_mode.LOST, off_aws=off_aws))
    left_out: list[Addon] = []
    for path, addon in ordered.items():
        contribution = contribution_of(addon, facts)
        if isinstance(contribution, list):
            problems.extend(problem.below(path) for problem in contribution)
        else:
            after = tuple(other.name for other in ordered.values() if addon.follows(other))
            cls = type(addon).__name__
            off_aws, wrong = _off_aws(addon, facts, contribution, left_out)
            problems.extend(problem.below(path) for problem in wrong)
            left_out += [addon] if off_aws.left_out else []
            draft = Draft(path, addon.name, cls, contribution, after, addon.release_fields, addon.other_release_fields)
            addons.append(replace(draft, lost=addon.lost, api_groups=addon.api_groups, off_aws=off_aws))
    teams: list[Draft] = []
    first = {team.name: path for path, team in reversed([*view.teams.items()])}
    for path, team in view.teams.items():
        if path != first[team.name]:
            continue  # which is a mistake already
        contribution = contribution_of(team, facts)
        if isinstance(contribution, list):
            problems.extend(problem.below(path) for problem in contribution)
        else:
            teams.append(Draft(path, team.name, type(team).__name__, contribution, places=team.places))
    addons = with_policies(addons)
    people = _people(teams)
    places = {entry.principal: team.path for team in teams[::-1] for entry in team.contribution.access}
    admins = list(_admins(view))
    teams = [replace(team, contribution=replace(team.contribution, access=())) for team in teams]
    entries = [*admins, *((places[entry.principal], entry) for entry in people)]
    parts = [*addons, *teams]
    compute = tuple(planned_compute(view.blueprint, facts))
    placements = _placements(compute, auto, parts)
    problems.extend(contribution_rules.between_contributions(view, facts, parts, entries))
    problems.extend(placement_rules.problems(parts, placements))
    problems.extend(private_rules.problems(view, parts))
    problems.extend(partition_rules.problems(view, parts))
    problems.extend(unknown_to_hub(view.blueprint, parts))
    problems.extend(unread_charts(view, parts))
    if problems:
        return problems
    of_addons = [draft.planned for draft in _after_their_nodes(addons, placements)]
    of_teams = [draft.planned for draft in sorted(teams, key=lambda team: team.name)]
    planned_addons, planned_teams = from_git(blueprint, view.addons.values(), of_addons, of_teams)
    made: Plan = frozen(
        Plan(
            facts=facts,
            network=planned_network(blueprint, called(parts)),
            control_plane=planned_control_plane(blueprint, facts),
            installer=planned_installer(blueprint, facts),
            node_roles=node_roles(blueprint, facts),
            compute=compute,
            admins=tuple(entry for _, entry in admins),
            people=people,
            addons=planned_addons,
            teams=planned_teams,
            workloads=tuple(placement.planned for placement in placements),
            service_linked_roles=tuple(dict.fromkeys(_service_linked_roles(compute, parts))),
            skipped=skipped,
            delivery=planned_delivery(blueprint, facts, planned_addons, planned_teams),
            hosted_zones=tuple(sorted(blueprint.hosted_zones, key=lambda each: (each.domain, each.private))),
            image_caches=tuple(sorted(blueprint.mirrors.cache, key=lambda each: each.prefix)),
            retain=blueprint.retain,
        )
    )
    return made


def _off_aws(
    addon: Addon, facts: ClusterFacts, brought: Contribution, left_out: Sequence[Addon]
) -> tuple[OffAws, list[Problem]]:
    """What the add-on says, unless one that it requires is left out; and what is wrong with that."""
    own = off_aws_of(addon, facts, brought)
    if isinstance(own, list):
        return OffAws(), own
    missing = [other.name for other in left_out if isinstance(other, addon.requires)]
    if missing and not own.left_out:
        own = replace(own, left_out=f"it needs {missing[0]}, which is left out")
    return own, []


def _service_linked_roles(
    compute: Sequence[NodeGroup | FargateNodes], parts: Sequence[Draft]
) -> Iterator[ServiceLinkedRole]:
    """Those of EKS and of nodes, then those of the parts."""
    groups = [each for each in compute if isinstance(each, NodeGroup)]
    yield linked_roles.EKS
    if any(group.kind == "managed" for group in groups):
        yield linked_roles.NODE_GROUPS
    if len(groups) < len(compute):
        yield linked_roles.FARGATE
    if groups:
        yield linked_roles.AUTO_SCALING
    for part in parts:
        yield from part.contribution.service_linked_roles
    launched = (nodes for part in parts for nodes in part.contribution.launched_nodes)
    if any(group.capacity == "SPOT" for group in groups) or any(nodes.spot for nodes in launched):
        yield linked_roles.SPOT


def _placements(
    compute: Sequence[NodeGroup | FargateNodes], auto: Sequence[AutoMode], parts: Sequence[Draft]
) -> tuple[Placement, ...]:
    launched = [nodes for part in parts for nodes in part.contribution.launched_nodes]
    places = places_of(compute, auto[0].node_pools if auto else (), launched)
    each = [(part.name, workload) for part in parts for workload in part.contribution.workloads]
    return tuple(place_workload(name, workload, places) for name, workload in each)


def _after_their_nodes(addons: Sequence[Draft], placements: Sequence[Placement]) -> tuple[Draft, ...]:
    """What runs on nodes that another add-on launches comes after it, or Helm would wait for pods without a place."""
    waiting = {each.part for each in placements if each.kinds == {"launched"} and each.waits}
    launching = tuple(part.name for part in addons if part.contribution.launched_nodes)
    return tuple(
        replace(part, after=tuple(dict.fromkeys((*part.after, *launching)))) if part.name in waiting else part
        for part in addons
    )


def _facts(view: Checked) -> ClusterFacts:
    blueprint = view.blueprint
    nodes = [compute for compute in blueprint.compute if isinstance(compute, Nodes)]
    profiles = [compute for compute in blueprint.compute if isinstance(compute, FargateProfile)]
    auto = any(isinstance(compute, AutoMode) for compute in blueprint.compute)
    listed = view.listed_addons.values()
    # On Auto Mode alone an add-on that launches nodes is refused.
    launched = not auto and any(addon.launches_nodes for addon in listed)
    found = subnets(blueprint.network, blueprint.region)
    internal = internal_load_balancer_subnets(blueprint.network, blueprint.region)
    ipv6, proxy = blueprint.cluster.ip_family == "ipv6", blueprint.proxy

    def ranges(subnets: Iterable[Subnet]) -> tuple[str, ...]:
        """Of the family of pods, which see no others; without IPv6, which is a mistake then, as they are."""
        return tuple((subnet.ipv6_cidr or subnet.cidr) if ipv6 else subnet.cidr for subnet in subnets)

    source = artifact_of(blueprint.delivery)
    facts = ClusterFacts(
        name=blueprint.name,
        account=blueprint.account,
        region=blueprint.region,
        version=blueprint.cluster.version,
        architectures=frozenset(compute.architecture for compute in blueprint.compute),
        has_nodes=bool(nodes) or launched,
        auto_mode=auto,
        windows=any(map(is_windows, nodes)),
        hybrid=any(isinstance(compute, HybridNodes) for compute in blueprint.compute),
        pools="auto-mode" if auto and not any(addon.launches_nodes for addon in listed) else "add-on",
        fargate=tuple(selector.planned for profile in profiles for selector in profile.selectors),
        fargate_log_group=log_group(blueprint.name) if any(addon.keeps_fargate_logs for addon in listed) else "",
        service_cidr=SERVICE_RANGE if ipv6 else blueprint.cluster.service_cidr,
        ip_family=blueprint.cluster.ip_family,
        ipv6=blueprint.network.ipv6,
        vpc_ipv6_ranges=ipv6_ranges(blueprint.network),
        internet=blueprint.network.internet,
        prefix_delegation=ipv6 or any(addon.gives_prefixes for addon in blueprint.addons),
        load_balancer_ranges=ranges(each for each in found if each.kind in PUBLIC_KINDS),
        internal_load_balancer_ranges=ranges(internal),
        endpoint_ranges=tuple(subnet.cidr for subnet in found if subnet.kind == "endpoints"),
        named_subnets=tuple(named_subnets(blueprint.network, blueprint.region)),
        local_load_balancers=tuple((each.zone, each.id) for each in found if each.kind == "local-public"),
        pod_subnets=tuple((subnet.zone, subnet.id) for subnet in found if subnet.kind == "pods"),
        node_subnets=tuple(subnet.id for subnet in found if subnet.kind == "private"),
        node_zones=tuple(_first_in_zones(each for each in found if each.kind == "private").items()),
        api_groups=tuple(sorted({group for addon in listed for group in addon.api_groups})),
        device_classes=tuple(sorted({each for addon in blueprint.addons for each in addon.device_classes})),
        tags=tuple(sorted(blueprint.tags.items())),
        hosts=hosts.declared(view.addons, view.teams),
        vpc_id=blueprint.network.vpc_id if isinstance(blueprint.network, ExistingNetwork) else VPC_ID,
        boundary=blueprint.iam.permissions_boundary or "",
        role_path=blueprint.iam.path,
        hosted_zones=tuple(zone.id for zone in blueprint.hosted_zones),
        proxy=proxy.address if proxy else "",
        without_proxy=_without_proxy(blueprint, proxy) if proxy else (),
        image_mirrors=tuple(sorted(blueprint.mirrors.by_registry(blueprint.account, blueprint.region).items())),
        cache_prefixes=tuple(sorted(each.prefix for each in blueprint.mirrors.cache)),
        chart_mirror=blueprint.mirrors.charts or "",
        by_argo_cd=isinstance(blueprint.delivery, ArgoCdDelivery),
        read_by_flux=tuple(_read_by_flux(view.addons.values())),
        delivered_by=source.permissions() if source else (),
        delivered_from=source.services if source else (),
    )
    hub = hub_of(blueprint.delivery)
    by_name = isinstance(hub, SelfManagedHub)
    if hub or any(addon.knows_cluster_by_arn for addon in listed):
        return replace(facts, argo_cd_server="" if by_name else facts.cluster_arn, of_hub=hub is not None)
    return facts


def _read_by_flux(addons: Iterable[Addon]) -> Iterator[ReadBy]:
    for repository in (each for addon in addons if BY_FLUX in addon.offers for each in addon.reads):
        credentials = repository.credentials
        if isinstance(credentials, AwsRole):
            yield ReadBy(repository.address, "", "aws")
        else:
            yield ReadBy(repository.address, repository.name, credentials.provider)


def _first_in_zones(subnets: Iterable[Subnet]) -> dict[str, str]:
    found: dict[str, str] = {}
    for subnet in subnets:
        found.setdefault(subnet.zone, subnet.id)
    return found


def _without_proxy(blueprint: Blueprint, proxy: Proxy) -> tuple[str, ...]:
    """Without internet, all that is called in AWS has an endpoint. The IPv6 range of a VPC that is made nobody knows
    yet; what is called by its address there alone would need it.
    """
    network, ipv6 = blueprint.network, blueprint.cluster.ip_family == "ipv6"
    known = network.ipv6_cidrs if ipv6 and isinstance(network, ExistingNetwork) else ()
    found = without_proxy(
        proxy,
        cidrs=(*network.cidrs, *known),
        services="" if ipv6 else blueprint.cluster.service_cidr,
        region=blueprint.region,
        endpoints=network.interface_endpoints if network.internet else None,
    )
    return tuple(dict.fromkeys(found))


def _skipped(view: Checked, facts: ClusterFacts) -> Iterator[Skipped]:
    for addon in view.addons.values():
        if facts.auto_mode and not facts.has_nodes and addon.built_into_auto_mode == "skip":
            yield Skipped(addon.name, f"Auto Mode brings {addon.replaced_by}")


def _ordered(view: Checked, skipped: set[str]) -> tuple[dict[FieldPath, Addon], list[Problem]]:
    """The add-ons with their paths, each after those it requires, otherwise by name."""
    # Of two of a name, which is a mistake, the last.
    placed = {addon.name: (path, addon) for path, addon in view.addons.items() if addon.name not in skipped}
    graph = {
        name: [other for other in sorted(placed) if addon.follows(placed[other][1])]
        for name, (_, addon) in sorted(placed.items())
    }
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
        rule = "add-ons require each other in a circle"
        return {}, [Problem(("addons",), Quoted(cycle), rule, "remove one `requires`")]
    order: list[str] = []
    while ready := sorter.get_ready():
        order.extend(sorted(ready))
        sorter.done(*ready)
    return dict(placed[name] for name in order), []


def _people(teams: Sequence[Draft]) -> tuple[AccessEntry, ...]:
    """One entry for each principal, whatever number of teams it is in."""
    found: dict[str, AccessEntry] = {}
    ordered = sorted(teams, key=lambda team: team.name)
    for entry in (entry for team in ordered for entry in team.contribution.access):
        other = found.get(entry.principal, AccessEntry(entry.principal))
        groups = tuple(dict.fromkeys((*other.groups, *entry.groups)))
        policies = tuple(dict.fromkeys((*other.policies, *entry.policies)))
        found[entry.principal] = AccessEntry(entry.principal, groups=groups, policies=policies)
    return tuple(found[principal] for principal in sorted(found))


def _admins(view: Checked) -> Iterator[tuple[FieldPath, AccessEntry]]:
    for path, principal in view.admins.items():
        arn = principal.arn(view.blueprint.account)
        policies = (AccessPolicy("AmazonEKSClusterAdminPolicy"),)
        yield path, AccessEntry(arn, policies=policies)
    if hub := hub_of(view.blueprint.delivery):
        # Argo CD lists every kind before it applies anything, and no other policy of EKS lets it.
        arn = Role(hub.role).arn(hub.account)
        yield ("delivery", "hub"), AccessEntry(arn, policies=(AccessPolicy("AmazonEKSClusterAdminPolicy"),))
        if hub.roles.server_role:
            # People look at whatever it applied; its server needs no more than that.
            arn = Role(hub.roles.server_role).arn(hub.account)
            looks = (AccessPolicy("AmazonEKSAdminViewPolicy"),)
            yield ("delivery", "hub", "server_role"), AccessEntry(arn, policies=looks)
