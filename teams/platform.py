"""The platform team: runs every cluster."""

from __future__ import annotations

from blueprint.access import Role
from blueprint.teams import PlatformTeam

PLATFORM = PlatformTeam("platform", members=(Role("PlatformEngineer"),))
