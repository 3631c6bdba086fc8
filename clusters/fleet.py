"""Development first, then production in Europe, then in America. Somebody says yes before production begins."""

from __future__ import annotations

from blueprint import Environment, Fleet, GitHubActions, Promotion, Wave

FLEET = Fleet(
    environments=(
        Environment("dev", waves=(Wave("dev", clusters=("dev",)),)),
        Environment(
            "prod",
            promotion=Promotion(soak_minutes=30),
            waves=(
                Wave("eu", clusters=("prod-eu",), promotion=Promotion(approval=True, soak_minutes=30)),
                Wave("us", clusters=("prod",)),
            ),
        ),
    ),
    pipelines=(GitHubActions("example/clusters"),),
)
