"""Stage in Europe."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import STAGE

STAGE_EU = replace(STAGE, name="stage-eu", region="eu-west-1", network=NewNetwork(cidr="10.21.0.0/16"))
