"""Development in Europe."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import DEVELOPMENT

DEV_EU = replace(DEVELOPMENT, name="dev-eu", region="eu-west-1", network=NewNetwork(cidr="10.11.0.0/16", nat="one"))
