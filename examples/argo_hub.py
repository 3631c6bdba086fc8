"""A hub: Argo CD of the chart, on its own nodes, takes its cluster and others from Git: argo_spoke.py is one."""

from __future__ import annotations

from addons.argo_cd import ArgoCd
from addons.core import CORE
from addons.external_secrets import ExternalSecrets
from blueprint import ArgoCdDelivery, Blueprint, Cluster, ManagedNodes, NewNetwork, Role, SelfManagedHub
from blueprint.repositories import AwsRole, GitHubApp, PrivateRepository
from blueprint.teams import SecretsManagerSecret

REPOSITORY = "https://github.com/example/platform"
HUB = SelfManagedHub(
    "argo-hub",
    account="111111111111",
    region="us-west-2",
    role="ArgoCdHub",
    server_role="ArgoCdHubServer",
    facts_role="ArgoCdHubFacts",
)
"""As other clusters name it."""

ARGO_HUB = Blueprint(
    name=HUB.name,
    account=HUB.account,
    region=HUB.region,
    network=NewNetwork(cidr="10.90.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(version="1.36", admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(
        *CORE,
        ExternalSecrets(),
        ArgoCd(
            domain="argocd.example.com",
            role_name=HUB.role,
            server_role_name=HUB.server_role,
            facts_role_name=HUB.facts_role,
            private_repositories=(
                PrivateRepository(
                    "https://github.com/example/",
                    GitHubApp(SecretsManagerSecret("argocd/github-app"), app_id=123456, installation_id=12345678),
                ),
                PrivateRepository("oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/charts/", AwsRole()),
            ),
        ),
    ),
    delivery=ArgoCdDelivery(REPOSITORY, spokes=True),
)
