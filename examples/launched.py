"""Karpenter on Fargate, and no nodes but those that it launches."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import FargateProfile, FargateSelector
from examples.managed import MANAGED
from examples.shared import PLATFORM

LAUNCHED = replace(
    MANAGED,
    name="launched",
    compute=(FargateProfile("system", selectors=(FargateSelector("kube-system"),)),),
    addons=(*CORE, Karpenter()),
    teams=(PLATFORM,),
)
