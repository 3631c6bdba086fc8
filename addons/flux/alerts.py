"""Who hears of what Flux applies and what it cannot. https://fluxcd.io/flux/components/notification/alerts/"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from blueprint.fields import DnsLabel, matches
from blueprint.kubernetes import Manifest
from blueprint.value import Value

_API = "notification.toolkit.fluxcd.io/v1beta3"


class FluxAlert(Value):
    """Messages about all Kustomizations and HelmReleases beside Flux."""

    name: DnsLabel
    """Of the Alert, and of the Provider that sends it."""
    type: Literal["slack", "msteams", "discord", "googlechat", "pagerduty", "opsgenie", "generic", "generic-hmac"]
    """Where it goes. https://fluxcd.io/flux/components/notification/providers/#type"""
    credentials: DnsLabel
    """The Secret in flux-system with its `address`, or `token`: both let whoever has them write there."""
    channel: Annotated[str, matches(r"[\w#.-]{1,80}", "must be a channel", 'write for example "platform"')] | None = (
        None
    )
    """Where the type has several."""
    severity: Literal["info", "error"] = "error"
    """What fails, or all that happens."""

    def manifests(self, namespace: str) -> tuple[Manifest, ...]:
        """The Provider and the Alert."""
        provider: dict[str, Any] = {"type": self.type, "secretRef": {"name": self.credentials}}
        if self.channel:
            provider["channel"] = self.channel
        alert = {
            "providerRef": {"name": self.name},
            "eventSeverity": self.severity,
            "eventSources": [{"kind": kind, "name": "*"} for kind in ("HelmRelease", "Kustomization")],
        }
        metadata = {"name": self.name, "namespace": namespace}
        return (
            {"apiVersion": _API, "kind": "Provider", "metadata": metadata, "spec": provider},
            {"apiVersion": _API, "kind": "Alert", "metadata": metadata, "spec": alert},
        )
