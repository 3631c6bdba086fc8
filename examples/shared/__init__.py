"""What several examples have in common; in a project of yours each team is a file in `teams/`."""

from __future__ import annotations

from blueprint import Role
from blueprint.teams import ApplicationTeam, FromLoadBalancer, PlatformTeam, Quota, TeamNamespace, ToInternet

PLATFORM = PlatformTeam("platform", members=(Role("PlatformEngineer"),), hosts=("*.platform.example.com",))
PAYMENTS = ApplicationTeam(
    "payments",
    owners=(Role("PaymentsOwner"),),
    developers=(Role("PaymentsDeveloper"),),
    namespaces=(TeamNamespace("payments", quota=Quota(cpu="20", memory="40Gi")), TeamNamespace("payments-jobs")),
    network=(FromLoadBalancer(ports=(8080,)), ToInternet()),
    hosts=("payments.example.com", "payments.dev.example.com"),
)
KEY = "arn:aws:kms:us-west-2:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
"""A key of the account."""
CERTIFICATE = "arn:aws:acm:us-west-2:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
"""A certificate of the account."""
