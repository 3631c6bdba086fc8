"""AWS's public parameters with the images of nodes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

# https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
# https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id-bottlerocket.html
_IMAGE = re.compile(
    r"/aws/service/(eks/optimized-ami/1\.\d+/amazon-linux-2023/(x86_64|arm64)/(standard|nvidia|neuron)/recommended/image_id"
    r"|bottlerocket/aws-k8s-1\.\d+(-nvidia)?(-fips)?/(x86_64|arm64)/latest/image_id)"
)
Parameter = dict[str, Any] | None


def known(parameter: Callable[[str], Parameter]) -> Callable[[str], Parameter]:
    """The emulator's public parameters, and those of EKS."""

    def found(name: str) -> Parameter:
        if not _IMAGE.fullmatch(name):
            return parameter(name)
        digest = hashlib.sha256(name.encode()).hexdigest()[:17]
        return {"Name": name, "Type": "String", "Value": f"ami-{digest}", "Version": 1}

    return found
