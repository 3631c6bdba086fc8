"""Development, stage, production: a change is watched in each for longer, and somebody says yes before production."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint import (
    BlueGreen,
    Blueprint,
    Cluster,
    CodeConnections,
    CodePipeline,
    Environment,
    Fleet,
    GitHubActions,
    GitLabCi,
    ManagedNodes,
    NewNetwork,
    PrivateEndpoint,
    Promotion,
    Role,
    Traffic,
    Wave,
)

DEVELOPMENT = Blueprint(
    name="dev",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.10.0.0/16", nat="one"),
    cluster=Cluster(
        version="1.36",
        endpoint=PrivateEndpoint(),
        admins=(Role("BreakGlass"),),
        deletion_protection=False,
    ),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=CORE,
    tags={"environment": "dev"},
)
STAGE = replace(
    DEVELOPMENT,
    name="stage",
    account="222222222222",
    network=NewNetwork(cidr="10.20.0.0/16"),
    tags={"environment": "stage"},
)
PRODUCTION = replace(
    STAGE,
    name="prod",
    account="333333333333",
    network=NewNetwork(cidr="10.30.0.0/16", flow_log_retention_days=365),
    # A minor behind development, where it proves itself first.
    cluster=Cluster(version="1.35", endpoint=PrivateEndpoint(), admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",), min=3, max=6),),
    tags={"environment": "prod"},
)

WATCHED = Promotion(soak_minutes=30, alarms=("{cluster}-errors",))

FLEET = Fleet(
    environments=(
        Environment("dev", defaults=DEVELOPMENT, waves=(Wave("dev", clusters=("dev-us", "dev-eu")),)),
        Environment(
            "stage",
            defaults=STAGE,
            promotion=WATCHED,
            waves=(Wave("stage", clusters=("stage-us", "stage-eu")),),
        ),
        Environment(
            "prod",
            defaults=PRODUCTION,
            promotion=WATCHED,
            waves=(
                # The cluster without traffic is the canary, and the only one for which somebody is asked.
                Wave(
                    "canary", clusters=("prod-eu-green",), promotion=replace(WATCHED, approval=True, soak_minutes=120)
                ),
                Wave("first", clusters=("prod-eu",)),
                Wave("rest", clusters=("prod-us",)),
            ),
        ),
    ),
    pipelines=(
        GitHubActions("example/clusters", owner_id="123456", repository_id="456789"),
        GitLabCi("example/platform/clusters"),
        CodePipeline(
            account="444444444444",
            region="us-west-2",
            source=CodeConnections(
                "arn:aws:codeconnections:us-west-2:444444444444:connection/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
                "example/clusters",
            ),
            emails=("platform@example.com",),
        ),
    ),
    pairs=(
        BlueGreen(
            blue="prod-eu",
            green="prod-eu-green",
            live="blue",
            traffic=Traffic("Z0123456789ABC", ("shop.example.com",), live_percent=90),
        ),
    ),
    connected=(("prod-eu", "prod-eu-green", "prod-us"), ("stage-us", "stage-eu")),
)
