"""Kubernetes and add-on versions: what EKS offers, and the way from what runs to what the blueprint says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.eks import EKS_RULES
from blueprint.planning.document import Plan
from blueprint.versions import minor
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import groups_of
from tools.doctor.finding import Finding, ok, problem, unknown, warning
from tools.doctor.lookups import live_cluster, node_groups

if TYPE_CHECKING:
    from types_boto3_eks.type_defs import AddonVersionInfoTypeDef, InsightTypeDef

NAME = "versions"
_INSIGHTS = "https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html"


def kubernetes(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether EKS offers the version, and for how long at the price of standard support."""
    version = plan.facts.version
    pages = aws.eks.get_paginator("describe_cluster_versions").paginate(includeAll=True)
    known = {found.get("clusterVersion", ""): found for page in pages for found in page["clusterVersions"]}
    offered = {name: found for name, found in known.items() if found.get("versionStatus") != "UNSUPPORTED"}
    fix = f'write version="…" with one of {", ".join(sorted(offered, key=minor))}'
    if version not in offered:
        yield problem(NAME, f"EKS does not offer Kubernetes {version}", "it makes no cluster of it", fix)
    elif offered[version].get("versionStatus") == "EXTENDED_SUPPORT":
        ends = offered[version].get("endOfExtendedSupportDate")
        what = f"Kubernetes {version} is in extended support" + (f" until {ends:%Y-%m-%d}" if ends else "")
        if plan.control_plane.support_policy == "STANDARD":
            extended = 'upgrade, or pay for extended support: support_policy="EXTENDED"'
            yield problem(NAME, what, EKS_RULES.extended_support.says, extended)
            return
        why = "a cluster costs more by the hour, and is upgraded by AWS when that ends"
        yield warning(NAME, what, why, "plan an upgrade, one minor at a time")
    else:
        ends = offered[version].get("endOfStandardSupportDate")
        yield ok(
            NAME, f"Kubernetes {version} is offered" + (f", standard support until {ends:%Y-%m-%d}" if ends else "")
        )


def addons(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether EKS offers each add-on's version for the cluster's minor and the nodes' architectures.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html
    """
    version = plan.facts.version
    fine = []
    for addon in (addon for part in plan.addons for addon in part.contribution.managed_addons):
        pages = aws.eks.get_paginator("describe_addon_versions").paginate(
            kubernetesVersion=version, addonName=addon.name
        )
        offered = {
            found.get("addonVersion", ""): found
            for page in pages
            for info in page["addons"]
            for found in info.get("addonVersions", [])
        }
        default = next((name for name, found in offered.items() if _is_default(found, version)), None)
        instead = f"write version={default!r}, EKS's default for {version}" if default else "choose another version"
        if not offered:
            why = "EKS refuses the add-on, and the cluster stack with it"
            yield problem(NAME, f"EKS offers no {addon.name} for Kubernetes {version}", why, "leave the add-on out")
        elif addon.version not in offered:
            what = f"EKS does not offer {addon.name} {addon.version} for Kubernetes {version}"
            yield problem(NAME, what, "EKS refuses the add-on, and the cluster stack with it", instead)
        elif lacking := plan.facts.architectures - set(
            offered[addon.version].get("architecture") or plan.facts.architectures
        ):
            what = f"{addon.name} {addon.version} does not run on {', '.join(sorted(lacking))}"
            yield problem(NAME, what, "the blueprint has nodes of this architecture", instead)
        else:
            other = f" (default {default})" if default and default != addon.version else ""
            fine.append(f"{addon.name} {addon.version}{other}")
    if fine:
        yield ok(NAME, f"add-ons offered for {version}: {', '.join(fine)}")


def _is_default(found: AddonVersionInfoTypeDef, version: str) -> bool:
    return any(
        each.get("clusterVersion") == version and each.get("defaultVersion")
        for each in found.get("compatibilities", [])
    )


def upgrade(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """The step from the live version. https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html"""
    cluster = live_cluster(plan, aws)
    if not cluster:
        yield from _new_nodes(plan)
        return
    live, wanted = cluster["version"], plan.facts.version
    if cluster["status"] != "ACTIVE":
        why = "EKS changes a cluster only while it is ACTIVE"
        fix = f"wait, or read aws eks describe-cluster --name {plan.facts.name}"
        yield problem(NAME, f"the cluster is {cluster['status']}", why, fix)
    for issue in cluster.get("health", {}).get("issues", []):
        what = f"EKS reports on the cluster: {issue.get('code')}: {issue.get('message')}"
        yield warning(NAME, what, "updates of the control plane may fail", "mend it before the deploy")
    step = minor(wanted) - minor(live)
    if step > EKS_RULES.up.limit:
        path = ", then ".join(f"1.{number}" for number in range(minor(live) + 1, minor(wanted) + 1))
        what = f"the cluster runs {live}, the blueprint says {wanted}"
        yield problem(NAME, what, EKS_RULES.up.says, f"deploy {path}")
    elif step < 0:
        what = f"the cluster runs {live}, the blueprint says {wanted}"
        fix = f'write version="{live}"; the way back, where there is one, stands in make plan-upgrade'
        yield problem(NAME, what, f"{EKS_RULES.down.says}: else the deploy fails", fix)
    elif step == 0:
        yield ok(NAME, f"the cluster runs {live} already")
    else:
        yield ok(NAME, f"upgrade from {live} to {wanted}, one minor")
        yield from _node_groups(plan, live, aws)
        yield from _insights(plan, aws)


def _new_nodes(plan: Plan) -> Iterator[Finding]:
    """Groups that are held back, as in the midst of an upgrade, of a cluster that is not there.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    """
    wanted = plan.facts.version
    managed = (group for group in groups_of(plan) if group.kind == "managed")
    if behind := [f"{group.name} says {group.version}" for group in managed if group.version != wanted]:
        what = f"the cluster of {wanted} is not there yet, and of its managed node groups {', '.join(behind)}"
        yield problem(NAME, what, EKS_RULES.new_nodes.says, "leave version and release_version out of them")


def _node_groups(plan: Plan, live: str, aws: Aws) -> Iterator[Finding]:
    """They must match the cluster: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html"""
    behind = [
        f"{name} runs {version}"
        for name, group in node_groups(plan, aws).items()
        if (version := group.get("version")) and version != live
    ]
    if behind:
        what = f"managed node groups differ from their control plane's {live}: {', '.join(behind)}"
        yield problem(NAME, what, EKS_RULES.nodes_first.says, f"deploy their nodes with {live} first")


def _insights(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """What EKS itself found in the live cluster; it looks once a day."""
    name, version = plan.facts.name, plan.facts.version
    pages = aws.eks.get_paginator("list_insights").paginate(
        clusterName=name, filter={"categories": ["UPGRADE_READINESS"], "kubernetesVersions": [version]}
    )
    found = [insight for page in pages for insight in page["insights"]]
    for insight in found:
        status = insight.get("insightStatus", {}).get("status")
        if status != "PASSING":
            yield _insight(aws.eks.describe_insight(clusterName=name, id=insight.get("id", ""))["insight"])
    passing = sum(insight.get("insightStatus", {}).get("status") == "PASSING" for insight in found)
    yield ok(NAME, f"upgrade insights for {version}: {passing} of {len(found)} pass")


def _insight(insight: InsightTypeDef) -> Finding:
    status = insight.get("insightStatus", {})
    uses = []
    for detail in insight.get("categorySpecificSummary", {}).get("deprecationDetails", []):
        clients = [
            f"{client.get('userAgent')} ({client.get('numberOfRequestsLast30Days')} requests in 30 days)"
            for client in detail.get("clientStats", [])
        ]
        if clients:
            instead = detail.get("replacedWith")
            uses.append(f"{detail.get('usage')} by {', '.join(clients)}" + (f", use {instead}" if instead else ""))
    why = "; ".join([status.get("reason", "EKS states no reason").rstrip("."), *uses])
    fix = f"{insight.get('recommendation') or 'read the insight'} ({_INSIGHTS})"
    what = f"upgrade insight {insight.get('name')}: {status.get('status')}"
    made = {"ERROR": problem, "WARNING": warning}.get(status.get("status", ""), unknown)
    return made(NAME, what, why, fix)
