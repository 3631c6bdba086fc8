"""How a cluster returns to the minor before. https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html

CloudFormation goes back as well: `RollbackConfig` of AWS::EKS::Cluster is "to use for the cluster version rollback",
and `Version` changes without interruption. That it asks for the version before when a deploy fails is told in
https://github.com/aws/containers-roadmap/issues/497, from when EKS refused that. Neither was tried here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from blueprint.addons import UpgradeSteps
from blueprint.auto_mode import AutoMode
from blueprint.blueprint import Blueprint
from blueprint.eks import EKS_RULES
from blueprint.fargate import FargateProfile
from blueprint.managed_nodes import ManagedNodes
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.versions import EXTENDED_SUPPORT
from tools.upgrade.commands import aws, insights
from tools.upgrade.model import AddonMove


def way_back(before: Blueprint, then: str, addons: Sequence[AddonMove], own: Sequence[UpgradeSteps]) -> tuple[str, ...]:
    """What to do and to know, in this order; `before` is the cluster at the version to return to."""
    now = before.cluster.version
    window = f"EKS takes the control plane back to {now} for {EKS_RULES.down.days} days after it came to {then}"
    lines = [
        f"{window}, unless it went further or EKS itself moved it at the end of support. The cluster must be ACTIVE."
    ]
    if now in EXTENDED_SUPPORT and before.cluster.support_policy == "STANDARD":
        lines.append(f'{now} is in extended support: write `support_policy="EXTENDED"` and deploy it first.')
    lines += _nodes(before, then, own)
    if any(each.moves for each in addons):
        lines.append(
            "EKS leaves add-ons as they are; the deploy below takes them back after the control plane. Where an "
            "insight names one, that is too late: write its version of the table above as `version`, deploy it first."
        )
    rolled = aws(before, "eks update-cluster-version", f"--name {shlex.quote(before.name)} --kubernetes-version {now}")
    lines.append(
        f"`{insights(before, 'ROLLBACK_READINESS')}` must show no ERROR. Then revert the pull request of the control "
        "plane and deploy it, with the cluster in ALLOW of `make guard`: CloudFormation changes the version in place, "
        f"and EKS takes that for a rollback. By hand it is `{rolled}`; revert the pull request all the same, since a "
        f"file that says {then} goes up again with the next deploy."
    )
    lines.append(
        "A deploy that fails after the control plane moved takes this way by itself, under the same conditions: "
        f"CloudFormation returns to the template before, and asks for {now}. Where EKS refuses that, the stack is "
        f"`UPDATE_ROLLBACK_FAILED` and the control plane stays at {then}: mend what EKS names, then "
        f"`cdk rollback -c cluster={before.name} {before.name}/cluster`."
    )
    lines.append(
        "A chart that does not become ready is taken back by Helm in the same deploy; later, revert its version and "
        "deploy, since CloudFormation does not know of `helm rollback`."
    )
    return tuple(lines)


def _nodes(before: Blueprint, then: str, own: Sequence[UpgradeSteps]) -> Iterator[str]:
    """None may be newer than the API server, so they go first."""
    now, kinds = before.cluster.version, {type(each) for each in before.compute}
    if own_groups := [f"`{each.name}`" for each in before.compute if isinstance(each, SelfManagedNodes)]:
        names = ", ".join(own_groups)
        yield f"Nodes first, if they moved: revert their pull request, so that {names} say {now}, and deploy."
    for group in (each.name for each in before.compute if isinstance(each, ManagedNodes)):
        version = f"--nodegroup-name {shlex.quote(group)} --kubernetes-version {now}"
        command = aws(before, "eks update-nodegroup-version", f"--cluster-name {shlex.quote(before.name)} {version}")
        yield (
            f"The nodes of `{group}` first, if they moved, and AWS contradicts itself: its guide takes managed groups "
            "back by UpdateNodegroupVersion, the page of that call says that no group goes back. "
            f"Try `{command}`. If EKS refuses, no group of {now} can be made either while the control plane is at "
            f"{then}, and the way back is closed. If it went, revert their pull request; `make guard` wants the group "
            "in ALLOW for that."
        )
    for steps in own:
        yield from steps.way_back
    if FargateProfile in kinds:
        yield (
            f"No pod on Fargate may run at {then}: those that started since the upgrade do, CoreDNS among them where "
            f"EKS moved it, and a restart only starts them at {then} again. Scale their workloads to 0 until the "
            f"control plane is back. No page of AWS describes this."
        )
    if AutoMode in kinds:
        yield (
            "EKS takes the nodes of Auto Mode back before the control plane. It gives up after 12 hours, or by hand "
            "after what `--rollback-config timeoutMinutes=` says, 120 to 10080; disruption budgets count. Until then, "
            f"`{aws(before, 'eks cancel-update', f'--name {shlex.quote(before.name)} --update-id …')}` stops it."
        )
