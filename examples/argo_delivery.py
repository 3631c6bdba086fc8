"""Charts and objects from Git, by the cluster's own Argo CD."""

from __future__ import annotations

from dataclasses import replace

from blueprint import ArgoCdDelivery
from examples.teams import TEAMS

ARGO_DELIVERY = replace(
    TEAMS,
    name="argo-delivery",
    delivery=ArgoCdDelivery(repository="https://github.com/example/platform", folder="gitops"),
)
