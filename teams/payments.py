"""The payments team."""

from __future__ import annotations

from blueprint.access import Role
from blueprint.teams import ApplicationTeam, FromLoadBalancer, Quota, TeamNamespace, ToInternet

PAYMENTS = ApplicationTeam(
    "payments",
    owners=(Role("PaymentsOwner"),),
    developers=(Role("PaymentsDeveloper"),),
    namespaces=(TeamNamespace("payments", quota=Quota(cpu="20", memory="40Gi")), TeamNamespace("payments-jobs")),
    network=(FromLoadBalancer(ports=(8080,)), ToInternet()),
    hosts=("payments.example.com", "payments.dev.example.com"),
)
