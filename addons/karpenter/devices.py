"""Disks and network interfaces of Karpenter's nodes, as its classes have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.encryption import key_of
from blueprint.images import LinuxFamily


def volumes(os: LinuxFamily, own: Mapping[str, Any], kms_key_arn: str | None) -> Iterator[Mapping[str, Any]]:
    """`own` is for images and writable layers. Bottlerocket's first is the system, as large as Karpenter has it:
    pkg/providers/amifamily/bottlerocket.go.
    """
    every = {
        "volumeType": "gp3",
        "encrypted": True,
        "deleteOnTermination": True,
        **({"kmsKeyID": key_of(kms_key_arn)} if kms_key_arn else {}),
    }
    given = {name: value for name, value in own.items() if value}
    if os == "BOTTLEROCKET":
        yield {"deviceName": "/dev/xvda", "ebs": {"volumeSize": "4Gi", **every}}
    yield {"deviceName": "/dev/xvdb" if os == "BOTTLEROCKET" else "/dev/xvda", "ebs": {**every, **given}}


def adapters(cards: int) -> Iterator[Mapping[str, Any]]:
    """Elastic Fabric Adapters on so many network cards, beside the interface of the node."""
    if cards:
        yield {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}
    for card in range(cards):
        yield {"networkCardIndex": card, "deviceIndex": 1, "interfaceType": "efa-only"}
