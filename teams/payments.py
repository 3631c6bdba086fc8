"""The payments team."""

from __future__ import annotations

from blueprint.access import Role
from teams.base import ApplicationTeam, Quota

PAYMENTS = ApplicationTeam(
    "payments",
    members=(Role("PaymentsDeveloper"),),
    namespaces=("payments", "payments-jobs"),
    quota=Quota(cpu="20", memory="40Gi"),
)
