"""Charts and objects from Git, by the cluster's own Argo CD."""

from __future__ import annotations

from dataclasses import replace

from addons.argo_cd import ArgoCd
from blueprint import ArgoCdDelivery
from examples.teams import TEAMS

ARGO_DELIVERY = replace(
    TEAMS,
    name="argo-delivery",
    addons=(
        *(addon for addon in TEAMS.addons if not isinstance(addon, ArgoCd)),
        ArgoCd(domain="argocd.delivery.example.com"),
    ),
    delivery=ArgoCdDelivery(repository="https://github.com/example/platform", folder="gitops"),
)
