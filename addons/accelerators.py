"""Add-ons for nodes with accelerators, as a set: `addons=(*CORE, *gpu())`."""

from __future__ import annotations

from addons.nvidia_device_plugin import NvidiaDevicePlugin
from blueprint.addons import Addon


def gpu(pods_per_gpu: int = 1) -> tuple[Addon, ...]:
    """For nodes of Amazon Linux with GPUs of NVIDIA and the label that the plugin looks for."""
    return (NvidiaDevicePlugin(pods_per_gpu=pods_per_gpu),)
