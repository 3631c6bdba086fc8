"""A control plane with all that EKS lets one choose: capacity, routes, keys, sign-in, settings of its programs."""

from __future__ import annotations

from addons.core import CORE
from blueprint import Blueprint, Cluster, Components, Iam, ManagedNodes, NewNetwork, NodePorts, OidcProvider, Role
from examples.shared import KEY, PLATFORM

PROVISIONED = Blueprint(
    name="provisioned",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.70.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(
        version="1.36",
        admins=(Role("BreakGlass"),),
        subnets="private",  # from which the identity providers can be reached
        kms_key_arn=KEY,
        security_groups=("sg-0a1b2c3d4e5f60718",),
        scaling_tier="tier-xl",
        egress_mode="CUSTOMER_ROUTED",
        zonal_shift=True,
        log_types=("api", "audit", "authenticator"),
        rollback_timeout_minutes=240,
        certificate_authorities=("2027",),
        identity_providers=(
            OidcProvider("staff", issuer_url="https://login.example.com", client_id="eks", groups_claim="groups"),
            OidcProvider(
                "partners",
                issuer_url="https://login.example.net/realms/partners",
                client_id="eks",
                username_claim="email",
                username_prefix="partner:",
                required_claims={"tenant": "example"},
            ),
        ),
        components=Components(
            event_ttl_minutes=180,
            node_ports=NodePorts(31_000, 31_999),
            terminated_pods=5_000,
            autoscaler_sync_seconds=10,
            scoring="MostAllocated",
            weights={"cpu": 2, "memory": 1},
        ),
    ),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=CORE,
    teams=(PLATFORM,),
    iam=Iam(permissions_boundary="platform/ClusterBoundary", path="/platform/"),
)
