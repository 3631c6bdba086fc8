"""From a blueprint to a plan: checked, ordered, expanded, and complete before any construct is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from blueprint import auto_mode, contribution_rules, placement_rules, private_rules, rules
from blueprint.access import AccessEntry, AccessPolicy, Principal
from blueprint.addon import Addon
from blueprint.blueprint import Blueprint
from blueprint.cluster import Cluster
from blueprint.compute import AutoMode, FargateProfile, Nodes
from blueprint.contribution import SPOT, ServiceLinkedRole
from blueprint.errors import BlueprintError, FieldPath, Problem, Quoted
from blueprint.facts import ClusterFacts
from blueprint.network import NewNetwork, SubnetKind
from blueprint.planning.compute import node_roles, planned_compute
from blueprint.planning.control_plane import planned_control_plane, planned_installer
from blueprint.planning.document import FargateNodes, NodeGroup, Plan, Skipped
from blueprint.planning.draft import Draft
from blueprint.planning.frozen import frozen
from blueprint.planning.network import planned_network, subnets
from blueprint.planning.placement import Placement, place_workload, places_of
from blueprint.value import judged_once, position, problems_in


def plan(blueprint: Blueprint, place: str = "blueprint") -> Plan:
    """The plan of one cluster.

    Raises BlueprintError with every mistake; `place` is the path to the blueprint that the report shows.
    """
    return plans({place: blueprint})[0]


def plans(fleet: Mapping[str, Blueprint], found: Iterable[Problem] = ()) -> tuple[Plan, ...]:
    """The plans of many clusters; raises one BlueprintError for the mistakes of all and for those already `found`."""
    problems = list(found)
    planned = []
    for place, blueprint in fleet.items():
        root = (place,) if place else ()
        with judged_once():
            draft = _draft(blueprint)
        in_order = sorted(draft.problems, key=lambda problem: position(blueprint, problem.path))
        problems.extend(problem.below(root) for problem in in_order)
        planned.append(draft.plan)
    if problems:
        raise BlueprintError(problems)
    return tuple(plan for plan in planned if plan)


@dataclass(frozen=True)
class _Draft:
    problems: tuple[Problem, ...]
    plan: Plan | None = None


def _draft(blueprint: object) -> _Draft:
    """Goes as far as the mistakes allow: what depends on a broken value is not judged, all else is."""
    if not isinstance(blueprint, Blueprint):
        return _Draft((Problem((), blueprint, "must be a Blueprint", 'write Blueprint(name="dev", …)'),))
    problems = [*problems_in(blueprint), *rules.between_values(blueprint)]
    if not rules.sound_basics(blueprint):
        return _Draft(tuple(problems))
    blueprint = rules.readable(blueprint)
    facts = _facts(blueprint)
    skipped = tuple(sorted(_skipped(blueprint, facts), key=lambda skip: skip.name))
    placed, of_cycle = _ordered(blueprint, {skip.name for skip in skipped})
    problems.extend(of_cycle)

    auto = [compute for compute in blueprint.compute if isinstance(compute, AutoMode)][:1]
    addons = [Draft(("compute",), auto_mode.NAME, "AutoMode", auto_mode.contribution(facts, one)) for one in auto]
    for path, addon in placed:
        unfit = [problem.below(path) for problem in addon.problems_on(facts)]
        problems.extend(unfit)
        if not unfit:
            after = tuple(other.name for _, other in placed if isinstance(other, addon.requires) and other is not addon)
            addons.append(Draft(path, addon.name, type(addon).__name__, addon.contribute(facts).portable(), after))
    first = {team.name: (path, team) for path, team in reversed(list(rules.sound_teams(blueprint)))}
    teams = []
    for name, (path, team) in reversed(first.items()):
        unfit = [problem.below(path) for problem in team.problems_on(facts)]
        problems.extend(unfit)
        if not unfit:
            teams.append(Draft(path, name, type(team).__name__, team.contribute(facts).portable()))
    people = _people(teams)
    places = {entry.principal: team.path for team in teams[::-1] for entry in team.contribution.access}
    admins = list(_admins(blueprint))
    teams = [replace(team, contribution=replace(team.contribution, access=())) for team in teams]
    entries = [*admins, *((places[entry.principal], entry) for entry in people)]
    parts = [*addons, *teams]
    compute = tuple(planned_compute(blueprint, facts))
    placements = _placements(compute, auto, parts)
    problems.extend(contribution_rules.between_contributions(blueprint, facts, parts, entries))
    problems.extend(placement_rules.problems(parts, placements))
    problems.extend(private_rules.problems(blueprint, parts))
    if problems:
        return _Draft(tuple(problems))
    network = planned_network(blueprint)
    made = Plan(
        facts=facts,
        network=network,
        control_plane=planned_control_plane(blueprint, facts, network),
        installer=planned_installer(facts),
        node_roles=node_roles(blueprint),
        compute=compute,
        admins=tuple(entry for _, entry in admins),
        people=people,
        addons=tuple(draft.planned for draft in _after_their_nodes(addons, placements)),
        teams=tuple(draft.planned for draft in sorted(teams, key=lambda team: team.name)),
        workloads=tuple(placement.planned for placement in placements),
        service_linked_roles=tuple(dict.fromkeys(_service_linked_roles(compute, parts))),
        skipped=skipped,
    )
    return _Draft((), frozen(made))


def _service_linked_roles(
    compute: Sequence[NodeGroup | FargateNodes], parts: Sequence[Draft]
) -> Iterator[ServiceLinkedRole]:
    """Those of EKS and of nodes, then those of the parts.

    https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
    """
    groups = [each for each in compute if isinstance(each, NodeGroup)]
    yield ServiceLinkedRole("AWSServiceRoleForAmazonEKS", "eks.amazonaws.com")
    if any(group.kind == "managed" for group in groups):
        yield ServiceLinkedRole("AWSServiceRoleForAmazonEKSNodegroup", "eks-nodegroup.amazonaws.com")
    if len(groups) < len(compute):
        yield ServiceLinkedRole("AWSServiceRoleForAmazonEKSForFargate", "eks-fargate.amazonaws.com")
    if groups:
        yield ServiceLinkedRole("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com")
    for part in parts:
        yield from part.contribution.service_linked_roles
    launched = (nodes for part in parts for nodes in part.contribution.launched_nodes)
    if any(group.capacity == "SPOT" for group in groups) or any(nodes.spot for nodes in launched):
        yield SPOT


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


_SERVICE_CIDR = Cluster("1.36", admins=()).service_cidr
"""Stands in for one with a mistake."""


def _facts(blueprint: Blueprint) -> ClusterFacts:
    nodes = [compute for compute in blueprint.compute if isinstance(compute, Nodes)]
    profiles = [compute for compute in blueprint.compute if isinstance(compute, FargateProfile)]
    auto = any(isinstance(compute, AutoMode) for compute in blueprint.compute)
    addons = [addon for _, addon in rules.addons_of(blueprint)]
    # On Auto Mode alone an add-on that launches nodes is refused.
    launched = not auto and any(addon.launches_nodes for addon in addons)
    cluster, network = blueprint.cluster, blueprint.network
    return ClusterFacts(
        name=blueprint.name,
        account=blueprint.account,
        region=blueprint.region,
        version=blueprint.cluster.version,
        architectures=frozenset(compute.architecture for compute in blueprint.compute),
        has_nodes=bool(nodes) or launched,
        auto_mode=auto,
        fargate=tuple(selector.planned for profile in profiles for selector in profile.selectors),
        service_cidr=cluster.service_cidr if rules.right(cluster, Cluster, "service_cidr") else _SERVICE_CIDR,
        internet=not rules.right(network, NewNetwork, "nat") or network.nat != "none",
        prefix_delegation=any(addon.gives_prefixes for addon in addons if rules.sound(addon)),
        load_balancer_ranges=_ranges(blueprint, "public"),
        internal_load_balancer_ranges=_ranges(blueprint, "private"),
        api_groups=tuple(sorted({group for _, addon in rules.addons_of(blueprint) for group in addon.api_groups})),
        tags=tuple(sorted(blueprint.tags.items())),
    )


def _ranges(blueprint: Blueprint, kind: SubnetKind) -> tuple[str, ...]:
    if not (isinstance(blueprint.network, NewNetwork) and rules.sound(blueprint.network)):
        return ()
    return tuple(each.cidr for each in subnets(blueprint.network, blueprint.region) if each.kind == kind)


def _skipped(blueprint: Blueprint, facts: ClusterFacts) -> Iterator[Skipped]:
    for _, addon in rules.addons_of(blueprint):
        if facts.auto_mode and not facts.has_nodes and addon.built_into_auto_mode == "skip":
            yield Skipped(addon.name, f"Auto Mode brings {addon.replaced_by}")


def _ordered(blueprint: Blueprint, skipped: set[str]) -> tuple[list[tuple[FieldPath, Addon]], list[Problem]]:
    """The sound add-ons with their paths, each after those it requires, otherwise by name."""
    placed = {
        type(addon): (path, addon)
        for path, addon in rules.addons_of(blueprint)
        if addon.name not in skipped and rules.sound(addon)
    }
    classes = sorted(placed, key=_name)
    graph = {
        cls: [other for other in classes if issubclass(other, cls.requires) and other is not cls] for cls in classes
    }
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " -> ".join(_name(cls) for cls in error.args[1])
        rule = "add-ons require each other in a circle"
        return [], [Problem(("addons",), Quoted(cycle), rule, "remove one `requires`")]
    order = []
    while ready := sorter.get_ready():
        order.extend(sorted(ready, key=_name))
        sorter.done(*ready)
    return [placed[cls] for cls in order], []


def _name(addon: type[Addon]) -> str:
    return addon.name


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


def _admins(blueprint: Blueprint) -> Iterator[tuple[FieldPath, AccessEntry]]:
    admins = rules.sound_items(blueprint.cluster.admins, Principal, ("cluster", "admins"))  # type: ignore[type-abstract]  # nothing is made of it
    for path, principal in admins:
        arn = principal.arn(blueprint.account)
        policies = (AccessPolicy("AmazonEKSClusterAdminPolicy"),)
        yield path, AccessEntry(arn, policies=policies)
