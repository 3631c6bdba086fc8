"""AWS's public parameters with the images of nodes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

# The newest and each release: karpenter-provider-aws v1.14.0, pkg/providers/amifamily/al2023.go:82, bottlerocket.go:49.
_AL2023 = (
    r"eks/optimized-ami/(1\.\d+)/amazon-linux-2023/(x86_64|arm64)/(standard|nvidia|neuron)"
    r"/(recommended|amazon-eks-node-al2023-\2-\3-\1-v\d{8})/image_id"
)
_BOTTLEROCKET = r"bottlerocket/aws-k8s-1\.\d+(-nvidia)?/(x86_64|arm64)/(latest|\d+\.\d+\.\d+)/image_id"
# eksctl v0.230.0, pkg/ami/ssm_resolver.go:60
_WINDOWS = r"ami-windows-latest/Windows_Server-20\d\d-English-(Core|Full)-EKS_Optimized-1\.\d+/image_id"
SsmParameter = dict[str, Any] | None


def known(parameter: Callable[[str], SsmParameter]) -> Callable[[str], SsmParameter]:
    """The emulator's public parameters, and those of EKS."""

    def found(name: str) -> SsmParameter:
        if not any(re.fullmatch(f"/aws/service/{pattern}", name) for pattern in (_AL2023, _BOTTLEROCKET, _WINDOWS)):
            return parameter(name)
        digest = hashlib.sha256(name.encode()).hexdigest()[:17]
        return {"Name": name, "Type": "String", "Value": f"ami-{digest}", "Version": 1}

    return found
