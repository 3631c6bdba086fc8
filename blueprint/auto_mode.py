"""EKS Auto Mode. https://docs.aws.amazon.com/eks/latest/userguide/automode.html"""

from __future__ import annotations

from typing import Annotated, Literal

from blueprint.compute import Compute
from blueprint.fields import NOT_EMPTY, UNIQUE, DnsLabel, KmsKeyArn
from blueprint.instances import Architecture


class AutoMode(Compute):
    """EKS Auto Mode: EKS runs nodes, networking, storage and load balancing.

    https://docs.aws.amazon.com/eks/latest/userguide/automode.html
    """

    name: DnsLabel = "auto-mode"
    node_pools: Annotated[tuple[Literal["general-purpose", "system"], ...], NOT_EMPTY, UNIQUE] = (
        "general-purpose",
        "system",
    )
    """The built-in node pools; both take on-demand capacity only."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes that claims of the default StorageClass get; that of the account and region for EBS when None.
    Nodes' own disks are EKS's."""

    @property
    def architecture(self) -> Architecture:
        return "amd64"
