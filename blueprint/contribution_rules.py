"""Rules about what add-ons and teams together would bring to AWS and into the cluster."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from blueprint import iam
from blueprint.access import AccessEntry
from blueprint.addons import RepeatableAddon, schemas
from blueprint.addons.installed import DEFINITION, brought, stated
from blueprint.auto_mode import AutoMode
from blueprint.auto_node_class import OWN_NODES
from blueprint.clear_values import misplaced
from blueprint.contribution import Capability, FileSystem, MetricsWorkspace, NodeRole, Queue, Release, ReleaseFields
from blueprint.errors import FieldPath, Key, Problem, Quoted, duplicates, rendered, shown
from blueprint.interpreted import misread_below
from blueprint.kubernetes import RESERVED_NAMESPACES
from blueprint.references import CLUSTER_SECURITY_GROUP, name_of, references_in
from blueprint.regions import dns_suffix
from blueprint.value import problems_in
from blueprint.versions import is_within

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint
    from blueprint.checked import Checked
    from blueprint.facts import ClusterFacts
    from blueprint.planning.draft import Draft

# aws-cdk-lib custom-resource-handlers: the kubectl handler, and the framework's function that waits for it. When they
# end first, CloudFormation hears nothing for an hour, and Helm's record says that an operation is in progress.
_MINUTES_OF_THE_FUNCTION = 15
_MINUTES_AROUND = 3
"""Signing in, fetching the chart, and reporting."""


def between_contributions(
    view: Checked, facts: ClusterFacts, parts: Sequence[Draft], entries: Sequence[tuple[FieldPath, AccessEntry]]
) -> Iterator[Problem]:
    """Every problem, with the path of the add-on or team that brings it; `entries` are of admins and teams."""
    principals = [(path, entry.principal) for path, entry in entries]
    principals += [(part.path, entry.principal) for part in parts for entry in part.contribution.access]
    yield from duplicates(principals, "access entry", "name each principal once")
    yield from _namespaces(view, parts)
    yield from _objects(parts)
    yield from _brought(view, parts)
    yield from _names(parts, entries)
    yield from _grants(view, facts, parts)
    for part in parts:
        yield from (
            problem.below(part.path) for problem in _references(part, facts, knows_zones=view.knows_all("hosted_zones"))
        )
        yield from _texts(part)
        for addon in part.contribution.managed_addons:
            yield from (problem.below(part.path) for problem in misplaced(addon.configuration, (part.fields.values,)))
            yield from (problem.below((*part.path, part.fields.values)) for problem in schemas.mistakes(addon))
        for release in part.contribution.releases:
            path = (*part.path, *part.places.get(release.name, ()))
            names = part.other_fields.get(release.name, part.fields)
            yield from (problem.below(path) for problem in _release(view.blueprint, release, names))
    yield from _network_policies(facts, parts)
    if view.knows_all("addons"):
        yield from _node_classes(view, parts)


def _namespaces(view: Checked, parts: Sequence[Draft]) -> Iterator[Problem]:
    owned = [(part.path, namespace.name) for part in parts for namespace in part.contribution.namespaces]
    yield from duplicates(owned, "namespace", "give each its own namespace")
    of_eks = {name: part.name for part in parts for name in part.contribution.namespaces_of_eks}
    conflicting = {
        path
        for path, addon in view.addons.items()
        for other in view.addons.values()
        if isinstance(other, addon.conflicts) or isinstance(addon, other.conflicts)
    }
    for path, name in owned:
        if name in of_eks and path not in conflicting:  # which is a mistake already
            rule = f"EKS makes this namespace for {of_eks[name]}"
            yield Problem(path, name, rule, "choose another name")
        if name in RESERVED_NAMESPACES or name.startswith("kube-"):
            yield Problem(path, name, "the namespace belongs to Kubernetes", "choose another name")


def _objects(parts: Iterable[Draft]) -> Iterator[Problem]:
    owned = Counter(namespace.name for part in parts for namespace in part.contribution.namespaces)
    named = [
        (part.path, "/".join((manifest["kind"], metadata.get("namespace", ""), metadata["name"])))
        for part in parts
        for manifest in part.contribution.every_object
        for metadata in (manifest["metadata"],)
        if owned[metadata.get("namespace", "")] < 2  # two owners of a namespace are one mistake, told above
    ]
    yield from duplicates(named, "Kubernetes object", "remove one of them")


def _brought(view: Checked, parts: Iterable[Draft]) -> Iterator[Problem]:
    """Charts that bring the same: Helm refuses objects of another release, and overwrites definitions."""
    owners: dict[str, Draft] = {}
    shared: dict[tuple[FieldPath, FieldPath], list[str]] = {}
    found = {part.path: part for part in parts}
    for part in found.values():
        objects = stated(part.contribution)
        for title in dict.fromkeys((*brought(part.name, part.contribution), *sorted(objects))):
            other = owners.setdefault(title, part)
            twice = title in objects and title in stated(other.contribution)  # which is a mistake of its own
            if other is not part and not twice and not _shares(view, other, part, title):
                shared.setdefault((other.path, part.path), []).append(title)
    for (of_other, path), titles in shared.items():
        more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
        name = found[path].name
        rule = f"{name} conflicts with {found[of_other].name} ({rendered(of_other)}): both bring {titles[0]}{more}"
        yield Problem(path, name, rule, "remove one of them, or turn it off by a value of its chart, if there is one")


def _shares(view: Checked, one: Draft, other: Draft, title: str) -> bool:
    """Whether two may bring it, a definition of one chart, or exclude each other anyhow, which is told."""
    if title.startswith(DEFINITION):
        of_one, of_other = (
            {(each.chart.name, each.chart.version) for each in part.contribution.releases} for part in (one, other)
        )
        if of_one & of_other:
            return True
    pair = [view.addons[part.path] for part in (one, other) if part.path in view.addons]
    if len(pair) < 2:
        return False
    first, second = pair
    again = type(first) is type(second) and isinstance(first, RepeatableAddon)  # versions have a rule of their own
    return again or isinstance(first, second.conflicts) or isinstance(second, first.conflicts)


def _texts(part: Draft) -> Iterator[Problem]:
    """What no field holds: classes of add-ons and files bring text as well. Statements are values."""
    brought = part.contribution
    configurations = [addon.configuration for addon in brought.managed_addons]
    objects = (*brought.first_objects, *brought.objects)
    for each in (brought.resources, brought.namespaces, brought.releases, objects, configurations):
        yield from (replace(problem, path=part.path) for problem in misread_below(each, ()))


# https://kubernetes.io/docs/concepts/overview/working-with-objects/names; of RBAC's kinds: path segment names
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_LABELLED = re.compile(_LABEL)
_NAMED_BY_LABEL = frozenset({"Namespace", "Service"})
_NAMED_BY_PATH = frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"})


def _names(parts: Sequence[Draft], entries: Sequence[tuple[FieldPath, AccessEntry]]) -> Iterator[Problem]:
    """Whatever is made from names that people write is a name itself, and one of its own.

    Objects are told apart by `_objects`, AWS roles by `_grants`.
    """
    for part in parts:
        for one in part.contribution.every_object:
            kind, name = one["kind"], one["metadata"]["name"]
            form = _LABELLED if kind in _NAMED_BY_LABEL else _SUBDOMAIN
            known = not any(references_in(name))  # what AWS decides in a deploy is named by AWS
            if known and kind not in _NAMED_BY_PATH and not form.fullmatch(name):
                rule = f"the {kind} {name} would be made, and Kubernetes takes no such name"
                yield Problem(part.path, part.name, rule, "take other names, or shorter ones")
    of_parts = [(part.path, entry) for part in parts for entry in part.contribution.access]
    first: dict[str, str] = {}
    for path, entry in (*entries, *of_parts):
        other = first.setdefault(entry.name, entry.principal)
        if other != entry.principal:
            rule = f"in the template it would have the same name as {other}: paths are written with dots there"
            yield Problem(
                path, entry.principal, rule, "take a role or user of another name in the place of one of them"
            )


def _grants(view: Checked, facts: ClusterFacts, parts: Sequence[Draft]) -> Iterator[Problem]:
    # One with a mistake of its own is not planned, and yet not missing.
    listed = view.listed_addons.values()
    agent = any(addon.pod_identity for addon in listed) if facts.has_nodes else facts.auto_mode
    seen = []
    for part in parts:
        of_addons = (addon.grant for addon in part.contribution.managed_addons if addon.grant)
        for grant in chain(part.contribution.grants, of_addons):
            seen.append((part.path, grant.name))
            path = (*part.path, *part.places.get(grant.name, ("permissions", Key(grant.name))))
            for statement in grant.statements:
                yield from (problem.below(path) for problem in problems_in(statement))
            yield from iam.size_problem(path, grant.statements)
            if grant.irsa or agent:
                continue
            if facts.has_nodes and view.knows_all_addons:
                rule = f"AWS permissions of {grant.name} come by EKS Pod Identity, which needs its agent"
                yield Problem(part.path, part.name, rule, "add *CORE to addons, which has it")
            elif facts.on_fargate(grant.namespace):
                rule = f"AWS permissions of {grant.name} come by EKS Pod Identity, whose agent cannot run on Fargate"
                yield Problem(part.path, part.name, rule, "add nodes, or remove it")
    yield from duplicates(seen, "AWS role of a service account", "use one service account for each")


def _references(part: Draft, facts: ClusterFacts, *, knows_zones: bool) -> Iterator[Problem]:
    contribution = part.contribution
    known = {"partition", "vpc-id", *references_in(facts.hosted_zones)}
    ranges = (facts.load_balancer_ranges, facts.internal_load_balancer_ranges, facts.vpc_ipv6_ranges)
    subnets = {*references_in((facts.node_subnets, facts.local_load_balancers, ranges))}
    of_network = {"partition", name_of(CLUSTER_SECURITY_GROUP), *references_in(facts.pod_subnets)}
    known |= {f"role-arn:{grant.name}" for grant in contribution.grants}
    for resource in contribution.resources:
        if isinstance(resource, NodeRole):
            known |= {f"role-arn:{resource.name}", f"instance-profile:{resource.name}"}
        elif isinstance(resource, Capability):
            known.add(f"role-arn:{resource.name}")
        elif isinstance(resource, Queue):
            known |= {f"queue-name:{resource.name}", f"queue-arn:{resource.name}"}
        elif isinstance(resource, MetricsWorkspace):
            known.add(f"workspace-id:{resource.name}")
        elif isinstance(resource, FileSystem):
            known.add(f"file-system-id:{resource.name}")
    used: list[Any] = [release.values for release in contribution.releases]
    used += [statement.document() for grant in contribution.grants for statement in grant.statements]
    used += [*contribution.objects, *(entry.principal for entry in contribution.access)]
    of_managed = [addon.configuration for addon in contribution.managed_addons]
    statements = (
        statement for addon in contribution.managed_addons if addon.grant for statement in addon.grant.statements
    )
    unknown = set(references_in(used)) - known - subnets
    unknown |= set(references_in(of_managed)) - of_network
    unknown |= set(references_in(contribution.first_objects)) - {"partition", f"role-name:{OWN_NODES}"} - subnets
    unknown |= set(references_in([statement.document() for statement in statements])) - {"partition"}
    for name in sorted(unknown):
        rule, fix = f"{part.name} refers to what it does not make", f"refer to one of {', '.join(sorted(known))}"
        if name.startswith("hosted-zone-id:"):
            if not knows_zones:
                continue
            rule, fix = f"{part.name} writes into a hosted zone that is not made", "add the zone to hosted_zones"
        yield Problem((), name, rule, fix)


def _release(blueprint: Blueprint, release: Release, fields: ReleaseFields) -> Iterator[Problem]:
    yield from misplaced(release.values, (fields.values,))
    if 2 * release.timeout_minutes > _MINUTES_OF_THE_FUNCTION - _MINUTES_AROUND:
        rule = (
            f"Helm waits for {shown(release.timeout_minutes)} minutes and as long again when it undoes the release, "
            f"but the function that runs it lives {_MINUTES_OF_THE_FUNCTION}"
        )
        most = (_MINUTES_OF_THE_FUNCTION - _MINUTES_AROUND) // 2
        yield Problem(("timeout_minutes",), release.timeout_minutes, rule, f"write {most} or fewer")
    if release.timeout_minutes < 1:
        rule = "Helm waits at least a minute for a release"
        yield Problem(("timeout_minutes",), release.timeout_minutes, rule, "write 1 or more")
    chart = release.chart
    if not is_within(blueprint.cluster.version, chart.kubernetes):
        rule = f"{chart.name} {chart.version} runs on Kubernetes {chart.kubernetes}"
        yield Problem((fields.version,), chart.version, rule, "name a version of the chart for the cluster's")
    # Of the blueprint's own mirror it tells itself.
    reached = blueprint.network.internet or blueprint.proxy
    if not reached and ".dkr.ecr." not in release.chart.repository and not chart.published:
        rule = "without internet the installer reaches Amazon ECR only"
        mirror = f"oci://{blueprint.account}.dkr.ecr.{blueprint.region}.{dns_suffix(blueprint.region)}/…"
        fix = f'mirror all charts: mirrors=Mirrors(charts="{mirror}"), or this one: {fields.repository}="{mirror}"'
        yield Problem((fields.repository,), release.chart.repository, rule, fix)


def _node_classes(view: Checked, parts: Sequence[Draft]) -> Iterator[Problem]:
    """A pool launches nothing by a class that there is not, nor reserved capacity by one that names no reservation."""
    classes = {
        (one["kind"], one["metadata"]["name"]): one["spec"]
        for part in parts
        for one in part.contribution.every_object
        if one["kind"] in ("EC2NodeClass", "NodeClass")
    }
    if any(isinstance(compute, AutoMode) and compute.node_pools for compute in view.compute.values()):
        classes["NodeClass", "default"] = {}  # comes with a built-in pool
    for part in parts:
        path = (*part.path, "node_pool") if part.path[0] == "teams" else part.path
        for pool in (one for one in part.contribution.objects if one["kind"] == "NodePool"):
            template = pool["spec"]["template"]["spec"]
            used = template["nodeClassRef"]
            found = classes.get((used["kind"], used["name"]))
            names = sorted(name for kind, name in classes if kind == used["kind"])
            reserved = any("reserved" in each.get("values", ()) for each in template["requirements"])
            if found is None and names:
                rule = "there is no node class of that name"
                yield Problem((*path, "node_class"), used["name"], rule, f"write one of {', '.join(names)}")
            elif found and reserved and not found.get("capacityReservationSelectorTerms"):
                rule = f"the node class {used['name']} names no reservation"
                fix = "leave RESERVED out, or name a class that has capacity_reservations"
                yield Problem((*path, "capacity"), Quoted("RESERVED"), rule, fix)


def _network_policies(facts: ClusterFacts, parts: Sequence[Draft]) -> Iterator[Problem]:
    """A NetworkPolicy is inert, and looks as if it were not, unless the cluster's network enforces it."""
    ignoring = [part.type for part in parts if part.contribution.ignores_network_policies]
    unsaid = [part.type for part in parts if part.contribution.leaves_ipv4_open is None]
    for part in parts:
        policies = [manifest for manifest in part.contribution.objects if manifest["kind"] == "NetworkPolicy"]
        if policies and ignoring:
            rule = "its network policies would not be enforced"
            yield Problem(part.path, part.name, rule, f"turn them on in {ignoring[0]}(…)")
        for network in unsaid if policies else ():
            # aws-network-policy-agent pkg/ebpf/c/tc.v6egress.bpf.c (handle_egress), pkg/fwruleprocessor
            rule = "no network policy of an IPv6 cluster holds for IPv4 addresses, which its pods reach all the same"
            fix = f"write {network}(ipv4_egress=False), or True to accept it"
            yield Problem(part.path, part.name, rule, fix)
        # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html (considerations)
        for name in sorted({policy["metadata"]["namespace"] for policy in policies}):
            if not facts.on_fargate(name):
                continue
            rule = f"Fargate does not enforce the network policies of {part.name}"
            yield Problem(part.path, name, rule, "remove the namespace from the FargateProfile")
