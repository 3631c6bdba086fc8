"""Development in America."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import DEVELOPMENT

DEV_US = replace(DEVELOPMENT, name="dev-us", region="us-west-2", network=NewNetwork(cidr="10.10.0.0/16", nat="one"))
