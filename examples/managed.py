"""Managed node groups: Bottlerocket on Graviton for what tolerates it, and Spot on x86."""

from __future__ import annotations

from addons.argo_cd import ArgoCd
from addons.argo_cd.bootstrap import Bootstrap
from addons.argo_cd.sso import SingleSignOn
from addons.core import CORE
from blueprint import Blueprint, Cluster, ManagedNodes, NewNetwork, PermissionSet, Role, Taint, User
from examples.shared import PAYMENTS, PLATFORM

MANAGED = Blueprint(
    name="managed",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(
        version="1.36",
        admins=(
            Role("BreakGlass"),
            User("platform/Emergency"),
            PermissionSet("Administrator", suffix="0123456789abcdef", region="eu-west-1"),
        ),
    ),
    compute=(
        ManagedNodes(
            "arm",
            instance_types=("m7g.large",),
            ami_type="BOTTLEROCKET_ARM_64",
            labels={"example.com/pool": "arm"},
            taints=(Taint("example.com/arm", "true"),),
        ),
        ManagedNodes("x86", instance_types=("m7i.large", "m6i.large"), capacity="SPOT"),
    ),
    addons=(
        *CORE,
        ArgoCd(
            domain="argocd.example.com",
            sso=SingleSignOn("https://login.example.com", "argocd", "platform"),
            bootstrap=Bootstrap("https://github.com/example/clusters", "managed"),
        ),
    ),
    teams=(PLATFORM, PAYMENTS),
    tags={"cost-center": "42"},
)
