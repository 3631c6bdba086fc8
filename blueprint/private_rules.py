"""Rules of networks without internet: what pods call and pull must be reached inside the VPC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from blueprint.errors import Problem, Quoted

if TYPE_CHECKING:
    from blueprint.checked import Checked
    from blueprint.contribution import Contribution
    from blueprint.planning.draft import Draft

# Services without a region: no endpoint in a VPC has the name that their clients look up.
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
_GLOBAL = frozenset({"route53", "iam", "shield"})


def problems(view: Checked, parts: Sequence[Draft]) -> Iterator[Problem]:
    """Nothing where there is a way to it."""
    network = view.blueprint.network
    if network.internet:
        return
    lacking: dict[str, list[str]] = {}
    for part in parts:
        needed = _services(part.contribution)
        for service in sorted(needed & _GLOBAL):
            rule = f"{part.name} calls {service}, which no endpoint in the VPC reaches"
            yield Problem(part.path, service, rule, f"{network.way_out}, or remove it")
        for service in sorted(needed - _GLOBAL - set(network.interface_endpoints)):
            lacking.setdefault(service, []).append(part.name)
        for image in dict.fromkeys(part.contribution.images):
            if ".dkr.ecr." not in image:
                rule = "without internet nodes pull from Amazon ECR only"
                fix = f"mirror it, and name the mirror where the chart takes it, in {part.fields.values}"
                yield Problem(part.path, image, rule, fix)
    if lacking and view.knows("network", "interface_endpoints"):
        callers = "; ".join(f"{service} ({', '.join(parts)})" for service, parts in sorted(lacking.items()))
        rule = f"without internet, pods reach AWS through endpoints only; missing: {callers}"
        given = Quoted(", ".join(network.interface_endpoints))
        yield Problem(("network", "interface_endpoints"), given, rule, f"add {', '.join(map(repr, sorted(lacking)))}")


def _services(contribution: Contribution) -> set[str]:
    """What its pods call, and from where they get credentials for that."""
    managed = (addon.grant for addon in contribution.managed_addons if addon.grant)
    by = {"sts" if grant.irsa else "eks-auth" for grant in chain(contribution.grants, managed)}
    return by | set(contribution.aws_services)
