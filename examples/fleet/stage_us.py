"""Stage in America."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import STAGE

STAGE_US = replace(STAGE, name="stage-us", region="us-west-2", network=NewNetwork(cidr="10.20.0.0/16"))
